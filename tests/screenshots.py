"""`make screenshots OUT=DIR`: every screen of the window, in each language, theme and scale, as PNG.

Run as `python -m tests.screenshots DIR`. A window's scale is fixed when its process starts, so each scale is a process
of its own. The screens are the real ones, on a real practice vault with made-up names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SIZES = {"1366x768": (1366, 768), "1024x600": (1024, 600)}  # of the screen, in its own pixels
SCALES = {"100": "1", "150": "1.5"}
TITLE_BAR_PX = 30


def main(folder: Path) -> int:
    """Draw everything into `folder` and return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    for scale, factor in SCALES.items():
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": factor}
        command = [sys.executable, "-m", "tests.screenshots", str(folder), scale]
        status = subprocess.call(command, env=environment)  # our own module
        if status:
            return status
    return 0


def draw(folder: Path, scale: str) -> None:
    """Draw the screens of one scale."""
    from PySide6.QtWidgets import QApplication

    from desktop.bootstrap import Door
    from desktop.errors import NotEncrypted, Obstacle, VaultBusy, WrongSentence
    from desktop.services.vault import OfficeFacts
    from ui import languages, theme
    from ui.jobs import JobRunner
    from ui.main_window import MainWindow
    from ui.screens import notice
    from ui.screens.start import Start
    from ui.screens.unlock import Unlock

    application = QApplication([])
    theme.set_up(application)
    facts = OfficeFacts("001", "001-01", "Likoni sub-county children's office", "", "", "Asha Mwakio", "", "")
    with tempfile.TemporaryDirectory() as data:
        door = Door(Path(data))
        created = door.vaults.create_office(facts, practice=True)
        jobs = JobRunner()

        def unlock(window: MainWindow) -> Unlock:
            found = window.findChild(Unlock)
            if not isinstance(found, Unlock):
                raise TypeError("the window does not begin with the unlock screen")
            return found

        def typed(window: MainWindow) -> None:
            unlock(window).findChild(object, "unlock.sentence").setText("abandon able acid acoustic")  # type: ignore[attr-defined]

        def shown(window: MainWindow) -> None:
            typed(window)
            unlock(window).findChild(object, "unlock.show_words").click()  # type: ignore[attr-defined]

        def wrong(window: MainWindow) -> None:
            typed(window)
            unlock(window)._on_failed(WrongSentence("WRONG_SENTENCE"))

        def waits(window: MainWindow) -> None:
            wrong(window)
            unlock(window).hold(75)

        def works(window: MainWindow) -> None:
            typed(window)
            unlock(window)._set_working(True)

        def short_memory(window: MainWindow) -> None:
            typed(window)
            window._on_hindered(Obstacle("MEMORY_SHORT", mebibytes=256))

        def started(window: MainWindow) -> None:
            desk: list[object] = []
            jobs.run(lambda: door.unlock(1, created.sentence), owner=window, done=desk.append, failed=desk.append)
            while not desk:
                application.processEvents()
            window._on_unlocked(desk[0])  # type: ignore[arg-type]
            page = window.findChild(Start)
            while page._facts is None:  # type: ignore[union-attr]
                application.processEvents()

        screens: dict[str, Callable[[MainWindow], None]] = {
            "unlock": lambda window: None,
            "unlock-words": shown,
            "unlock-wrong": wrong,
            "unlock-waiting": waits,
            "unlock-working": works,
            "unlock-message": short_memory,
            "no-vault": lambda window: window._show_page(notice.no_vault()),
            "refused": lambda window: window._on_refused(NotEncrypted("VAULT_NOT_ENCRYPTED")),
            "busy": lambda window: window._on_refused(VaultBusy("VAULT_BUSY")),
            "fault": lambda window: window.show_fault("7K2M"),
            "start": started,
        }
        for language in ("en", "sw"):
            for theme_name in ("light", "dark"):
                languages.switch(language)
                theme.wear(application, dark=theme_name == "dark")
                for size_name, (width, height) in SIZES.items():
                    ratio = float(SCALES[scale])
                    for name, prepare in screens.items():
                        window = MainWindow(Path(data), lambda: door, jobs, lambda: None)
                        window.first_painted.disconnect()
                        window.resize(int(width / ratio), int(height / ratio) - TITLE_BAR_PX)
                        window.show()
                        application.processEvents()
                        prepare(window)
                        for _ in range(20):
                            application.processEvents()
                        if name == "unlock-message":
                            window._messages._fade.setCurrentTime(1000)
                        window.grab().save(str(folder / f"{name}-{language}-{theme_name}-{scale}-{size_name}.png"))
                        jobs.run(window.close_vault, owner=window, done=lambda _: None, failed=lambda _: None)
                        window.close()
        jobs.stop(within_s=20)
        application.shutdown()


if __name__ == "__main__":
    out = Path(sys.argv[1]).absolute()
    if len(sys.argv) > 2:
        draw(out, sys.argv[2])
    else:
        sys.exit(main(out))
