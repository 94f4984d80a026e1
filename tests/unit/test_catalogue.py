import re
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from desktop import catalogue
from desktop.catalogue import COUNTRIES, load
from desktop.messages import sentences
from desktop.rules.forms import FieldType, FormError, Sensitivity

CATALOGUE = load()
SOURCES = Path(__file__).parents[2] / "desktop" / "rules"


def test_the_kinds_of_the_walk_are_there() -> None:
    assert set(CATALOGUE.forms) == {
        *("case", "person", "identity_document", "consent", "determination", "exploitation_episode", "recruitment"),
        *("journey_leg", "referral", "referral_feedback", "provider", "closure", "import_note", "breach"),
    }


def test_each_shown_code_of_a_question_exists_in_its_list() -> None:
    for form in CATALOGUE.forms.values():
        for field in form.fields:
            if field.show_when:
                gate = form[field.show_when.field]
                codes = {"YES", "NO"} if gate.list_name is None else {c.code for c in CATALOGUE.lists[gate.list_name]}
                assert field.show_when.codes <= codes, f"{form.kind}.{field.name}"
            if field.list_name:
                assert all(code in CATALOGUE.lists[field.list_name] for code in field.yes_codes)


def test_a_whole_number_always_has_both_bounds() -> None:
    for form in CATALOGUE.forms.values():
        for field in form.fields:
            if field.type is FieldType.INTEGER:
                assert None not in (field.smallest, field.largest), f"{form.kind}.{field.name}"


def test_sealed_are_the_fields_of_the_threat_model_and_no_others() -> None:
    assert {f"{form.kind}.{name}" for form in CATALOGUE.forms.values() for name in form.sealed_names} == {
        *("case.narrative", "exploitation_episode.exact_place", "person.current_address", "provider.hidden_address")
    }


def test_no_religion_ethnicity_or_photograph_is_collected() -> None:
    names = {field.name for form in CATALOGUE.forms.values() for field in form.fields}
    assert not names & {"religion", "ethnicity", "photo", "latitude", "longitude"}


def test_places_in_free_text_are_sensitive_and_stay() -> None:
    for kind in ("journey_leg", "exploitation_episode"):
        place = CATALOGUE.forms[kind]["place"]
        assert (place.sensitivity, place.out.value) == (Sensitivity.S3, "N")


def test_each_column_of_the_workbook_that_we_read_has_a_field() -> None:
    columns = {column for form in CATALOGUE.forms.values() for field in form.fields for column in field.htcds_columns}
    # Left out: the row counter, the one consent tick, salutation, title, e-mail, home phone, the address columns.
    everything = {*"BCDEFGHIJKLMNOPQRSTUVWXYZ", *(f"A{letter}" for letter in "ABCDEFGHIJKLM")}
    assert columns == everything - {*"CFJKLNOPQR"}


def test_countries_have_the_frequent_ones_first_and_two_more_than_iso() -> None:
    countries = CATALOGUE.lists[COUNTRIES]
    assert next(iter(countries)).code == "KEN"
    assert len(countries) == 251
    assert countries.label("XXA", "en") == "Stateless"
    assert (countries.label("DEU", "en"), countries.label("DEU", "sw")) == ("Germany", "Ujerumani")
    assert all(len(code.code) == 3 for code in countries)


def test_disability_answers_are_the_four_answers_alone() -> None:
    assert [code.code for code in CATALOGUE.lists["disability_answers"]] == ["1", "2", "3", "4"]


def test_lists_tables_and_bands_are_complete() -> None:
    assert len(CATALOGUE.lists["counties"]) == 47
    assert len(CATALOGUE.lists["sub_counties"]) == 290
    assert len(CATALOGUE.lists["wards"]) == 1450
    assert len(CATALOGUE.age_groups) == 26
    assert len(catalogue.table_rows("htcds_map")) == 618
    assert not {"htcds_map", "practice_names", "age_groups"} & set(CATALOGUE.lists)


def test_each_code_raised_by_the_rules_has_a_sentence_in_both_languages() -> None:
    said = sentences()
    for path in SOURCES.glob("*.py"):
        if path.name in ("phones.py", "htcds.py"):
            continue
        text = path.read_text(encoding="utf-8")
        codes = set(re.findall(r'(?:Problem|problem=|_warn|_refused|NotPermitted|_unreadable)\(?"([A-Z_]{4,})"', text))
        codes |= set(re.findall(r'return "((?:VALUE|TEXT|NUMBER|FIELD|DATE)_[A-Z_]+)"', text))
        assert codes <= set(said), f"{path.name}: {codes - set(said)}"


def _copy_of_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = Path(__file__).parents[2] / "resources"
    for folder in ("codelists", "forms"):
        (tmp_path / folder).mkdir()
        for source in (root / folder).iterdir():
            (tmp_path / folder / source.name).write_bytes(source.read_bytes())

    def resource(*names: str) -> Traversable:
        return tmp_path.joinpath(*names)

    monkeypatch.setattr(catalogue, "resource", resource)
    return tmp_path


def test_a_form_that_names_no_list_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (_copy_of_resources(tmp_path, monkeypatch) / "codelists" / "sex.csv").unlink()
    with pytest.raises(FormError, match=r"person\.sex: no code list sex"):
        load()


def test_a_form_in_a_file_of_another_name_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = _copy_of_resources(tmp_path, monkeypatch) / "forms"
    (forms / "closure.toml").rename(forms / "ending.toml")
    with pytest.raises(FormError, match="ending"):
        load()


def test_a_purpose_whose_scope_no_rule_looks_at_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purposes = _copy_of_resources(tmp_path, monkeypatch) / "codelists" / "export_purposes.csv"
    table = purposes.read_text(encoding="utf-8")
    purposes.write_text(table.replace(",no,STATS,", ",no,SERVICES,", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="PARTNER needs 'SERVICES'"):
        load()
