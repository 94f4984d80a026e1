"""R18 for cases: every way to come near one × role × assigned × restricted, on a real vault (L-03, L-06)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from db.models.base import DeskUser
from desktop.bootstrap import Desk
from desktop.errors import DeskError, Obstacle
from desktop.rules.access import MATRIX, STANDINGS, TOUCHES, Answer, Role, Standing, Touch, answer
from desktop.rules.records import RecordDraft
from desktop.rules.table_cases import LeftOut
from desktop.services.referrals import Way
from desktop.services.vault import VaultService
from tests.factory import PERSON, Place, consent, dump, make_provider, refer
from tests.unit.services.test_roles import NOBODY, USES

ME = "00000000-0000-4000-8000-0000000000aa"
OFFICE = [role for role in Role if not role.value.startswith("SECRETARIAT")]
PHONE = "+2547991100"


@dataclass(frozen=True)
class Case:
    """A case and what hangs on it: the ids by which somebody could reach it."""

    case_id: str
    case_ref: str
    head: str
    person: str
    consent: str
    drafted: str
    issued: str
    serial: str
    surname: str


Cases = dict[Standing, Case]


def colleague(place: Place, role: Role, user: str = ME) -> Desk:
    """The same unlocked vault with somebody else at the desk."""
    vault = replace(place.desk.vault, user=user, role=role.value)
    return Desk(VaultService(place.folder, dict, place.clock), vault)  # type: ignore[arg-type]


def add_colleague(place: Place, user: str = ME, desk_number: int = 7) -> None:
    with place.desk.vault.writing() as session:
        session.add(DeskUser(id=user, desk_number=desk_number, name="B", title="", phone="", role="CLERK"))


def full_case(place: Place, standing: Standing, number: int) -> Case:
    desk, surname = place.desk, f"Zuberi{'abcd'[number]}"
    case_id, _ = desk.cases.create(
        [
            RecordDraft("case", {"restricted": standing.restricted, "narrative": "x", "status": "DRAFT"}),
            RecordDraft("person", {**PERSON, "surname": surname, "phone": f"{PHONE}{number:02}"}),
        ]
    )
    provider = make_provider(place)
    given = consent(place, case_id, "SHARE_PROVIDER", recipient=provider)
    issued = refer(place, case_id, provider)
    serial = desk.referrals.issue_letter(issued, "en").serial
    other = make_provider(place)
    consent(place, case_id, "SHARE_PROVIDER", recipient=other)
    drafted = refer(place, case_id, other)
    file = desk.cases.open(case_id)
    head, person = file.one("case"), file.one("person")
    assert head is not None
    assert person is not None
    if standing.assigned:
        desk.cases.assign(case_id, ME)
    return Case(case_id, file.case_ref, head.record_id, person.record_id, given, drafted, issued, serial, surname)


@pytest.fixture(scope="module")
def cases(office: Place) -> Cases:
    """One case of each standing of `ME`; all are the supervisor's as well, who made them."""
    add_colleague(office)
    made = {standing: full_case(office, standing, number) for number, standing in enumerate(STANDINGS)}
    for case in made.values():
        colleague(office, Role.CLERK).drafts.keep(
            [RecordDraft("recruitment", {"place_entered": "x"}, None, case.case_id)]
        )
    return made


@dataclass(frozen=True)
class Use:
    """One way to come near a case. A call that answers None or False did as if the case were not there."""

    action: str
    call: Callable[[Desk, Case], object]


def note_previewed(desk: Desk, case: Case) -> bool:
    desk.referrals.note_previewed(case.drafted)
    return True


def in_journal(desk: Desk, case: Case) -> bool:
    return case.case_ref in {line.case_ref for line in desk.journal.page().lines}


ONE = {
    "cases.open": Use("case.open", lambda desk, case: desk.cases.open(case.case_id)),
    # A stale revision: what is refused behind the gate writes nothing.
    "cases.save": Use("case.save", lambda desk, case: desk.cases.save(draft(case, "person", case.person))),
    "cases.save of a finding": Use(
        "determination.record", lambda desk, case: desk.cases.save(draft(case, "determination", None))
    ),
    "cases.history": Use("case.open", lambda desk, case: desk.cases.history(case.person)),
    "cases.read_sealed": Use("case.open", lambda desk, case: desk.cases.read_sealed(case.head)),
    "consents.record": Use("consent.record", lambda desk, case: desk.consents.record(case.case_id, [{}])),
    "consents.record of a ground": Use(
        "basis.record", lambda desk, case: desk.consents.record(case.case_id, [{"lawful_basis": "VITAL"}])
    ),
    "consents.withdraw": Use(
        "consent.record", lambda desk, case: desk.consents.withdraw(case.case_id, case.consent, "2099-01-01T00:00:00Z")
    ),
    "referrals.create": Use("referral.create", lambda desk, case: desk.referrals.create(case.case_id, {})),
    "referrals.preview_letter": Use(
        "referral.issue_letter", lambda desk, case: desk.referrals.preview_letter(case.drafted, "en")
    ),
    "referrals.note_previewed": Use("referral.issue_letter", lambda desk, case: note_previewed(desk, case)),
    "referrals.issue_letter": Use(  # it went out already
        "referral.issue_letter", lambda desk, case: desk.referrals.issue_letter(case.issued, "en")
    ),
    "referrals.open_letter": Use("letter.open", lambda desk, case: desk.referrals.open_letter(case.serial)),
    "referrals.hand_out": Use("letter.open", lambda desk, case: desk.referrals.hand_out(case.serial, Way.FILE)),
    "referrals.letters_of": Use("letter.open", lambda desk, case: desk.referrals.letters_of(case.issued)),
    "drafts.of_case": Use("case.open", lambda desk, case: desk.drafts.of_case(case.case_id) != ()),
}
MANY = {
    "cases.list": Use("case.search", lambda desk, case: case.case_id in {one.case_id for one in desk.cases.list()}),
    "cases.search": Use("case.search", lambda desk, case: desk.cases.search(case.surname) != ()),
    "cases.search by number": Use("case.search", lambda desk, case: desk.cases.search(case.case_ref) != ()),
    "cases.search by two words": Use("case.search", lambda desk, case: desk.cases.search(f"wam {case.surname}") != ()),
    "cases.officers": Use("case.search", lambda desk, case: desk.cases.officers(case.case_id)),
    "cases.unassign": Use("case.unassign", lambda desk, case: desk.cases.unassign(case.case_id, NOBODY)),
    "cases.assign": Use("case.assign", lambda desk, case: desk.cases.assign(case.case_id, NOBODY)),
    "referrals.list": Use(
        "case.search", lambda desk, case: case.drafted in {one.referral_id for one in desk.referrals.list()}
    ),
    "drafts.cases": Use("draft.keep", lambda desk, case: case.case_id in desk.drafts.cases()),
    "journal.page": Use("journal.read", in_journal),
}
# What touches cases only as the sum of all, or only what one typed or holds oneself: tested below, or beside.
ELSEWHERE = {
    *("cases.count", "cases.note_search", "cases.create"),
    *("drafts.keep", "drafts.drop", "drafts.keep_place", "drafts.place"),
    *("imports.preview", "imports.apply", "imports.county"),
    *("lists.headings", "lists.parse", "lists.mappings", "lists.keep_mapping", "lists.forget_mapping"),
    *("tables.what_leaves", "tables.export", "tables.export_plain", "tables.write_plain"),
    *("tables.plain_copies", "tables.plain_copy_deleted", "journal.people"),
    "referrals.note_failed",
}


def draft(case: Case, kind: str, record_id: str | None) -> RecordDraft:
    return RecordDraft(kind, {}, record_id, case.case_id, 99 if record_id else 0)


def met(desk: Desk, use: Use, case: Case) -> Answer:
    """Say what the service did, told from outside."""
    try:
        there = use.call(desk, case)
    except DeskError as error:
        told = {
            "VIEW_REASON_NEEDED": Answer.REASON,
            "ROLE_NOT_PERMITTED": Answer.REFUSED,
            "RECORD_GONE": Answer.HIDDEN,
            "LETTER_UNKNOWN": Answer.HIDDEN,
        }
        return told.get(error.code, Answer.ALLOWED)
    return Answer.HIDDEN if there is None or there is False else Answer.ALLOWED


@pytest.mark.parametrize("role", OFFICE)
@pytest.mark.parametrize("name", [*ONE, *MANY])
def test_R18_whoever_comes_near_a_case_meets_what_the_table_says(
    office: Place, cases: Cases, name: str, role: Role
) -> None:
    use, desk = (ONE | MANY)[name], colleague(office, role)
    for standing, case in cases.items():
        expected = answer(role, use.action, standing)
        before = dump(office.desk.vault)
        assert met(desk, use, case) == expected, (name, standing)
        if expected is not Answer.ALLOWED and TOUCHES[use.action] != Touch.MANY:
            assert dump(office.desk.vault) == before, (name, standing)


def test_every_method_that_touches_cases_is_walked() -> None:
    touching = {name for name, uses in USES.items() if {use.action for use in uses} & TOUCHES.keys()}
    walked = {name.partition(" ")[0] for name in (*ONE, *MANY)}
    assert touching == walked | ELSEWHERE
    assert not walked & ELSEWHERE
    actions = {use.action for use in (ONE | MANY).values()}
    assert actions | {"import.preview", "import.apply", "table.export"} == set(TOUCHES)


def test_that_a_letter_did_not_arrive_needs_no_reason_and_a_hidden_one_is_unknown(office: Place, cases: Cases) -> None:
    desk = colleague(office, Role.CASE_OFFICER)
    for standing, case in cases.items():
        if answer(Role.CASE_OFFICER, "letter.open", standing) is Answer.HIDDEN:
            with pytest.raises(Obstacle, match="LETTER_UNKNOWN"):
                desk.referrals.note_failed(case.serial, Way.FILE)
        else:
            desk.referrals.note_failed(case.serial, Way.FILE)


@pytest.mark.parametrize("role", OFFICE)
def test_L06_counts_and_tables_and_duplicates_behave_as_if_a_hidden_case_were_absent(
    office: Place, cases: Cases, role: Role
) -> None:
    mine, all_of_it = colleague(office, role), office.desk
    (hidden,) = [case for standing, case in cases.items() if answer(role, "case.search", standing) is Answer.HIDDEN]
    assert mine.cases.count() == all_of_it.cases.count() - 1 == len(mine.cases.list())
    assert mine.exports.drafts() == all_of_it.exports.drafts() - 1
    if role in MATRIX["table.export"]:
        theirs, ours = (desk.tables.what_leaves("PLANNING") for desk in (all_of_it, mine))
        assert theirs.left_out[LeftOut.DRAFT] == ours.left_out[LeftOut.DRAFT] + 1
    said = mine.cases.search(hidden.surname), mine.cases.search(f"{PHONE}")
    assert hidden.case_id not in {one.case_id for found in said for one in found}


def test_a_hidden_case_answers_as_one_that_never_was(office: Place, cases: Cases) -> None:
    desk = colleague(office, Role.SUPERVISOR)
    hidden, nothing = cases[Standing(False, True)], Case(*[NOBODY] * 9)
    for name, use in (ONE | MANY).items():
        assert told(desk, use, hidden) == told(desk, use, nothing), name
    for case_id in (hidden.case_id, NOBODY):
        with pytest.raises(Obstacle, match="RECORD_GONE"):
            desk.cases.open(case_id, "OFFICER_AWAY")


def told(desk: Desk, use: Use, case: Case) -> object:
    try:
        return use.call(desk, case)
    except DeskError as error:
        return error.code, error.facts
