"""What the vault lane does first: it opens the log and looks whether there is a vault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.messages import sentences

if TYPE_CHECKING:
    from desktop.bootstrap import Door
    from desktop.services.vault import VaultStatus


def look_at(folder: Path, door: Callable[[], Door]) -> VaultStatus:
    """Say whether there is a vault in `folder`, and how long it makes wait. Called in the lane: imports may last."""
    from desktop import log

    if folder.is_dir():
        with contextlib.suppress(OSError):  # a log that cannot be kept keeps nobody out
            log.open_log(folder / "log")
    status = door().vaults.status()
    sentences()  # read here, in the lane, so that the window does not wait for them when the desk opens
    return status
