"""The log knows codes, ids and numbers; a name, a text or a message has no way in."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop import log

CANARY = "Achieng’ Zephyrine"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    log.open_log(tmp_path / "log")
    yield tmp_path / "log"
    logger = logging.getLogger("rufaa")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.addHandler(logging.NullHandler())


@pytest.fixture
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "rufaa.log"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_an_event_is_one_line_of_codes_and_numbers(folder: Path) -> None:
    log.event("case.saved", ms=41, count=12, code="RECORD_GONE")
    (line,) = lines(folder)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "case.saved", "ms": 41, "count": 12, "code": "RECORD_GONE"}


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("case.saved", {"name": "Achieng"}),
        ("case.saved", {"surname": 1}),
        ("case.saved", {"code": CANARY}),
        ("case.saved", {"code": "two words"}),
        ("case.saved", {"code": "/home/achieng/list.xlsx"}),
        ("case.saved", {"code": "x" * 65}),
        ("case.saved", {"code": ""}),
        ("case.saved", {"code": ValueError(CANARY)}),
        ("case.saved", {"ms": (CANARY,)}),
        (f"case of {CANARY}", {}),
        ("", {}),
    ],
)
def test_whatever_could_be_personal_is_refused_and_not_repeated(folder: Path, name: str, facts: dict[str, Any]) -> None:
    with pytest.raises((log.UnknownFact, TypeError)) as refused:
        log.event(name, **facts)
    assert CANARY not in repr(refused.value)
    assert "Achieng" not in repr(refused.value)
    assert lines(folder) == []


def fail_over(words: str) -> str:
    try:
        raise LookupError(words)
    except LookupError as error:
        return log.fault(type(error), error.__traceback__)


def test_R27_a_fault_keeps_type_and_frames_and_nothing_of_its_message(folder: Path) -> None:
    number = fail_over(CANARY)
    (line,) = lines(folder)
    assert len(number) == 4
    assert set(number) <= set("ABCDEFGHJKMNPQRSTVWXYZ23456789")
    assert (line["fault"], line["error"], line["event"]) == (number, "builtins.LookupError", "fault")
    assert [frame.rsplit(":", 1)[1] for frame in line["frames"]] == ["fail_over"]
    said = (folder / "rufaa.log").read_text(encoding="utf-8")
    assert CANARY not in said
    assert str(Path(__file__).parent) not in said


def test_R27_an_uncaught_exception_of_any_thread_gives_its_number_alone(
    folder: Path, own_hooks: None, capfd: pytest.CaptureFixture[str]
) -> None:
    log.catch_faults()
    try:
        raise UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY)
    except UnicodeDecodeError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    def worker() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=worker, name=CANARY)
    thread.start()
    thread.join()
    said = capfd.readouterr()
    assert said.out == ""
    told = said.err.splitlines()
    assert [line.split()[0] for line in told] == ["FAULT", "FAULT"]
    assert [line.split()[1] for line in told] == [line["fault"] for line in lines(folder)]
    assert [line["error"] for line in lines(folder)] == ["builtins.UnicodeDecodeError", "builtins.ValueError"]
    assert CANARY not in said.err + json.dumps(lines(folder), ensure_ascii=False)


def test_R27_finalisers_warnings_and_the_loggers_of_libraries_say_no_words(
    folder: Path, own_hooks: None, capfd: pytest.CaptureFixture[str]
) -> None:
    class Ending:
        def __del__(self) -> None:
            raise ValueError(CANARY)

    log.catch_faults()
    Ending()
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = log.warned  # pytest puts its own in the place of any other
        warnings.warn(f"the cell holds {CANARY}", UserWarning, stacklevel=1)
    outside = [handler for handler in logging.getLogger().handlers if type(handler) is logging.NullHandler]
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.split()[::2] == ["FAULT"]
    assert [line["event"] for line in lines(folder)] == ["fault", "warning"]
    assert lines(folder)[1]["code"] == "UserWarning"
    assert CANARY not in said.err + json.dumps(lines(folder), ensure_ascii=False)
    assert outside  # else Python's handler of last resort would write what a library tells its logger


def test_an_interrupted_program_ends_without_a_fault(own_hooks: None) -> None:
    log.catch_faults()
    with pytest.raises(SystemExit) as ended:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert ended.value.code == 130


def test_a_deep_recursion_keeps_the_last_frames(folder: Path) -> None:
    def down(depth: int) -> None:
        if depth:
            down(depth - 1)
        raise LookupError(CANARY)

    try:
        down(100)
    except LookupError as error:
        log.fault(type(error), error.__traceback__)
    assert len(lines(folder)[0]["frames"]) == 20


def test_the_ring_keeps_five_files_and_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "RING_BYTES", 2_000)
    log.open_log(folder)
    for number in range(400):
        log.event("case.saved", n=number)
    kept = sorted(folder.iterdir())
    assert [path.name for path in kept] == ["rufaa.log", *(f"rufaa.log.{n}" for n in range(1, 5))]
    assert all(path.stat().st_size <= 2_000 for path in kept)
    assert lines(folder)[-1]["n"] == 399
    assert (log.RING_FILES, log.RING_BYTES * log.RING_FILES) == (5, 10_000)


def test_opening_the_log_elsewhere_leaves_the_first_alone(folder: Path, tmp_path: Path) -> None:
    log.event("one")
    log.open_log(tmp_path / "other")
    log.event("two")
    assert [line["event"] for line in lines(folder)] == ["one"]
    assert [line["event"] for line in lines(tmp_path / "other")] == ["two"]


@pytest.mark.parametrize("blocked", ["folder", "file"])
def test_a_log_that_cannot_be_written_keeps_nobody_out(
    tmp_path: Path, folder: Path, capfd: pytest.CaptureFixture[str], blocked: str
) -> None:
    place = tmp_path / "blocked"
    if blocked == "folder":
        place.write_text("a file in its place")
    else:
        (place / "rufaa.log").mkdir(parents=True)
    log.open_log(place)
    log.event("case.saved", n=1)
    assert fail_over(CANARY)
    assert capfd.readouterr() == ("", "")


def test_before_it_is_opened_nothing_goes_to_standard_error() -> None:
    code = "from desktop import log; log.event('one'); log.fault(ValueError, None)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")
