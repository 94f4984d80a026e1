"""How long the courier goes on trying, and how long it waits between two tries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

_LONGEST_WAIT_S = 60.0


class GaveUp(Exception):
    """The time was used up. What arrived stays where it is; the next errand goes on from there."""


class Patience:
    """Waits from one second to a minute, twice as long after each failure, until the time is used up."""

    def __init__(
        self,
        seconds: float,
        told: Callable[[float, str], None],
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin now; before each wait `told` hears how many seconds it is and why."""
        self._now, self._sleep, self._told = now, sleep, told
        self._until = now() + seconds
        self._failures = 0

    def renew(self) -> None:
        """Begin with short waits again: it went on."""
        self._failures = 0

    def wait(self, why: str) -> None:
        """Wait before the next try. Raises GaveUp where the time would be over."""
        longest = min(_LONGEST_WAIT_S, 2.0 ** min(self._failures, 10))
        # Chance, so that the laptops of a county do not come back together after the line was down for all of them.
        wait_s = longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret
        self._failures += 1
        if self._now() + wait_s >= self._until:
            raise GaveUp
        self._told(wait_s, why)
        self._sleep(wait_s)
