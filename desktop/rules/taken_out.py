"""How much left an office by other ways than a bundle, and from where on it is bulk (threat-model attack 9)."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 999_999_999  # whoever counted more says this
BULK_CASES = 20


@dataclass(frozen=True)
class TakenOut:
    """Figures since a device's bundle before.

    `cases` counts a case once in each of the `tables`, `letters` each time that one was let go to a printer or a file.
    """

    cases: int
    letters: int
    tables: int

    @property
    def is_bulk(self) -> bool:
        """Whether it is more than `BULK_CASES`."""
        return self.cases > BULK_CASES
