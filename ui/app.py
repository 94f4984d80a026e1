"""`rufaa`: the application, what happens on a fault, and how one process follows another.

Nothing of the desk is imported here beyond words and paths: the window is painted first.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from desktop import PRODUCT, VERSION
from desktop.messages import LANGUAGES
from desktop.paths import data_folder
from ui import languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.preferences import Preferences

if TYPE_CHECKING:
    from desktop.bootstrap import Door

_LONGEST_END_S = 20.0  # a key derivation on a slow laptop, with room
_WATCHDOG_S = 3.0
_show_warning = warnings.showwarning

# All that a new process may know of the old one's environment (threat-model 5.4). Neither Qt's nor Python's search
# paths are among it, nor anything that loads a module into a program.
_ALLOWED = frozenset(
    {
        *("HOME", "USER", "LOGNAME", "PATH", "LANG", "LANGUAGE", "TZ"),
        *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS"),
        *("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
        *("XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS", "XCURSOR_SIZE", "XMODIFIERS"),
        *("QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "QT_IM_MODULE", "QT_ACCESSIBILITY", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON"),
        *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        *("TEMP", "TMP"),
    }
)


def main(arguments: list[str] | None = None) -> int:
    """Open the window and return the exit status when it is closed."""
    parser = argparse.ArgumentParser(prog="rufaa", description=f"{PRODUCT} {VERSION}, the window.")
    parser.add_argument("--version", action="version", version=f"{PRODUCT} {VERSION}")
    parser.add_argument("--data", metavar="DIR", help="data folder (default: this laptop's)")
    parser.add_argument("--language", choices=LANGUAGES, help="language of the window (default: the system's)")
    parser.add_argument("--fault", type=_fault_number, help=argparse.SUPPRESS)  # of the process before
    parser.add_argument("--paint-once", action="store_true", help=argparse.SUPPRESS)  # for the self-test and the bench
    options = parser.parse_args(arguments)

    forget_search_paths()
    faults = Faults()
    faults.catch()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in a terminal ends the program; the vault takes it as a crash
    application = QApplication([PRODUCT])
    application.setApplicationName(PRODUCT)
    if sys.platform == "win32":  # no other system can, and every event of the program would come by
        from ui.capture import CaptureGuard

        CaptureGuard(application)
    folder = data_folder(options.data)
    kept = Preferences(folder)
    theme.set_up(application)
    kept.wear()
    chosen = options.language or kept.now.language or languages.language_of_system()
    languages.switch("sw" if chosen == "sw" else "en")

    @cache
    def door() -> Door:
        from desktop.bootstrap import Door

        return Door(folder)

    jobs = JobRunner()

    def replace(to: Path | None) -> None:
        replace_process(str(to) if to else options.data, window.fault)

    window = MainWindow(folder, door, jobs, replace, options.fault or "")
    faults.logged.connect(window.show_fault, Qt.ConnectionType.QueuedConnection)
    if options.paint_once:
        window.first_painted.connect(_say_painted)
        window.first_painted.connect(application.quit, Qt.ConnectionType.QueuedConnection)
    window.show()
    status = application.exec()

    _stop_printing()
    jobs.run(window.close_vault, owner=window, done=_pass_by, failed=_pass_by)
    in_time = jobs.stop(within_s=_LONGEST_END_S)
    faults.let_go()
    # Widgets before the application, the application before the interpreter: left to chance, this order aborts.
    delete(window)
    delete(jobs)
    application.shutdown()
    return status if in_time else 1


class Faults(QObject):
    """One path for everything unexpected: it is logged without its words, the desk is locked, the number is shown."""

    logged = Signal(str)  # the fault's number

    def catch(self) -> None:
        """Take uncaught exceptions of every thread and finaliser, warnings, and Qt's own messages."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_ignored_exception
        warnings.showwarning = self._on_warning
        qInstallMessageHandler(self._on_qt_message)

    def let_go(self) -> None:
        """Give Python and Qt their own ways back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        sys.unraisablehook = sys.__unraisablehook__
        warnings.showwarning = _show_warning
        qInstallMessageHandler(None)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.logged.emit(_logged(kind, trace))

    def _on_thread_exception(self, raised: threading.ExceptHookArgs) -> None:
        self._on_exception(raised.exc_type, raised.exc_value or raised.exc_type(), raised.exc_traceback)

    def _on_ignored_exception(self, raised: sys.UnraisableHookArgs) -> None:
        """Log what a finaliser raised: Python goes on after it, and so does the desk."""
        _logged(raised.exc_type, raised.exc_traceback)

    def _on_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        from desktop import log

        log.warned(message, category, filename, lineno)

    def _on_qt_message(self, kind: QtMsgType, context: QMessageLogContext, _: str | None) -> None:
        """Log that Qt said something and of which category; its words may hold what is on screen."""
        from desktop import log

        log.event(f"qt.{kind.name}", code=context.category or "default")


def _logged(kind: type[BaseException], trace: TracebackType | None) -> str:
    from desktop import log  # here, because it costs as much as a third of our start

    number = log.fault(kind, trace)
    if sys.stderr is not None:  # the frozen window on Windows has none
        sys.stderr.write(f"FAULT {number}\n")
    return number


def forget_search_paths() -> None:
    """Let nobody's environment say where Qt takes its plug-ins from (attack 29)."""
    for name in [name for name in os.environ if name.startswith(("QT_", "QML")) and name not in _ALLOWED]:
        del os.environ[name]


def allowed_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return what a new process of ours may know of the environment `given`."""
    kept = {name: value for name, value in given.items() if name.upper() in _ALLOWED or name.startswith("LC_")}
    # A frozen program would otherwise take the new process for its own child and reuse the old one's state.
    return {**kept, "PYINSTALLER_RESET_ENVIRONMENT": "1"}


def own_command(data: str | None, fault: str = "") -> list[str]:
    """Return the command line of a new process: the program, its data folder, the language; nothing of the work.

    After a fault its number goes along: four letters drawn by chance, for the person to read.
    """
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-I", "-m", "ui"]
    folder = ["--data", data] if data else []
    return [*program, *folder, "--language", languages.current(), *(["--fault", fault] if fault else [])]


def replace_process(data: str | None, fault: str = "") -> None:
    """Put a new process in the place of this one, so that nothing of this one's memory is left.

    Linux and macOS exec. Windows has no exec: the window is hidden, a new process started that inherits nothing, and
    this one ends. Nothing keeps this one: not an update that has taken the program away, nor a start that hangs, for
    which a watchdog is armed first.
    """
    status = 1
    try:
        watchdog = threading.Timer(_WATCHDOG_S, os._exit, (1,))
        watchdog.daemon = True
        watchdog.start()
        command = own_command(str(Path(data).absolute()) if data else None, fault)
        environment = allowed_environment(os.environ)
        _stop_printing()
        if sys.platform != "win32":
            os.execve(command[0], command, environment)  # noqa: S606  our own program, no shell
        import subprocess  # here, because only a lock on Windows needs it

        for window in QApplication.topLevelWidgets():
            window.hide()
        subprocess.Popen(command, env=environment, close_fds=True)  # noqa: S603  our own program
        status = 0
    finally:
        os._exit(status)


def _stop_printing() -> None:
    if "ui.printing" in sys.modules:  # else nothing was printed
        from ui.printing import stop_printing

        stop_printing()


def _fault_number(given: str) -> str:
    if not re.fullmatch("[A-Z2-9]{4}", given):
        raise argparse.ArgumentTypeError("not the number of a fault")
    return given


def _say_painted() -> None:
    """Tell whoever started this process to measure it, at that instant."""
    if sys.stdout is not None:  # the frozen window on Windows has none
        sys.stdout.write("PAINTED\n")
        sys.stdout.flush()


def _pass_by(_: object) -> None:
    """There is no window left to tell."""
