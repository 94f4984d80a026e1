"""The log: event codes, ids, numbers and durations. Names, texts, paths and exception messages have no way in.

The journal, in the vault, says who did what to which record; the log says only how the program fared.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sys
import threading
import warnings
from datetime import UTC, datetime
from logging import CRITICAL, LogRecord, NullHandler, getLogger
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

from desktop.clock import stamp

RING_BYTES = 1024 * 1024
RING_FILES = 5
_LOGGER = getLogger("rufaa")
_LOGGER.propagate = False
_LOGGER.addHandler(NullHandler())  # until `open_log`, events go nowhere, not to standard error
getLogger().addHandler(NullHandler())  # nor does what a library tells a logger of its own: it may hold a cell or a path
_FACTS = frozenset({"ms", "count", "n", "rows", "cases", "bytes", "code", "act", "role", "version", "fault", "error"})
_CODE = re.compile(r"[A-Za-z0-9_.:+-]{1,64}")
_FAULT_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


class UnknownFact(Exception):
    """A fact that is not on the allow-list was about to be logged: our own mistake."""


class _Ring(RotatingFileHandler):
    """The files. What they cannot take, on a full disk, is lost, and told nowhere else."""

    def handleError(self, record: LogRecord) -> None:
        """Go on without the event: a log that cannot be kept must not keep anybody from their cases."""


def open_log(folder: Path) -> None:
    """Write events to a ring of five files of 1 MiB in `folder`; until then, and where that fails, they go nowhere."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = _Ring(folder / "rufaa.log", maxBytes=RING_BYTES, backupCount=RING_FILES - 1, encoding="utf-8", delay=True)
    for old in list(_LOGGER.handlers):
        _LOGGER.removeHandler(old)
        old.close()
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel("INFO")


def event(name: str, **facts: int | str) -> None:
    """Log one event. Its name is a code, keys come from the allow-list, values are whole numbers or short codes.

    Raises:
        UnknownFact: Another key, or a text that is no code. It does not say which text.
    """
    if not _CODE.fullmatch(name):
        raise UnknownFact("event")
    for key, value in facts.items():
        if key not in _FACTS or not (isinstance(value, int) or _CODE.fullmatch(value)):
            raise UnknownFact(key if key in _FACTS else "key")
    line = {"at": stamp(datetime.now(UTC)), "event": name, **facts}
    _LOGGER.handle(LogRecord("rufaa", 20, "", 0, json.dumps(line, sort_keys=True), None, None))


def figures(folder: Path, name: str) -> tuple[dict[str, object], ...]:
    """Return the facts of every event of one name in the log of a folder, the oldest first."""
    found = []
    for file in sorted(folder.glob("rufaa.log*"), reverse=True):
        with contextlib.suppress(OSError):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    facts = json.loads(line)
                    if isinstance(facts, dict) and facts.get("event") == name:
                        found.append(facts)
    return tuple(found)


def fault(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Log a fault of ours, exception type and frames without its message, and return the number a person may quote."""
    number = "".join(secrets.choice(_FAULT_LETTERS) for _ in range(4))
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).name}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    line = {
        "at": stamp(datetime.now(UTC)),
        "event": "fault",
        "fault": number,
        "error": f"{kind.__module__}.{kind.__qualname__}",
        "frames": frames[-20:],
    }
    _LOGGER.handle(LogRecord("rufaa", CRITICAL, "", 0, json.dumps(line), None, None))
    return number


def warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Log that Python or a library warned, and how; in the place of `warnings.showwarning`, which tells the words."""
    event("warning", code=category.__name__)


def catch_faults() -> None:
    """Send every uncaught exception of any thread or finaliser to `fault`; standard error gets the number alone."""

    def main_hook(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.exit(130)
        sys.stderr.write(f"FAULT {fault(kind, trace)}\n")

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        sys.stderr.write(f"FAULT {fault(args.exc_type, args.exc_traceback)}\n")

    def finaliser_hook(raised: sys.UnraisableHookArgs) -> None:
        sys.stderr.write(f"FAULT {fault(raised.exc_type, raised.exc_traceback)}\n")

    sys.excepthook = main_hook
    threading.excepthook = thread_hook
    sys.unraisablehook = finaliser_hook
    warnings.showwarning = warned
