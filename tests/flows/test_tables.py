"""Case tables out of a real vault: no name without leave, noted before they leave, and taken in again nothing new."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from desktop.errors import NotAccepted, NotPermitted, Obstacle
from desktop.rules.records import Missing, RecordDraft
from desktop.rules.table_cases import LeftOut
from desktop.services.imports import RowAction
from desktop.services.tables import MAX_WORKBOOK_CASES, TableKind, TableService
from desktop.workbooks.sheets import read_workbook
from tests.factory import DATA, WORKBOOK, Place, change, consent, count, dump, make_case, make_office, rows

EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))["rows"]
TELLING = (
    *("Person.first_name", "Person.surname", "Person.phone", "Case.officer", "Case.source_name", "Case.narrative"),
    *("JourneyLeg[RECRUITMENT].place", "ExploitationEpisode.place", "Referral[OUT].to_provider_name"),
    *("Referral[OUT].to_person", "Referral[OUT].reason_short", "Referral[IN].reason_short", "Closure.reason_text"),
)
SHEET = {
    "Person.sex": "H",
    "Person.citizenship": "I",
    "Determination.status": "S",
    "Determination.decided_by_type": "T",
    "Recruitment.method": "U",
    "ExploitationEpisode.control": "W",
    "ExploitationEpisode.exploitation_type": "X",
    "ExploitationEpisode.sector": "Y",
    "ExploitationEpisode.sex_forms": "Z",
    "Case.status": "AB",
    "Case.source": "AC",
    "Case.incoming_date": "AD",
    "Referral[IN].reason": "AF",
    "Referral[OUT].reason": "AJ",
    "Referral[OUT].date": "AK",
    "Closure.reason": "AM",
}


@pytest.fixture(scope="module")
def office_at_rest(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An office that took in the filled workbook: 40 cases, one of them still a draft."""
    made = make_office(tmp_path_factory.mktemp("tables") / "data", "035")
    made.desk.imports.apply(made.desk.imports.preview(WORKBOOK))
    made.lock()
    return made


@pytest.fixture
def office(office_at_rest: Place, tmp_path: Path) -> Iterator[Place]:
    copy = office_at_rest.copy_at_rest(tmp_path / "office")
    yield copy
    copy.lock()


@pytest.fixture
def small(places: Callable[[Place], Place], tmp_path: Path) -> Place:
    """An office without any case."""
    return places(make_office(tmp_path / "small", "030"))


def cells_of(content: bytes) -> list[dict[str, str]]:
    """The filled rows of a workbook by column letter, the counter left out."""
    found = []
    for row in read_workbook(content).sheets[0].rows[2:]:
        cells = {column: cell.text for column, cell in row.cells.items() if column != "A"}
        if cells:
            found.append(cells)
    return found


def listing(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def acts(office: Place, since: int = 0) -> list[tuple[str, str | None]]:
    entries = sorted(rows(office.desk.vault, "journal"), key=lambda entry: entry["n"])[since:]
    return [(entry["act"], entry["reason"]) for entry in entries]


def test_what_came_in_by_the_workbook_goes_out_by_it_without_saying_who(office: Place, tmp_path: Path) -> None:
    goes = office.desk.tables.what_leaves("PLANNING")
    assert (goes.cases, goes.named, goes.left_out, goes.sealed_by_default) == (39, 0, {LeftOut.DRAFT: 1}, True)
    made = office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    found = cells_of(made.content)
    assert len(found) == made.cases == 39
    for cells in found:
        assert not set(cells) & {*"BCDEFGJKLMNOPQR", "AE", "AG", "AI", "AL"}
    everything = "\n".join(value for cells in found for value in cells.values())
    for row in EXPECTED:
        for name in TELLING:
            value = row["accepted"].get(name)
            assert value is None or str(value) not in everything, name
    assert not any(number in everything for number in ("+2547", "07000"))


def test_every_value_that_may_leave_comes_back_as_it_was_taken_in(office: Place, tmp_path: Path) -> None:
    made = office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    again = office.desk.imports.preview(made.content)
    told = sorted(
        json.dumps({name: _as_set(row.reading.accepted.get(name)) for name in SHEET}, sort_keys=True)
        for row in again.rows
    )
    first = sorted(
        json.dumps({name: _as_set(row["accepted"].get(name)) for name in SHEET}, sort_keys=True)
        for row in EXPECTED
        if row["outcome"] != "REFUSE" and not any(code.startswith("DRAFT") for code in row["ask"])
    )
    assert told == first


def _as_set(value: object) -> object:
    """Several answers in the order of their codes: which comes first says nothing. A child's marriage is one."""
    found = sorted(value) if isinstance(value, list | tuple) else value
    return (
        ["FORCED_MARRIAGE" if item == "CHILD_MARRIAGE" else item for item in found]
        if isinstance(found, list)
        else found
    )


def test_the_table_taken_in_again_is_skipped_row_by_row_and_writes_nothing(office: Place, tmp_path: Path) -> None:
    made = office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    again = office.desk.imports.preview(made.content)
    assert again.count(RowAction.SKIP) == len(again.rows) == 39
    assert {row.reasons for row in again.rows} == {("ROW_OF_OUR_TABLE",)}
    before = dump(office.desk.vault)
    assert office.desk.imports.apply(again).record_ids == ()
    after = dump(office.desk.vault)
    journal = [after.pop("journal"), before.pop("journal")]
    assert (after, len(journal[0])) == (before, len(journal[1]) + 1)
    # The first workbook is as known as it was.
    assert office.desk.imports.preview(WORKBOOK).count(RowAction.SKIP) == 40


def test_a_row_without_a_name_hides_nobody_in_another_table(office: Place, tmp_path: Path) -> None:
    made = office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    book = openpyxl.load_workbook(io.BytesIO(made.content))
    sheet = book.worksheets[0]
    for column in range(2, 40):
        sheet.cell(700, column).value = sheet.cell(3, column).value
    sheet["D4"] = "Nobody"  # a row that somebody wrote on is another row
    out = io.BytesIO()
    book.save(out)
    planned = {row.reading.row: row for row in office.desk.imports.preview(out.getvalue()).rows}
    assert {planned[row].action for row in (3, 4, 5, 700)} == {RowAction.ADD}
    assert ["ROW_LIKE_ANOTHER_TABLES" in planned[row].reasons for row in (3, 4, 5, 700)] == [True, False, True, True]


def test_a_row_that_tells_of_no_person_is_refused_when_it_comes_back(small: Place, tmp_path: Path) -> None:
    make_case(small, sex=Missing.NOT_ASKED)
    made = small.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    assert cells_of(made.content) == [{"AB": "Active", "I": "Kenya"}]
    again = small.desk.imports.preview(made.content)
    assert (len(again.rows), again.count(RowAction.REFUSE)) == (1, 1)
    assert count(small.desk.vault, "imported_row") == 0


def test_identity_goes_only_where_purpose_and_consent_allow_it(small: Place, tmp_path: Path) -> None:
    named = make_case(small, phone="+254799999003")
    make_case(small, first_name="Achieng", surname="Odhiambo")
    child = make_case(small, first_name="Kadzo", surname="Katana", dob="2014-07-26")
    for case_id in (named, child):  # a child's own yes is none
        consent(small, case_id, "SHARE_SECRETARIAT_ID")
    tables = small.desk.tables
    assert tables.what_leaves("SECRETARIAT").named == 0
    assert tables.what_leaves("SECRETARIAT", identified=True).named == 1
    with pytest.raises(NotAccepted) as refused:
        tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path, identified=True)
    assert [problem.code for problem in refused.value.problems] == ["PURPOSE_WITHOUT_NAMES"]
    before = count(small.desk.vault, "journal")
    made = tables.export_plain(TableKind.HTCDS, "SECRETARIAT", tmp_path, identified=True)
    found = cells_of(made.content)
    (row,) = [cells for cells in found if "D" in cells]
    assert (row["D"], row["E"], row["G"], row["M"]) == ("Wambui", "Gachanja", "1986-03-22T00:00:00", "+254799999003")
    assert (made.cases, made.named) == (3, 1)
    assert sum("G" in cells or "M" in cells for cells in found) == 1
    entries = sorted(rows(small.desk.vault, "journal"), key=lambda entry: entry["n"])[before:]
    assert [(entry["act"], entry["object"]) for entry in entries] == [
        ("NAMES_SHOWN", named),
        ("TABLE_EXPORTED_PLAIN", made.copy_id),
    ]
    again = small.desk.imports.preview(made.content)
    assert again.count(RowAction.SKIP) == 3
    printed = listing(tables.export_plain(TableKind.CPIMS, "SECRETARIAT", tmp_path, identified=True).content)
    assert sorted(line["DATE OF BIRTH"] for line in printed) == ["", "", "22-Mar-1986"]
    refs = {line["CASE NUMBER"] for line in printed}
    assert small.desk.cases.open(named).case_ref in refs
    assert small.desk.cases.open(child).case_ref not in refs


def test_a_withdrawal_counts_at_once(small: Place, tmp_path: Path) -> None:
    case_id = make_case(small)
    given = consent(small, case_id, "SHARE_SECRETARIAT_ID")
    small.desk.consents.withdraw(case_id, given, "2026-11-25T08:30:00+03:00")
    made = small.desk.tables.export_plain(TableKind.HTCDS, "SECRETARIAT", tmp_path, identified=True)
    assert (made.named, [set(cells) & set("DEGM") for cells in cells_of(made.content)]) == (0, [set()])


def test_drafts_duplicates_restricted_and_altered_cases_stay_and_research_needs_its_own_yes(
    small: Place, tmp_path: Path
) -> None:
    agreed, draft, double, guarded, altered = (make_case(small) for _ in range(5))
    consent(small, agreed, "STATS")
    change(small, draft, "case", status="DRAFT")
    change(small, double, "case", status="DUPLICATE")
    change(small, guarded, "case", restricted=True, restricted_reason="An officer of this office.")
    headless = make_case(small)
    with small.desk.vault.writing() as session:
        broken = session.execute(
            text("SELECT id FROM record WHERE case_id = :case AND kind = 'person'"), {"case": altered}
        ).scalar_one()
        session.execute(text("DROP TRIGGER revision_no_update"))
        session.execute(text("UPDATE revision SET body = x'00' WHERE record_id = :id"), {"id": broken})
        void = text("UPDATE record SET void = 'ENTERED_IN_ERROR' WHERE case_id = :case AND kind = 'case'")
        session.execute(void, {"case": headless})
    goes = small.desk.tables.what_leaves("AUDIT")
    assert goes.cases == 1
    assert goes.left_out == dict.fromkeys(set(LeftOut) - {LeftOut.NOT_AGREED}, 1)
    make_case(small)
    assert small.desk.tables.what_leaves("RESEARCH").left_out[LeftOut.NOT_AGREED] == 1
    made = small.desk.tables.export_plain(TableKind.CPIMS, "RESEARCH", tmp_path)
    assert [line["CASE NUMBER"] for line in listing(made.content)] == [_pseudonym(small, agreed)]


def _pseudonym(office: Place, case_id: str) -> str:
    case = office.desk.cases.open(case_id).one("case")
    assert case is not None
    return case.text("pseudonym")


@pytest.mark.parametrize(
    ("recipients", "code"),
    [([], "TABLE_KEY_MISSING"), (["age1qqqq"], "TABLE_KEY_WRONG"), (["AGE-SECRET-KEY-1QQQ"], "TABLE_KEY_WRONG")],
)
def test_a_receiver_that_is_none_is_refused_before_anything_is_made(
    small: Place, recipients: list[str], code: str
) -> None:
    make_case(small)
    before = dump(small.desk.vault)
    with pytest.raises(NotAccepted) as refused:
        small.desk.tables.export(TableKind.HTCDS, "PLANNING", recipients)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert dump(small.desk.vault) == before


def test_an_office_without_cases_makes_no_table(small: Place, tmp_path: Path) -> None:
    before = dump(small.desk.vault)
    for kind in TableKind:
        with pytest.raises(Obstacle, match="TABLE_EMPTY"):
            small.desk.tables.export_plain(kind, "PLANNING", tmp_path)
    assert dump(small.desk.vault) == before


def test_more_cases_than_a_workbook_can_bring_back_are_refused(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_WORKBOOK_CASES == 19_998
    for _ in range(2):
        make_case(small)
    monkeypatch.setattr("desktop.services.tables.MAX_WORKBOOK_CASES", 1)
    with pytest.raises(Obstacle, match="TABLE_TOO_LARGE"):
        small.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    assert len(listing(small.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path).content)) == 2


@pytest.mark.parametrize("role", ["CLERK", "CASE_OFFICER", "SECRETARIAT"])
def test_only_the_supervisor_makes_tables(small: Place, tmp_path: Path, role: str) -> None:
    make_case(small)
    tables = TableService(replace(small.desk.vault, role=role))
    before = dump(small.desk.vault)
    with pytest.raises(NotPermitted, match="ROLE_NOT_PERMITTED"):
        tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path)
    assert dump(small.desk.vault) == before


def test_a_practice_office_proposes_plain_and_says_practice_in_the_name(
    places: Callable[[Place], Place], tmp_path: Path
) -> None:
    practice = places(make_office(tmp_path / "practice", practice=True))
    make_case(practice)
    assert practice.desk.tables.what_leaves("PLANNING").sealed_by_default is False
    made = practice.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path)
    assert made.file_name.startswith("practice-cpims-030-01-2026-11-25-")
    assert len(practice.desk.tables.plain_copies()) == 1


def test_the_journal_verifies_and_the_same_cases_give_the_same_bytes(office: Place, tmp_path: Path) -> None:
    first, second = (office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path) for _ in range(2))
    assert first.content == second.content
    assert first.file_name != second.file_name
    assert office.desk.journal.verify() == count(office.desk.vault, "journal")


@pytest.mark.heavy
def test_libreoffice_opens_the_workbook_and_shows_our_values_and_runs_none(small: Place, tmp_path: Path) -> None:
    names = ('=HYPERLINK("http://x.invalid")', "@SUM(1+1)", "+1", "-1+1", "Ng’ang’a", "ሰላም", "=1+1")
    for name in names:
        case_id = make_case(
            small,
            RecordDraft("exploitation_episode", {"exploitation_type": "DEBT_BONDAGE", "country": "KEN"}),
            first_name=name,
            phone="+254799999003",
        )
        consent(small, case_id, "SHARE_SECRETARIAT_ID")
    made = small.desk.tables.export_plain(TableKind.HTCDS, "SECRETARIAT", tmp_path, identified=True)
    (tmp_path / "table.xlsx").write_bytes(made.content)
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    for target in (as_csv, "xlsx:Calc MS Excel 2007 XML"):
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", target, "--outdir", str(tmp_path / "calc")]
        subprocess.run([*command, str(tmp_path / "table.xlsx")], check=True, capture_output=True, timeout=180)
    shown = list(csv.reader(io.StringIO((tmp_path / "calc" / "table.csv").read_text(encoding="utf-8"), newline="")))
    assert (shown[0][18], shown[1][18]) == ("vic_TraffickingStatus", "Trafficking Status")
    filled = [row for row in shown[2:] if any(row[1:])]
    assert sorted(row[3] for row in filled) == sorted(names)
    for row in filled:
        assert (row[6], row[12], row[22], row[27]) == ("1986-03-22", "+254799999003", "Debt bondage ", "Active")
    # What LibreOffice saves again is still the same workbook to us, and nothing in it is a formula.
    again = small.desk.imports.preview((tmp_path / "calc" / "table.xlsx").read_bytes())
    assert again.count(RowAction.SKIP) == len(again.rows) == len(names)
