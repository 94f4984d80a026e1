"""What the figures stand on: complete offices whose chains hold, ratios pair by pair, and a page that hides no miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import full_offices, table
from bench.__main__ import PARTS
from bench.figures import Pairs, figure, in_turn, unlocked
from desktop import machine

CASES = 60
MACHINE = {"machine": "x86_64, 2 cores, 4 GB", "python": "3.11", "rufaa": "1.0"}


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
    monkeypatch.setattr(full_offices, "_KEPT", tmp_path / "kept")
    return tmp_path


def test_a_full_office_holds_whole_cases_under_a_chain_that_verifies(small_machine: Path) -> None:
    made = full_offices.full_office(CASES)
    with unlocked(made.office) as desk:
        assert desk.journal.verify() > CASES
        newest = desk.cases.list()[-1]
        case = desk.cases.open(newest.case_id)
        person = case.one("person")
        assert person is not None
        assert not any(record.altered for record in case.records)
        assert desk.cases.read_sealed(case.of("case")[0].record_id)["narrative"]
        found = desk.cases.search(person.text("surname"))
        assert newest.case_id in {row.case_id for row in found}
        assert all(desk.cases.open(row.case_id).case_ref in row.referral_no for row in desk.referrals.list())


def test_a_full_office_is_made_once_and_a_copy_leaves_it_as_it_was(small_machine: Path) -> None:
    made = full_offices.full_office(CASES)
    copy = made.copy_to(small_machine / "copy")
    with unlocked(copy.office) as desk:
        desk.cases.create(())
        more = desk.cases.count()
    again = full_offices.full_office(CASES)
    assert again == made
    with unlocked(again.office) as desk:
        assert desk.cases.count() == more - 1


def test_the_ratio_is_the_median_of_the_pairs_and_not_of_the_medians() -> None:
    assert Pairs([1.0, 30.0, 4.0], [1.0, 10.0, 1.0]).ratio == 3.0
    assert Pairs([1.0, 2.0], [4.0, 8.0]).faster("G9-merge", 3)["ratio"] == 4.0


def test_the_round_that_warms_the_caches_does_not_count() -> None:
    ours, anchor = iter([100.0, 2.0, 2.0]), iter([1.0, 1.0, 1.0])
    pairs = in_turn(lambda: next(ours), lambda: next(anchor), rounds=2)
    assert (pairs.ours, pairs.ratio) == ([2.0, 2.0], 2.0)


def test_figures_keep_three_digits_and_whole_numbers_above_a_thousand() -> None:
    assert (figure(0.012345), figure(12.345), figure(1234.5)) == (0.0123, 12.3, 1234)


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ({"goal": "G7", "ratio": 1.5, "limit": 1.5}, True),
        ({"goal": "G7", "ratio": 1.51, "limit": 1.5}, False),
        ({"goal": "G4", "figure": 1.9, "ratio": 9.0, "limit": 2}, True),
        ({"goal": "G10-gpg", "ratio": 4.9, "limit": 5}, False),
        ({"goal": "G10-gpg", "ratio": 5.1, "limit": 5}, True),
        ({"goal": "G8", "figure": "not run", "limit": 48}, None),
    ],
)
def test_a_limit_speaks_of_the_figure_or_of_the_ratio(line: dict[str, object], met: bool | None) -> None:
    assert table.is_met(line) is met


def test_the_page_names_what_misses_before_what_meets_and_what_was_not_run() -> None:
    met = {"goal": "G7-syncs", "figure": 1.0, "limit": 1, "N": 20, **MACHINE}
    missed = {"goal": "G7", "figure": 16.1, "anchor": 3.8, "ratio": 4.2, "limit": 1.5, "N": 70, **MACHINE}
    not_run = {"goal": "G8", "figure": "not run", "limit": 48, **MACHINE}
    page = table.page([met, not_run, missed])
    assert page.index("## Missed") < page.index("| G7 |") < page.index("## Met") < page.index("| G7-syncs |")
    assert page.index("## Not measured") < page.index("| G8 |")
    assert "| 16.1 ms | 3.8 ms | 4.2× | ≤ 1.5× | 70 | **missed** |" in page


def test_a_goal_run_again_replaces_its_line_of_the_same_size_only() -> None:
    large = {"goal": "G3-unlock", "ratio": 9.0, "limit": 1.05, "cases": 1_000_000, **MACHINE}
    page = table.page([large | {"cases": 100_000}, large, large | {"cases": 100_000, "ratio": 1.0}])
    assert page.count("| G3-unlock |") == 2
    assert "| 9.0× |" in page
    assert "| 1.0× |" in page


def test_the_page_refuses_a_line_of_no_known_goal() -> None:
    with pytest.raises(KeyError, match="G99"):
        table.page([{"goal": "G99", "figure": 1, **MACHINE}])


def test_every_measured_goal_has_its_words() -> None:
    measured = set().union(*(goals for goals, _ in PARTS))
    assert measured == {goal.split("-")[0] for goal in table.GOALS}
