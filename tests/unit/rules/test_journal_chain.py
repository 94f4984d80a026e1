from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.crypto.encoding import tagged_sha256
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import ZERO_HASH, Act, Entry, HashRun, entry_hash, next_entry, verify_run

USER = "1de1e4a9-c600-4a7d-a999-d6f5d543159a"


def entries(count: int) -> list[Entry]:
    made: list[Entry] = []
    for number in range(count):
        made.append(
            next_entry(
                made[-1] if made else None,
                at="2026-11-25T09:00:00.000Z",
                user=USER,
                act=Act.CASE_VIEWED if number % 2 else Act.RECORD_SAVED,
                object=f"object-{number}",
                revision_hash=None if number % 2 else f"{number:064x}",
                reason="ASSIGNED" if number % 3 else None,
            )
        )
    return made


def test_hash_is_the_tagged_hash_of_the_formats_page() -> None:
    entry = entries(3)[2]
    assert entry.revision_hash is not None
    expected = tagged_sha256(
        "rufaa-journal-v1",
        (3).to_bytes(8, "big"),
        bytes.fromhex(entry.previous),
        entry.at.encode(),
        USER.encode(),
        b"RECORD_SAVED",
        b"object-2",
        bytes.fromhex(entry.revision_hash),
        b"ASSIGNED",
    )
    assert entry.hash == expected.hex()


def test_first_entry_follows_zero_bytes() -> None:
    first = entries(1)[0]
    assert (first.n, first.previous) == (1, ZERO_HASH)


def test_whole_run_verifies_and_gives_its_head() -> None:
    chain = entries(50)
    assert verify_run(chain) == chain[-1].hash
    assert verify_run(chain[20:], chain[19].hash, 21) == chain[-1].hash
    assert verify_run([]) == ZERO_HASH


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-11-25T09:00:00.001Z"},
        {"user": USER.replace("1", "2")},
        {"act": Act.LETTER_VIEWED},
        {"object": "object-7"},
        {"revision_hash": "0" * 64},
        {"revision_hash": "not hex"},
        {"reason": None},
        {"reason": "ÄÖ"},
        {"n": 12},
        {"previous": ZERO_HASH},
        {"hash": ZERO_HASH},
    ],
)
def test_changed_entry_is_named_by_its_number(change: dict[str, Any]) -> None:
    chain = entries(20)
    chain[10] = replace(chain[10], **change)
    with pytest.raises(NotTrusted) as refused:
        verify_run(chain)
    assert (refused.value.code, refused.value.facts) == ("JOURNAL_BROKEN", {"n": 11})


@given(st.data())
def test_removed_swapped_or_inserted_entry_is_found(data: st.DataObject) -> None:
    chain = entries(12)
    at = data.draw(st.integers(0, 10))
    kind = data.draw(st.sampled_from(["remove", "swap", "repeat"]))
    if kind == "remove":
        del chain[at]
    elif kind == "swap":
        chain[at], chain[at + 1] = chain[at + 1], chain[at]
    else:
        chain.insert(at, chain[at])
        at += 1
    with pytest.raises(NotTrusted) as refused:
        verify_run(chain)
    assert refused.value.facts == {"n": at + 1}


def test_rechained_tail_verifies_but_has_another_head_than_the_one_anchored() -> None:
    chain = entries(10)
    rewritten = chain[:5]
    for _ in range(5):
        rewritten.append(next_entry(rewritten[-1], at=chain[0].at, user=USER, act=Act.UNLOCKED))
    assert verify_run(rewritten) != chain[-1].hash


def test_parts_cannot_slide_into_one_another() -> None:
    common: dict[str, Any] = {
        "n": 1,
        "previous": ZERO_HASH,
        "at": "t",
        "user": "u",
        "act": Act.SEARCHED,
        "revision_hash": None,
    }
    assert entry_hash(object="ab", reason="c", **common) != entry_hash(object="a", reason="bc", **common)


def test_hash_run_finds_entries_by_number() -> None:
    run = HashRun(7, ("a", "b", "c"))
    assert (run.count, run.head) == (9, "c")
    assert [run.at(n) for n in (6, 7, 9, 10)] == [None, "a", "c", None]
    assert (HashRun(1, ()).count, HashRun(1, ()).head) == (0, ZERO_HASH)


def test_act_of_a_later_program_is_read_as_text_and_the_chain_holds() -> None:
    before = entries(3)
    act = "DONE_BY_A_LATER_PROGRAM"
    hashed = entry_hash(4, before[-1].hash, before[-1].at, USER, act, "", None, None)
    later = Entry(4, before[-1].hash, before[-1].at, USER, act, "", None, None, hashed)
    after = next_entry(later, at=later.at, user=USER, act=Act.UNLOCKED)
    assert verify_run([*before, later, after]) == after.hash
