from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from desktop.catalogue import load
from desktop.errors import NotAccepted
from desktop.rules.codelists import parse_codelist
from desktop.rules.consent import ConsentRow, LawfulBasis
from desktop.rules.records import Missing, Value
from desktop.rules.table_cases import (
    LeftOut,
    Purpose,
    TableCase,
    codes,
    left_out,
    parse_purposes,
    purpose_of,
    said,
    table_case,
)

CATALOGUE = load()
PLANNING = Purpose("PLANNING", may_name=False, needs_stats=False)
RESEARCH = Purpose("RESEARCH", may_name=False, needs_stats=True)
OPENED = date(2026, 11, 25)
AT = "2026-11-20T08:00:00+03:00"


def made(*records: tuple[str, Mapping[str, Value]], named: bool = False, opened: date | None = OPENED) -> TableCase:
    return table_case(
        records, CATALOGUE.forms, CATALOGUE.age_groups, named=named, as_of=date(2026, 11, 25), opened=opened
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "OPEN"}, None),
        ({"status": "CLOSED", "restricted": False}, None),
        ({"status": "DRAFT"}, LeftOut.DRAFT),
        ({}, LeftOut.DRAFT),
        ({"status": "DUPLICATE"}, LeftOut.DUPLICATE),
        ({"status": "OPEN", "restricted": True}, LeftOut.RESTRICTED),
        ({"status": "OPEN", "restricted": Missing.DK}, LeftOut.RESTRICTED),
    ],
)
def test_drafts_duplicates_and_restricted_cases_stay(fields: Mapping[str, Value], reason: LeftOut | None) -> None:
    assert left_out(fields, (), PLANNING, is_child=False) is reason


@pytest.mark.parametrize(
    ("rows", "is_child", "goes"),
    [
        ((), False, False),
        ((ConsentRow("STATS", "GIVEN", AT, given_by="SELF"),), False, True),
        ((ConsentRow("STATS", "GIVEN", AT, given_by="SELF"),), True, False),
        ((ConsentRow("STATS", "GIVEN", AT, given_by="GUARDIAN"),), True, True),
        ((ConsentRow("STATS", "GIVEN", "", given_by="SELF"),), False, False),
        ((ConsentRow("STATS", "LIMITED", AT, limits="not to the press", given_by="SELF"),), False, False),
        ((ConsentRow("STATS", "REFUSED", AT, lawful_basis=LawfulBasis("PUBLIC_TASK", "r", "s")),), False, False),
        ((ConsentRow("SHARE_SECRETARIAT_ID", "GIVEN", AT, given_by="SELF"),), False, False),
    ],
)
def test_research_and_partners_get_only_who_agreed_to_it(
    rows: tuple[ConsentRow, ...], is_child: bool, goes: bool
) -> None:
    reason = left_out({"status": "OPEN"}, rows, RESEARCH, is_child=is_child)
    assert reason is (None if goes else LeftOut.NOT_AGREED)
    assert left_out({"status": "OPEN"}, rows, PLANNING, is_child=is_child) is None


def test_names_go_to_the_secretariat_alone() -> None:
    assert [purpose.code for purpose in CATALOGUE.purposes.values() if purpose.may_name] == ["SECRETARIAT"]
    assert not purpose_of(CATALOGUE.purposes, "SECRETARIAT", identified=True).needs_stats
    for code, problem in (("PLANNING", "PURPOSE_WITHOUT_NAMES"), ("", "PURPOSE_UNKNOWN"), ("X", "PURPOSE_UNKNOWN")):
        with pytest.raises(NotAccepted) as refused:
            purpose_of(CATALOGUE.purposes, code, identified=True)
        assert [item.code for item in refused.value.problems] == [problem]


def test_every_shipped_purpose_is_one_and_two_need_the_persons_yes_to_statistics() -> None:
    assert list(CATALOGUE.purposes) == [code.code for code in CATALOGUE.lists["export_purposes"]]
    assert [purpose.code for purpose in CATALOGUE.purposes.values() if purpose.needs_stats] == ["PARTNER", "RESEARCH"]


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ("PARTNER,no,SHARE_PROVIDER", "PARTNER needs 'SHARE_PROVIDER'"),
        ("RESEARCH,no,stats", "RESEARCH needs 'stats'"),
        ("PARTNER,yes,", "PARTNER may not name persons"),
        ("SECRETARIAT,Yes,", "SECRETARIAT may not name persons"),
        ("PLANNING,,", "PLANNING may not name persons"),
    ],
)
def test_a_purpose_that_asks_for_what_no_rule_looks_at_is_refused_when_it_is_read(row: str, refused: str) -> None:
    code, names, scope = row.split(",")
    table = f"code,label_en,label_sw,names,needs_scope\n{code},A,B,{names},{scope}\n"
    with pytest.raises(ValueError, match=refused):
        parse_purposes(parse_codelist("export_purposes", table))


def test_the_newest_is_by_its_date_and_else_the_one_saved_last() -> None:
    case = made(
        ("referral", {"direction": "OUT", "date": "2026-03-01", "reason": "SAFETY"}),
        ("referral", {"direction": "OUT", "date": "2026-02-01", "reason": "MOVE"}),
        ("referral", {"direction": "OUT", "reason": "OTHER"}),
        ("referral", {"direction": "IN", "date": "2026-09-01", "reason": "SERVICE"}),
        ("determination", {"status": "PRESUMED", "date": "2026-01-01"}),
        ("determination", {"status": "IDENTIFIED", "date": "2026-01-01"}),
    )
    assert said(case.newest("referral", "date", direction="OUT"), "reason") == "SAFETY"
    assert said(case.newest("determination", "date"), "status") == "IDENTIFIED"
    assert case.newest("closure", "date") == {}


@pytest.mark.parametrize(
    ("person", "opened", "child"),
    [
        ({"dob": "2008-11-26"}, OPENED, True),
        ({"dob": "2008-11-25"}, OPENED, False),
        ({"dob": "2008"}, OPENED, False),  # perhaps: not known to be one
        ({"age_at_registration": 12}, OPENED, True),
        ({"dob": Missing.DK}, OPENED, False),
        ({"dob": "2012-01-01"}, None, False),
    ],
)
def test_a_child_is_one_by_what_is_known_on_the_day_the_case_was_opened(
    person: Mapping[str, Value], opened: date | None, child: bool
) -> None:
    assert made(("person", person), opened=opened).child_when_opened is child


def test_only_texts_and_codes_are_said() -> None:
    view: Mapping[str, Value] = {"a": "x", "b": ("y", "z"), "c": Missing.REFUSED, "d": 3}
    assert [said(view, name) for name in "abcde"] == ["x", "", "", "", ""]
    assert [codes(view, name) for name in "abcde"] == [("x",), ("y", "z"), (), (), ()]
