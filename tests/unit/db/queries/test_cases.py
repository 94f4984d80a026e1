from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from db.models.office import CaseRow, SearchKey
from db.queries import cases
from db.store import Store
from tests.unit.db.vaults import make_store

MANY = 260
ME = "me"
CROWD = 60
WORDS = ("wambui", "wanjiru", "gachanja", "achieng", "ali", "amina", "noor", "0799", "zawadi")


def keys_of_many() -> dict[str, set[str]]:
    """Invented cases, each with three to five keys; and a crowd whose every name begins with one letter."""
    found = {
        f"case-{n:04}": {f"{WORDS[(n * step + step) % len(WORDS)]}{n % 7 or ''}" for step in (1, 2, 4, 5)} | {f"{n:05}"}
        for n in range(MANY)
    }
    return found | {f"crowd-{n:04}": {f"q{letter}{n:02}" for letter in "abcdefgh"} for n in range(CROWD)}


KEYS: Mapping[str, set[str]] = keys_of_many()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = make_store(Path(tmp_path_factory.mktemp("cases")) / "vault.db")
    with store.writing() as session:
        for n, (case_id, keys) in enumerate(KEYS.items()):
            session.add(
                CaseRow(
                    case_id=case_id,
                    case_ref=f"ref-{n}",
                    pseudonym=f"pseudonym-{n}",
                    shown_as="W.G.",
                    full_name="",
                    status="OPEN",
                    # Several cases share an instant, as after an import.
                    touched_at=f"2026-11-25T06:{n % 50:02}:00.000Z",
                )
            )
            session.add_all(SearchKey(key=key, case_id=case_id) for key in keys)
    yield store
    store.close()


def expected(words: Sequence[str]) -> set[str]:
    return {
        case_id for case_id, keys in KEYS.items() if all(any(key.startswith(word) for key in keys) for word in words)
    }


def search(store: Store, words: Sequence[str], rows: int = 1000) -> list[str]:
    with store.reading() as session:
        return [row.case_id for row in cases.matching(session, ME, words, rows)]


@pytest.mark.parametrize(
    "words",
    [
        *[(word[:length],) for word in WORDS for length in (1, 3, 9)],
        *[(first[:3], second[:length]) for first in WORDS for second in WORDS for length in (1, 4)],
        ("wa", "ga", "0"),
        ("w", "wa", "wambui"),
        ("wambui", "nobody"),
        ("nobody",),
        ("q", "qa", "qh"),
    ],
    ids=" ".join,
)
def test_every_case_with_a_key_that_begins_with_each_word_is_found_once(filled: Store, words: tuple[str, ...]) -> None:
    found = search(filled, words)
    assert len(found) == len(set(found))
    assert set(found) == expected(words)


@pytest.mark.parametrize("words", [("q",), ("q", "qh"), ("w",), ("wa", "0"), ("0", "a")], ids=" ".join)
def test_a_page_is_full_as_long_as_there_are_matches(filled: Store, words: tuple[str, ...]) -> None:
    for rows in (1, cases.PAGE_ROWS, 400):
        found = search(filled, words, rows)
        assert len(found) == min(rows, len(expected(words)))
        assert found == search(filled, words)[:rows]


def test_the_order_of_the_words_does_not_matter(filled: Store) -> None:
    assert search(filled, ("wa", "gach")) == search(filled, ("gach", "wa")) != []


def test_matches_come_in_the_order_of_the_key_that_matched(filled: Store) -> None:
    first_keys = [min(key for key in KEYS[case] if key.startswith("wa")) for case in search(filled, ("wa",))]
    assert first_keys == sorted(first_keys)


def test_of_two_frequent_words_the_rarer_leads(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key for every in KEYS.values() for key in every]
    frequent, rarer = "wa", "gach"
    assert 30 < sum(key.startswith(rarer) for key in keys) < sum(key.startswith(frequent) for key in keys)
    for bounds in ((10, 1000), (1000,), (30, 60)):
        monkeypatch.setattr(cases, "_COUNTED", bounds)
        found = search(filled, (frequent, rarer))
        leading = [min(key for key in KEYS[case] if key.startswith(rarer)) for case in found]
        assert leading == sorted(leading)
        assert set(found) == expected((frequent, rarer))


def test_no_word_finds_nobody(filled: Store) -> None:
    assert search(filled, ()) == []


@pytest.mark.parametrize("rows", [1, 7, 50, 1000])
def test_page_after_page_shows_every_case_once_the_last_touched_first(filled: Store, rows: int) -> None:
    seen: list[tuple[str, str]] = []
    after = None
    with filled.reading() as session:
        while len(seen) <= len(KEYS) and (found := cases.page(session, ME, after, rows)):
            seen += [(row.touched_at, row.case_id) for row in found]
            after = seen[-1]
    assert seen == sorted(seen, reverse=True)
    assert {case_id for _, case_id in seen} == set(KEYS)
    assert len(seen) == len(KEYS)
