"""Reason codes of refusals and outcomes. A code is permanent: it stands in receipts, logs and the manual.

`docs/formats.md` section 12 lists them; a test compares both. Their sentences are in `resources/messages/bundles.toml`.
"""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a bundle is refused, in the reader's order."""

    BUNDLE_FILE_TOO_LARGE = "BUNDLE_FILE_TOO_LARGE"
    NOT_A_SEALED_FILE = "NOT_A_SEALED_FILE"
    NOT_FOR_US_OR_DAMAGED = "NOT_FOR_US_OR_DAMAGED"
    FRAME_WRONG = "FRAME_WRONG"
    ENVELOPE_WRONG = "ENVELOPE_WRONG"
    SENDER_UNKNOWN = "SENDER_UNKNOWN"
    SIGNATURE_WRONG = "SIGNATURE_WRONG"
    NEWER_FORMAT = "NEWER_FORMAT"
    MANIFEST_WRONG = "MANIFEST_WRONG"
    SENDER_MISMATCH = "SENDER_MISMATCH"
    DEVICE_NOT_YET_VALID = "DEVICE_NOT_YET_VALID"
    DEVICE_REVOKED = "DEVICE_REVOKED"
    ROSTER_UNKNOWN = "ROSTER_UNKNOWN"
    NOT_ADDRESSED_TO_US = "NOT_ADDRESSED_TO_US"
    PRACTICE_MISMATCH = "PRACTICE_MISMATCH"
    LENGTHS_WRONG = "LENGTHS_WRONG"
    PADDING_WRONG = "PADDING_WRONG"
    STORED_HASH_WRONG = "STORED_HASH_WRONG"
    COMPRESSION_WRONG = "COMPRESSION_WRONG"
    PLAIN_HASH_WRONG = "PLAIN_HASH_WRONG"
    RECORDS_WRONG = "RECORDS_WRONG"
    JOURNAL_WRONG = "JOURNAL_WRONG"
    SEALED_WRONG = "SEALED_WRONG"
    LISTS_WRONG = "LISTS_WRONG"


class SequenceReason(StrEnum):
    """Why a genuine bundle waits (HELD) or is flagged (DISPUTED). Nothing is refused for these."""

    SEQUENCE_GAP = "SEQUENCE_GAP"
    PREDECESSOR_MISSING = "PREDECESSOR_MISSING"
    NEW_KEY_AWAITED = "NEW_KEY_AWAITED"
    SEQUENCE_FORKED = "SEQUENCE_FORKED"
    PREVIOUS_BUNDLE_DIFFERS = "PREVIOUS_BUNDLE_DIFFERS"
    INCARNATION_FORKED = "INCARNATION_FORKED"
    BEYOND_SUCCESSOR = "BEYOND_SUCCESSOR"
    JOURNAL_DIFFERS = "JOURNAL_DIFFERS"
    AFTER_DISPUTE = "AFTER_DISPUTE"


class RecordReason(StrEnum):
    """Why one record of an accepted bundle is set aside while the others stand."""

    RECORD_NOT_CANONICAL = "RECORD_NOT_CANONICAL"
    RECORD_MALFORMED = "RECORD_MALFORMED"
    RECORD_REPEATED = "RECORD_REPEATED"


class NewerReason(StrEnum):
    """Why any other signed document is put off: it is not false, this program is too old for it."""

    DOCUMENT_NEWER = "DOCUMENT_NEWER"


class ReceiptReason(StrEnum):
    """Why a receipt is refused."""

    RECEIPT_NOT_FOR_US_OR_DAMAGED = "RECEIPT_NOT_FOR_US_OR_DAMAGED"
    RECEIPT_FRAME_WRONG = "RECEIPT_FRAME_WRONG"
    RECEIPT_SIGNATURE_WRONG = "RECEIPT_SIGNATURE_WRONG"
    RECEIPT_CONTENT_WRONG = "RECEIPT_CONTENT_WRONG"
    RECEIPT_FOR_ANOTHER_DEVICE = "RECEIPT_FOR_ANOTHER_DEVICE"
    RECEIPT_PRACTICE_MISMATCH = "RECEIPT_PRACTICE_MISMATCH"


class TrustReason(StrEnum):
    """Why a trust package, one of its documents, an enrolment file or typed digits are refused."""

    PACKAGE_NOT_FOR_US_OR_DAMAGED = "PACKAGE_NOT_FOR_US_OR_DAMAGED"
    PACKAGE_WRONG = "PACKAGE_WRONG"
    ROOT_SIGNATURE_WRONG = "ROOT_SIGNATURE_WRONG"
    ROOT_WRONG = "ROOT_WRONG"
    ROOT_OLDER = "ROOT_OLDER"
    ROOT_LINK_MISSING = "ROOT_LINK_MISSING"
    KEYSET_SIGNATURE_WRONG = "KEYSET_SIGNATURE_WRONG"
    KEYSET_WRONG = "KEYSET_WRONG"
    KEYSET_OLDER = "KEYSET_OLDER"
    ROSTER_SIGNATURE_WRONG = "ROSTER_SIGNATURE_WRONG"
    ROSTER_WRONG = "ROSTER_WRONG"
    ROSTER_OLDER = "ROSTER_OLDER"
    ROSTER_LINK_MISSING = "ROSTER_LINK_MISSING"
    TRUST_PRACTICE_MISMATCH = "TRUST_PRACTICE_MISMATCH"
    ENROLMENT_WRONG = "ENROLMENT_WRONG"
    DIGITS_INCOMPLETE = "DIGITS_INCOMPLETE"
    DIGITS_DIFFER = "DIGITS_DIFFER"


class RecoveryReason(StrEnum):
    """Why an office's request for recovery, or the answer to it, is refused by what the file is."""

    RECOVERY_REQUEST_WRONG = "RECOVERY_REQUEST_WRONG"
    RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED = "RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED"
    RECOVERY_ANSWER_SIGNATURE_WRONG = "RECOVERY_ANSWER_SIGNATURE_WRONG"
    RECOVERY_ANSWER_WRONG = "RECOVERY_ANSWER_WRONG"


# Among several packages, those for other laptops and those overtaken by a newer one are nothing to stop for.
PACKAGES_PASSED_OVER = frozenset(
    {
        TrustReason.PACKAGE_NOT_FOR_US_OR_DAMAGED,
        TrustReason.ROOT_OLDER,
        TrustReason.KEYSET_OLDER,
        TrustReason.ROSTER_OLDER,
    }
)
