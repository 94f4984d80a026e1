"""Whose case it is and who may look: reasons, officers, hidden cases at an import and in the journal (L-03, L-06)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from db.models.base import DeskUser
from desktop.bootstrap import Desk
from desktop.errors import DeskError, NotPermitted, Obstacle
from desktop.journal_wording import why_in_words
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft
from desktop.services.assignments import REASONS
from desktop.services.tables import TableKind
from desktop.services.vault import VaultService
from tests.factory import PERSON, WORKBOOK, Place, dump
from tests.unit.services.people_hands import add
from tests.unit.services.test_case_access import ME, add_colleague, colleague
from tests.unit.services.test_roles import NOBODY

# ------------------------------------------------------------------------------------------------ the reason


@pytest.fixture
def theirs(place: Place) -> tuple[Place, str]:
    """A case of the supervisor's, and a colleague at the desk."""
    add_colleague(place)
    return place, place.desk.cases.create([RecordDraft("case", {}), RecordDraft("person", PERSON)])[0]


def views(place: Place) -> list[tuple[str, str, str | None]]:
    entries = sorted(dump(place.desk.vault)["journal"], key=lambda row: row["n"])
    return [(row["user"], row["act"], row["reason"]) for row in entries if row["act"].startswith("CASE_")]


def test_L03_a_reason_is_asked_once_per_case_and_day_and_stands_in_the_journal(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    desk = colleague(place, Role.CASE_OFFICER)
    second = place.desk.cases.create([RecordDraft("case", {})])[0]
    before = len(views(place))
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        desk.cases.open(case_id)
    with pytest.raises(DeskError, match="VALUE_NOT_IN_LIST"):
        desk.cases.open(case_id, "CURIOUS")
    assert len(views(place)) == before
    assert desk.cases.open(case_id, "OFFICER_AWAY").case_id == case_id
    desk.cases.open(case_id)
    desk.cases.open(case_id, "URGENT_RISK")  # one was said today
    assert views(place)[before:] == [(ME, "CASE_VIEWED", "OFFICER_AWAY"), *[(ME, "CASE_VIEWED", None)] * 2]
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):  # another case
        desk.cases.open(second)
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):  # another person
        colleague(place, Role.CASE_OFFICER, NOBODY).cases.open(case_id)


def test_the_day_is_that_of_nairobi_and_the_table_holds_one_day_only(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    desk = colleague(place, Role.CLERK)
    place.clock.instant = place.clock.instant.replace(hour=20, minute=58)
    desk.cases.open(case_id, "OFFICER_AWAY")
    place.clock.instant = place.clock.instant.replace(hour=21, minute=1)  # past midnight there
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        desk.cases.open(case_id)
    desk.cases.open(case_id, "HANDOVER")
    assert [(row["day"], row["reason"]) for row in dump(place.desk.vault)["view_reason"]] == [
        ("2026-11-26", "HANDOVER")
    ]


def test_a_reason_given_once_opens_every_way_to_the_case(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    desk = colleague(place, Role.CLERK)
    person = desk.cases.open(case_id, "PERSON_HERE").one("person")
    assert person is not None
    saved = desk.cases.save(RecordDraft("person", {**PERSON, "sex": "U"}, person.record_id, case_id, 1))
    assert saved.revision == 2
    assert len(desk.cases.history(person.record_id)) == 2


def test_the_first_supervisor_and_a_practice_vault_are_no_exception(theirs: tuple[Place, str]) -> None:
    place, _ = theirs
    made = colleague(place, Role.CLERK).cases.create([RecordDraft("case", {})])[0]
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        place.desk.cases.open(made)
    practice = replace(place.desk.vault, practice=True)
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        Desk(VaultService(place.folder, dict, place.clock), practice).cases.open(made)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ officers


def test_keying_assigns_and_a_supervisor_gives_and_takes(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    desk, me = place.desk, place.desk.vault.user
    assert [(one.user, one.since is not None) for one in desk.cases.officers(case_id)] == [(me, True), (ME, False)]
    before = len(views(place))
    desk.cases.assign(case_id, ME)
    desk.cases.assign(case_id, ME)  # changes nothing
    assert colleague(place, Role.CLERK).cases.open(case_id).case_id == case_id
    desk.cases.unassign(case_id, me)
    desk.cases.unassign(case_id, me)
    assert views(place)[before:] == [
        (me, "CASE_ASSIGNED", "DESK_7"),
        (ME, "CASE_VIEWED", None),
        (me, "CASE_UNASSIGNED", "DESK_1"),
    ]
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        desk.cases.open(case_id)
    with pytest.raises(Obstacle, match="LAST_OFFICER"):
        desk.cases.unassign(case_id, ME)


def test_a_supervisor_who_names_themselves_is_asked_as_whoever_opens_the_case(theirs: tuple[Place, str]) -> None:
    place, _ = theirs
    made = colleague(place, Role.CLERK).cases.create([RecordDraft("case", {})])[0]
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        place.desk.cases.assign(made, place.desk.vault.user)
    place.desk.cases.open(made, "SUPERVISION")
    place.desk.cases.assign(made, place.desk.vault.user)


@pytest.mark.parametrize(("gone", "code"), [("left_at", "USER_GONE"), ("suspended_at", "USER_SUSPENDED")])
def test_who_left_or_is_suspended_is_nobodys_officer_and_no_last_one(
    theirs: tuple[Place, str], gone: str, code: str
) -> None:
    place, case_id = theirs
    place.desk.cases.assign(case_id, ME)
    with place.desk.vault.writing() as session:
        setattr(session.get_one(DeskUser, ME), gone, place.desk.vault.now())
    with pytest.raises(Obstacle, match="LAST_OFFICER"):
        place.desk.cases.unassign(case_id, place.desk.vault.user)
    place.desk.cases.unassign(case_id, ME)
    with pytest.raises(Obstacle, match=code):
        place.desk.cases.assign(case_id, ME)


def test_L06_whoever_restricts_a_case_keeps_it_and_everybody_else_loses_sight_of_it(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    desk = colleague(place, Role.CASE_OFFICER)
    head = desk.cases.open(case_id, "URGENT_RISK").one("case")
    assert head is not None
    fields = {**head.fields, "restricted": True, "restricted_reason": "x"}
    desk.cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision))
    assert desk.cases.list()[0].restricted
    assert {one.user for one in desk.cases.officers(case_id) if one.since} == {ME, place.desk.vault.user}
    stranger = colleague(place, Role.SUPERVISOR, NOBODY)
    with pytest.raises(Obstacle, match="RECORD_GONE"):
        stranger.cases.open(case_id, "SUPERVISION")
    assert (stranger.cases.list(), stranger.cases.count()) == ((), 0)
    # The supervisor who made it goes, and is left out from then on; nobody takes away the last officer.
    place.desk.cases.unassign(case_id, place.desk.vault.user)
    assert place.desk.cases.list() == ()
    for act in (place.desk.cases.assign, place.desk.cases.unassign):
        with pytest.raises(Obstacle, match="RECORD_GONE"):
            act(case_id, ME)
    # Its officer may name another one; in an open case that is a supervisor's to do.
    add_colleague(place, NOBODY, 8)
    desk.cases.assign(case_id, NOBODY)
    assert stranger.cases.open(case_id).case_id == case_id
    fields["restricted"] = False
    desk.cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision + 1))
    with pytest.raises(NotPermitted, match="ROLE_NOT_PERMITTED"):
        desk.cases.assign(case_id, place.desk.vault.user)
    assert [one.case_id for one in place.desk.cases.list()] == [case_id]


def test_L06_a_hidden_case_of_one_who_leaves_falls_to_the_supervisor_unless_another_officer_has_it(
    place: Place,
) -> None:
    leaving, staying = add(place), add(place, "CASE_OFFICER")
    clerk = colleague(place, Role.CLERK, leaving.user_id)
    alone, shared, open_one = (
        clerk.cases.create([RecordDraft("case", {"restricted": restricted})])[0] for restricted in (True, True, False)
    )
    clerk.cases.assign(shared, staying.user_id)
    assert [one.case_id for one in place.desk.cases.list()] == [open_one]
    place.desk.people.remove(leaving.user_id)
    assert {one.case_id for one in place.desk.cases.list()} == {open_one, alone}
    me = place.desk.vault.user
    assert (me, "CASE_ASSIGNED", "DESK_1 LEFT_BY_2") in views(place)
    assert place.desk.cases.open(alone).case_id == alone
    with pytest.raises(Obstacle, match="VIEW_REASON_NEEDED"):
        place.desk.cases.open(open_one)
    assert [one.user for one in place.desk.cases.officers(alone) if one.since and one.here] == [me]
    assert colleague(place, Role.CASE_OFFICER, staying.user_id).cases.open(shared).case_id == shared


def test_a_check_of_the_journal_counts_what_is_wrong_in_a_hidden_case_and_does_not_name_it(
    theirs: tuple[Place, str],
) -> None:
    place, _ = theirs
    hidden = place.desk.cases.create([RecordDraft("case", {"restricted": True})])[0]
    number = place.desk.cases.open(hidden).case_ref
    with place.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER revision_no_update"))
        changed = (
            "UPDATE revision SET body = body || ' ' WHERE record_id IN (SELECT id FROM record WHERE case_id = :case)"
        )
        session.execute(text(changed), {"case": hidden})
    for desk, named in ((place.desk, number), (colleague(place, Role.SUPERVISOR), "–")):
        (found,) = desk.journal.verify_all().found
        assert (found.code, found.facts) == ("JOURNAL_FOUND_ALTERED", {"count": 1, "cases": named})


def test_the_journal_says_the_reason_and_the_desk_in_words(theirs: tuple[Place, str]) -> None:
    place, case_id = theirs
    place.desk.cases.assign(case_id, ME)
    catalogue = place.desk.vault.catalogue
    assert why_in_words("DESK_7 LEFT_BY_2", catalogue, "en") == "desk 7, because desk 2 left"
    assert why_in_words("OFFICER_AWAY", catalogue, "en") == "The officer of the case is away"
    assert 6 <= len(catalogue.lists[REASONS]) <= 8
    line = place.desk.journal.page().lines[0]
    assert (line.act, line.reason, line.case_id) == ("CASE_ASSIGNED", "DESK_7", case_id)


def test_a_row_of_our_own_table_does_not_tell_of_a_case_hidden_since(theirs: tuple[Place, str], tmp_path: Path) -> None:
    place, case_id = theirs
    written = place.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path).content
    stranger = colleague(place, Role.CASE_OFFICER)
    assert [row.case_id for row in stranger.imports.preview(written).rows] == [case_id]
    head = place.desk.cases.open(case_id).one("case")
    assert head is not None
    place.desk.cases.save(RecordDraft("case", {**head.fields, "restricted": True}, head.record_id, case_id, 1))
    assert [row.case_id for row in place.desk.imports.preview(written).rows] == [case_id]
    assert [row.case_id for row in stranger.imports.preview(written).rows] == [None]


def test_a_hidden_case_does_not_speak_when_a_list_is_taken_in(place: Place) -> None:
    add_colleague(place)
    clerk, ours = colleague(place, Role.CASE_OFFICER), place.desk
    made = ours.imports.apply(ours.imports.preview(WORKBOOK)).record_ids
    seen = clerk.imports.preview(WORKBOOK)
    assert {row.action.value for row in seen.rows} <= {"SKIP", "REFUSE"}
    for case_id in made:
        head = ours.cases.open(case_id).one("case")
        assert head is not None
        fields = {**head.fields, "restricted": True}
        ours.cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision))
    kept = dump(place.desk.vault)["imported_row"]
    seen = clerk.imports.preview(WORKBOOK)
    fresh = {row.key: (row.action, row.reasons) for row in seen.rows}
    assert not {"ROW_ALREADY_TAKEN_IN", "POSSIBLE_DUPLICATE_IN_OFFICE"} & {
        code for _, reasons in fresh.values() for code in reasons
    }
    assert {row.case_id for row in seen.rows} == {None}
    again = clerk.imports.apply(seen).record_ids
    assert len(again) == len(made)
    # What was known of the hidden cases is known still, and the new ones are known beside them.
    after = dump(place.desk.vault)["imported_row"]
    assert [row for row in after if row in kept] == kept
    assert {row.action.value for row in clerk.imports.preview(WORKBOOK).rows} <= {"SKIP", "REFUSE"}
    assert {row.action.value for row in ours.imports.preview(WORKBOOK).rows} <= {"SKIP", "REFUSE"}
