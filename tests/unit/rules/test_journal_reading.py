from __future__ import annotations

from collections import Counter

import pytest

from desktop.catalogue import load
from desktop.journal_wording import ACT_CODES, KIND_CODES, about_in_words, act_in_words, why_in_words
from desktop.messages import LANGUAGES, Language, sentence
from desktop.rules.journal_chain import Act
from desktop.rules.journal_reading import KINDS, JournalLine, Kind


def test_every_act_is_of_one_kind_and_has_words() -> None:
    counted = Counter(act for acts in KINDS.values() for act in acts)
    assert counted == Counter(Act)
    assert ACT_CODES.keys() == set(Act)
    assert KINDS.keys() == KIND_CODES.keys() == set(Kind)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_acts_or_kinds_read_alike(language: Language) -> None:
    for codes in (ACT_CODES, KIND_CODES):
        said = [sentence(code, language) for code in codes.values()]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("reason", "english", "swahili"),
    [
        ("AFTER_FAILURES_1", "after 1 wrong sentence", "baada ya sentensi 1 isiyo sahihi"),
        ("AFTER_FAILURES_7", "after 7 wrong sentences", "baada ya sentensi 7 zisizo sahihi"),
        ("COPIES_2 ONE_MORE", "2 copies, One more copy is needed", "nakala 2, Nakala nyingine inahitajika"),
        ("SECRETARIAT", "Report to the Secretariat", "Ripoti kwa Sekretarieti"),
        ("CLERK", "County clerk", "Karani wa kaunti"),
        ("USER_REMOVED", "Person removed", "Mtu aliondolewa"),
        ("A_LATER_ONE", "A_LATER_ONE", "A_LATER_ONE"),
        ("FILE_TOO_LARGE", "FILE_TOO_LARGE", "FILE_TOO_LARGE"),  # its sentence needs a fact that the journal has not
        ("", "", ""),
    ],
)
def test_a_reason_is_said_in_words_and_an_unknown_one_as_it_is(reason: str, english: str, swahili: str) -> None:
    catalogue = load()
    assert [why_in_words(reason, catalogue, language) for language in LANGUAGES] == [english, swahili]


def test_an_act_of_a_later_program_is_shown_as_its_code() -> None:
    assert act_in_words("DRONE_SENT", "en") == "DRONE_SENT"


def test_what_it_was_done_on_is_a_case_before_a_bundle_or_a_person() -> None:
    facts = {"n": 1, "at": "", "by": "", "desk_number": 1, "act": "", "case_id": "", "reason": ""}
    lines = [("047-1", "Amina", 3), ("", "Amina", 3), ("", "Amina", 0), ("", "", 0)]
    said = [
        about_in_words(JournalLine(**facts, case_ref=ref, about=about, bundle=bundle), "en")  # type: ignore[arg-type]
        for ref, about, bundle in lines
    ]
    assert said == ["047-1", "bundle 3", "Amina", ""]
