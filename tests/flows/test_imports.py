"""The published workbook taken into a real vault: what it says stands in the records, and twice is once."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest

from desktop.errors import NotAccepted, NotTrusted
from desktop.rules.records import Missing, encode_fields
from desktop.services.cases import CaseFile
from desktop.services.imports import ImportPreview, RowAction
from desktop.services.records import StoredRecord
from tests.factory import DATA, WORKBOOK, Place, count, dump, make_office, rows

EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))
ROWS = {row["row"]: row for row in EXPECTED["rows"]}
TAKEN = [number for number, row in ROWS.items() if row["outcome"] != "REFUSE"]
# Exploitation that is work carries the workbook's one industry column; the others do not.
WORK = {"FORCED_LABOUR", "CHILD_LABOUR", "DOMESTIC_SERVITUDE", "SERVITUDE", "SLAVERY", "SLAVERY_LIKE", "DEBT_BONDAGE"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = make_office(tmp_path_factory.mktemp("office") / "data", "035")
    yield made
    made.lock()


@pytest.fixture(scope="module")
def preview(office: Place) -> ImportPreview:
    """What the person looks at before anything is written."""
    before = dump(office.desk.vault)
    seen = office.desk.imports.preview(WORKBOOK)
    assert dump(office.desk.vault) == before
    return seen


@pytest.fixture(scope="module")
def cases(office: Place, preview: ImportPreview) -> dict[int, str]:
    """Row number -> case id, after the workbook was taken in."""
    written = office.desk.imports.apply(preview).record_ids
    return dict(zip(TAKEN, written, strict=True))


def changed(**cells: str) -> bytes:
    """The workbook with some cells typed anew, saved by another program."""
    book = openpyxl.load_workbook(io.BytesIO(WORKBOOK))
    for cell, value in cells.items():
        book["Sheet1"][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_preview_says_what_each_row_would_do(preview: ImportPreview) -> None:
    counted = {action.value: preview.count(action) for action in RowAction}
    assert counted == {"ADD": 40, "CHANGE": 0, "SKIP": 0, "REFUSE": 1}
    refused = [row for row in preview.rows if row.action is RowAction.REFUSE]
    assert [(row.reading.row, row.reasons) for row in refused] == [
        (row["row"], (row["refused_row"].partition(":")[0],)) for row in ROWS.values() if row["outcome"] == "REFUSE"
    ]


def test_forty_cases_are_in_the_list_and_the_journal(office: Place, cases: dict[int, str]) -> None:
    assert len(set(cases.values())) == count(office.desk.vault, "case_row") == 40
    acts = Counter(row["act"] for row in rows(office.desk.vault, "journal"))
    assert acts["CASE_CREATED"] == 40
    assert acts["IMPORTED"]
    assert office.desk.journal.verify() == count(office.desk.vault, "journal")


def stored_values(office: Place, case: CaseFile) -> dict[str, Any]:
    """A case's records turned back into what the workbook said, keyed as the expected file keys it."""

    def plain(record: StoredRecord) -> dict[str, Any]:
        sealed = office.desk.cases.read_sealed(record.record_id) if record.sealed else {}
        return encode_fields({**record.fields, **sealed})

    said: dict[str, Any] = {}
    for kind, entity in {"case": "Case", "person": "Person", "determination": "Determination"}.items():
        record = case.one(kind)
        if record is not None:
            said |= {f"{entity}.{name}": value for name, value in plain(record).items()}
    for kind, entity in {"recruitment": "Recruitment", "closure": "Closure"}.items():
        record = case.one(kind)
        if record is not None:
            said |= {f"{entity}.{name}": value for name, value in plain(record).items()}
    for record in case.of("referral"):
        values = plain(record)
        said |= {f"Referral[{values['direction']}].{name}": value for name, value in values.items()}
    for record in case.of("journey_leg"):
        values = plain(record)
        said |= {f"JourneyLeg[{values['type']}].{name}": value for name, value in values.items()}
    episodes = [plain(record) for record in case.of("exploitation_episode")]
    if episodes:
        said["ExploitationEpisode.exploitation_type"] = sorted(str(item["exploitation_type"]) for item in episodes)
        for name in ("control", "place"):
            told = {json.dumps(item.get(name)) for item in episodes}
            assert len(told) == 1, name  # it holds for each of them
            said[f"ExploitationEpisode.{name}"] = episodes[0].get(name)
        for name in ("sector", "sex_forms"):
            said[f"ExploitationEpisode.{name}"] = next((item[name] for item in episodes if name in item), None)
    return said


@pytest.mark.parametrize("number", TAKEN, ids=lambda number: f"row-{number}")
def test_the_stored_records_say_what_the_row_says(office: Place, cases: dict[int, str], number: int) -> None:
    case = office.desk.cases.open(cases[number])
    said = stored_values(office, case)
    expected = dict(ROWS[number]["accepted"])
    types = expected.get("ExploitationEpisode.exploitation_type")
    if types:
        expected["ExploitationEpisode.exploitation_type"] = sorted(types)
        assert said["Determination.purposes"] == types
    assert {name: said.get(name) for name in expected} == expected
    for episode in case.of("exploitation_episode"):
        works = episode.fields["exploitation_type"] in WORK
        has_work = any(code in WORK for code in types or ())
        assert ("sector" in episode.fields) == ("ExploitationEpisode.sector" in expected and (works or not has_work))


@pytest.mark.parametrize("number", TAKEN, ids=lambda number: f"row-{number}")
def test_nothing_was_invented_that_the_row_does_not_say(office: Place, cases: dict[int, str], number: int) -> None:
    case, expected = office.desk.cases.open(cases[number]), ROWS[number]["accepted"]
    person = case.one("person")
    assert person is not None
    for name in ("first_name", "surname", "dob", "phone", "sex", "citizenship", "age_at_registration"):
        if f"Person.{name}" not in expected:
            assert person.fields.get(name) in (None, Missing.DK), name
    # One tick for everything is no consent: sharing stays locked until asked scope by scope.
    assert case.of("consent") == ()
    types = expected.get("ExploitationEpisode.exploitation_type")
    tells_of_one = any(name.startswith("ExploitationEpisode.") for name in expected)
    assert len(case.of("exploitation_episode")) == (len(types) if types else int(tells_of_one))


def test_every_kept_text_stands_in_an_import_note(office: Place, cases: dict[int, str]) -> None:
    kept = 0
    for number, case_id in cases.items():
        notes = office.desk.cases.open(case_id).of("import_note")
        told = [(note.text("heading"), note.text("text")) for note in notes]
        for heading, text in ROWS[number]["kept_as_text"].items():
            assert (heading, text) in told, number
            kept += 1
        asked = {note.text("question") for note in notes} - {""}
        silent = {"FORMULA_NOT_READ", "CELL_ERROR"}  # there is no text to keep
        assert {code.partition(":")[0] for code in ROWS[number]["refused_cells"].values()} - silent <= asked, number
    assert kept > 10


def test_A01_names_stand_letter_for_letter_as_they_were_typed(office: Place, cases: dict[int, str]) -> None:
    searched = 0
    for number, case_id in cases.items():
        accepted = ROWS[number]["accepted"]
        name = " ".join(filter(None, (accepted.get("Person.first_name"), accepted.get("Person.surname"))))
        found = {summary.case_id: summary.name for summary in office.desk.cases.search(name)}
        assert found.get(case_id) == name, number
        searched += 1
    assert searched == 40


def test_A03_every_apostrophe_is_found_by_any_other_and_by_none(office: Place, cases: dict[int, str]) -> None:
    marks = str.maketrans("", "", "'’\u02bc")
    with_mark = {
        case_id
        for number, case_id in cases.items()
        if (surname := ROWS[number]["accepted"].get("Person.surname", "")).translate(marks).lower() == "nganga"
        and not surname.isalpha()
    }
    assert len(with_mark) >= 2
    for typed in ("Ng'ang'a", "Ng’ang’a", "Ng\u02bcang\u02bca", "nganga", "NGANGA"):
        assert with_mark <= {summary.case_id for summary in office.desk.cases.search(typed)}, typed


def test_the_same_workbook_again_writes_nothing(office: Place, cases: dict[int, str]) -> None:
    again = office.desk.imports.preview(WORKBOOK)
    assert (again.count(RowAction.SKIP), again.count(RowAction.ADD)) == (40, 0)
    before = dump(office.desk.vault)
    assert office.desk.imports.apply(again).record_ids == ()
    after = dump(office.desk.vault)
    # That somebody did it stands in the journal, and nowhere else.
    told = [entry for entry in after.pop("journal") if entry not in before["journal"]]
    assert [(entry["act"], entry["object"]) for entry in told] == [("IMPORTED", "")]
    before.pop("journal")
    assert after == before


def test_a_workbook_saved_by_another_program_is_the_same_workbook(office: Place, cases: dict[int, str]) -> None:
    again = office.desk.imports.preview(changed())
    assert (again.count(RowAction.SKIP), again.count(RowAction.REFUSE)) == (40, 1)


def test_a_changed_row_changes_its_own_record_and_no_other(
    places: Callable[[Place], Place], office: Place, cases: dict[int, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = places(office.copy(tmp_path_factory.mktemp("copy") / "data"))
    seen = copy.desk.imports.preview(changed(AA3="Kitale", V3="Malaba"))
    assert {action.value: seen.count(action) for action in RowAction} == {
        "ADD": 0,
        "CHANGE": 1,
        "SKIP": 39,
        "REFUSE": 1,
    }
    (row,) = [row for row in seen.rows if row.action is RowAction.CHANGE]
    assert (row.reading.row, row.case_id) == (3, cases[3])
    before = {item["id"]: item["rev"] for item in rows(copy.desk.vault, "record")}
    assert copy.desk.imports.apply(seen).record_ids == (cases[3],)
    after = {item["id"]: (item["kind"], item["rev"]) for item in rows(copy.desk.vault, "record")}
    moved = sorted((kind, rev) for key, (kind, rev) in after.items() if before.get(key) != rev)
    assert moved == [("exploitation_episode", 2), ("journey_leg", 2)]
    case = copy.desk.cases.open(cases[3])
    (episode,), (leg,) = case.of("exploitation_episode"), case.of("journey_leg")
    assert (episode.text("place"), leg.text("place")) == ("Kitale", "Malaba")
    # Both revisions stay; the older one is what it was.
    assert count(copy.desk.vault, "revision") == count(office.desk.vault, "revision") + 2
    assert copy.desk.imports.preview(changed(AA3="Kitale", V3="Malaba")).count(RowAction.SKIP) == 40


@pytest.mark.parametrize("cells", [{"H3": "Masculine"}, {"M3": "0700000999"}, {"G3": "1/1/1999"}])
def test_a_row_that_tells_of_another_person_never_writes_over_this_one(
    office: Place, cases: dict[int, str], cells: dict[str, str]
) -> None:
    (row,) = [row for row in office.desk.imports.preview(changed(**cells)).rows if row.reading.row == 3]
    assert (row.action, row.case_id) == (RowAction.ADD, None)
    assert cases[3]


def test_a_row_left_out_is_not_taken_in_and_another_county_is_kept(
    places: Callable[[Place], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = places(make_office(tmp_path_factory.mktemp("fresh") / "data", "035"))
    seen = fresh.desk.imports.preview(WORKBOOK)
    with pytest.raises(NotAccepted) as refused:
        fresh.desk.imports.apply(seen, county="099")
    assert [problem.code for problem in refused.value.problems] == ["VALUE_NOT_IN_LIST"]
    assert count(fresh.desk.vault, "case_row") == 0
    written = fresh.desk.imports.apply(seen, county="047", leave_out=(3, 4)).record_ids
    assert len(written) == 38
    case = fresh.desk.cases.open(written[0]).one("case")
    assert case is not None
    assert case.text("county") == "047"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "TABLE_NOT_TEXT"), (b"PK\x03\x04 and no more", "ARCHIVE_DAMAGED"), (WORKBOOK[:20_000], "ARCHIVE_DAMAGED")],
    ids=["empty", "no archive", "cut short"],
)
def test_a_bad_workbook_is_refused_and_nothing_is_kept(office: Place, content: bytes, code: str) -> None:
    before = dump(office.desk.vault)
    with pytest.raises(NotTrusted, match=code):
        office.desk.imports.preview(content)
    assert dump(office.desk.vault) == before
