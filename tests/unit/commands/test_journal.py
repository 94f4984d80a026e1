"""`rufaa-cli journal`: read as lines and as JSON, and checked."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from desktop.bootstrap import Door
from desktop.errors import NotTrusted, Obstacle
from desktop.messages import LANGUAGES, Language
from desktop.rules.journal_reading import Kind
from tests.factory import make_case
from tests.unit.commands.desks import Desks, run


def case_of(desks: Desks) -> str:
    desk = Door(desks.office.folder).unlock(1, desks.office.sentence)
    try:
        desks.office.desk = desk
        make_case(desks.office)
        return desk.cases.list()[0].case_ref
    finally:
        desk.lock()


def test_the_newest_stands_first_in_words(desks: Desks) -> None:
    case_ref = case_of(desks)
    ended = desks.by_office("journal", "list", "--limit", 3)
    lines = ended.out.splitlines()
    assert (ended.status, len(lines)) == (0, 3)
    assert lines[0].endswith("A. Supervisor: Signed in")
    assert case_ref in lines[1]
    swahili = desks.by_office("journal", "list", "--limit", 1, language="sw")
    assert swahili.out.splitlines()[0].endswith("A. Supervisor: Aliingia")


def test_json_holds_codes_and_words(desks: Desks) -> None:
    case_ref = case_of(desks)
    lines = json.loads(desks.by_office("journal", "list", "--json", "--case", case_ref).out)
    assert {line["case_ref"] for line in lines} == {case_ref}
    assert lines[-1]["act"] == "CASE_CREATED"
    assert lines[-1]["act_in_words"] == "Case begun"


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_can_be_asked_for(desks: Desks, kind: Kind) -> None:
    assert desks.by_office("journal", "list", "--kind", kind.value, "--person", 1).status == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_asked_for_is_told(desks: Desks, language: Language) -> None:
    for words, code in ((("--day", "26/11/2026"), "JOURNAL_DAY_WRONG"), (("--person", 9), "PEOPLE_NOBODY")):
        ended = desks.by_office("journal", "list", *words, language=language)
        assert ended.status == Obstacle.exit_status
        assert f"[{code}]" in ended.err
    assert desks.by_office("journal", "list", "--day", "2020-01-01").out == "No entry fits what was asked for.\n"


def test_a_whole_journal_is_verified_on_both_sides(desks: Desks) -> None:
    of_national = run("journal", "verify", "--json", "--data", desks.national.folder, sentence=desks.national.sentence)
    for ended in (desks.by_office("journal", "verify", "--json"), of_national):
        assert ended.status == 0
        assert json.loads(ended.out)["whole"] is True
    assert desks.by_office("journal", "verify").out.startswith("The journal is whole: all ")


def test_a_rewritten_journal_ends_as_what_must_not_be_trusted(desks: Desks) -> None:
    desk = Door(desks.office.folder).unlock(1, desks.office.sentence)
    with desk.vault.writing() as session:
        trigger = session.execute(text("SELECT sql FROM sqlite_master WHERE name = 'journal_no_update'")).scalar_one()
        session.execute(text("DROP TRIGGER journal_no_update"))
        session.execute(text("UPDATE journal SET act = 'SEARCHED' WHERE n = 2"))
        session.execute(text(trigger))
    desk.lock()
    ended = desks.by_office("journal", "verify", "--json")
    assert ended.status == NotTrusted.exit_status
    assert [found["code"] for found in json.loads(ended.out)["found"]] == ["JOURNAL_FOUND_BROKEN"]
    assert "does not fit together at entry 2" in desks.by_office("journal", "verify").out
