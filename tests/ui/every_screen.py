"""What stands on a screen, and what is wrong with it: names, labels, the way of Tab, cut words, the wheel.

Each check returns what it found as sentences for the one who mends it; a screen that is right gives an empty list.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import pytest
from PySide6.QtCore import QAbstractTableModel, QLocale, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QWidget,
)

from desktop import messages
from desktop.catalogue import Catalogue
from desktop.rules.forms import Form
from desktop.rules.records import Missing, Value
from ui import languages
from ui.screens.desk_frame import DeskFrame
from ui.widgets.choice_edit import ChoiceEdit

NAME = r"[a-zA-Z][a-zA-Z_]*(\.[a-z_]+)+(\.\d+)*"
LONGER = 0.4
_MOST_STEPS = 400
_INPUTS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QAbstractItemView)
_FLAT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKED = "áƀçđéƒğĥíĵķłɱñóþɋŕšţúṽŵẋýžÁƁÇĐÉƑĞĤÍĴĶŁḾÑÓÞɊŔŠŢÚṼŴẊÝŽ"
_KEPT = re.compile(r"(\{\w+\}|&.)")


def disguise(text: str) -> str:
    """Return words in the pseudo-language: other letters, each word 40 % longer, brackets at either end."""
    marks = str.maketrans(_FLAT, _MARKED)

    def longer(word: re.Match[str]) -> str:
        found = word.group().translate(marks)
        return found + found[: math.ceil(LONGER * len(found))]

    parts = [part if _KEPT.fullmatch(part) else re.sub(r"[A-Za-z]+", longer, part) for part in _KEPT.split(text)]
    return f"[{''.join(parts)}]"


@contextmanager
def pseudo_language(catalogue: Catalogue) -> Iterator[None]:
    """Put the pseudo-language, made from the English, in the place of the Swahili: words, forms and code lists.

    Screens made before keep the words they were handed, so go to a screen inside.
    """
    fields = [field for form in catalogue.forms.values() for field in form.fields]
    codes = [code for codes in catalogue.lists.values() for code in codes]
    owners: list[tuple[object, str]] = [(owner, "labels") for owner in (*fields, *codes, *catalogue.age_groups)]
    owners += [*((form, "title") for form in catalogue.forms.values()), *((field, "help") for field in fields)]
    before = [(owner, name, getattr(owner, name)) for owner, name in owners]
    with pytest.MonkeyPatch.context() as patch:
        for table in (*messages.sentences().values(), *languages._first_words().values()):
            patch.setitem(cast(dict[str, str], table), "sw", disguise(table["en"]))
        try:
            for owner, name, texts_of in before:
                if texts_of:
                    object.__setattr__(owner, name, {"en": texts_of["en"], "sw": disguise(texts_of["en"])})
            yield
        finally:
            for owner, name, texts_of in before:
                object.__setattr__(owner, name, texts_of)


def name_of(widget: QWidget) -> str:
    """Return how a finding names a widget."""
    return f"{widget.objectName() or '?'} ({type(widget).__name__})"


def inputs(window: QWidget) -> list[QWidget]:
    """Return what a person can use, without the parts that Qt builds into others."""
    found = [widget for widget in window.findChildren(QWidget) if isinstance(widget, _INPUTS) and widget.isVisible()]
    return [
        widget
        for widget in found
        if not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractItemView)
        and (isinstance(widget, QAbstractButton) or widget.focusPolicy() != Qt.FocusPolicy.NoFocus)
    ]


def labels(window: QWidget) -> list[QLabel]:
    """Return the labels that show something."""
    return [label for label in window.findChildren(QLabel) if label.isVisible() and label.text()]


def misnamed(window: QWidget) -> list[str]:
    """Find what has no name for a test, no words for a screen reader, or shares its name."""
    found = []
    shown = inputs(window)
    names = Counter(widget.objectName() for widget in shown)
    for widget in shown:
        spoken = QAccessible.queryAccessibleInterface(widget)
        name, more = (spoken.text(part) for part in (QAccessible.Text.Name, QAccessible.Text.Description))
        if not re.fullmatch(NAME, widget.objectName()):
            found.append(f"{name_of(widget)}: not a name")
        if names[widget.objectName()] > 1:
            found.append(f"{name_of(widget)}: stands twice")
        if not name.strip() or "&" in widget.accessibleName() or re.search(r"&\w", name) or "<" in name + more:
            found.append(f"{name_of(widget)}: spoken as {name!r}, {more!r}")
        if not isinstance(widget, QAbstractButton) and not more:
            found.append(f"{name_of(widget)}: no description")
    return found


def unlabelled(window: QWidget) -> list[str]:
    """Find inputs without a visible label: a buddy, or the same words as a screen reader says.

    A table is left out: it stands under the title of its screen and has headings of its own.
    """
    shown = labels(window)
    buddies = {label.buddy() for label in shown}
    texts = {label.text().replace("&", "") for label in shown}
    return [
        f"{name_of(widget)}: no label"
        for widget in inputs(window)
        if not isinstance(widget, QAbstractButton | QTableView)
        and widget not in buddies
        and widget.accessibleName().replace("&", "") not in texts
    ]


def twice_used_letters(window: QWidget) -> list[str]:
    """Find letters that Alt would give to two things."""
    texts = [label.text() for label in labels(window) if label.buddy()]
    texts += [widget.text() for widget in inputs(window) if isinstance(widget, QAbstractButton)]
    owners: dict[str, list[str]] = {}
    for text in texts:
        for letter in re.findall("&(.)", text.replace("&&", "")):
            owners.setdefault(letter.lower(), []).append(text)
    return [f"{letter}: {where}" for letter, where in owners.items() if len(where) > 1]


def walk(window: QWidget, key: Qt.Key) -> tuple[list[QWidget], list[str]]:
    """Press Tab (or Backtab) until it comes round; return what was reached, and what kept the focus."""
    reached: list[QWidget] = []
    for _ in range(_MOST_STEPS):
        here = QApplication.focusWidget()
        if here is None or here in reached:
            break
        reached.append(here)
        QTest.keyClick(here, key)
    here = QApplication.focusWidget()
    if here is None or not reached or here is not reached[0]:
        return reached, [f"{key.name} does not come round: {name_of(here) if here else 'no focus'}"]
    return reached, []


def unreached(window: QWidget) -> list[str]:
    """Find what Tab does not reach, and what holds the focus. One of an exclusive group is enough."""
    first = QApplication.focusWidget()
    if first is not None and not first.focusPolicy() & Qt.FocusPolicy.TabFocus:
        QTest.keyClick(first, Qt.Key.Key_Tab)  # an empty page holds the focus until the first Tab
    forward, found = walk(window, Qt.Key.Key_Tab)
    backward, trapped = walk(window, Qt.Key.Key_Backtab)
    found += trapped
    found += [f"{name_of(widget)}: focus without a name" for widget in forward if not widget.objectName()]
    found += [f"{name_of(widget)}: only one way of Tab" for widget in set(forward) ^ set(backward)]
    groups = {_group(widget) for widget in forward}
    for widget in window.findChildren(QWidget):
        usable = widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None
        stop = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) or widget in inputs_of(widget)
        if usable and stop and widget not in forward and _group(widget) not in groups - {None}:
            found.append(f"{name_of(widget)}: not reached by Tab")
    return found


def inputs_of(widget: QWidget) -> list[QWidget]:
    """Return the widget itself where a person can use it, whatever its focus policy says."""
    inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractItemView)
    unreal = inner or widget.objectName().startswith("qt_")
    return [widget] if isinstance(widget, QAbstractButton) and not unreal else []


def _group(widget: QWidget) -> object | None:
    """Return what makes one stop of Tab out of several buttons."""
    if isinstance(widget.parent(), ChoiceEdit):
        return widget.parent()
    if isinstance(widget, QAbstractButton):
        group = widget.group()
        if group is not None and group.exclusive():
            return group
        if widget.autoExclusive():
            return widget.parent()
    return None


def cut(window: QWidget) -> list[str]:
    """Find words that have less room than they need, at the side or below."""
    found = []
    for label in labels(window):
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        if label.height() < needed - 1:  # lines are rounded to whole pixels
            found.append(f"{name_of(label)} {label.text()!r}: {label.height()} of {needed} px high")
        wide = _widest_word(label) if label.wordWrap() else label.sizeHint().width()
        if label.width() < wide:
            found.append(f"{name_of(label)} {label.text()!r}: {label.width()} of {wide} px wide")
    for widget in inputs(window):
        least = widget.minimumSizeHint()
        if isinstance(widget, QAbstractButton) and (widget.width() < least.width() or widget.height() < least.height()):
            found.append(f"{name_of(widget)} {widget.text()!r}: {widget.size().toTuple()} of {least.toTuple()}")
        if isinstance(widget, QTableView):
            found += [f"{name_of(widget)}: heading {text!r} is cut" for text in _cut_headings(widget)]
    shown = [*labels(window), *inputs(window)]
    return found + [
        f"{name_of(widget)} {widget.property('text')}: {over} px outside"
        for widget in shown
        if (over := _outside(widget)) > 0
    ]


def _widest_word(label: QLabel) -> int:
    margins = label.contentsMargins()
    words = label.text().replace("\u200b", " ").split()  # a path may break behind each of its folders
    widths = [label.fontMetrics().horizontalAdvance(word) for word in words]
    return max(widths, default=0) + margins.left() + margins.right()


def _cut_headings(table: QTableView) -> list[str]:
    head, model = table.horizontalHeader(), table.model()
    if head.isHidden():
        return []
    places = [place for place in range(model.columnCount()) if not table.isColumnHidden(place)]
    texts = [(place, str(model.headerData(place, Qt.Orientation.Horizontal) or "")) for place in places]
    room = [QRect(0, 0, head.sectionSize(place), head.height()) for place, _ in texts]
    needed = [
        head.fontMetrics().boundingRect(box, Qt.TextFlag.TextWordWrap, text)
        for box, (_, text) in zip(room, texts, strict=True)
    ]
    return [
        text
        for box, wish, (_, text) in zip(room, needed, texts, strict=True)
        if wish.width() > box.width() or wish.height() > box.height()
    ]


def _outside(widget: QWidget) -> int:
    """Return how far a widget lies over the side of what it scrolls in, or of the window: nobody can scroll there."""
    around = widget.parentWidget()
    while around is not None and not around.isWindow() and not isinstance(around.parent(), QAbstractScrollArea):
        around = around.parentWidget()
    if around is None:
        return 0
    left = widget.mapTo(around, QPoint(0, 0)).x()
    return max(-left, left + widget.width() - around.width())


def texts(window: QWidget) -> Iterator[tuple[str, str]]:
    """Walk everything a person reads or hears: the widget's name, and a text."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        name = name_of(widget)
        yield from ((name, text) for text in (widget.toolTip(), widget.accessibleName()))
        yield name, widget.accessibleDescription()
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield name, widget.text()
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            yield name, widget.placeholderText()
        if isinstance(widget, QPlainTextEdit):
            yield name, widget.toPlainText()
        if isinstance(widget, QComboBox):
            yield from ((name, widget.itemText(place)) for place in range(widget.count()))
        if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
            yield from ((name, text) for text in _view_texts(widget))


def _view_texts(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    for column in range(model.columnCount()) if isinstance(model, QAbstractTableModel) else (0,):
        if isinstance(view, QTableView):
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(model.rowCount()):
            yield str(model.index(row, column).data() or "")


def plain_english(window: QWidget, data: Collection[str]) -> list[str]:
    """Find words in plain letters that stand on screen, other than the `data` of the desk, dates and codes."""
    known = "|".join(re.escape(text) for text in sorted(data, key=len, reverse=True))
    found = set()
    for name, text in texts(window):
        rest = re.sub(known, "", text)
        if re.search(r"[A-Za-z]{2}", _NOT_WORDS.sub("", rest)):
            found.add(f"{name}: {text!r}")
    return sorted(found)


def days_and_months() -> set[str]:
    """Return the Swahili names of days and months: dates are written by Qt and `rules.dates`, not by our words."""
    locale = QLocale("sw_KE")
    return {locale.dayName(day) for day in range(1, 8)} | {locale.monthName(month) for month in range(1, 13)}


def values(fields: Mapping[str, Value], form: Form) -> set[str]:
    """Return what persons wrote into a record; codes of lists are not theirs."""
    asked = {item.name for item in form.fields if item.list_name is None}
    found = [value for name, value in fields.items() if name in asked]
    parts = [part for value in found for part in (value if isinstance(value, tuple) else (value,))]
    return {part for part in parts if isinstance(part, str) and not isinstance(part, Missing) and part.strip()}


# The bundle's and the paper's names, and keys, which are written alike in every language.
_NOT_WORDS = re.compile(r"\b(Ctrl|Alt|Enter|Tab|Esc|F1|F2)\b")


def state(widget: QWidget) -> object:
    """Return the answer that an input holds."""
    if isinstance(widget, QAbstractButton):
        return widget.isChecked()
    if isinstance(widget, QComboBox):
        return widget.currentIndex()
    if isinstance(widget, QLineEdit):
        return widget.text()
    if isinstance(widget, QAbstractSpinBox):
        return widget.text()
    if isinstance(widget, QPlainTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QAbstractItemView):
        model = widget.model()
        ticks = [model.index(row, 0).data(Qt.ItemDataRole.CheckStateRole) for row in range(model.rowCount())]
        return widget.currentIndex().row(), ticks
    raise TypeError(type(widget))


def changed_by_wheel(window: QWidget) -> list[str]:
    """Turn the wheel over every input, with and without the focus in it, and find answers that changed (N03)."""
    found = []
    for widget in inputs(window):
        before = state(widget)
        for focused in (False, True):
            if focused:
                widget.setFocus()
            for turn in (-120, 120, -120):
                _turn_wheel(widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget, turn)
                if state(widget) != before:
                    found.append(f"{name_of(widget)}: {before!r} became {state(widget)!r}, focused: {focused}")
                    before = state(widget)
    return found


def _turn_wheel(widget: QWidget, turn: int) -> None:
    at = widget.rect().center()
    event = QWheelEvent(
        QPointF(at),
        QPointF(widget.mapToGlobal(at)),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def typing_fields(window: QWidget) -> list[QLineEdit | QPlainTextEdit]:
    """Return the fields in which a person may type."""
    return [
        widget
        for widget in inputs(window)
        if isinstance(widget, QLineEdit | QPlainTextEdit) and widget.isEnabled() and not widget.isReadOnly()
    ]


def frame_of(window: QWidget) -> DeskFrame:
    """Return the open desk in a window."""
    found = window.findChild(DeskFrame)
    assert isinstance(found, DeskFrame)
    return found
