"""Foreign lists taken into a real vault by their column mapping: what they say stands in the records, twice is once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from desktop.errors import NotAccepted, NotTrusted, Obstacle
from desktop.rules.columns import KEEP, ColumnMapping, MappedColumn
from desktop.rules.records import Missing
from desktop.services.imports import ImportPreview, RowAction
from tests.factory import LISTING, OLD_OFFICE, WORKBOOK, Place, count, dump, make_office, rows
from tests.unit.rules.foreign_lists import COUNTS, OFFICE

OFFICE_LIST, CPIMS_LIST = OLD_OFFICE.read_bytes(), LISTING.read_bytes()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = make_office(tmp_path_factory.mktemp("office") / "data", "035")
    yield made
    made.lock()


def mapping_for(place: Place, data: bytes) -> ColumnMapping:
    found = place.desk.lists.headings(data).mapping
    assert found is not None
    return found


@pytest.fixture(scope="module")
def preview(office: Place) -> ImportPreview:
    before = dump(office.desk.vault)
    seen = office.desk.imports.preview(OFFICE_LIST, mapping_for(office, OFFICE_LIST))
    assert dump(office.desk.vault) == before
    return seen


@pytest.fixture(scope="module")
def cases(office: Place, preview: ImportPreview) -> dict[str, str]:
    """The key of each row -> case id, after the list was taken in."""
    written = office.desk.imports.apply(preview).record_ids
    return dict(zip((row.key for row in preview.rows), written, strict=True))


def relisted(**changes: str) -> bytes:
    """The CPIMS listing, its lines in the opposite order, with cells of one case changed: `SUBCOUNTY="…"`."""
    lines = list(csv.DictReader(io.StringIO(CPIMS_LIST.decode())))
    lines[0] |= changes
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]))
    writer.writeheader()
    writer.writerows(reversed(lines))
    return out.getvalue().encode()


def test_the_headings_of_a_file_are_shown_with_a_suggestion_and_samples(office: Place) -> None:
    found = office.desk.lists.headings(OFFICE_LIST)
    assert (found.is_htcds, found.is_suggestion) == (False, True)
    assert [(sheet.name, sheet.fits) for sheet in found.sheets] == [
        *(("2021", True), ("2022", True), ("2023", True), ("Sheet4", False)),
    ]
    assert found.sheets[0].samples["C"][0] == "Ocen-Odur"
    assert all(len(samples) <= 5 for sheet in found.sheets for samples in sheet.samples.values())
    assert "Person.sex" in found.targets


def test_the_published_workbook_and_the_listing_are_known_without_a_choice(office: Place) -> None:
    assert office.desk.lists.headings(WORKBOOK).is_htcds
    found = office.desk.lists.headings(CPIMS_LIST)
    assert found.mapping is not None
    assert (found.is_suggestion, found.mapping.name) == (False, "CPIMS listing")


def test_every_case_of_the_file_would_be_added_and_every_question_is_in_the_preview(preview: ImportPreview) -> None:
    assert {action.value: preview.count(action) for action in RowAction} == {
        "ADD": OFFICE["data_rows"],
        "CHANGE": 0,
        "SKIP": 0,
        "REFUSE": 0,
    }
    names = list(OFFICE["sheets"])
    asked = {row.key for row in preview.rows if row.reading.asks}
    assert asked == {f"{names.index(item['sheet']) + 1}!{item['row']}" for item in OFFICE["must_ask"]}
    assert len({row.key for row in preview.rows}) == len(preview.rows)


def test_what_a_row_says_stands_in_its_records(office: Place, cases: dict[str, str]) -> None:
    case = office.desk.cases.open(cases["1!11"])
    head, person = case.one("case"), case.one("person")
    assert head is not None
    assert person is not None
    assert (head.fields["date_opened"], head.fields["county"], head.fields["status"]) == ("2021", "044", "FOLLOW_UP")
    assert head.fields["external_refs"] == ("OB 58/7/9/2021",)
    assert (person.fields["first_name"], person.fields["surname"], person.fields["sex"]) == (
        "Nakiru",
        "Mehta-Shah",
        "F",
    )
    assert [item.fields["exploitation_type"] for item in case.of("exploitation_episode")] == ["SEXUAL"]
    assert [(item.fields["direction"], item.fields["date"]) for item in case.of("referral")] == [("OUT", "2021-10-10")]
    assert case.of("consent") == ()


def test_what_a_row_leaves_open_is_not_filled_with_the_offices_own_county_or_today(
    office: Place, cases: dict[str, str]
) -> None:
    town, no_date = (office.desk.cases.open(cases[key]).one("case") for key in ("1!13", "2!24"))
    assert town is not None
    assert no_date is not None
    assert town.fields["county"] is Missing.NOT_ASKED
    assert no_date.fields["date_opened"] is Missing.NOT_ASKED


def test_a_question_stays_with_the_case_beside_the_words_of_the_cell(office: Place, cases: dict[str, str]) -> None:
    notes = office.desk.cases.open(cases["1!39"]).of("import_note")
    told = {(note.text("heading"), note.text("question")): note for note in notes}
    note = told["Simu (Phone)", "PHONE_WITH_WORDS"]
    assert note.text("text").startswith("mama ")
    assert note.fields["settled"] is False


def test_the_same_list_again_changes_nothing(office: Place, cases: dict[str, str]) -> None:
    again = office.desk.imports.preview(OFFICE_LIST, mapping_for(office, OFFICE_LIST))
    assert again.count(RowAction.SKIP) == len(cases) == count(office.desk.vault, "case_row")
    before = dump(office.desk.vault)
    assert office.desk.imports.apply(again).record_ids == ()
    after = dump(office.desk.vault)
    told = [entry["act"] for entry in after.pop("journal") if entry not in before["journal"]]
    before.pop("journal")
    assert after == before
    assert told == ["IMPORTED"]


def test_rows_are_left_out_by_their_sheet_and_number(
    places: Callable[[Place], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = places(make_office(tmp_path_factory.mktemp("fresh") / "data", "035"))
    seen = fresh.desk.imports.preview(OFFICE_LIST, mapping_for(fresh, OFFICE_LIST))
    repeated = [row.key for row in seen.rows if "SAME_AS_ROW" in row.reasons]
    assert len(repeated) == len(OFFICE["duplicates"])
    written = fresh.desk.imports.apply(seen, leave_out=repeated).record_ids
    assert len(written) == OFFICE["data_rows"] - len(repeated)


def test_the_listing_is_taken_in_once_whatever_order_its_lines_stand_in(
    places: Callable[[Place], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = places(make_office(tmp_path_factory.mktemp("cpims") / "data", "021"))
    mapping = mapping_for(fresh, CPIMS_LIST)
    seen = fresh.desk.imports.preview(CPIMS_LIST, mapping)
    assert len(fresh.desk.imports.apply(seen).record_ids) == COUNTS["cases"] == count(fresh.desk.vault, "case_row")
    case = fresh.desk.cases.open(rows(fresh.desk.vault, "case_row")[0]["case_id"])
    head = case.one("case")
    assert head is not None
    assert str(head.fields["external_refs"]).startswith("('CPIMS ")
    again = fresh.desk.imports.preview(relisted(), mapping)
    assert {action.value: again.count(action) for action in RowAction} == {
        "ADD": 0,
        "CHANGE": 0,
        "SKIP": COUNTS["cases"],
        "REFUSE": 0,
    }
    changed = fresh.desk.imports.preview(relisted(SUBCOUNTY="Kiharu"), mapping)
    assert (changed.count(RowAction.CHANGE), changed.count(RowAction.SKIP)) == (1, COUNTS["cases"] - 1)
    (case_id,) = fresh.desk.imports.apply(changed).record_ids
    moved = fresh.desk.cases.open(case_id).one("case")
    assert moved is not None
    assert moved.revision == 2
    assert count(fresh.desk.vault, "case_row") == COUNTS["cases"]


def test_another_person_under_the_same_number_never_writes_over_this_one(
    places: Callable[[Place], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = places(make_office(tmp_path_factory.mktemp("other") / "data", "021"))
    mapping = mapping_for(fresh, CPIMS_LIST)
    fresh.desk.imports.apply(fresh.desk.imports.preview(CPIMS_LIST, mapping))
    other = fresh.desk.imports.preview(relisted(**{"DATE OF BIRTH": "01-Jan-1990", "AGE": "35"}), mapping)
    assert (other.count(RowAction.ADD), other.count(RowAction.CHANGE)) == (1, 0)


def test_a_kept_mapping_is_found_again_by_the_headings_and_can_be_forgotten(office: Place) -> None:
    suggested = mapping_for(office, OFFICE_LIST)
    columns = tuple(replace(item, target=KEEP) if item.column == "P" else item for item in suggested.columns)
    kept = office.desk.lists.keep_mapping("Old office", replace(suggested, columns=columns)).record_ids[0]
    found = office.desk.lists.headings(OFFICE_LIST)
    assert found.mapping is not None
    assert (found.is_suggestion, found.mapping.name, found.mapping.columns) == (False, "Old office", columns)
    assert [(item.id, item.mapping.name) for item in office.desk.lists.mappings()] == [
        (kept, "Old office"),
        (None, "CPIMS listing"),
    ]
    again = office.desk.lists.keep_mapping("Old office, again", suggested).record_ids[0]
    assert again == kept
    assert count(office.desk.vault, "column_mapping") == 1
    office.desk.lists.forget_mapping(kept)
    assert office.desk.lists.headings(OFFICE_LIST).is_suggestion
    for gone in (kept, "", "no hexadecimal", "abc"):
        with pytest.raises(Obstacle, match="MAPPING_GONE"):
            office.desk.lists.forget_mapping(gone)


def test_a_mapping_without_a_name_or_with_a_strange_target_is_not_kept(office: Place) -> None:
    good = mapping_for(office, OFFICE_LIST)
    strange = replace(good, columns=(MappedColumn("A", "x", "Person.tribe"),))
    for name, mapping in (("", good), ("x" * 81, good), ("strange", strange)):
        with pytest.raises(NotAccepted, match="MAPPING_WRONG"):
            office.desk.lists.keep_mapping(name, mapping)
    assert count(office.desk.vault, "column_mapping") == 0


def test_a_kept_mapping_that_cannot_be_read_is_passed_over(
    places: Callable[[Place], Place], office: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = places(office.copy(tmp_path_factory.mktemp("copy") / "data"))
    copy.desk.lists.keep_mapping("Old office", mapping_for(copy, OFFICE_LIST))
    with copy.desk.vault.writing() as session:
        session.connection().exec_driver_sql("UPDATE column_mapping SET mapping = x'7b7d'")
    assert [item.mapping.name for item in copy.desk.lists.mappings()] == ["CPIMS listing"]
    assert copy.desk.lists.headings(OFFICE_LIST).is_suggestion


def test_a_mapping_that_does_not_fit_and_a_hostile_file_are_refused_and_nothing_is_kept(office: Place) -> None:
    before = dump(office.desk.vault)
    with pytest.raises(NotAccepted, match="MAPPING_DOES_NOT_FIT"):
        office.desk.imports.preview(CPIMS_LIST, mapping_for(office, OFFICE_LIST))
    for call in (
        office.desk.lists.headings,
        lambda data: office.desk.imports.preview(data, mapping_for(office, OFFICE_LIST)),
    ):
        with pytest.raises(NotTrusted, match="TABLE_NOT_TEXT"):
            call(b"\x00\x01\x02")
    assert dump(office.desk.vault) == before


def test_a_list_without_a_county_takes_the_one_chosen(
    places: Callable[[Place], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = places(make_office(tmp_path_factory.mktemp("county") / "data", "035"))
    data = b"Jina;Jinsia;Umri\nAmani Otieno;F;12\n"
    seen = fresh.desk.imports.preview(data, mapping_for(fresh, data))
    assert seen.sheet.asks_once == ("COUNTY_MISSING",)
    (case_id,) = fresh.desk.imports.apply(seen, county="047").record_ids
    case = fresh.desk.cases.open(case_id).one("case")
    assert case is not None
    assert case.fields["county"] == "047"
