"""Two offices of different counties and a Secretariat: whatever way the files travel, the end is the same."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from desktop.bundles import writer
from desktop.bundles.manifest import Identity
from desktop.bundles.records import RecordLine, line_bytes
from desktop.errors import NotTrusted, Obstacle
from desktop.rules.states import BundleState
from desktop.services.exports import ExportService
from desktop.services.session import OpenVault
from tests.factory import (
    Place,
    Secretariat,
    change,
    consent,
    count,
    dump,
    enrol,
    make_case,
    make_office,
    make_provider,
    make_secretariat,
    refer,
    rows,
    send,
    send_bundle,
)

FILE_NAME = re.compile(r"[RALET]-[A-Z0-9]{10}\.(rufaa|pdf)")


@dataclass
class Sent:
    """Two enrolled offices, the bundles they sent in the order of sending, and a Secretariat that has seen none."""

    offices: tuple[Place, Place]
    national: Secretariat
    bundles: tuple[tuple[bytes, ...], tuple[bytes, ...]]


def work(office: Place) -> tuple[bytes, ...]:
    """Four bundles: new cases, changes of them, an identified one, and one more case."""
    first, second = make_case(office), make_case(office, first_name="Kamau", surname="Ng'ang'a", sex="M")
    sent = [send(office)]
    change(office, first, surname="Gachanja-Otieno")
    consent(office, second, "SHARE_SECRETARIAT_ID")
    sent.append(send(office))
    change(office, second, dob="1990-01-01")
    sent.append(send(office, Identity.IDENTIFIED))
    make_case(office, first_name="Amina", surname="Hassan")
    change(office, first, sex="U")
    return (*sent, send(office))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    folder = tmp_path_factory.mktemp("counties")
    offices = (make_office(folder / "a", "030"), make_office(folder / "b", "047"))
    national = make_secretariat(folder / "national")
    for office in offices:
        enrol(office, national)
    yield Sent(offices, national, (work(offices[0]), work(offices[1])))
    for place in (*offices, national):
        place.lock()


@pytest.fixture
def empty(sent: Sent, tmp_path: Path) -> Iterator[Place]:
    """A Secretariat that knows both offices and has received nothing."""
    place = sent.national.copy(tmp_path / "national")
    yield place
    place.lock()


def end_state(national: Place) -> dict[str, Any]:
    """What intake decided, without what depends on when: times, and the ledger's order of decisions."""
    vault = national.desk.vault
    decided = [
        {name: row[name] for name in ("sha256", "outcome", "reason", "taken", "disputed", "records", "sealed_file")}
        for row in rows(vault, "incoming_bundle")
    ]
    return {"views": rows(vault, "received_view"), "bundles": decided}


def assert_ledger_is_whole(national: Place) -> None:
    """The chain recomputed from the formats page alone: one entry a receipt."""
    ledger, previous = rows(national.desk.vault, "ledger"), bytes(32)
    ledger.sort(key=lambda row: int(row["n"]))
    assert [row["n"] for row in ledger] == list(range(1, count(national.desk.vault, "issued_receipt") + 1))
    for row in ledger:
        assert row["previous"] == previous
        parts = [b"rufaa-ledger-v1", int(row["n"]).to_bytes(8, "big"), previous]
        parts += [row["bundle_sha256"], row["receipt_sha256"]]
        previous = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
        assert row["hash"] == previous


def in_order(sent: Sent, national: Place) -> dict[str, Any]:
    for content in (*sent.bundles[0], *sent.bundles[1]):
        assert national.desk.intake.receive(content).outcome == "RECEIVED"
    return end_state(national)


@pytest.mark.usefixtures("gates_here")
def test_E05_bundles_shuffled_and_repeated_end_in_the_same_state_as_in_order(
    sent: Sent, empty: Place, places: Callable[[Place], Place], tmp_path: Path
) -> None:
    straight = in_order(sent, empty)
    assert len(straight["views"]) > 10
    everything = [*sent.bundles[0], *sent.bundles[1]]
    for seed in range(4):
        shuffled = places(sent.national.copy(tmp_path / f"shuffled-{seed}"))
        journey = everything * 2
        random.Random(seed).shuffle(journey)  # noqa: S311  an order that can be repeated, not a secret
        for content in journey:
            shuffled.desk.intake.receive(content)
        assert end_state(shuffled) == straight, seed
        receipts = rows(shuffled.desk.vault, "issued_receipt")
        for content in everything:
            again = shuffled.desk.intake.receive(content)
            assert (again.outcome, again.repeated) == ("RECEIVED", True)
            assert again.receipt == shuffled.desk.intake.receive(content).receipt
        # Nothing was written by asking again, and every bundle has one receipt that says RECEIVED.
        assert rows(shuffled.desk.vault, "issued_receipt") == receipts
        held = [row for row in rows(shuffled.desk.vault, "journal") if row["reason"] == "HELD"]
        assert len(receipts) == len(everything) + len(held)
        assert held, seed
        assert_ledger_is_whole(shuffled)
        assert shuffled.desk.journal.verify() == count(shuffled.desk.vault, "journal")


@pytest.mark.usefixtures("gates_here")
def test_E05_one_office_first_or_the_other_first_is_the_same(
    sent: Sent, empty: Place, places: Callable[[Place], Place], tmp_path: Path
) -> None:
    straight = in_order(sent, empty)
    other = places(sent.national.copy(tmp_path / "other"))
    for content in (*sent.bundles[1], *sent.bundles[0]):
        other.desk.intake.receive(content)
    assert end_state(other) == straight


def test_L05_a_lost_answer_never_makes_a_second_record_or_another_receipt(sent: Sent, empty: Place) -> None:
    content = sent.bundles[0][0]
    first = empty.desk.intake.receive(content)
    before = dump(empty.desk.vault)
    for _ in range(10):
        again = empty.desk.intake.receive(content)
        assert (again.receipt, again.receipt_name, again.repeated) == (first.receipt, first.receipt_name, True)
    assert dump(empty.desk.vault) == before
    assert count(empty.desk.vault, "incoming_bundle") == count(empty.desk.vault, "issued_receipt") == 1


@pytest.mark.usefixtures("gates_here")
def test_a_held_bundle_says_what_is_missing_and_is_taken_when_it_came(pair: tuple[Place, Place]) -> None:
    office, national = pair
    contents, case_id = [], make_case(office)
    for number in range(4):
        change(office, case_id, surname=f"Otieno {number}")
        contents.append(send(office))
    early = national.desk.intake.receive(contents[3])
    assert (early.outcome, early.reason, early.records) == ("HELD", "SEQUENCE_GAP", 0)
    assert count(national.desk.vault, "received_view") == 0

    told = office.desk.receipts.take_in(early.receipt)
    assert (told.outcome, told.missing, told.state) == ("HELD", (1, 2, 3), BundleState.HANDED_OVER)
    national.desk.intake.receive(contents[1])
    for content in (contents[0], contents[2]):
        assert national.desk.intake.receive(content).outcome == "RECEIVED"
    final = national.desk.intake.receive(contents[3])
    assert (final.outcome, final.reason, final.repeated) == ("RECEIVED", None, True)
    assert final.receipt != early.receipt
    assert office.desk.receipts.take_in(final.receipt).state is BundleState.RECEIVED

    # The older answer, come late, takes nothing back.
    state = rows(office.desk.vault, "outgoing_bundle")
    assert office.desk.receipts.take_in(early.receipt).outcome == "HELD"
    assert rows(office.desk.vault, "outgoing_bundle") == state


def test_receipts_move_bundles_and_a_receipt_again_changes_nothing(pair: tuple[Place, Place]) -> None:
    office, national = pair
    case_id = make_case(office)
    made, content = send_bundle(office)
    assert office.desk.exports.list()[0].state is BundleState.HANDED_OVER
    taken = national.desk.intake.receive(content)
    answer = office.desk.receipts.take_in(taken.receipt)
    assert (answer.bundle_id, answer.state, answer.taken) == (made.bundle_id, BundleState.RECEIVED, made.records)
    assert office.desk.exports.list()[0].state is BundleState.RECEIVED
    before = dump(office.desk.vault)
    assert office.desk.receipts.take_in(taken.receipt) == answer
    assert dump(office.desk.vault) == before
    with pytest.raises(Obstacle, match="NOTHING_TO_SEND"):
        office.desk.exports.make()
    change(office, case_id, sex="U")
    assert office.desk.exports.make().records == 1
    assert office.desk.journal.verify() == count(office.desk.vault, "journal")


def test_a_receipt_is_taken_in_although_nobody_noted_the_handing_over(pair: tuple[Place, Place]) -> None:
    office, national = pair
    make_case(office)
    made = office.desk.exports.make()
    taken = national.desk.intake.receive(office.desk.exports.sealed_file(made.bundle_id)[1])
    assert office.desk.receipts.take_in(taken.receipt).state is BundleState.RECEIVED


def test_J05_a_record_set_aside_keeps_no_other_out_and_is_sent_again(
    pair: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, national = pair
    for number in range(25):
        make_case(office, surname=f"Otieno {number}")
    written = iter(range(1000))

    def damaged(line: RecordLine) -> bytes:
        # An office whose program is at fault: one line of its bundle is not canonical.
        return (b" " if next(written) == 7 else b"") + line_bytes(line)

    monkeypatch.setattr(writer, "line_bytes", damaged)
    made, content = send_bundle(office)
    monkeypatch.undo()
    taken = national.desk.intake.receive(content)
    assert (taken.outcome, taken.records, made.records) == ("RECEIVED", 49, 50)
    answer = office.desk.receipts.take_in(taken.receipt)
    assert (answer.state, answer.taken, answer.returned) == (BundleState.RECEIVED, 49, 1)
    unsent = [row["id"] for row in rows(office.desk.vault, "record") if row["unsent"]]
    assert len(unsent) == 1
    again, content = send_bundle(office)
    assert again.records == 1
    assert national.desk.intake.receive(content).outcome == "RECEIVED"
    assert {row["record_id"] for row in rows(national.desk.vault, "received_view")} >= set(unsent)
    assert count(national.desk.vault, "received_view") == 50


def only_noted(vault: OpenVault, before: dict[str, list[dict[str, Any]]], code: str) -> None:
    """A refusal changed nothing but the journal, which says why."""
    after = dump(vault)
    new = [row for row in after.pop("journal") if row not in before["journal"]]
    assert after == {name: found for name, found in before.items() if name != "journal"}
    assert [(row["act"], row["reason"]) for row in new] == [("BUNDLE_REFUSED", code)]


def test_L07_one_bad_file_does_not_keep_the_others_out(sent: Sent, empty: Place) -> None:
    good = sent.bundles[0]
    damaged = bytearray(good[1])
    damaged[len(damaged) // 2] ^= 1
    outcomes = []
    for content in (good[0], bytes(damaged), b"no bundle at all", b"", good[1], good[2]):
        before = dump(empty.desk.vault)
        try:
            outcomes.append(empty.desk.intake.receive(content).outcome)
        except NotTrusted as error:
            outcomes.append(error.code)
            only_noted(empty.desk.vault, before, error.code)
    assert outcomes == [
        "RECEIVED",
        "NOT_FOR_US_OR_DAMAGED",
        "NOT_A_SEALED_FILE",
        "NOT_A_SEALED_FILE",
        "RECEIVED",
        "RECEIVED",
    ]


def test_a_bundle_delivered_to_another_secretariat_is_refused(sent: Sent, pair: tuple[Place, Place]) -> None:
    stranger = pair[1]
    before = dump(stranger.desk.vault)
    with pytest.raises(NotTrusted, match="NOT_FOR_US_OR_DAMAGED"):
        stranger.desk.intake.receive(sent.bundles[0][0])
    only_noted(stranger.desk.vault, before, "NOT_FOR_US_OR_DAMAGED")


def test_a_bundle_of_a_device_that_was_never_enrolled_here_is_refused(
    pair: tuple[Place, Place], places: Callable[[Place], Place], tmp_path: Path
) -> None:
    # The same Secretariat as it stood before this office was enrolled: nobody in its roster signed.
    earlier = places(pair[1].copy(tmp_path / "earlier"))
    office = places(make_office(tmp_path / "late", "031"))
    enrol(office, pair[1])
    make_case(office)
    with pytest.raises(NotTrusted, match="SENDER_UNKNOWN"):
        earlier.desk.intake.receive(send(office))


def test_a_practice_bundle_is_refused_by_a_real_secretariat(
    pair: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, national = pair
    make_case(office)
    facts = ExportService._facts

    def as_practice(*arguments: Any) -> Any:
        return replace(facts(*arguments), practice=True)

    monkeypatch.setattr(ExportService, "_facts", as_practice)
    content = send(office)
    before = dump(national.desk.vault)
    with pytest.raises(NotTrusted, match="PRACTICE_MISMATCH"):
        national.desk.intake.receive(content)
    only_noted(national.desk.vault, before, "PRACTICE_MISMATCH")


def test_a_receipt_for_another_device_is_refused(sent: Sent, empty: Place) -> None:
    first, second = sent.offices
    taken = empty.desk.intake.receive(sent.bundles[1][0])
    before = dump(first.desk.vault)
    with pytest.raises(NotTrusted, match="RECEIPT_NOT_FOR_US_OR_DAMAGED"):
        first.desk.receipts.take_in(taken.receipt)
    assert dump(first.desk.vault) == before
    assert second.desk.receipts.take_in(taken.receipt).state is BundleState.RECEIVED


def test_a_receipt_of_a_bundle_this_laptop_did_not_make_is_refused(
    pair: tuple[Place, Place], places: Callable[[Place], Place], tmp_path: Path
) -> None:
    office, national = pair
    make_case(office)
    yesterday = places(office.copy(tmp_path / "yesterday"))
    taken = national.desk.intake.receive(send(office))
    with pytest.raises(NotTrusted, match="RECEIPT_OF_UNKNOWN_BUNDLE"):
        yesterday.desk.receipts.take_in(taken.receipt)


@pytest.mark.usefixtures("gates_here")
@pytest.mark.parametrize("copy_first", [False, True])
def test_E03_a_restored_copy_that_goes_on_beside_the_original_is_disputed_and_both_are_kept(
    pair: tuple[Place, Place], places: Callable[[Place], Place], tmp_path: Path, copy_first: bool
) -> None:
    office, national = pair
    make_case(office)
    common = send(office)
    restored = places(office.copy(tmp_path / "restored"))
    ours, theirs = make_case(office, surname="Akinyi"), make_case(restored, surname="Barasa")
    here, there = send(office), send(restored)
    change(office, ours, sex="U")
    after = send(office)
    assert national.desk.intake.receive(common).outcome == "RECEIVED"
    journey = [there, here, after] if copy_first else [here, after, there]
    outcomes = [national.desk.intake.receive(content) for content in journey]
    assert outcomes[0].outcome == "RECEIVED"
    # The first collision is seen; nothing of either laptop is lost.
    assert "SEQUENCE_FORKED" in {taken.reason for taken in outcomes}
    assert outcomes[-1].outcome == "DISPUTED"
    flagged = {row["sequence"]: row["disputed"] for row in rows(national.desk.vault, "incoming_bundle")}
    assert flagged == {1: 0, 2: 1, 3: 1}
    assert all(row["taken"] for row in rows(national.desk.vault, "incoming_bundle"))
    kept = {row["case_id"] for row in rows(national.desk.vault, "received_view")}
    assert {ours, theirs} <= kept


@pytest.mark.usefixtures("gates_here")
def test_J09_a_laptop_whose_clock_is_years_off_still_sends(pair: tuple[Place, Place]) -> None:
    office, national = pair
    make_case(office)
    for year in (2019, 2099, 2026):
        office.clock.instant = datetime(year, 3, 1, tzinfo=UTC)
        change(office, make_case(office), sex="U")
        taken = national.desk.intake.receive(send(office))
        assert taken.outcome == "RECEIVED"
        assert office.desk.receipts.take_in(taken.receipt).state is BundleState.RECEIVED
    office.desk.journal.verify()


def test_K07_file_names_are_random_and_safe_whatever_the_office_is_called(
    pair: tuple[Place, Place], places: Callable[[Place], Place], tmp_path: Path
) -> None:
    national = pair[1]
    office = places(make_office(tmp_path / "other", "031", name="CTIP/047/2026: A? B"))
    enrolment = office.desk.enrolment.make_file("A: B?")
    enrolled = national.desk.secretariat.enrol(enrolment.content, enrolment.digits)
    office.desk.enrolment.take_in(enrolled.package, enrolled.root_digits)
    case_id, provider = make_case(office, surname="A: B?/.."), make_provider(office, name="C:\\con")
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
    letter = office.desk.referrals.issue_letter(refer(office, case_id, provider), "en")
    made, content = send_bundle(office)
    taken = national.desk.intake.receive(content)
    names = [enrolment.file_name, enrolled.file_name, letter.file_name, made.file_name, taken.receipt_name]
    assert [name for name in names if not FILE_NAME.fullmatch(name)] == []
    assert len(set(names)) == len(names)
