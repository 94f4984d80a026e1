"""Pages that say in plain words why there is nothing to work on, and what to do. None of them goes on anyway."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from desktop.errors import DeskError, NewerVault, NotTrusted, VaultBusy
from desktop.messages import explain
from ui.languages import current, words
from ui.screens.page import Page
from ui.theme import LARGE, SMALL
from ui.widgets.basics import ActionButton, Quote, Sign, Words


class Notice(Page):
    """A sign, a title, what happened, perhaps a code or command to read out, and at most two buttons."""

    try_again_wanted = Signal()
    close_wanted = Signal()
    start_again_wanted = Signal()

    def __init__(self, name: str, sign: str, colour: str, title: str, say: Callable[[], str]) -> None:
        """Be the page `name`; `say` returns its sentence in the language in force."""
        super().__init__(name)
        self._say = say
        head = QHBoxLayout()
        head.setSpacing(LARGE - 4)
        head.addWidget(Sign(sign, colour, 28), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(Words(title, "title", wraps=True), 1)
        self.sheet.addLayout(head)
        self._text = Words("", wraps=True)
        self._text.setObjectName(f"{name}.text")
        self.sheet.addWidget(self._text)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(SMALL)
        self._foot.addStretch(1)
        self._last: QPushButton | None = None
        self._refresh()

    def begin(self) -> None:
        """Begin on the main button."""
        if self._last is not None:
            self._last.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def add_quote(self, name: str, text: str, role: str, label_code: str = "") -> None:
        """Show a code or a command, perhaps after a few words."""
        quote = Quote(name, text, role)
        row = QHBoxLayout()
        row.setSpacing(0)
        if label_code:
            row.addWidget(Words(label_code, "muted"))
            row.addWidget(quote)
            row.addStretch(1)
        else:
            row.addWidget(quote)
        self.sheet.addLayout(row)

    def add_buttons(self, *buttons: tuple[ActionButton, SignalInstance]) -> None:
        """Put buttons at the foot; the last one is the main one."""
        for button, wanted in buttons:
            button.clicked.connect(wanted)
            self._foot.addWidget(button)
            self._last = button
        self.sheet.addSpacing(SMALL)
        self.sheet.addLayout(self._foot)
        if self._last is not None:
            self.order_after(self._last)

    def _refresh(self) -> None:
        self._text.put(self._say())


def refusal(error: DeskError) -> Notice:
    """Return the page of a vault that was not opened. Only what may pass by itself can be tried again."""
    untrusted = isinstance(error, NotTrusted)
    title = "BUSY_TITLE" if isinstance(error, VaultBusy) else "REFUSED_TITLE"
    if isinstance(error, NewerVault):
        title = "NEWER_TITLE"
    sign, colour = ("shield-alert", "danger") if untrusted else ("triangle-alert", "warn")
    page = Notice("refusal", sign, colour, title, lambda: explain(error, current()))
    page.add_quote("refusal.code", error.code, "code", "NOTICE_REFERENCE")
    close = ActionButton("refusal.close", "NOTICE_CLOSE", role="main" if untrusted else "")
    if untrusted:
        page.add_buttons((close, page.close_wanted))
    else:
        again = ActionButton("refusal.try_again", "NOTICE_TRY_AGAIN", role="main")
        page.add_buttons((close, page.close_wanted), (again, page.try_again_wanted))
    return page


def fault(number: str) -> Notice:
    """Return the page after a fault of ours; the number is all that anybody needs to quote."""
    page = Notice("fault", "circle-alert", "danger", "FAULT_TITLE", lambda: words("FAULT_TEXT"))
    page.add_quote("fault.number", number, "code", "NOTICE_REFERENCE")
    close = ActionButton("fault.close", "NOTICE_CLOSE")
    again = ActionButton("fault.start_again", "NOTICE_START_AGAIN", role="main")
    page.add_buttons((close, page.close_wanted), (again, page.start_again_wanted))
    return page
