from datetime import datetime, timedelta

import pytest

from desktop.catalogue import load
from desktop.clock import NAIROBI
from desktop.errors import Severity
from desktop.rules.breach import Clock, Due, Unit, closing_problems, commissioner_due, controller_due, is_closed
from desktop.rules.records import Missing, Value
from desktop.rules.validation import check

KNOWN = datetime(2026, 11, 25, 8, 0, tzinfo=NAIROBI)
OPEN: dict[str, Value] = {"known_at": KNOWN.isoformat(timespec="minutes"), "risk": "YES"}
READY: dict[str, Value] = {
    **OPEN,
    "kind": "LAPTOP_LOST",
    "facts": "It was left in a bus.",
    "effects": "None that we know of.",
    "action": "The keys were revoked.",
    "told_controller_at": "2026-11-25T09:00+03:00",
    "told_commissioner_at": "2026-11-26T09:00+03:00",
    "told_persons": ("NOT_NEEDED",),
}
SECOND = timedelta(seconds=1)


def after(**span: int) -> datetime:
    return KNOWN + timedelta(**span)


@pytest.mark.parametrize(
    ("now", "clock", "amount", "unit"),
    [
        (after(hours=31), Clock.RUNNING, 41, Unit.HOURS),
        (after(hours=71, minutes=1), Clock.RUNNING, 59, Unit.MINUTES),
        (after(hours=72), Clock.RUNNING, 0, Unit.MINUTES),
        (after(hours=72) + SECOND, Clock.LATE, 0, Unit.MINUTES),
        (after(hours=73), Clock.LATE, 1, Unit.HOURS),
        (after(hours=72 + 47, minutes=59), Clock.LATE, 47, Unit.HOURS),
        (after(hours=72 + 48), Clock.LATE, 2, Unit.DAYS),
    ],
)
def test_L60_the_commissioner_is_told_within_72_hours(now: datetime, clock: Clock, amount: int, unit: Unit) -> None:
    assert commissioner_due(OPEN, now) == Due(clock, after(hours=72), amount, unit)


@pytest.mark.parametrize(("now", "clock"), [(after(hours=48), Clock.RUNNING), (after(hours=48) + SECOND, Clock.LATE)])
def test_L60_the_controller_is_told_within_48_hours_whatever_the_risk(now: datetime, clock: Clock) -> None:
    assert controller_due({**OPEN, "risk": "NO"}, now).clock is clock


@pytest.mark.parametrize("risk", ["YES", "DK", None])
def test_only_a_no_to_the_risk_stops_the_commissioners_clock(risk: str | None) -> None:
    fields = {**OPEN, "risk": risk, "delayed_by": "The police"}
    assert commissioner_due(fields, after(hours=80)).clock is Clock.LATE
    assert commissioner_due({**OPEN, "risk": "NO"}, after(hours=80)).clock is Clock.NOT_DUE


def test_who_was_told_in_time_and_who_was_not() -> None:
    told = {**OPEN, "told_commissioner_at": "2026-11-28T08:00+03:00"}
    assert commissioner_due(told, after(days=30)).clock is Clock.TOLD
    told["told_commissioner_at"] = "2026-11-28T08:01+03:00"
    assert commissioner_due(told, after(days=30)).clock is Clock.TOLD_LATE


def test_without_the_time_it_was_known_nobody_can_say_and_that_counts_as_late() -> None:
    for known in (None, Missing.DK, "no time"):
        due = controller_due({**OPEN, "known_at": known}, KNOWN)
        assert (due.clock, due.is_late) == (Clock.UNKNOWN, True)


def test_the_clock_runs_on_over_the_end_of_a_month_and_of_a_year_and_in_other_zones() -> None:
    for known, due in (
        ("2026-02-27T10:00+03:00", "2026-03-02T10:00+03:00"),
        ("2026-12-30T10:00+03:00", "2027-01-02T10:00+03:00"),
        ("2026-12-30T07:00+00:00", "2027-01-02T10:00+03:00"),
    ):
        assert commissioner_due({"known_at": known}, KNOWN).due == datetime.fromisoformat(due)


def test_a_clock_that_stands_before_the_time_it_was_known_gives_no_more_than_the_whole_time() -> None:
    assert commissioner_due(OPEN, KNOWN - timedelta(days=400)).amount == 72


def test_L61_a_breach_with_facts_effects_and_remedy_and_everybody_told_can_be_closed() -> None:
    assert closing_problems(READY, after(days=3)) == ()
    assert not is_closed(READY)
    assert is_closed({**READY, "closed_at": "2026-11-27T09:00:00.000Z"})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"facts": " "}, "facts"),
        ({"effects": None}, "effects"),
        ({"action": Missing.DK}, "action"),
        ({"risk": "DK"}, "risk"),
        ({"told_controller_at": None}, "told_controller_at"),
        ({"told_commissioner_at": Missing.DK}, "told_commissioner_at"),
        ({"told_persons": None}, "told_persons"),
        ({"told_commissioner_at": "2026-11-28T08:01+03:00"}, "why_late"),
        ({"risk": "NO"}, "risk_reasons"),
        ({"told_controller_at": "2026-11-25T07:59+03:00"}, "told_controller_at"),
        ({"happened_on": "2026-11-26"}, "happened_on"),
        ({"happened_on": "2026-12"}, "happened_on"),
    ],
)
def test_what_keeps_a_breach_open(change: dict[str, Value], found: str) -> None:
    assert [problem.field for problem in closing_problems({**READY, **change}, after(days=3))] == [f"breach.{found}"]


def test_without_real_risk_neither_commissioner_nor_persons_must_be_told() -> None:
    fields = {
        **READY,
        "risk": "NO",
        "risk_reasons": "It was locked.",
        "told_commissioner_at": None,
        "told_persons": None,
    }
    assert closing_problems(fields, after(days=9)) == ()


def test_a_late_notice_without_reasons_is_warned_of_while_one_types_and_never_blocks() -> None:
    catalogue = load()
    late = {**READY, "told_commissioner_at": "2026-11-29T08:00+03:00"}
    found = check(catalogue.forms["breach"], late, catalogue.lists, after(days=9))
    assert [(one.code, one.severity) for one in found] == [("BREACH_WHY_LATE", Severity.WARNING)]
