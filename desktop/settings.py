"""Settings of this laptop's window: language, colours, size of text, idle time. No key and no personal data.

The file is read before the first paint, so it is small and read with the standard library alone. What is missing,
damaged or out of range is its default: a setting keeps nobody from their cases.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

FILE_NAME = "settings.json"
THEMES = ("system", "light", "dark")
TEXT_PERCENTS = (90, 100, 115, 130)
IDLE_MINUTES = (1, 2, 3, 5, 10, 15)  # threat-model attack 2
_MAX_BYTES = 4096


@dataclass(frozen=True)
class Settings:
    """`language` is empty until somebody chose one: then the system's counts."""

    language: str = ""
    theme: str = "system"
    text_percent: int = 100
    idle_minutes: int = 5


_ALLOWED: dict[str, tuple[object, ...]] = {
    "language": ("", "en", "sw"),
    "theme": THEMES,
    "text_percent": TEXT_PERCENTS,
    "idle_minutes": IDLE_MINUTES,
}


def load(folder: Path) -> Settings:
    """Return the settings kept in a data folder."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            found: Any = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(found, dict):
        return Settings()
    known = {item.name for item in fields(Settings)}
    kept = {key: value for key, value in found.items() if key in known and _is_allowed(key, value)}
    return replace(Settings(), **kept)


def save(folder: Path, settings: Settings) -> None:
    """Keep settings in a data folder that is there; what the disk refuses is lost, and the window goes on."""
    aside = folder / f"{FILE_NAME}.tmp"
    with contextlib.suppress(OSError):
        aside.write_text(json.dumps(asdict(settings), indent=1), encoding="ascii")
        os.replace(aside, folder / FILE_NAME)


def _is_allowed(key: str, value: object) -> bool:
    return any(type(value) is type(choice) and value == choice for choice in _ALLOWED[key])
