"""R8, R9, R17, R18 and R19, small: what holders of keys and files do to an office is refused or seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.hard import (
    proof_header,
    proof_journal,
    proof_keys,
    proof_rollback,
    proof_sealed_rows,
    proof_vault_file,
)

Measure = Callable[[int], dict[str, Any]]


@pytest.mark.parametrize(
    ("measure", "n"),
    [
        (proof_header.measure, 8),
        (proof_vault_file.measure, 40),
        (proof_rollback.measure, 10),
        (proof_keys.measure, 75),
        (proof_sealed_rows.measure, 14),
        (proof_journal.measure, 60),
    ],
    ids=["R8 header", "R8 vault", "R9", "R17", "R18", "R19"],
)
def test_nothing_is_accepted_or_goes_unseen_that_must_not(measure: Measure, n: int) -> None:
    facts = measure(n)
    assert facts["wrong"] == {}, f"seed {facts['seed']}"
    assert facts["N"] >= n
