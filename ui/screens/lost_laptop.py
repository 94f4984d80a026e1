"""The Secretariat: which laptop is lost, what it had sent, and the end of its keys once that was read and confirmed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.files import write_out
from desktop.services.lost_devices import LIST_NAME, Held, ListedDevice, LostReport, as_csv
from ui.languages import day_and_time, number, words
from ui.models.lost_rows import HELD_COLUMNS, LAPTOP_COLUMNS, held_rows, laptop_rows
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.file_line import FileLine
from ui.widgets.row_list import RowList

_LEAST_ROWS = 4


class LostLaptop(Screen):
    """The laptops above; below the one that was chosen, with what it had sent."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the laptops come from the lane."""
        super().__init__(seat, place)
        self._laptops: tuple[ListedDevice, ...] = ()
        self._held: Held | None = None
        self._asking = False
        self._list = RowList("lostLaptop.list", LAPTOP_COLUMNS, "LOST_LAPTOPS")
        self._back = ActionButton("lostLaptop.back", "LOST_BACK", role="quiet", sign="arrow-left", colour="accent")
        self._said = Words("", wraps=True)
        self._said.setObjectName("lostLaptop.said")
        self._cases = RowList("lostLaptop.cases", HELD_COLUMNS, "LOST_CASES")
        self._report = ActionButton("lostLaptop.report", "LOST_REPORT", role="main", sign="ban", colour="on_accent")
        self._does = Words("LOST_DOES", "warn", wraps=True)
        self._does.setObjectName("lostLaptop.does")
        self._now = ActionButton("lostLaptop.now", "LOST_NOW", sign="ban")
        self._leave = ActionButton("lostLaptop.leave", "LOST_LEAVE", role="quiet")
        self._save = ActionButton("lostLaptop.save", "LOST_SAVE", sign="save")
        self._folder = FileLine(
            "lostLaptop.folder", ("LOST_FOLDER", "LOST_FOLDER_HELP", "LOST_BROWSE"), folder=True, beside=(self._save,)
        )
        self._lower = self._chosen_one()
        self._scroll = self._page()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        self._lower.hide()
        self._show_state()
        self._list.chosen.connect(self._look)
        self._back.clicked.connect(lambda: self.place_wanted.emit(Place("offices")))
        self._report.clicked.connect(lambda: self._ask(True))
        self._leave.clicked.connect(lambda: self._ask(False))
        self._now.clicked.connect(self._on_now)
        self._folder.edited.connect(self._show_state)
        self._folder.entered.connect(self._on_save)
        self._save.clicked.connect(self._on_save)

    def begin(self) -> None:
        """Begin in the list."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.lost_devices.devices, self._on_read)

    def say_again(self) -> None:
        """Say the rows and what is known in the new language."""
        self._list.show_rows(laptop_rows(self._laptops))
        self._say_held()

    def _page(self) -> QScrollArea:
        """Return the page; it scrolls where the window is too low."""
        card, page = frame("sheet"), QWidget()
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._list)
        page.setProperty("role", "paper")
        column = QVBoxLayout(page)
        column.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        column.setSpacing(SMALL)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Words("LOST_TITLE", "title", wraps=True))
        column.addWidget(Words("LOST_HOW", "muted", wraps=True))
        column.addWidget(card, 2)
        column.addWidget(self._lower, 3)
        for list_ in (self._list, self._cases):
            list_.setMinimumHeight(_LEAST_ROWS * list_.row_px())
        scroll = QScrollArea()
        scroll.setProperty("role", "paper")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        return scroll

    def _chosen_one(self) -> QFrame:
        sheet = frame("sheet")
        acts = QHBoxLayout()
        acts.setSpacing(SMALL)
        acts.addWidget(self._report)
        acts.addWidget(self._now)
        acts.addWidget(self._leave)
        acts.addStretch(1)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        column.setSpacing(SMALL)
        column.addWidget(self._said)
        column.addWidget(self._does)
        column.addLayout(acts)
        column.addWidget(self._cases, 10)
        column.addWidget(self._folder)
        column.addStretch(1)
        return sheet

    def _on_read(self, laptops: tuple[ListedDevice, ...]) -> None:
        self._laptops = laptops
        self.say_again()

    def _look(self, device: str) -> None:
        service = self.seat.desk.lost_devices
        self.run(lambda: service.held(device), self._on_held)

    def _on_held(self, held: Held) -> None:
        self._held, self._asking = held, False
        self._lower.show()
        self._say_held()
        self._show_state()
        self._go_to(self._report if not held.device.lost else self._folder if held.cases else self._list)

    def _say_held(self) -> None:
        held = self._held
        if held is None:
            return
        lines = [words("LOST_CHOSEN", office=held.device.office, label=held.device.label)]
        if held.received_at:
            day, clock = day_and_time(held.received_at)
            cases, records = number(len(held.cases)), number(held.records)
            lines.append(words("LOST_SENT", cases=cases, records=records, n=held.last_bundle, day=day, time=clock))
            lines.append(words("LOST_SINCE", n=number(held.entries)))
        else:
            lines.append(words("LOST_SENT_NOTHING"))
        if held.device.lost:
            lines.append(words("LOST_ENDED_ALREADY"))
        self._said.put("\n".join(lines))
        self._cases.show_rows(held_rows(held.cases))

    def _ask(self, asking: bool) -> None:
        self._asking = asking
        self._show_state()
        self._go_to(self._leave if asking else self._report)

    def _go_to(self, part: QWidget) -> None:
        """Put the focus there, and bring it into view once the page has laid itself out."""
        part.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(part))

    def _show_state(self) -> None:
        held = self._held
        lost = held is not None and held.device.lost
        self._report.setVisible(not self._asking and not lost)
        for part in (self._does, self._now, self._leave):
            part.setVisible(self._asking)
        self._cases.setVisible(bool(held and held.cases) and not self._asking)
        self._folder.setVisible(bool(held and held.cases) and not self._asking)
        self._save.setEnabled(bool(self._folder.path()))

    def _on_now(self) -> None:
        held, service = self._held, self.seat.desk.lost_devices
        if held is None:
            return
        self._now.setEnabled(False)
        device = held.device.device
        self.run(lambda: service.report(device), self._on_reported, self._on_not_reported)

    def _on_reported(self, report: LostReport) -> None:
        self._now.setEnabled(True)
        self._on_held(report.held)
        version = report.roster_version
        self.told.emit(Telling(lambda: words("LOST_DONE", version=version)))
        self.run(self.seat.desk.lost_devices.devices, self._on_read)

    def _on_not_reported(self, error: DeskError) -> None:
        self._now.setEnabled(True)
        self.fail(error)

    def _on_save(self) -> None:
        held, folder = self._held, self._folder.path()
        if held is None or not folder:
            return
        self.run(
            lambda: write_out(Path(folder), LIST_NAME, as_csv(held), private=True),
            lambda path: self.told.emit(Telling(lambda: words("LOST_SAVED", file=path.name))),
            self._on_not_saved,
        )

    def _on_not_saved(self, error: DeskError) -> None:
        if error.code == "OUT_NOT_WRITABLE":
            self._folder.refuse(error)
        else:
            self.fail(error)
