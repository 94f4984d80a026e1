from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.bundles import frame
from desktop.bundles.codes import ReceiptReason
from desktop.bundles.receipt import (
    MAX_MISSING,
    MAX_RECEIPT_FILE_BYTES,
    RECEIPT_MAGIC,
    RECEIPT_TYPE,
    OpenedReceipt,
    Outcome,
    Returned,
    ledger_hash,
    make_receipt,
    open_receipt,
    receipt_payload,
)
from desktop.bundles.roster import Roster
from desktop.crypto.encoding import Malformed, canonical_json, sha256_hex, strict_json, tagged_sha256
from desktop.crypto.sealing import open_sealed, public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted
from tests.unit.bundles import world

TO = public_key(world.DEVICE_SECRET)


def opened(content: bytes, roster: Roster | None = None) -> OpenedReceipt:
    return open_receipt(
        content,
        secrets=(world.DEVICE_SECRET,),
        roster=roster or world.roster(),
        device=world.DEVICE,
        practice=False,
    )


def refusal(content: bytes) -> str:
    with pytest.raises(NotTrusted) as refused:
        opened(content)
    return refused.value.code


def sealed(envelope: bytes) -> bytes:
    return frame.seal_document("A", RECEIPT_MAGIC, envelope, TO).content


def signed(payload: bytes) -> bytes:
    return sealed(sign_envelope(RECEIPT_TYPE, payload, world.RECEIPT_KEY))


@given(
    st.sampled_from(Outcome),
    st.sets(st.integers(1, 2**53 - 1), max_size=5),
    st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=5),
)
def test_receipt_comes_back_member_by_member(
    outcome: Outcome, missing: set[int], returned: list[tuple[bool, int]]
) -> None:
    items = tuple(
        Returned(n + 1, world.uid(str(n)) if told else None, rev if told else None, "RECORD_MALFORMED")
        for n, (told, rev) in enumerate(returned)
    )
    written = world.receipt(outcome=outcome, missing=tuple(sorted(missing)), returned=items)
    made = make_receipt(written, world.RECEIPT_KEY, TO)
    assert opened(made.content) == OpenedReceipt(written, made.payload_sha256)
    assert made.payload_sha256 == sha256_hex(made.payload)
    assert made.sha256 == sha256_hex(made.content)
    assert len(open_sealed(made.content, world.DEVICE_SECRET)) % 4096 == 0
    assert re.fullmatch(r"A-[A-Z2-7]{10}\.rufaa", made.file_name)


@pytest.mark.parametrize(
    "change",
    [
        {"bundle": world.DEVICE},
        {"bundle_sha256": "00"},
        {"device": None},
        {"incarnation": "x"},
        {"journal": {"count": -1, "head": world.digest("h")}},
        {"journal": {"count": 1}},
        {"ledger_head": None},
        {"min_app": "one"},
        {"missing": [3, 2]},
        {"missing": [2, 2]},
        {"missing": [0]},
        {"missing": list(range(1, MAX_MISSING + 2))},
        {"next_sequence": 0},
        {"outcome": "ACKNOWLEDGED"},
        {"practice": 0},
        {"reason": "in words"},
        {"received_at": "now"},
        {"returned": [{"id": None, "line": 0, "reason": "X", "rev": None}]},
        {"returned": [{"id": None, "line": 1, "reason": "X"}]},
        {"returned": [{"id": None, "line": 1, "reason": "X", "rev": None}] * 2},
        {"roster_version": 0},
        {"sequence": 0},
        {"taken": -1},
        {"note": "unknown"},
    ],
)
def test_signed_receipt_with_a_wrong_member_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(receipt_payload(world.receipt()), limit_bytes=10_000)
    assert refusal(signed(canonical_json(value | change))) == ReceiptReason.RECEIPT_CONTENT_WRONG


def test_each_gate_names_its_reason() -> None:
    good = make_receipt(world.receipt(), world.RECEIPT_KEY, TO)
    stranger = make_receipt(world.receipt(), world.RECEIPT_KEY, public_key(world.seed("stranger")))
    plain = open_sealed(good.content, world.DEVICE_SECRET)
    cases = {
        ReceiptReason.RECEIPT_NOT_FOR_US_OR_DAMAGED: [
            stranger.content,
            b"",
            b"x" * (MAX_RECEIPT_FILE_BYTES + 1),
            good.content[:-1],
        ],
        ReceiptReason.RECEIPT_FRAME_WRONG: [
            seal(plain[:-1], TO),
            seal(plain + bytes(4096), TO),
            seal(plain[:-1] + b"x", TO),
            seal(b"RUFAA1\n" + plain[8:], TO),
        ],
        ReceiptReason.RECEIPT_SIGNATURE_WRONG: [
            make_receipt(world.receipt(), world.signer("stranger"), TO).content,
            make_receipt(world.receipt(), world.DEVICE_KEY, TO).content,
            sealed(sign_envelope("application/vnd.rufaa.bundle.v1+json", good.payload, world.RECEIPT_KEY)),
        ],
        ReceiptReason.RECEIPT_CONTENT_WRONG: [signed(b"{}"), signed(b"")],
        ReceiptReason.RECEIPT_FOR_ANOTHER_DEVICE: [
            make_receipt(world.receipt(device=world.hex_id("other")), world.RECEIPT_KEY, TO).content
        ],
        ReceiptReason.RECEIPT_PRACTICE_MISMATCH: [
            make_receipt(world.receipt(practice=True), world.RECEIPT_KEY, TO).content
        ],
    }
    assert set(cases) == set(ReceiptReason)
    for reason, contents in cases.items():
        assert {refusal(content) for content in contents} == {reason}


def test_maker_refuses_what_its_reader_would() -> None:
    with pytest.raises(Malformed):
        make_receipt(world.receipt(missing=(3, 2)), world.RECEIPT_KEY, TO)


def test_ledger_hash_is_the_tagged_hash_of_the_formats_page() -> None:
    first = ledger_hash(1, None, world.digest("bundle"), world.digest("receipt"))
    rest = (bytes.fromhex(world.digest("bundle")), bytes.fromhex(world.digest("receipt")))
    assert first == tagged_sha256("rufaa-ledger-v1", (1).to_bytes(8, "big"), bytes(32), *rest).hex()
    second = ledger_hash(2, first, world.digest("bundle"), world.digest("receipt"))
    assert second == tagged_sha256("rufaa-ledger-v1", (2).to_bytes(8, "big"), bytes.fromhex(first), *rest).hex()


def test_receipt_of_a_later_version_is_told_from_a_forgery() -> None:
    envelope = sign_envelope(
        "application/vnd.rufaa.receipt.v2+json", canonical_json({"new": 1}), world.signer("a later key")
    )
    assert refusal(sealed(envelope)) == "DOCUMENT_NEWER"
    other = sign_envelope("application/vnd.rufaa.roster.v2+json", b"{}", world.RECEIPT_KEY)
    assert refusal(sealed(other)) == ReceiptReason.RECEIPT_SIGNATURE_WRONG
