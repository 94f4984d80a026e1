"""What is taken out of an office by other ways shows at the Secretariat with the next bundle (attack 9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from desktop.bundles.manifest import Identity
from desktop.crypto import sealing
from desktop.errors import NotAccepted, Obstacle
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft
from desktop.rules.taken_out import MOST, TakenOut
from desktop.services import journal, taken_out
from desktop.services.referrals import Way
from desktop.services.tables import TableKind
from tests.factory import PERSON, Place, consent, dump, make_case, make_provider, refer, rows, send

Pair = tuple[Place, Place]
NOTHING = TakenOut(cases=0, letters=0, tables=0)


def key() -> str:
    return sealing.age_recipient(sealing.public_key(sealing.generate_secret()))


def letter_for(office: Place, case_id: str) -> str:
    clinic = make_provider(office)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    return office.desk.referrals.issue_letter(refer(office, case_id, clinic), "en").serial


def at_home(office: Place) -> TakenOut:
    """The figures as they stand in the office's own vault."""
    (row,) = rows(office.desk.vault, "office")
    return TakenOut(cases=row["out_cases"], letters=row["out_letters"], tables=row["out_tables"])


def arrived(pair: Pair) -> TakenOut:
    """What the Secretariat is told by a bundle made now."""
    office, national = pair
    return national.desk.intake.receive(send(office)).taken_out


def test_tables_and_letters_are_told_by_the_next_bundle_and_by_no_other(pair: Pair, tmp_path: Path) -> None:
    office, national = pair
    first = make_case(office)
    make_case(office, first_name="Kamau")
    assert arrived(pair) == NOTHING
    office.desk.tables.export(TableKind.HTCDS, "PLANNING", [key()])
    make_case(office, first_name="Amina")
    office.desk.tables.export(TableKind.CPIMS, "PLANNING", [key()])
    office.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path)
    serial = letter_for(office, first)
    office.desk.referrals.open_letter(serial)
    office.desk.referrals.hand_out(serial, Way.PRINTER, copies=5)
    office.desk.referrals.note_failed(serial, Way.PRINTER)
    office.desk.referrals.hand_out(serial, Way.FILE, reason="RECEIVER_ASKS")
    bundle = send(office)
    assert national.desk.intake.receive(bundle).taken_out == TakenOut(cases=8, letters=2, tables=3)
    make_case(office, first_name="Hassan")
    assert arrived(pair) == NOTHING
    again = national.desk.intake.receive(bundle)
    assert (again.repeated, again.taken_out) == (True, TakenOut(cases=8, letters=2, tables=3))


def test_a_held_bundle_tells_its_figures_at_once(pair: Pair) -> None:
    office, national = pair
    make_case(office)
    first = send(office)
    make_case(office)
    office.desk.tables.export(TableKind.CPIMS, "PLANNING", [key()])
    held = national.desk.intake.receive(send(office))
    assert (held.outcome, held.taken_out) == ("HELD", TakenOut(cases=2, letters=0, tables=1))
    national.desk.intake.receive(first)
    assert [row["out_cases"] for row in rows(national.desk.vault, "incoming_bundle")].count(2) == 1


def test_a_case_hidden_from_others_counts_like_every_other_and_an_identified_bundle_is_no_way_out(pair: Pair) -> None:
    office, _ = pair
    person = RecordDraft("person", dict(PERSON))
    hidden = office.desk.cases.create([RecordDraft("case", {"restricted": True}), person])[0]
    office.desk.referrals.hand_out(letter_for(office, hidden), Way.PRINTER)
    assert at_home(office) == TakenOut(cases=0, letters=1, tables=0)
    send(office, Identity.IDENTIFIED)
    assert at_home(office) == NOTHING


def test_what_was_refused_or_only_looked_at_is_not_counted(pair: Pair) -> None:
    office, _ = pair
    serial = letter_for(office, make_case(office))
    office.desk.tables.what_leaves("PLANNING")
    office.desk.referrals.open_letter(serial)
    with pytest.raises(NotAccepted, match="LETTER_REASON_MISSING"):
        office.desk.referrals.hand_out(serial, Way.FILE)
    with pytest.raises(NotAccepted):
        office.desk.tables.export(TableKind.CPIMS, "NO_PURPOSE", [key()])
    assert at_home(office) == NOTHING


def test_figures_stay_where_the_making_of_a_bundle_fails_at_its_last_step(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = pair
    make_case(office)
    office.desk.tables.export(TableKind.CPIMS, "PLANNING", [key()])
    before, real = dump(office.desk.vault), journal.append

    def failing(session: Any, vault: Any, act: Act, *rest: Any, **facts: Any) -> Any:
        if act is Act.BUNDLE_MADE:
            raise Obstacle("DISK_FULL")
        return real(session, vault, act, *rest, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", failing)
        with pytest.raises(Obstacle, match="DISK_FULL"):
            office.desk.exports.make()
    assert dump(office.desk.vault) == before
    assert arrived(pair) == TakenOut(cases=1, letters=0, tables=1)


def test_nothing_leaves_that_cannot_be_counted(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office, _ = pair
    serial = letter_for(office, make_case(office))
    before = dump(office.desk.vault)

    def failing(*_: object, **__: object) -> None:
        raise Obstacle("DISK_FULL")

    monkeypatch.setattr(taken_out, "count", failing)
    for leave in (
        lambda: office.desk.tables.export(TableKind.CPIMS, "PLANNING", [key()]),
        lambda: office.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path),
        lambda: office.desk.referrals.hand_out(serial, Way.PRINTER),
    ):
        with pytest.raises(Obstacle, match="DISK_FULL"):
            leave()
    assert dump(office.desk.vault) == before


@pytest.mark.parametrize("planted", ["'many'", "-1", str(2**40), "1.5", "x'00'"])
def test_planted_figures_that_no_program_writes_are_told_as_the_most_and_stop_no_bundle(
    pair: Pair, planted: str
) -> None:
    office, _ = pair
    make_case(office)
    with office.desk.vault.writing() as session:
        session.execute(text(f"UPDATE office SET out_cases = {planted}, out_letters = {MOST}"))  # noqa: S608
    office.desk.tables.export(TableKind.CPIMS, "PLANNING", [key()])
    office.desk.referrals.hand_out(letter_for(office, make_case(office)), Way.PRINTER)
    assert arrived(pair) == TakenOut(cases=MOST, letters=MOST, tables=1)
