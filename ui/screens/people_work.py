"""What the lane does for the screen of people: read who is here, save what was typed, do what was asked twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from desktop.bootstrap import Desk
from desktop.crypto.access_list import SUPERVISOR
from desktop.crypto.sheet import SheetKeys
from desktop.rules.access import OFFICE_ROLES
from desktop.services.new_keys import Report
from desktop.services.people_facts import PeopleChanged, Person
from desktop.services.sheets import SheetStanding
from ui.languages import words
from ui.screens.people_form import Typed


class Act(StrEnum):
    """What is asked twice because it changes keys or a sentence; the values end object names."""

    READMIT = "readmit"
    SUSPEND = "suspend"
    MAY_KNOW = "may_know"
    REMOVE = "remove"
    PROMOTE = "promote"
    DEMOTE = "demote"


@dataclass(frozen=True)
class Wish:
    """One act on one person; `role` for a change of role."""

    act: Act
    person: Person = field(repr=False)
    role: str = ""
    with_sheet: bool = False  # a new recovery sheet in the same step


@dataclass
class SheetInHand:
    """A new sheet that is on paper and not in force: an act that was stopped may be pressed again with it."""

    shown: str = field(default="", repr=False)
    keys: SheetKeys | None = field(default=None, repr=False)

    def is_there(self) -> bool:
        """Say whether the words were typed back."""
        return bool(self.shown) or self.keys is not None

    def take(self, desk: Desk) -> SheetKeys:
        """Return its keys; called in the lane. Raises as `SheetService.take`."""
        if self.keys is None:
            self.keys, self.shown = desk.sheets.take(self.shown), ""
        return self.keys


def is_own(wish: Wish) -> bool:
    """Say whether an act gives a new sentence to who does it: the old one opens nothing from then on."""
    return wish.act is Act.MAY_KNOW and wish.person.is_self


def act_of_role(person: Person, role: str) -> Act | None:
    """Return what a change of role asks first: to and from supervisor there are new keys and a new sentence."""
    if person.role == role or role not in OFFICE_ROLES or SUPERVISOR not in (person.role, role):
        return None
    return Act.PROMOTE if role == SUPERVISOR else Act.DEMOTE


def may_have_seen_the_sheet(wish: Wish) -> bool:
    """Say whether an act takes the vault from somebody whose eyes the recovery sheet lay open to.

    Nobody does it to themselves: that is refused, and no words are written down for it.
    """
    return wish.act in {Act.REMOVE, Act.DEMOTE} and wish.person.role == SUPERVISOR and not wish.person.is_self


def read(desk: Desk) -> tuple[tuple[Person, ...], bool, SheetStanding]:
    """Return everybody, whether sealed values wait for a new key, and how the recovery sheet stands."""
    return desk.people.list(), desk.people.sealing_due(), desk.sheets.standing()


def add(desk: Desk, written: Typed) -> tuple[PeopleChanged, ...]:
    """Add somebody. Raises as `PeopleService.add`."""
    return (desk.people.add(**vars(written)),)


def save(desk: Desk, person: Person, written: Typed) -> tuple[PeopleChanged, ...]:
    """Save what is other than it was, but a role that needs new keys. Raises as the service."""
    people, changed = desk.people, list[PeopleChanged]()
    if (written.name, written.title, written.phone) != (person.name, person.title, person.phone):
        changed.append(people.rename(person.id, name=written.name, title=written.title, phone=written.phone))
    if (written.trained_on, written.undertaking_on) != (person.trained_on, person.undertaking_on):
        days = {"trained_on": written.trained_on, "undertaking_on": written.undertaking_on}
        changed.append(people.set_training(person.id, **days))
    if written.role != person.role and act_of_role(person, written.role) is None:
        changed.append(people.set_role(person.id, written.role))
    return tuple(changed)


def do(desk: Desk, wish: Wish, report: Report, own: str | None, in_hand: SheetInHand) -> tuple[PeopleChanged, ...]:
    """Do what was asked twice; `own` is one's own new sentence, typed back before one's keys are changed.

    So are the words of the sheet `in_hand`, which goes with the act where that was wished.

    Raises as the service; Stopped where `report` raised it before anything was changed.
    """
    people, person, sheet = desk.people, wish.person.id, in_hand.take(desk) if wish.with_sheet else None
    match wish.act:
        case Act.READMIT:
            made = people.readmit(person)
        case Act.SUSPEND:
            made = people.suspend(person)
        case Act.MAY_KNOW:
            made = people.may_know(person, report, sentence=own)
        case Act.REMOVE:
            made = people.remove(person, report, sheet=sheet)
        case Act.PROMOTE | Act.DEMOTE:
            made = people.set_role(person, wish.role, report, sheet=sheet)
    return (made,)


def without_sentence(changed: tuple[PeopleChanged, ...]) -> tuple[PeopleChanged, ...]:
    """Return what was done without the sentence, of which no second copy is kept."""
    return tuple(replace(one, sentence=None) for one in changed)


def told(changed: tuple[PeopleChanged, ...], *, new_sheet: bool = False) -> str:
    """Return what was done and what is left to do, in the language in force."""
    lines = [words("PEOPLE_SAVED")]
    if new_sheet:
        lines.append(words("SHEET_REMADE_TOLD"))
    if any(one.keys_changed for one in changed):
        lines.append(words("PEOPLE_KEYS_CHANGED"))
    if any(one.sheet_due for one in changed):
        lines.append(words("PEOPLE_SHEET_DUE"))
    if any(one.knows_sealed for one in changed):
        lines.append(words("SEALED_STILL_KNOWN"))
    return "\n".join(lines)
