"""Where things lie: the data folder of this laptop, and the files shipped in `resources`."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import platformdirs


def resource(*names: str) -> Traversable:
    """Return a shipped file or folder by its name under `resources/`, frozen or not."""
    return _shipped().joinpath(*names)


@cache
def _shipped() -> Traversable:
    # Once: frozen, all of it is one packed file, whose list of contents is read here.
    return resources.files("resources")


def shared_data_folder() -> Path:
    """Return the folder the installer makes for all users of this laptop (decisions 12)."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Rufaa"
    return Path("/var/lib/rufaa")


def data_folder(chosen: str | None = None) -> Path:
    """Return the data folder: the chosen one, else the installer's if writable, else the user's own."""
    if chosen:
        return Path(chosen).absolute()
    shared = shared_data_folder()
    if shared.is_dir() and os.access(shared, os.W_OK):
        return shared
    return Path(platformdirs.user_data_dir("Rufaa", appauthor=False, roaming=False))
