import pytest

from desktop.rules.codelists import Code, CodeList, parse_codelist, read_rows

SEX = "code,label_en,label_sw,htcds_gender,notes\nF,Female,Mwanamke,Feminine,\nM,Male,Mwanamume,Masculine,x\n"


def test_labels_extra_columns_and_order_are_kept() -> None:
    sex = parse_codelist("sex", SEX)
    assert [code.code for code in sex] == ["F", "M"]
    assert len(sex) == 2
    assert sex.label("M", "sw") == "Mwanamume"
    female = sex.get("F")
    assert female is not None
    assert female.extra == {"htcds_gender": "Feminine", "notes": ""}
    assert "F" in sex
    assert "X" not in sex


def test_an_unknown_code_is_shown_as_itself() -> None:
    sex = parse_codelist("sex", SEX)
    assert sex.get("NEW") is None
    assert sex.label("NEW", "en") == "NEW"


def test_a_place_has_one_name_in_both_languages() -> None:
    places = parse_codelist("sub_counties", "code,county_code,label_en,notes\n002,001,Jomvu,\n")
    assert places.label("002", "sw") == places.label("002", "en") == "Jomvu"


def test_part_of_a_list_by_a_column() -> None:
    text = "kind,code,label_en,label_sw\nDOMAIN,SEE,Seeing,Kuona\nANSWER,1,None,Hakuna\n"
    answers = parse_codelist("wgss", text).only("answers", "kind", "ANSWER")
    assert answers.name == "answers"
    assert [code.code for code in answers] == ["1"]


@pytest.mark.parametrize(
    "text",
    [
        "code,label_en\n,Female\n",
        "code,label_en\nF,\n",
        "code,label_en,label_sw\nF,Female,\n",
        SEX + "F,Again,Tena,,\n",
    ],
)
def test_an_empty_or_double_code_or_label_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="code"):
        parse_codelist("sex", text)


@pytest.mark.parametrize("text", ["a,b\n1\n", "a,b\n1,2,3\n"])
def test_a_row_that_does_not_match_its_heading_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_rows(text)


def test_two_lists_are_equal_by_name_and_codes() -> None:
    code = Code("F", {"en": "Female", "sw": "Mwanamke"})
    assert CodeList("sex", (code,)) == CodeList("sex", (code,))
