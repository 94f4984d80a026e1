"""The declarative base, and the tables both kinds of vault have: the note of itself, secrets, users, journal."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.types import Code, Count, Hash, Stamp, Uid


class Base(DeclarativeBase):
    """Base of every table."""


# Asked at every unlock and seldom written: a question in these very words reads the index alone.
ACTS_OF_SHEET = "act IN ('SHEET_PROVED', 'SHEET_REMADE')"


class VaultNote(Base):
    """One row: what the vault knows of itself, compared with the key header at unlock."""

    __tablename__ = "vault_note"

    id: Mapped[Count] = mapped_column(primary_key=True)
    vault: Mapped[Uid]
    kind: Mapped[Code]
    practice: Mapped[bool]
    list_sha256: Mapped[Hash]
    list_version: Mapped[Count]
    header_edit: Mapped[Count]


class Secret(Base):
    """A private key that lives only inside the vault: device keys, and at the Secretariat roster and receipt keys."""

    __tablename__ = "secret"

    name: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    since: Mapped[Stamp]


class DeskUser(Base):
    """A person who works or worked at this desk. The name stays inside the vault; outside it is a desk number.

    Who they are is kept here, also after they left: old entries need their names. What they may do is in the signed
    access list; `role`, `suspended_at` and `left_at` repeat it and are compared with it at unlock.
    """

    __tablename__ = "desk_user"

    id: Mapped[Uid] = mapped_column(primary_key=True)
    desk_number: Mapped[Count] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    role: Mapped[Code]
    trained_on: Mapped[str | None] = mapped_column(Text)
    undertaking_on: Mapped[str | None] = mapped_column(Text)
    suspended_at: Mapped[Stamp | None]
    left_at: Mapped[Stamp | None]


class JournalEntry(Base):
    """One act, hash-chained (docs/formats.md 5). Triggers refuse update and delete."""

    __tablename__ = "journal"
    __table_args__ = (Index("journal_of_sheet", "act", "n", sqlite_where=text(ACTS_OF_SHEET)),)

    n: Mapped[Count] = mapped_column(primary_key=True)
    previous: Mapped[Hash]
    at: Mapped[Stamp]
    user: Mapped[Uid]
    act: Mapped[Code]
    object: Mapped[Uid]
    revision_hash: Mapped[Hash | None]
    reason: Mapped[Code | None]
    hash: Mapped[Hash]
