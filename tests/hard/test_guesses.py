"""R15, small: see bench/proof_guesses.py."""

from __future__ import annotations

import sys

import pytest

from bench import proof_guesses
from desktop import attempts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in /proc")


def test_R15_wrong_sentences_cost_and_wait_as_specified_and_the_right_one_opens() -> None:
    said = proof_guesses.measure(8)
    assert said["figure"] == 0, said["wrong"]
    assert said["counts"] == {"derivations": 9, "seconds waited": 1 + 2 + 4 + 8}


def test_R15_a_shorter_wait_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LONGEST_DELAY_S", 1)
    wrong = proof_guesses.measure(6)["wrong"]
    assert isinstance(wrong, dict)
    assert wrong["wait_not_as_specified"] == 1
    assert wrong["too_early_not_refused"] == 1  # the right sentence opened although it was to wait
