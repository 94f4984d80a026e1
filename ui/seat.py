"""What every screen of an open desk is given, and how it says where to go next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop.settings import Settings
from ui.jobs import JobRunner

if TYPE_CHECKING:
    from desktop.bootstrap import Desk
    from desktop.services.office import SignedIn


@dataclass(frozen=True)
class Place:
    """A screen of the desk, and the record it shows. Ids and names of parts only, so that it can be kept over a lock.

    `screen` is a name that `ui.screens.make_screen` knows; `section` is a part of it such as a record kind.
    """

    screen: str
    case_id: str = ""
    record_id: str = ""
    section: str = ""

    def as_text(self) -> dict[str, str]:
        """Return the place for `DraftService.keep_place`."""
        return {key: text for key, text in vars(self).items() if text}


@dataclass(frozen=True)
class Telling:
    """An outcome for the message bar. `say` is asked again when the language changes.

    `action` is what can still be done about it, such as putting a removed row back; `action_code` are its words.
    """

    say: Callable[[], str]
    action_code: str = ""
    action: Callable[[], object] | None = None


@dataclass(frozen=True)
class Seat:
    """The open desk, the lane its services run in, who is signed in, and the window's settings."""

    desk: Desk
    jobs: JobRunner
    me: SignedIn
    settings: Callable[[], Settings] = field(repr=False)
    change_settings: Callable[[Settings], None] = field(repr=False)

    def may(self, action: str) -> bool:
        """Say whether the signed-in role may do an action; a screen shows only what one may do."""
        from desktop.rules.access import MATRIX

        return self.desk.vault.role in MATRIX.get(action, frozenset())
