"""R27, small: see bench/proof_faults.py."""

from __future__ import annotations

import sys

import pytest

from bench import proof_faults

FAULTS, SEED = 300, 27

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walk runs on the offscreen platform of Linux")


def test_R27_no_word_of_a_forced_fault_is_said_anywhere() -> None:
    said = proof_faults.measure_seeded(FAULTS, SEED)
    assert said["figure"] == 0, said
    assert isinstance(said["N"], int)
    assert said["N"] >= FAULTS
