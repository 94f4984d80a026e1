from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.attempts import Attempts

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class MovedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime:
        return self.instant

    def pass_seconds(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def attempts(tmp_path: Path, clock: MovedClock) -> Attempts:
    return Attempts(tmp_path / "attempts", clock)


def fail(attempts: Attempts, times: int) -> None:
    for _ in range(times):
        attempts.failed()


def test_the_delay_grows_from_the_fifth_failure_to_five_minutes(attempts: Attempts) -> None:
    delays = []
    for _ in range(20):
        attempts.failed()
        delays.append(attempts.wait_seconds())
    assert delays == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, *[300] * 7]


def test_nobody_waits_before_a_failure(attempts: Attempts) -> None:
    assert attempts.wait_seconds() == 0
    assert attempts.count() == 0


def test_the_wait_runs_down_and_ends(attempts: Attempts, clock: MovedClock) -> None:
    fail(attempts, 8)
    assert attempts.wait_seconds() == 8
    clock.pass_seconds(5.5)
    assert attempts.wait_seconds() == 3
    clock.pass_seconds(2.5)
    assert attempts.wait_seconds() == 0


def test_a_good_unlock_tells_how_many_failed_and_forgets_them(attempts: Attempts, tmp_path: Path) -> None:
    fail(attempts, 7)
    assert attempts.count() == 7
    attempts.succeeded()
    assert attempts.wait_seconds() == 0
    assert attempts.count() == 0
    assert list(tmp_path.iterdir()) == []


def test_the_count_outlives_the_program(tmp_path: Path, clock: MovedClock) -> None:
    fail(Attempts(tmp_path / "attempts", clock), 6)
    assert Attempts(tmp_path / "attempts", clock).wait_seconds() == 2


def test_a_clock_set_back_costs_one_delay_and_no_more(attempts: Attempts, clock: MovedClock) -> None:
    fail(attempts, 8)
    clock.pass_seconds(-10 * 365 * 86_400)
    assert attempts.wait_seconds() == 8
    clock.pass_seconds(8)
    assert attempts.wait_seconds() == 0


def test_a_clock_set_forward_locks_nobody_out(attempts: Attempts, clock: MovedClock) -> None:
    clock.pass_seconds(20 * 365 * 86_400)
    fail(attempts, 30)
    clock.instant = NOON
    assert attempts.wait_seconds() == 300
    clock.pass_seconds(300)
    assert attempts.wait_seconds() == 0


def test_a_thousand_failures_wait_no_longer_than_five_minutes(attempts: Attempts, clock: MovedClock) -> None:
    fail(attempts, 1_000)
    assert attempts.wait_seconds() == 300
    clock.pass_seconds(300)
    assert attempts.wait_seconds() == 0
    assert attempts.count() == 1_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"failures":9}',
        b'{"failures":"x","last":"2026-11-25T12:00:00.000Z"}',
        b'{"failures":null,"last":"2026-11-25T12:00:00.000Z"}',
        b'{"failures":1e999,"last":"2026-11-25T12:00:00.000Z"}',
        b'{"failures":9,"last":"soon"}',
        b'{"failures":9,"last":5}',
        b"[" * 10_000,
    ],
)
def test_a_damaged_file_keeps_nobody_out(content: bytes, tmp_path: Path, clock: MovedClock) -> None:
    (tmp_path / "attempts").write_bytes(content)
    attempts = Attempts(tmp_path / "attempts", clock)
    assert attempts.wait_seconds() == 0
    attempts.failed()
    assert attempts.count() == 1


def test_a_count_beyond_reason_still_waits_five_minutes(tmp_path: Path, clock: MovedClock) -> None:
    (tmp_path / "attempts").write_text(json.dumps({"failures": 10**60, "last": "2026-11-25T12:00:00.000Z"}))
    assert Attempts(tmp_path / "attempts", clock).wait_seconds() == 300


def test_a_folder_that_cannot_be_written_keeps_nobody_out(tmp_path: Path, clock: MovedClock) -> None:
    attempts = Attempts(tmp_path / "missing" / "attempts", clock)
    attempts.failed()
    assert attempts.wait_seconds() == 0
    assert attempts.count() == 0


def test_the_file_holds_a_count_and_a_time_only(attempts: Attempts, tmp_path: Path) -> None:
    fail(attempts, 3)
    assert json.loads((tmp_path / "attempts").read_text()) == {"failures": 3, "last": "2026-11-25T12:00:00.000Z"}
    assert os.listdir(tmp_path) == ["attempts"]
