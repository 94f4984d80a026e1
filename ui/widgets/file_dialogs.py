"""Asking for a folder or files, in Qt's own dialog: the system's puts every file chosen into its list of recent ones.

The dialog is a child of the screen that asks, so that the lock takes it too, and opens no event loop of its own. Which
folders were looked at is forgotten when it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.languages import plain, words

_LOCK = QKeySequence("Ctrl+L")


def ask_folder(owner: QWidget, name: str, title_code: str, done: Callable[[Path], None]) -> None:
    """Let a person name a folder and call `done` with it."""
    dialog = _dialog(owner, name, title_code, lambda chosen: done(chosen[0]))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.open()


def ask_file(owner: QWidget, name: str, title_code: str, pattern: str, done: Callable[[Path], None]) -> None:
    """Let a person name a file that fits a pattern such as `A-*.rufaa` and call `done` with it."""
    ask_files(owner, name, title_code, pattern, lambda chosen: done(chosen[0]), several=False)


def ask_files(
    owner: QWidget,
    name: str,
    title_code: str,
    pattern: str,
    done: Callable[[Sequence[Path]], None],
    *,
    several: bool = True,
) -> None:
    """Let a person name one or more files and call `done` with them; those that fit the pattern are offered first."""
    dialog = _dialog(owner, name, title_code, done)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles if several else QFileDialog.FileMode.ExistingFile)
    fitting = [words("FILE_KIND") + f" ({pattern})"] if pattern else []
    dialog.setNameFilters([*fitting, words("FILE_ANY") + " (*)"])
    dialog.open()


def _dialog(owner: QWidget, name: str, title_code: str, done: Callable[[Sequence[Path]], None]) -> QFileDialog:
    dialog = QFileDialog(owner, plain(title_code))
    dialog.setObjectName(name)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for part, code in (
        (QFileDialog.DialogLabel.Accept, "FILE_CHOOSE"),
        (QFileDialog.DialogLabel.Reject, "FILE_CANCEL"),
        (QFileDialog.DialogLabel.FileName, "FILE_NAME"),
        (QFileDialog.DialogLabel.FileType, "FILE_TYPE"),
        (QFileDialog.DialogLabel.LookIn, "FILE_LOOK_IN"),
    ):
        dialog.setLabelText(part, plain(code))
    for key in owner.window().findChildren(QShortcut):
        if key.key() == _LOCK:  # a shortcut of the window does not reach into a dialog before it
            QShortcut(_LOCK, dialog).activated.connect(key.activated)
    dialog.filesSelected.connect(lambda chosen: done([Path(path) for path in chosen]))
    dialog.destroyed.connect(_forget_paths)
    return dialog


def _forget_paths() -> None:
    # Qt writes the folders of its file dialog into the person's settings whenever one ends.
    QSettings(QSettings.Scope.UserScope, "QtProject").remove("FileDialog")
