"""Forms shown alone, and what a person does and sees there by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QWidget,
)
from shiboken6 import delete

from desktop.catalogue import Catalogue
from desktop.clock import NAIROBI, FixedClock
from desktop.messages import Language
from desktop.rules.records import Value
from ui import languages
from ui.widgets.field_form import FieldForm

NOW = datetime(2026, 11, 25, 14, 30, 20, tzinfo=NAIROBI)
PROVIDER = "0f8fad5b-d9cb-469f-a165-70867728950e"

Shown = Callable[..., FieldForm]


@contextmanager
def forms(catalogue: Catalogue) -> Iterator[Shown]:
    """Give a function that shows a form in a page that scrolls, as screens do."""
    pages: list[QScrollArea] = []

    def show(
        kind: str, fields: Mapping[str, Value] | None = None, *, sealed: frozenset[str] = frozenset(), **more: object
    ) -> FieldForm:
        form = FieldForm(catalogue.forms[kind], catalogue.lists, FixedClock(NOW), name=kind, **more)  # type: ignore[arg-type]
        page = QScrollArea()
        pages.append(page)
        page.setMinimumSize(1, 1)
        page.setWidgetResizable(True)
        page.setWidget(form)
        page.resize(760, 700)
        page.show()
        page.activateWindow()
        form.set_fields(fields or {}, sealed)
        QCoreApplication.processEvents()
        return form

    yield show
    for page in pages:
        delete(page)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def switch(language: Language) -> None:
    languages.switch(language)
    for _ in range(2):  # the program passes it on to its windows
        QCoreApplication.processEvents()


def has_focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def type_in(form: FieldForm, field: str, text: str) -> None:
    """Go to a field, type, and leave it by Tab."""
    form.focus_field(field)
    QTest.keyClicks(has_focus(), text)
    QTest.keyClick(has_focus(), Qt.Key.Key_Tab)


def note(form: FieldForm, field: str) -> str:
    label = form.findChild(QLabel, f"{form.objectName()}.{field}.problem")
    assert isinstance(label, QLabel)
    return label.text()


def line(form: FieldForm, field: str) -> QLineEdit:
    found = form.findChild(QLineEdit, f"{form.objectName()}.{field}")
    assert isinstance(found, QLineEdit)
    return found


def offered(form: FieldForm, field: str, what: str = "choices") -> list[str]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    found = form.window().findChild(QListWidget, f"{form.objectName()}.{field}.{what}")
    assert isinstance(found, QListWidget)
    assert found.isVisible()
    return [found.item(place).text() for place in range(found.count())]


def choose_answer(form: FieldForm, field: str, number: str) -> None:
    form.focus_field(field)
    QTest.keyClick(has_focus(), Qt.Key.Key_F2)
    assert "1  Not known" in offered(form, field, "answers")
    QTest.keyClicks(has_focus(), number)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
