"""What `bench.window` runs in a process of its own, once for each round: the real window, and a bare one beside it.

`python -m bench.window_child PART` reads a JSON object on standard input where the part needs one, and writes one.
Modules are imported in the parts: a start is measured with what the window itself imports.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QTableView

    from ui.main_window import MainWindow

_LANE_ROUNDS = 3
_FOLLOWED_MS = 150  # so long a screen is watched after its answers are there
_HEAVY = ("sqlalchemy", "sqlcipher3", "cryptography", "reportlab", "openpyxl", "PySide6.QtPdf")


def say_and_end(**facts: object) -> None:
    """Write the facts and end at once: what follows is no part of any figure."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _painted(**facts: object) -> None:
    spent = os.times()
    say_and_end(at=time.monotonic(), cpu_s=spent.user + spent.system, **facts)


def bare_table(painted: Callable[[], object]) -> tuple[Any, QTableView, Callable[[list[Any]], None]]:
    """Show a window with a table and a search line, the least a list can be; `painted` is called after each paint."""
    from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, QTimer
    from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QTableView, QToolBar

    class Model(QAbstractTableModel):
        rows: list[Any]

        def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
            return len(self.rows)

        def columnCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
            return 7

        def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
            return str(self.rows[index.row()][index.column()]) if role == Qt.ItemDataRole.DisplayRole else None

    class View(QTableView):
        def paintEvent(self, event: Any) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, painted)

    application = QApplication([])
    window, view, model, bar = QMainWindow(), View(), Model(), QToolBar()
    model.rows = []
    bar.addWidget(QLineEdit())
    window.addToolBar(bar)
    window.setCentralWidget(view)
    window.resize(1040, 680)

    def put(rows: list[Any]) -> None:
        model.beginResetModel()
        model.rows = rows
        model.endResetModel()

    put([tuple(f"case {row} field {column}" for column in range(7)) for row in range(50)])
    view.setModel(model)
    window.show()
    return (application, window, model), view, put


def start_bare() -> None:
    """G2's anchor: a bare window with a table, up to its first paint."""
    kept = bare_table(_painted)
    kept[0][0].exec()


def start_window() -> None:
    """G2: the program as it starts, up to its first paint."""
    given = json.loads(sys.stdin.readline())
    from ui import app

    class Started(app.MainWindow):  # type: ignore[misc,name-defined]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.first_painted.disconnect()
            self.first_painted.connect(lambda: _painted(heavy=[name for name in _HEAVY if name in sys.modules]))

    vars(app)["MainWindow"] = Started
    app.main(["--data", given["folder"], "--language", "en"])


def unlock_raw() -> None:
    """G1's anchor: the same key derivation, the same file opened, 50 rows, a bare table painted."""
    given = json.loads(sys.stdin.readline())
    from pathlib import Path

    from sqlcipher3 import dbapi2

    from desktop import vault_files, wordlists
    from desktop.crypto import kdf
    from desktop.crypto.vaultkeys import unlock

    generation = vault_files.newest_generation(Path(given["folder"]))
    keys = unlock(*vault_files.read_header_copies(generation), 1, given["sentence"], wordlists.load())
    slot = keys.header.user_slots[0]
    began: list[float] = []

    def painted() -> None:
        if began:
            say_and_end(ms=(time.perf_counter() - began[0]) * 1000)
        else:
            go()

    kept, _, put = bare_table(painted)

    def go() -> None:
        began.append(time.perf_counter())
        kdf.derive_key(given["sentence"], slot.kdf, kdf.KDF_BOUNDS)
        connection = dbapi2.connect(str(generation.database), isolation_level=None)
        connection.execute(f"PRAGMA key = \"x'{keys.dek.hex()}'\"")
        put(
            connection.execute(
                "SELECT case_id, case_ref, shown_as, born, sex, status, touched_at FROM case_row"
                " ORDER BY touched_at DESC, case_id DESC LIMIT 50"
            ).fetchall()
        )

    kept[0].exec()


class Opened:
    """The real window on a vault, driven from within, and when its lists were painted."""

    def __init__(self, given: dict[str, str]) -> None:
        """Show the window and wait until the lane has looked at the vault."""
        from functools import cache
        from pathlib import Path

        from PySide6.QtCore import QEventLoop
        from PySide6.QtWidgets import QApplication, QTableView

        from desktop.bootstrap import Door
        from ui import languages, theme
        from ui.jobs import JobRunner
        from ui.main_window import MainWindow
        from ui.widgets.row_list import RowList

        self.application = QApplication([])
        theme.set_up(self.application)
        languages.switch("en")
        self.loop, self.list_painted = QEventLoop(), 0.0
        self.rows: object = None

        def paint(list_: RowList, event: Any) -> None:
            QTableView.paintEvent(list_, event)
            if list_.rows():
                self.list_painted, self.rows = time.perf_counter(), list_.rows()
                self.loop.quit()

        vars_of(RowList)("paintEvent", paint)
        door = cache(lambda: Door(Path(given["folder"])))
        self.jobs = JobRunner()
        self.window: MainWindow = MainWindow(Path(given["folder"]), door, self.jobs, lambda _: None)
        self.window.looked.connect(self.loop.quit)
        self.window.show()
        self.loop.exec()
        self._sentence = given["sentence"]

    def unlock(self) -> float:
        """Type the sentence, press Enter, and return the instant of that."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from ui.widgets.passphrase_edit import PassphraseEdit

        field = self.find(PassphraseEdit, "unlock.sentence")
        QTest.keyClicks(field, self._sentence)
        began = time.perf_counter()
        QTest.keyClick(field, Qt.Key.Key_Return)
        return began

    def find(self, kind: type[Any], name: str) -> Any:
        """Return a part of the window."""
        found = self.window.findChild(kind, name)
        if found is None:
            raise LookupError(name)
        return found

    def settle(self) -> None:
        """Let the lane answer, and what the answers ask again, and let the window follow."""
        from PySide6.QtTest import QTest

        for _ in range(_LANE_ROUNDS):
            answered: list[object] = []
            self.jobs.run(lambda: None, owner=self.window, done=answered.append, failed=answered.append)
            while not answered:
                QTest.qWait(2)
        QTest.qWait(_FOLLOWED_MS)


def vars_of(kind: type[QObject]) -> Callable[[str, object], None]:
    """Return what gives a class of Qt's a method of its own from now on."""
    return lambda name, method: setattr(kind, name, method)


def unlock_window() -> None:
    """G1: from Enter on the sentence to the painted list; the person was on the list before the last lock."""
    opened = Opened(json.loads(sys.stdin.readline()))
    began = opened.unlock()
    opened.loop.exec()
    say_and_end(ms=(opened.list_painted - began) * 1000)


def type_in_search() -> None:
    """G5: from a key in the search field to the repainted list; and the same keys again with their rows ready."""
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    from ui.screens.case_list import CaseList
    from ui.widgets.row_list import RowList

    given = json.loads(sys.stdin.readline())
    opened = Opened(given)
    opened.unlock()
    opened.loop.exec()
    field, list_ = opened.find(QLineEdit, "cases.search"), opened.find(RowList, "cases.list")
    screen: Any = opened.window.findChild(CaseList)
    found: dict[str, Any] = {}

    def answer_at_once() -> None:
        screen._asked += 1
        screen._on_read(screen._asked, field.text(), found[field.text()])

    def type_name(name: str) -> list[float]:
        times = []
        field.selectAll()
        for letter in name:
            before, began = list_.rows(), time.perf_counter()
            QTest.keyClicks(field, letter)
            while opened.rows is before:
                opened.loop.exec()
            times.append((opened.list_painted - began) * 1000)
            found[field.text()] = tuple(screen._cases)
        return times

    keys_ms: list[float] = []
    ready_ms: list[float] = []
    for name in given["names"]:
        keys_ms += type_name(name)
        screen._read = answer_at_once
        ready_ms += type_name(name)
        del screen._read
    say_and_end(keys_ms=keys_ms, ready_ms=ready_ms)


def visit() -> None:
    """G12: every screen of the practice office in turn, and the widest gap in the event loop at each."""
    from ui.heartbeat import Heartbeat
    from ui.screens.desk_frame import DeskFrame
    from ui.seat import Place

    given = json.loads(sys.stdin.readline())
    opened = Opened(given)
    opened.unlock()
    while opened.window.findChild(DeskFrame) is None:
        opened.settle()
    opened.settle()
    desk = opened.find(DeskFrame, "desk")
    gaps: dict[str, list[int]] = {}
    for _ in range(given["rounds"]):
        for name, place in given["places"].items():
            beat = Heartbeat(opened.window)
            beat.start()
            desk.go(Place(**place))
            opened.settle()
            beat.stop()
            gaps.setdefault(name, []).append(beat.widest_ms)
    say_and_end(gaps=gaps)


PARTS: dict[str, Callable[[], None]] = {
    part.__name__: part for part in (start_bare, start_window, unlock_raw, unlock_window, type_in_search, visit)
}

if __name__ == "__main__":
    PARTS[sys.argv[1]]()
