"""The office's own facts: what stands at the head of its papers, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from db.models.base import DeskUser
from db.models.office import TakenRoster
from desktop.errors import NotAccepted, Obstacle
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.services import journal, records
from desktop.services.session import OpenVault
from desktop.services.vault import name_problems


@dataclass(frozen=True)
class OfficeSheet:
    """What stands at the head of the office's papers. `enrolled`: the Secretariat knows it by this name."""

    code: str
    county: str
    name: str
    ministry: str
    phone: str
    enrolled: bool


@dataclass(frozen=True)
class SignedIn:
    """Who sits at the desk."""

    name: str = field(repr=False)
    title: str
    phone: str = field(repr=False)
    role: str
    desk_number: int


class OfficeService:
    """Reading and changing the office's facts."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def sheet(self) -> OfficeSheet:
        """Return the office's facts."""
        with self._vault.reading() as session:
            row = records.office(session)
            enrolled = session.scalars(select(TakenRoster.version).limit(1)).first() is not None
        return OfficeSheet(row.code, row.county, row.name, row.ministry, row.phone, enrolled)

    def save(self, *, name: str, ministry: str, phone: str) -> Outcome:
        """Change the letterhead; papers already issued stay as they are.

        Raises:
            NotAccepted: An empty name, or a text too long or with unseen signs.
            Obstacle: OFFICE_NAME_ENROLLED, the Secretariat knows the office by its name.
        """
        self._vault.require("office.save")
        problems = [*name_problems(name, "office.name")]
        for text, where in ((ministry, "office.ministry"), (phone, "office.phone")):
            problems += name_problems(text, where) if text else ()
        if problems:
            raise NotAccepted(tuple(problems))
        if name != (known := self.sheet()).name and known.enrolled:
            raise Obstacle("OFFICE_NAME_ENROLLED")
        with self._vault.writing() as session:
            row = records.office(session)
            row.name, row.ministry, row.phone = name, ministry, phone
            journal.append(session, self._vault, Act.OFFICE_CHANGED, row.device)
        return Outcome((), 0, frozenset({Topic.OFFICE}))

    def signed_in(self) -> SignedIn:
        """Return the person at the desk. Raises Obstacle RECORD_GONE."""
        with self._vault.reading() as session:
            user = session.get(DeskUser, self._vault.user)
        if user is None:
            raise Obstacle("RECORD_GONE")
        return SignedIn(user.name, user.title, user.phone, user.role, user.desk_number)
