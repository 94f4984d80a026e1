"""The journal as a supervisor reads it, and the check that tells all that is wrong: on a real vault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from desktop.bootstrap import Door
from desktop.clock import NAIROBI, parse_stamp
from desktop.errors import NotTrusted, Stopped, WrongSentence
from desktop.rules.journal_chain import Act
from desktop.rules.journal_reading import KINDS, JournalLine, JournalWish, Kind, Verdict
from desktop.services import journal_check, journal_page
from tests.factory import Place, Secretariat, consent, count, make_case, make_office, make_provider, refer
from tests.unit.services.people_hands import sealed_case
from tests.unit.services.test_journal import insider


def all_lines(place: Place, wish: JournalWish = JournalWish()) -> list[JournalLine]:  # noqa: B008  frozen
    lines: list[JournalLine] = []
    below: int | None = None
    while below != 0:
        page = place.desk.journal.page(below, wish)
        lines += page.lines
        below = page.below
    return lines


@pytest.fixture(scope="module")
def worked(office: Place) -> tuple[Place, str]:
    """An office with some days of work, and its first case."""
    case_id = make_case(office)
    office.desk.cases.open(case_id)
    office.desk.cases.note_search()
    provider = make_provider(office)
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
    office.desk.referrals.issue_letter(refer(office, case_id, provider), "en")
    make_case(office)
    return office, case_id


def test_every_entry_is_read_once_the_newest_first(worked: tuple[Place, str], monkeypatch: pytest.MonkeyPatch) -> None:
    office, _ = worked
    monkeypatch.setattr(journal_page, "PAGE", 4)
    numbers = [line.n for line in all_lines(office)]
    assert numbers == list(range(count(office.desk.vault, "journal"), 0, -1))
    assert len(numbers) > 8


def test_a_page_looks_at_so_many_entries_and_says_where_to_go_on(
    worked: tuple[Place, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = worked
    monkeypatch.setattr(journal_page, "LOOKED_AT", 3)
    last = count(office.desk.vault, "journal")
    page = office.desk.journal.page(wish=JournalWish(acts=frozenset({Act.VAULT_CREATED})))
    assert (page.lines, page.below) == ((), last - 2)
    (made,) = all_lines(office, JournalWish(acts=frozenset({Act.VAULT_CREATED})))
    assert made.n == 1


def test_a_line_names_who_did_it_and_the_case_by_its_number(worked: tuple[Place, str]) -> None:
    office, case_id = worked
    me = office.desk.office.signed_in()
    case_ref = next(row.case_ref for row in office.desk.cases.list() if row.case_id == case_id)
    lines = all_lines(office)
    assert {(line.by, line.desk_number) for line in lines} == {(me.name, 1)}
    for act in (Act.CASE_VIEWED, Act.CONSENT_RECORDED, Act.LETTER_ISSUED, Act.REFERRAL_MOVED):
        assert {(line.case_id, line.case_ref) for line in lines if line.act == act} == {(case_id, case_ref)}, act
    assert {line.case_ref for line in lines if line.act in (Act.SEARCHED, Act.VAULT_CREATED)} == {""}


def test_entries_are_found_by_kind_person_day_and_case(worked: tuple[Place, str]) -> None:
    office, case_id = worked
    lines = all_lines(office)
    (me,) = office.desk.journal.people()
    for kind, acts in KINDS.items():
        assert all_lines(office, JournalWish(acts=frozenset(acts))) == [line for line in lines if line.act in acts], (
            kind
        )
    assert all_lines(office, JournalWish(user=me.user)) == lines
    assert all_lines(office, JournalWish(user="0" * 32)) == []
    case_ref = next(row.case_ref for row in office.desk.cases.list() if row.case_id == case_id)
    of_case = all_lines(office, JournalWish(case_ref=case_ref))
    assert of_case == [line for line in lines if line.case_id == case_id]
    assert len(of_case) > 4
    assert all_lines(office, JournalWish(case_ref="047-100-26-0001-0")) == []


def test_a_day_is_one_of_nairobi_from_midnight_to_midnight(worked: tuple[Place, str]) -> None:
    office, _ = worked
    lines = all_lines(office)
    days = {day: all_lines(office, JournalWish(day=day)) for day in ("2026-11-24", "2026-11-25", "2026-11-26")}
    for day, found in days.items():
        midnight = f"{day}T00:00"
        expected = [line for line in lines if (shifted(line.at) >= midnight) and shifted(line.at)[:10] == day]
        assert found == expected, day
    assert any(days.values())


def shifted(at: str) -> str:
    return parse_stamp(at).astimezone(NAIROBI).isoformat()


def test_failed_unlocks_are_read_at_the_next_sign_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = make_office(tmp_path_factory.mktemp("failing") / "data")
    place.lock()
    door = Door(place.folder, place.clock)
    for _ in range(3):
        with pytest.raises(WrongSentence):
            door.unlock(1, "abandon ability able about above absent")
    desk = door.unlock(1, place.sentence)
    try:
        newest = desk.journal.page().lines[0]
        assert (newest.act, newest.reason) == (Act.UNLOCKED, "AFTER_FAILURES_3")
    finally:
        desk.lock()


# -------------------------------------------------------------------------------------------------- checking


def test_a_whole_journal_is_told_with_its_figures(worked: tuple[Place, str]) -> None:
    office, _ = worked
    seen: list[tuple[int, int]] = []
    verdict = office.desk.journal.verify_all(lambda done, of: seen.append((done, of)))
    entries, revisions = (count(office.desk.vault, name) for name in ("journal", "revision"))
    assert verdict == Verdict(entries, revisions, ())
    assert seen[-1] == (entries + revisions, entries + revisions)
    assert verdict.whole


def test_small_steps_find_the_same_and_work_goes_on_between_them(
    worked: tuple[Place, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = worked
    monkeypatch.setattr(journal_check, "_ENTRIES", 3)
    monkeypatch.setattr(journal_check, "_REVISIONS", 2)
    begun = count(office.desk.vault, "revision")
    check, steps = office.desk.journal.begin_check(), 0
    while check.verdict is None:
        office.desk.journal.check_on(check)
        steps += 1
        if steps in (2, 12):  # while entries are looked at, and while revisions are
            make_case(office)
    entries, revisions = (count(office.desk.vault, name) for name in ("journal", "revision"))
    # Ids are random: of what was saved meanwhile some lies behind where the check stood.
    assert begun <= check.verdict.revisions <= revisions
    assert check.verdict == Verdict(entries, check.verdict.revisions, ())


def test_who_stops_it_leaves_nothing_behind(worked: tuple[Place, str]) -> None:
    office, _ = worked

    def stop(_: int, __: int) -> None:
        raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        office.desk.journal.verify_all(stop)
    assert office.desk.journal.verify_all().whole


@pytest.fixture
def tampering(worked: tuple[Place, str]) -> Iterator[Callable[..., Verdict]]:
    """Change the vault as somebody with the data key and another tool; afterwards all is as it was."""
    office, _ = worked
    make_case(office)
    office.desk.cases.note_search()  # the last entry vouches for no record
    with insider(office):

        def change(*statements: str) -> Verdict:
            with office.desk.vault.writing() as session:
                for statement in statements:
                    session.execute(text(statement))
            return office.desk.journal.verify_all()

        yield change


def test_every_break_of_the_chain_is_counted_and_the_first_one_named(tampering: Callable[..., Verdict]) -> None:
    verdict = tampering("UPDATE journal SET act = 'ENROLLED' WHERE n IN (3, 6)")
    (found,) = verdict.found
    assert (found.code, found.facts) == ("JOURNAL_FOUND_BROKEN", {"n": 3, "count": 2})
    assert not verdict.whole


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE n = 3",
        "UPDATE journal SET n = n + 1000 WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET n = -5 WHERE n = 1",
        "UPDATE journal SET hash = zeroblob(32) WHERE n = 3",
    ],
)
def test_an_entry_cut_out_moved_or_hashed_anew_is_found(tampering: Callable[..., Verdict], statement: str) -> None:
    assert "JOURNAL_FOUND_BROKEN" in [found.code for found in tampering(statement).found]


ENTRY = "UPDATE journal SET {column} = {value} WHERE n = 3"


@pytest.mark.parametrize("value", ["'abc'", "7", "x'00'"])
@pytest.mark.parametrize("column", ["hash", "previous", "revision_hash", "at", "user", "act", "object", "reason"])
def test_an_entry_of_which_a_column_holds_something_else_is_a_broken_one_and_the_check_goes_on(
    tampering: Callable[..., Verdict], column: str, value: str
) -> None:
    verdict = tampering(ENTRY.format(column=column, value=value))
    assert (
        {"JOURNAL_FOUND_BROKEN"}
        <= {found.code for found in verdict.found}
        <= {*("JOURNAL_FOUND_BROKEN", "JOURNAL_FOUND_ALTERED", "JOURNAL_FOUND_MISSING", "JOURNAL_FOUND_CLOCK")}
    )
    assert verdict.found[0].facts["n"] == 3


def test_a_tail_that_was_anchored_and_cut_off_is_found(
    worked: tuple[Place, str], tampering: Callable[..., Verdict]
) -> None:
    last = count(worked[0].desk.vault, "journal")
    assert tampering(
        "UPDATE office SET anchored_count = (SELECT max(n) FROM journal)",
        "UPDATE office SET anchored_head = (SELECT hash FROM journal WHERE n = anchored_count)",
    ).whole
    verdict = tampering("DELETE FROM journal WHERE n = (SELECT max(n) FROM journal)")
    assert [(found.code, found.facts) for found in verdict.found] == [("JOURNAL_FOUND_ANCHOR", {"n": last})]
    tampering("UPDATE office SET anchored_count = 0, anchored_head = NULL")


def test_a_clock_set_back_is_told_and_is_no_crime(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = place.desk.vault.clock
    before = clock.now()
    with monkeypatch.context() as patch:
        patch.setattr(type(clock), "now", lambda _: before - timedelta(days=2))
        place.desk.cases.note_search()
    verdict = place.desk.journal.verify_all()
    assert [(found.code, found.grave) for found in verdict.found] == [("JOURNAL_FOUND_CLOCK", False)]
    assert verdict.found[0].facts["n"] == count(place.desk.vault, "journal")
    assert verdict.whole


def test_an_altered_version_is_told_by_its_case(place: Place) -> None:
    office, case_id = place, make_case(place)
    case_ref = next(row.case_ref for row in office.desk.cases.list() if row.case_id == case_id)
    with office.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER revision_no_update"))
        record_id = session.execute(
            text("SELECT id FROM record WHERE case_id = :case AND kind = 'person'"), {"case": case_id}
        ).scalar()
        session.execute(text("UPDATE revision SET body = CAST('{}' AS BLOB) WHERE record_id = :id"), {"id": record_id})
    altered = [found for found in office.desk.journal.verify_all().found if found.grave]
    assert [(found.code, found.facts) for found in altered] == [
        ("JOURNAL_FOUND_ALTERED", {"count": 1, "cases": case_ref})
    ]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM revision WHERE record_id = '{id}'", "JOURNAL_FOUND_MISSING"),
        ("UPDATE revision SET sealed = NULL WHERE record_id = '{id}'", "JOURNAL_FOUND_ALTERED"),
        ("UPDATE revision SET hash = 'abc' WHERE record_id = '{id}'", "JOURNAL_FOUND_ALTERED"),
        ("UPDATE revision SET random = 7 WHERE record_id = '{id}'", "JOURNAL_FOUND_ALTERED"),
        ("UPDATE revision SET random = x'00' WHERE record_id = '{id}'", "JOURNAL_FOUND_ALTERED"),
        ("UPDATE office SET anchored_count = 3, anchored_head = 'abc' WHERE '{id}' <> ''", "JOURNAL_FOUND_ANCHOR"),
    ],
)
def test_what_was_saved_and_is_gone_or_holds_something_else_is_told(place: Place, statement: str, code: str) -> None:
    case_id = sealed_case(place)
    make_case(place)
    assert place.desk.journal.verify_all().found == ()
    with place.desk.vault.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        record_id = session.scalar(
            text("SELECT id FROM record WHERE case_id = :case AND kind = 'case'"), {"case": case_id}
        )
        session.execute(text(statement.format(id=record_id)))
    assert code in [found.code for found in place.desk.journal.verify_all().found if found.grave]


def test_the_secretariat_checks_its_own(national: Secretariat) -> None:
    verdict = national.desk.journal.verify_all()
    assert verdict == Verdict(count(national.desk.vault, "journal"), 0, ())


def test_kinds_know_what_stands_in_a_journal(worked: tuple[Place, str]) -> None:
    assert {line.act for line in all_lines(worked[0])} <= {act for kind in Kind for act in KINDS[kind]}


@pytest.mark.parametrize(
    "spoiling",
    [
        "UPDATE journal SET hash = 'abc' WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET hash = x'00' WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET hash = zeroblob(32) WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET act = CAST(x'FF' AS TEXT) WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET at = CAST(x'C328' AS TEXT) WHERE n = (SELECT max(n) FROM journal)",
        "UPDATE journal SET user = x'FF', object = 7 WHERE n = (SELECT max(n) FROM journal)",
    ],
)
def test_a_newest_entry_that_was_spoilt_stops_neither_work_nor_unlocking_nor_the_check(
    place: Place, spoiling: str
) -> None:
    place.desk.cases.note_search()
    with place.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER journal_no_update"))
        session.execute(text(spoiling))
        session.execute(
            text(
                "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        )
    bad = count(place.desk.vault, "journal")
    make_case(place)
    place.reopen()
    make_case(place)
    place.desk.journal.last_saved()
    found = [found for found in place.desk.journal.verify_all().found if found.grave]
    assert [(one.code, one.facts["n"]) for one in found] == [("JOURNAL_FOUND_BROKEN", bad)]
    assert found[0].facts["count"] == 1
    with pytest.raises(NotTrusted, match="JOURNAL_BROKEN"):
        place.desk.journal.verify()


@pytest.mark.parametrize("column", ["at", "user", "act", "object", "reason"])
def test_letters_that_are_none_are_a_broken_entry_and_the_check_goes_on(
    tampering: Callable[..., Verdict], column: str
) -> None:
    verdict = tampering(ENTRY.format(column=column, value="CAST(x'FFFE' AS TEXT)"))
    assert verdict.found[0].code == "JOURNAL_FOUND_BROKEN"
    assert verdict.found[0].facts["n"] == 3
