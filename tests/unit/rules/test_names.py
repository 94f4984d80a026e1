import pytest

from desktop.rules.names import fold, initials, name_keys
from desktop.rules.records import Missing

APOSTROPHES = ["'", "\u2018", "\u2019", "\u02bc", "\u02bb", "`", "\u00b4", "\uff07"]


@pytest.mark.parametrize("apostrophe", APOSTROPHES)
def test_A03_every_apostrophe_folds_to_the_same_name(apostrophe: str) -> None:
    assert fold(f"Ng{apostrophe}ang{apostrophe}a") == "nganga"


def test_A03_the_name_without_apostrophe_finds_all() -> None:
    assert name_keys("nganga") == name_keys("NG'ANG'A")


def test_D01_composed_and_decomposed_accents_are_one_name() -> None:
    assert fold("José") == fold("Jose\u0301") == fold("jose") == "jose"


@pytest.mark.parametrize("signs", ["\uff05", "\uff3f", "%", "_", "*", "'", " ", "", "\u0640"])
def test_D03_signs_alone_give_no_key_and_so_match_nobody(signs: str) -> None:
    assert name_keys(signs) == ()


def test_wide_letters_and_hyphens() -> None:
    assert fold("\uff37\uff41\uff4ejiku") == "wanjiku"
    assert fold("Nyamweya-Oseko") == "nyamweya oseko"


def test_other_scripts_are_kept_and_arabic_loses_its_marks() -> None:
    assert fold("መሐመድ ዓሊ") == "መሐመድ ዓሊ"
    assert fold("مُحَمَّد عـلي") == fold("محمد علي") == "محمد علي"
    assert fold("हिन्दी") != fold("हन्द"), "vowel signs spell the name"


def test_each_name_part_is_a_key_once_and_other_values_give_none() -> None:
    assert name_keys("Mary-Anne", None, Missing.DK, 7, "mary", ("Akinyi",)) == ("mary", "anne", "akinyi")


def test_initials_of_each_part() -> None:
    assert initials("wanjiku", None, Missing.REFUSED, "Ng'ang'a") == "W.N."
    assert initials("Mary-Anne") == "M."
    assert initials("መሐመድ") == "መ."
    assert initials("%") == ""
