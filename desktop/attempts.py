"""A growing delay after failed unlocks: a courtesy against guessing at the keyboard, never a lock-out.

A copied disk ignores it; what stands against that is the key derivation. The file holds a count and a time, nothing
else, and losing it or failing to write it never keeps anybody out.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path

from desktop.clock import Clock, parse_stamp, stamp

FREE_FAILURES = 4  # the fifth failure is the first that costs time
LONGEST_DELAY_S = 300
_MOST_COUNTED = 1_000_000
_MAX_FILE_BYTES = 256


@dataclass(frozen=True)
class _Record:
    failures: int
    last: datetime


class Attempts:
    """Failed unlocks of this data folder since the last good one."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def wait_seconds(self) -> int:
        """Return how long to wait before the next try, in whole seconds; 0 when it may be made now."""
        record = self._read()
        if record is None:
            return 0
        delay = _delay_s(record.failures)
        passed = (self._clock.now() - record.last).total_seconds()
        if passed < 0:
            # The clock was set back. Counting from now costs one delay at most, instead of years.
            self._write(_Record(record.failures, self._clock.now()))
            return delay
        return max(0, ceil(delay - passed))

    def failed(self) -> None:
        """Count a failure."""
        record = self._read()
        failures = min((record.failures if record else 0) + 1, _MOST_COUNTED)
        self._write(_Record(failures, self._clock.now()))

    def count(self) -> int:
        """Return how many failures there were since the last good unlock, for the journal."""
        record = self._read()
        return record.failures if record else 0

    def succeeded(self) -> None:
        """Forget the failures, once the journal holds their number."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> _Record | None:
        try:
            with self._path.open("rb") as file:
                value = json.loads(file.read(_MAX_FILE_BYTES))
            return _Record(min(max(int(value["failures"]), 0), _MOST_COUNTED), parse_stamp(value["last"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None  # missing or damaged: nobody is kept out for that

    def _write(self, record: _Record) -> None:
        aside = self._path.with_name(f"{self._path.name}.tmp")
        with contextlib.suppress(OSError):  # a full disk must not stop an unlock
            aside.write_text(json.dumps({"failures": record.failures, "last": stamp(record.last)}), encoding="ascii")
            os.replace(aside, self._path)


def _delay_s(failures: int) -> int:
    beyond = failures - FREE_FAILURES
    return 0 if beyond <= 0 else min(1 << min(beyond - 1, 16), LONGEST_DELAY_S)
