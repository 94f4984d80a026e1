"""The window's settings in force: read before the first paint, used at once when changed, kept in the data folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop.settings import Settings, load, save
from ui import languages, theme


class Preferences:
    """The settings of one data folder."""

    def __init__(self, folder: Path) -> None:
        """Read what was kept."""
        self._folder = folder
        self.now: Settings = load(folder)

    def wear(self) -> None:
        """Put on theme and size of text."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.choose(application, self.now.theme, self.now.text_percent)

    def change(self, settings: Settings) -> None:
        """Keep other settings and use them at once."""
        before, self.now = self.now, settings
        save(self._folder, settings)
        if (before.theme, before.text_percent) != (settings.theme, settings.text_percent):
            self.wear()
        if settings.language and settings.language != languages.current():
            languages.switch("sw" if settings.language == "sw" else "en")
