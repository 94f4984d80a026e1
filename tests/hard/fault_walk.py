"""One window on an open desk in which everything fails, each time with another planted word in hand (R27).

Called as `fault_walk.py COUNT SEED`, with the data folder on standard input. A fault is forced into every public method
of every service in the vault lane, into every method of every widget called as a slot, into what Qt itself calls of
ours, into threads, finalisers, warnings, other people's loggers and Qt's own messages. What may be said of it is in
the log; the search of the log and of both outputs is the parent's. The last line of standard output is JSON.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import logging
import os
import random
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer, Signal, qCritical, qDebug, qInfo, qWarning
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from desktop import log, machine
from desktop.bootstrap import Desk
from tests import desk_stages
from tests.hard.fault_kinds import KINDS, Kind
from ui import languages, theme
from ui.app import Faults
from ui.jobs import JobRunner
from ui.main_window import MainWindow

SMALL_LAPTOP_BYTES = 4_000_000_000
_DEEPEST = 40
_SPIN_MS = 60_000
_FEW = 10
_ROOTS = tuple(f"{Path(__file__).resolve().parents[2] / part}/" for part in ("desktop", "db", "ui"))
_POSTED: tuple[Callable[[QWidget], QEvent], ...] = (
    lambda widget: QPaintEvent(widget.rect()),
    lambda widget: QResizeEvent(widget.size(), widget.size()),
    lambda _: QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
    lambda _: QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
    lambda _: QFocusEvent(QEvent.Type.FocusIn),
    lambda _: QFocusEvent(QEvent.Type.FocusOut),
    lambda _: QShowEvent(),
    lambda _: QHideEvent(),
    lambda _: QEvent(QEvent.Type.LanguageChange),
    lambda _: QEvent(QEvent.Type.PaletteChange),
    lambda _: QEvent(QEvent.Type.Leave),
)


class _Bell(QObject):
    rung = Signal(object)


class Walk:
    """The faults forced so far: how many struck, where and of which kind."""

    def __init__(self, seed: int, window: MainWindow, jobs: JobRunner, desk: Desk) -> None:
        self.chance = random.Random(seed)  # noqa: S311  where a fault strikes, no secret
        self.window, self.jobs, self.desk = window, jobs, desk
        self.numbers = count(1)
        self.struck: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.met: set[str] = set()
        self.bell = _Bell()
        self.bell.rung.connect(lambda work: work(), Qt.ConnectionType.QueuedConnection)

    @property
    def total(self) -> int:
        return self.struck.total()

    def fresh(self) -> tuple[Kind, str]:
        """The next kind of fault and the word that it carries."""
        number = next(self.numbers)
        return KINDS[number % len(KINDS)], f"Kanari{number:06d}"

    def note(self, route: str, kind: Kind, where: str = "") -> None:
        self.struck[route] += 1
        self.kinds[kind.__name__] += 1
        self.met.add(where)

    def armed(self, work: Callable[[], Any], route: str, depth: int, where: str = "") -> Callable[[], Any]:
        """Return `work` with a fault in the call of our own code that lies so many calls in."""
        kind, word = self.fresh()
        left = depth

        def strike(frame: FrameType, event: str, _: object) -> None:
            nonlocal left
            if event != "call" or not frame.f_code.co_filename.startswith(_ROOTS):
                return
            left -= 1
            if left < 0:
                sys.settrace(None)
                self.note(route, kind, where or frame.f_code.co_qualname)
                kind(word)

        def call() -> Any:
            sys.settrace(strike)
            try:
                return work()
            finally:
                sys.settrace(None)

        return call

    def in_lane(self, work: Callable[[], Any], *, beside: bool = False) -> None:
        """Do work as a screen does, and wait until it was answered, or its fault was."""
        run = self.jobs.run_beside if beside else self.jobs.run
        run(work, owner=self.window, done=_pass_by, failed=self.window._on_hindered)
        ended: list[object] = []
        self.jobs.run(lambda: None, owner=self.window, done=ended.append, failed=ended.append)
        _spin(lambda: bool(ended))

    def services(self, *, further_in: bool) -> None:
        """Every public method of every service, at its door or further in."""
        for name, method in _methods(self.desk):
            depth = self.chance.randint(1, _DEEPEST) if further_in else 0
            self.in_lane(self.armed(_called(method, self.fresh()[1]), "service", depth, name))

    def slots(self, most: int) -> None:
        """Every method of every widget that stands here and was not met yet, called by Qt as a slot."""
        found = [self.window, *self.window.findChildren(QObject), self.jobs]
        for thing in found:
            for name, method in _own_methods(thing):
                if name not in self.met and most:
                    self.bell.rung.emit(self.armed(_called(method, self.fresh()[1]), "slot", 0, name))
                    self.met.add(name)
                    most -= 1
        _spin(lambda: False, 30)

    def overrides(self, most: int) -> None:
        """What Qt calls of ours when a widget is painted, resized, typed into or left."""
        end = self.struck["override"] + most
        for widget in self.window.findChildren(QWidget):
            if not isValid(widget) or not type(widget).__module__.startswith("ui."):
                continue
            if self.struck["override"] >= end:
                return
            for make in _POSTED:
                QApplication.postEvent(widget, make(widget))
                self.armed(lambda: _spin(lambda: False, 0), "override", 0)()

    def elsewhere(self) -> None:
        """Threads, finalisers, warnings, loggers and Qt's messages."""
        for _ in range(4):
            for route in (self.thread, self.beside, self.finaliser, self.warning, self.logger, self.of_qt, self.event):
                route()

    def thread(self) -> None:
        kind, word = self.fresh()
        started = threading.Thread(target=kind, args=(word,))
        started.start()
        started.join()
        self.note("thread", kind)

    def beside(self) -> None:
        kind, word = self.fresh()
        self.in_lane(partial(kind, word), beside=True)
        self.note("beside", kind)

    def finaliser(self) -> None:
        kind, word = self.fresh()

        class Ending:
            def __del__(self) -> None:
                kind(word)

        Ending()
        gc.collect()
        self.note("finaliser", kind)

    def warning(self) -> None:
        kind, word = self.fresh()
        warnings.warn(f"of {word}", UserWarning, stacklevel=1)
        self.note("warning", kind)

    def logger(self) -> None:
        kind, word = self.fresh()
        try:
            kind(word)
        except Exception:
            logging.getLogger("reportlab").exception("in %s", word)
        self.note("logger", kind)

    def of_qt(self) -> None:
        kind, word = self.fresh()
        for say in (qDebug, qInfo, qWarning, qCritical):
            say(f"in {word}")
        self.note("message of Qt", kind)

    def event(self) -> None:
        kind, word = self.fresh()
        for facts in ({word: 1}, {"code": f"{word} x"}, {"code": f"{word}é"}):
            with contextlib.suppress(log.UnknownFact):
                log.event("proof.event", **facts)
        with contextlib.suppress(log.UnknownFact):
            log.event(f"{word} {word}")
        self.note("event", kind)


def _methods(desk: Desk) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, service in (*vars(desk).items(), ("vaults", desk._keeper)):
        if type(service).__module__.startswith("desktop.services") and name not in ("_keeper", "vault"):
            for method, _ in inspect.getmembers(type(service), inspect.isfunction):
                if not method.startswith("_"):
                    yield f"{name}.{method}", getattr(service, method)


def _own_methods(thing: QObject) -> Iterator[tuple[str, Callable[..., Any]]]:
    for kind in type(thing).__mro__:
        if kind.__module__.startswith("ui."):
            for name, value in vars(kind).items():
                if inspect.isfunction(value) and not name.startswith("__"):
                    yield f"{kind.__qualname__}.{name}", value.__get__(thing)


def _called(method: Callable[..., Any], word: str) -> Callable[[], Any]:
    """Return a call with as many arguments as a method cannot do without, all of them with the word."""
    needed = [one for one in inspect.signature(method).parameters.values() if one.default is one.empty]
    given = {one.name: word.encode() if "bytes" in str(one.annotation) else word for one in needed}
    named = {one.name: given[one.name] for one in needed if one.kind is one.KEYWORD_ONLY}
    placed = (one for one in needed if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD))
    return partial(method, *(given[one.name] for one in placed), **named)


def _spin(ended: Callable[[], bool], longest_ms: int = _SPIN_MS) -> None:
    """Let Qt's own loop run, from which it prints what an override of ours raises."""
    loop = QEventLoop()
    timer = QTimer(interval=0)
    late = QTimer(singleShot=True, interval=longest_ms)
    timer.timeout.connect(lambda: loop.quit() if ended() else None)
    late.timeout.connect(loop.quit)
    timer.start()
    late.start()
    loop.exec()


def _pass_by(_: object) -> None:
    """Nobody waits for the answer."""


def main() -> None:
    """Force so many faults and say what was met."""
    wanted, seed = int(sys.argv[1]), int(sys.argv[2])
    folder = Path(sys.stdin.readline().strip())
    machine.total_memory_bytes = lambda: SMALL_LAPTOP_BYTES
    faults = Faults()
    faults.catch()
    application = QApplication(["Rufaa"])
    theme.set_up(application)
    languages.switch("en")
    jobs = JobRunner()
    window = desk_stages.open_window(folder, jobs, partial(_spin, longest_ms=_SPIN_MS))
    desk = window._desk
    assert desk is not None
    known: list[desk_stages.Known] = []
    jobs.run(partial(desk_stages.know, desk), owner=window, done=known.append, failed=_pass_by)
    _spin(lambda: bool(known))
    walk = Walk(seed, window, jobs, desk)
    heard: Counter[str] = Counter()
    faults.logged.connect(lambda _: heard.update(["faults"]))
    places = list(desk_stages.places(known[0]).values())
    walk.elsewhere()
    walk.services(further_in=False)
    while walk.total < wanted:
        before = walk.total
        for place in places:
            frame = window._frame()
            assert frame is not None
            frame.go(place)
            desk_stages.settle(jobs, window, partial(_spin, longest_ms=_SPIN_MS))
            most = max(_FEW, (wanted - walk.total) // 4)
            walk.slots(most)
            walk.overrides(most)
            if walk.total >= wanted:
                break
        if walk.total < wanted:
            walk.services(further_in=True)
            walk.elsewhere()
        if walk.total == before:
            break
    # The control: what the search must find in the log and in both outputs.
    log.event("proof.control", code="Kanaricontrol")
    sys.stderr.write("Kanaricontrol\n")
    said = {
        "N": walk.total,
        "struck": dict(walk.struck),
        "kinds": dict(walk.kinds),
        "places_met": len(walk.met),
        "methods_not_met": [name for name, _ in _methods(desk) if name not in walk.met],
        "faults_logged": heard["faults"],
    }
    sys.stdout.write("Kanaricontrol\n" + json.dumps(said) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the widgets have gone through too much to be put away in order


if __name__ == "__main__":
    main()
