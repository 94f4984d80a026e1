"""No query of the desk reads a table from end to end or sorts it: the cost of a search must not grow with the cases."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

import db.queries
from db.models.base import DeskUser
from db.models.office import Office
from db.store import Store
from desktop.catalogue import Catalogue
from desktop.errors import Obstacle
from desktop.rules.journal_reading import JournalWish
from desktop.rules.records import RecordDraft
from desktop.services import assignments
from tests.factory import LISTING, WORKBOOK, Place, change, consent, make_case, make_provider, refer
from tests.unit.db.vaults import make_store, office

GROWING = {
    "case_row",
    "record",
    "revision",
    "search_key",
    "letter",
    "imported_row",
    "exported_view",
    "referral_row",
    "draft",
    "assignment",
    "view_reason",
}
# The partial index holds only what is still to be sent; its end is the end of the work.
READ_WHOLE = "SCAN record USING INDEX record_unsent"
# Restricted cases are few; all of them are looked at when somebody leaves.
RESTRICTED = "SCAN case_row USING COVERING INDEX case_row_restricted"
# What may be sorted: the records of one case, of one kind without a case, and the letters of one referral.
SORTED_WITHIN = (
    ("USE TEMP B-TREE FOR ORDER BY", "SEARCH record USING INDEX record_of_case (case_id=?"),
    ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", READ_WHOLE),
    ("USE TEMP B-TREE FOR ORDER BY", "SEARCH draft USING"),  # one person's own few
    ("USE TEMP B-TREE FOR ORDER BY", "SEARCH letter USING INDEX ix_letter_referral_id (referral_id=?)"),
)
SECOND_INDEXES = {
    *("record_of_case", "record_unsent", "case_row_touched", "search_key_of_case"),
    *("ix_letter_referral_id", "ix_imported_row_fingerprint", "draft_of_case"),
    *("referral_row_due", "referral_row_of_case", "case_row_restricted"),
}

# What a list asks of a row: is it restricted, and then, is it this person's.
ASKED = "CORRELATED SCALAR SUBQUERY 1"
ASSIGNED = "SEARCH mine USING PRIMARY KEY (case_id=? AND user=?)"

Plans = dict[str, list[str]]


def others_case(place: Place) -> None:
    """A restricted case and an open one of somebody else: the reason, the officers, and a case given back and forth."""
    desk, colleague = place.desk, "00000000-0000-4000-8000-000000000002"
    with desk.vault.writing() as session:
        session.add(DeskUser(id=colleague, desk_number=2, name="B. Clerk", title="", phone="", role="CLERK"))
    for restricted in (True, False):
        case_id = desk.cases.create([RecordDraft("case", {"restricted": restricted})])[0]
        desk.cases.assign(case_id, colleague)
        desk.cases.unassign(case_id, desk.vault.user)
        with pytest.raises(Obstacle):
            desk.cases.open(case_id)
    desk.cases.open(case_id, "OFFICER_AWAY")
    desk.cases.officers(case_id)
    with desk.vault.writing() as session:
        assignments.hand_over(session, desk.vault)


def plans_of(store: Store, statements: dict[str, Any]) -> Plans:
    with store.reading() as session:
        connection = session.connection()
        return {
            statement: [
                # Aliases are the table's name and a number.
                re.sub(r"^(SCAN|SEARCH) (\w+?)_\d+\b", r"\1 \2", line.detail)
                for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
            for statement, parameters in statements.items()
        }


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Iterator[Plans]:
    """The plan of every statement that a day at the desk runs; checking the journal is meant to read everything."""
    folder = Path(tmp_path_factory.mktemp("plans"))
    store = make_store(folder / "vault.db")
    place = office(store, catalogue, folder)
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen[statement] = parameters[0] if many else parameters

    event.listen(store.engine, "before_cursor_execute", note)
    desk = place.desk
    case_id = make_case(place, phone="+254799999003")
    make_case(place)
    change(place, case_id, surname="Gachanja-Otieno")
    first = desk.cases.list()[0]
    desk.cases.list(first)
    for typed in ("w", "wambui", "wambui g", "g wa b", "0799 999 003", ""):
        desk.cases.search(typed)
    desk.cases.note_search()
    provider = make_provider(place)
    desk.directory.list()
    breach = desk.breaches.save(RecordDraft("breach", {"kind": "OTHER", "facts": "A bag, 0711 222 333."}))
    desk.breaches.notice(breach.record_ids[0], "en")
    desk.breaches.standing()
    consent(place, case_id, "SHARE_PROVIDER", recipient=provider)
    referral = refer(place, case_id, provider)
    desk.referrals.issue_letter(referral, "en")
    desk.referrals.letters_of(referral)
    page = desk.referrals.list()
    desk.referrals.list(after=page[-1])
    desk.referrals.list(open_only=False)
    others_case(place)
    record_id = desk.cases.open(case_id).records[0].record_id
    desk.cases.history(record_id)
    desk.drafts.keep([RecordDraft("recruitment", {"place_entered": "Busia"}, None, case_id)])
    desk.drafts.keep_place({"screen": "cases"})
    desk.drafts.of_case(case_id)
    desk.drafts.place()
    desk.drafts.cases()
    desk.exports.what_leaves()
    desk.exports.list()
    desk.journal.last_saved()
    me, case_ref = desk.journal.people()[0].user, desk.cases.list()[0].case_ref
    desk.journal.page()
    desk.journal.page(3, JournalWish(frozenset({"UNLOCKED"}), me, "2026-11-25", case_ref))
    desk.imports.apply(desk.imports.preview(WORKBOOK))
    listing = LISTING.read_bytes()
    mapping = desk.lists.headings(listing).mapping
    assert mapping is not None
    kept = desk.lists.keep_mapping("listing", mapping).record_ids[0]
    desk.imports.apply(desk.imports.preview(listing, mapping))
    desk.lists.forget_mapping(kept)
    event.remove(store.engine, "before_cursor_execute", note)
    yield plans_of(store, seen)
    store.close()


def test_no_statement_of_the_desk_reads_a_growing_table_from_end_to_end(plans: Plans) -> None:
    scans = [
        (line, statement)
        for statement, plan in plans.items()
        for line in plan
        if line.startswith("SCAN") and line.split()[1] in GROWING and line not in {READ_WHOLE, RESTRICTED}
    ]
    assert scans == []


def test_no_statement_of_the_desk_sorts_more_than_one_case(plans: Plans) -> None:
    sorts = [
        (line, statement)
        for statement, plan in plans.items()
        for line in plan
        if line.startswith("USE TEMP B-TREE")
        and not any(line == sort and any(step.startswith(within) for step in plan) for sort, within in SORTED_WITHIN)
    ]
    assert sorts == []


def test_the_newest_journal_entry_is_found_without_sorting(plans: Plans) -> None:
    newest = [plan for statement, plan in plans.items() if "ORDER BY journal.n DESC" in statement]
    pages = [plan for plan in newest if "SEARCH journal USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plan]
    assert len(pages) == 2  # of the journal as it is read
    newest = [plan for plan in newest if plan not in pages]
    assert newest
    assert all(plan[0] == "SCAN journal" and "USE TEMP" not in " ".join(plan) for plan in newest)


def test_the_walk_reads_every_growing_table_and_every_second_index_serves_it(plans: Plans) -> None:
    lines = "\n".join(line for plan in plans.values() for line in plan)
    assert {table for table in GROWING if f"SEARCH {table} " in lines} == GROWING - {"exported_view"}
    assert {index for index in SECOND_INDEXES if index in lines} == SECOND_INDEXES


def test_the_second_indexes_are_those_of_the_tables() -> None:
    metadata = Office.metadata
    named = {index.name for name in (*GROWING, "outgoing_bundle") for index in metadata.tables[name].indexes}
    assert named == SECOND_INDEXES


def test_searching_reads_search_keys_by_their_beginning_and_nothing_else(plans: Plans) -> None:
    searches = [plan for statement, plan in plans.items() if "FROM case_row JOIN search_key" in statement]
    assert len(searches) == 3  # one word, two, three
    for words, plan in enumerate(sorted(searches, key=len), start=1):
        inside = ["SEARCH search_key USING COVERING INDEX search_key_of_case (case_id=? AND key>? AND key<?)"] * words
        assert plan[0] == "SEARCH search_key USING PRIMARY KEY (key>? AND key<?)"
        assert [line for line in plan if "COVERING" in line] == inside
        assert plan[-3].startswith("SEARCH case_row USING INDEX sqlite_autoindex_case_row_1 (case_id=?)")
        assert plan[-1] == ASSIGNED


def test_a_page_begins_where_the_last_one_ended(plans: Plans) -> None:
    (plan,) = [plan for statement, plan in plans.items() if "ORDER BY case_row.touched_at" in statement]
    assert plan[0] == "SEARCH case_row USING INDEX case_row_touched ((touched_at,case_id)<(?,?))"
    assert plan[1:] == [ASKED, ASSIGNED]


def test_purging_a_case_finds_its_rows_by_index(store: Store) -> None:
    statements = {
        "DELETE FROM record WHERE case_id = ?": ("c",),
        "DELETE FROM revision WHERE record_id = ?": ("r",),
        "DELETE FROM search_key WHERE case_id = ?": ("c",),
        "DELETE FROM case_row WHERE case_id = ?": ("c",),
        "DELETE FROM exported_view WHERE bundle_id = ?": ("b",),
    }
    for plan in plans_of(store, statements).values():
        assert plan[0].startswith("SEARCH ")


def test_every_query_of_the_read_side_is_walked_by_these_tests() -> None:
    public = {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(db.queries.__path__)
        for name, item in vars(importlib.import_module(f"db.queries.{module.name}")).items()
        if inspect.isfunction(item) and item.__module__ == f"db.queries.{module.name}" and not name.startswith("_")
    }
    assert public == {
        *("cases.matching", "cases.page", "referrals.page"),
        *("visible.is_shown", "visible.is_hidden", "visible.count"),
    }


def test_the_check_itself_sees_a_scan_and_a_sort(store: Store) -> None:
    (plan,) = plans_of(store, {"SELECT * FROM case_row WHERE full_name = ? ORDER BY age": ("x",)}).values()
    assert plan == ["SCAN case_row", "USE TEMP B-TREE FOR ORDER BY"]
