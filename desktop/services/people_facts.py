"""What is known of the people of a desk, and what may be typed of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from desktop.errors import NotAccepted, Problem
from desktop.rules.access import OFFICE_ROLES
from desktop.rules.records import Topic
from desktop.services.sealed import Unopened
from desktop.services.vault import name_problems

_TOPICS = frozenset({Topic.PEOPLE})


@dataclass(frozen=True)
class Person:
    """Somebody of this desk. `left`: they can no longer sign in and stay here because old entries name them.

    `shut_out`: nobody suspended them, and no sentence of theirs opens the vault since the desk was closed.
    `unused`: suspended, because they did not sign in for a fortnight after the keys were changed.
    `signed_in_at` is the last time, None for never; `since_new_keys` says whether that was after the vault last got new
    keys, because who was not here since is not warned of old files put back. Dates are ISO days.
    """

    id: str
    desk_number: int
    name: str = field(repr=False)
    title: str
    phone: str = field(repr=False)
    role: str
    suspended: bool
    unused: bool
    shut_out: bool
    left: bool
    trained_on: str | None
    undertaking_on: str | None
    signed_in_at: str | None
    since_new_keys: bool
    is_self: bool


@dataclass(frozen=True)
class PeopleChanged:
    """What an act did. `sentence` is shown once, where somebody got one; `topics` tells screens what to fetch again.

    `keys_changed`: the vault has new keys, so the office must enrol this laptop anew before it sends again, and sticks
    with older copies are to be replaced. `sealing_due`: sealed values are not all sealed to the new key yet; the act is
    done, and `seal_again` follows. `sheet_due`: who may have seen the recovery sheet is supervisor no more, and
    its words open the vault until there is a new one. `unopened`: sealed values that none of our keys opens; they
    keep the earlier keys until a supervisor lets go of them. `for_trust`: how many values wait until the Secretariat's
    papers verify again, because nobody can say before whom else they are for. `knows_sealed`: who was suspended still
    knows the key of the sealed facts.
    """

    user_id: str
    desk_number: int
    sentence: str | None = field(default=None, repr=False)
    keys_changed: bool = False
    sealing_due: bool = False
    sheet_due: bool = False
    unopened: tuple[Unopened, ...] = ()
    for_trust: int = 0
    knows_sealed: bool = False
    topics: frozenset[Topic] = _TOPICS


def check_facts(name: str, title: str, phone: str) -> None:
    """Let pass what can stand on papers. Raises NotAccepted LABEL_WRONG or TEXT_TOO_LONG at each field."""
    problems = [*name_problems(name, "user.name")]
    for text, where in ((title, "user.title"), (phone, "user.phone")):
        problems += name_problems(text, where) if text else ()
    if problems:
        raise NotAccepted(tuple(problems))


def check_training(trained_on: str | None, undertaking_on: str | None, now: date) -> None:
    """Let pass ISO days up to `now`. Raises NotAccepted DATE_NOT_UNDERSTOOD or DATE_IN_FUTURE at each field."""
    problems = [
        Problem(code, where)
        for written, where in ((trained_on, "user.trained_on"), (undertaking_on, "user.undertaking_on"))
        if written is not None and (code := _day_problem(written, now))
    ]
    if problems:
        raise NotAccepted(tuple(problems))


def check_role(role: str) -> None:
    """Let a role pass that an office has. Raises NotAccepted VALUE_NOT_IN_LIST."""
    if role not in OFFICE_ROLES:
        raise NotAccepted((Problem("VALUE_NOT_IN_LIST", "user.role"),))


def _day_problem(written: str, now: date) -> str | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return "DATE_NOT_UNDERSTOOD"
    if day.isoformat() != written:
        return "DATE_NOT_UNDERSTOOD"
    return "DATE_IN_FUTURE" if day > now else None
