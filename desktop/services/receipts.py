"""The Secretariat's answer: only a receipt moves a bundle to RECEIVED or RETURNED."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from db.models.base import JournalEntry
from db.models.office import OutgoingBundle, Record
from desktop.bundles.receipt import Outcome as ReceiptOutcome
from desktop.bundles.receipt import open_receipt
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import Act
from desktop.rules.states import BundleState, next_bundle_state
from desktop.services import journal, records
from desktop.services.enrolment import receiving_keys, roster_in_force
from desktop.services.session import OpenVault


@dataclass(frozen=True)
class Answer:
    """What a receipt said of a bundle."""

    bundle_id: str
    sequence: int
    state: BundleState
    outcome: str
    reason: str | None
    taken: int
    returned: int
    missing: tuple[int, ...]


class ReceiptService:
    """Taking in receipts."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def take_in(self, content: bytes) -> Answer:
        """Verify a receipt, match it by the bundle's hash, and move the bundle. The same receipt again changes nothing.

        Raises:
            NotTrusted: It does not verify, is not for this device, or answers a bundle this device did not make;
                JOURNAL_ANCHOR_DIFFERS when it anchors another journal than ours.
        """
        self._vault.require("receipt.take_in")
        with self._vault.writing() as session:
            office = records.office(session)
            opened = open_receipt(
                content,
                secrets=receiving_keys(session),
                roster=roster_in_force(session, self._vault),
                device=office.device,
                practice=self._vault.practice,
            )
            receipt = opened.receipt
            bundle = session.scalars(
                select(OutgoingBundle).where(OutgoingBundle.sha256 == bytes.fromhex(receipt.bundle_sha256))
            ).first()
            if bundle is None or bundle.id != receipt.bundle:
                raise NotTrusted("RECEIPT_OF_UNKNOWN_BUNDLE")
            state = {
                ReceiptOutcome.RECEIVED: BundleState.RECEIVED,
                ReceiptOutcome.DISPUTED: BundleState.RECEIVED,
                ReceiptOutcome.RETURNED: BundleState.RETURNED,
                ReceiptOutcome.HELD: BundleState(bundle.state),
            }[receipt.outcome]
            anchored = session.get(JournalEntry, receipt.journal.count) if receipt.journal.count else None
            if receipt.journal.count and (anchored is None or anchored.hash.hex() != receipt.journal.head):
                raise NotTrusted("JOURNAL_ANCHOR_DIFFERS", n=receipt.journal.count)
            # A bundle was waiting and then answered; the waiting note that comes late takes nothing back.
            late = receipt.outcome is ReceiptOutcome.HELD and bundle.state in (
                BundleState.RECEIVED.value,
                BundleState.RETURNED.value,
            )
            if bundle.receipt != content and not late:
                bundle.receipt, bundle.reason = content, receipt.reason
                if bundle.state != state.value:
                    bundle.state = next_bundle_state(BundleState(bundle.state), state).value
                    bundle.answered_at = self._vault.now()
                    for item in receipt.returned:
                        record = session.get(Record, item.id) if item.id else None
                        if record is not None:
                            record.unsent = True
                if state is BundleState.RECEIVED:
                    office.receipted_list = max(office.receipted_list, bundle.list_version)
                if anchored is not None and anchored.n > office.anchored_count:
                    office.anchored_count, office.anchored_head = anchored.n, anchored.hash
                journal.append(
                    session,
                    self._vault,
                    Act.RECEIPT_TAKEN_IN,
                    bundle.id,
                    revision_hash=opened.payload_sha256,
                    reason=receipt.outcome.value,
                )
        return Answer(
            bundle.id,
            bundle.sequence,
            state,
            receipt.outcome.value,
            receipt.reason,
            receipt.taken,
            len(receipt.returned),
            receipt.missing,
        )
