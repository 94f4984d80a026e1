"""Cases that are somebody else's, and what a screen shows of them."""

from __future__ import annotations

from sqlalchemy import select

from db.models.base import JournalEntry
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft, Value
from tests.ui.desks import case_with, in_lane
from ui.seat import Seat

COLLEAGUE = "Wanjiru Njoroge"
NAMES: dict[str, Value] = {"first_name": "Zuberi", "surname": "Mbarikiwa", "safe_alias": "Nyota", "sex": "F"}


def add_colleague(seat: Seat, role: str = "CASE_OFFICER", name: str = COLLEAGUE) -> tuple[str, str]:
    """Add somebody to the desk; return their id and their sentence."""
    made = in_lane(seat.jobs, lambda: seat.desk.people.add(name=name, role=role))
    assert made.sentence is not None
    return made.user_id, made.sentence


def give_away(seat: Seat, case_id: str, user: str, *, restricted: bool = False) -> None:
    """Make a case somebody else's alone."""
    cases, me = seat.desk.cases, seat.desk.vault.user

    def give() -> None:
        cases.assign(case_id, user)
        if restricted:
            head = cases.open(case_id).one("case")
            assert head is not None
            fields = {**head.fields, "restricted": True}
            cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision))
        cases.unassign(case_id, me)

    in_lane(seat.jobs, give)


def theirs(seat: Seat, **person: Value) -> str:
    """A case of a colleague's, which asks whoever sits here for a reason."""
    case_id = case_with(seat, **{**NAMES, **person})
    give_away(seat, case_id, add_colleague(seat)[0])
    return case_id


def case_ref(seat: Seat, case_id: str) -> str:
    found = in_lane(seat.jobs, seat.desk.cases.list)
    return next(one.case_ref for one in found if one.case_id == case_id)


def reasons(seat: Seat, case_id: str) -> list[str | None]:
    """What the journal says of each view of a case, from the first on."""

    def read() -> list[str | None]:
        with seat.desk.vault.reading() as session:
            query = select(JournalEntry.reason).where(
                JournalEntry.object == case_id, JournalEntry.act == Act.CASE_VIEWED
            )
            return list(session.scalars(query.order_by(JournalEntry.n)))

    return in_lane(seat.jobs, read)
