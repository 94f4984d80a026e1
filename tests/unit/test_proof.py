"""The page of the hard goals hides nothing, and every goal that something measures can be called."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest

from bench import hard, proof_table
from bench.proof_table import GOALS, page, standing, together

FACTS = {"machine": "x86_64, 2 cores", "python": "3.11", "rufaa": "1.0", "source": "aaaa"}


def line(goal: str, figure: object = 0, n: int = 1_000, **more: object) -> dict[str, object]:
    return {"goal": goal, "figure": figure, "N": n, "met": figure == 0, "seed": 7, "counts": {}, **FACTS, **more}


def rows(text: str) -> dict[str, list[str]]:
    """Goal -> the cells of its row."""
    found = [
        [cell.strip() for cell in row.strip("| ").split("|")] for row in text.splitlines() if row.startswith("| R")
    ]
    return {cells[0]: cells for cells in found}


def test_a_goal_that_nothing_ran_is_shown_as_not_run() -> None:
    found = rows(page([line("R1-save"), {"goal": "R4", "figure": "not run", **FACTS}]))
    assert set(found) == set(GOALS)
    assert {goal for goal, cells in found.items() if cells[-1] != "not run"} == {"R1-save"}
    assert found["R1-save"][-1] == "met"


def test_lines_of_one_code_add_up_and_those_of_another_code_count_no_more() -> None:
    pieces = [line("R1-save", n=900, counts={"in save": 3}), line("R1-save", n=100, seed=8, counts={"in save": 4})]
    found = together(pieces)
    assert found is not None
    assert (found["N"], found["counts"], found["seeds"]) == (1_000, {"in save": 7}, ["7", "8"])
    changed = [*pieces, line("R1-save", n=10, source="bbbb")]
    assert rows(page(changed))["R1-save"][3] == "10"
    assert rows(page(changed))["R1-save"][-1] == "so far"


def test_the_same_seed_twice_counts_once_and_the_worse_of_them_stays() -> None:
    found = together([line("R14", n=50), line("R14", n=500), line("R14", n=50)])
    assert found is not None
    assert found["N"] == 500
    assert standing("R14", together([line("R14", figure=1, n=50), line("R14", n=500)])) == "missed"


@pytest.mark.parametrize(
    "bad",
    [line("R1-save", figure=1), line("R1-save", met=False), {"goal": "R1-save", "figure": "broke off", "met": False}],
)
def test_a_miss_stays_whatever_was_run_after_it(bad: dict[str, object]) -> None:
    text = page([{**FACTS, **bad}, line("R1-save")])
    assert rows(text)["R1-save"][-1] == "**missed**"
    assert text.index("## Missed") < text.index("R1-save") < text.index("## Not run")


def test_a_goal_tried_too_seldom_is_not_met() -> None:
    assert standing("R1-save", together([line("R1-save", n=999)])) == "part"
    assert standing("R1-save", together([line("R1-save", n=1_000)])) == "met"


def test_a_line_without_words_is_refused() -> None:
    with pytest.raises(KeyError):
        page([line("R99")])


@pytest.mark.parametrize("goal", hard.PARTS)
def test_what_measures_a_goal_is_there_and_has_words(goal: str) -> None:
    assert goal in GOALS
    module, name = hard.PARTS[goal].measure.split(":")
    taken = inspect.signature(getattr(import_module(module), name)).parameters
    assert len(taken) == len(hard.PARTS[goal].given) + 1
    assert hard.PARTS[goal].n > 0


def test_each_run_is_appended_and_one_that_broke_off_is_a_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(n: int) -> dict[str, object]:
        if n == 3:
            raise RuntimeError("it broke")
        if n == 4:
            return {"figure": "not run", "why": "a program is missing"}
        return {"figure": 0, "N": n, "seed": 1, "counts": {}}

    monkeypatch.setattr(hard, "import_module", lambda _: type("module", (), {"measure": staticmethod(measure)}))
    monkeypatch.setattr(hard, "PARTS", {"R7": hard.Part("any:measure", 2)})
    out = tmp_path / "build" / "proof.jsonl"
    assert hard.main(["--only", "R7,R12", "--out", str(out)]) == 0
    assert hard.main(["--only", "R7", "--n", "4", "--out", str(out)]) == 0
    assert hard.main(["--only", "R7", "--n", "3", "--out", str(out)]) == 1
    kept = [json.loads(text) for text in out.read_text(encoding="utf-8").splitlines()]
    assert [(one["goal"], one["figure"], one.get("N")) for one in kept] == [
        ("R7", 0, 2),
        ("R12", "not run", None),
        ("R7", "not run", None),
        ("R7", "broke off", None),
    ]
    assert capsys.readouterr().out == out.read_text(encoding="utf-8")
    assert hard.main(["--table", str(out)]) == 0
    assert "broke off" in rows(capsys.readouterr().out)["R7"][5]


def test_an_unknown_goal_is_refused() -> None:
    with pytest.raises(SystemExit):
        hard.main(["--only", "R1,R77"])


def test_every_goal_of_the_threat_model_has_words() -> None:
    assert {goal.split("-")[0] for goal in GOALS} == {f"R{number}" for number in range(1, 32)}
    assert all(goal.what for goal in proof_table.GOALS.values())
