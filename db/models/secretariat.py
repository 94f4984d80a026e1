"""Tables of the Secretariat's store. Plain features only, so that PostgreSQL serves as well (decisions 27)."""

from __future__ import annotations

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import Code, Count, Hash, Stamp, Uid


class Trust(Base):
    """A version of the trust documents the Secretariat issued, every root in it; the highest version is in force."""

    __tablename__ = "trust"

    roster_version: Mapped[Count] = mapped_column(primary_key=True)
    package: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[Stamp]


class IncomingBundle(Base):
    """A bundle as it came, byte for byte, and what was decided."""

    __tablename__ = "incoming_bundle"
    __table_args__ = (Index("incoming_by_sequence", "device", "incarnation", "sequence"),)

    sha256: Mapped[Hash] = mapped_column(primary_key=True)
    id: Mapped[Uid]
    device: Mapped[Uid]
    incarnation: Mapped[Uid]
    sequence: Mapped[Count]
    previous_bundle: Mapped[Hash | None]
    previous_incarnation: Mapped[str | None] = mapped_column(Text)
    journal_count: Mapped[Count]
    journal_head: Mapped[Hash]
    access_list: Mapped[Hash]  # the list that its office went by: what a request for recovery must know
    signer: Mapped[Hash]  # the public key, 32 raw bytes: what it may say changes when it is revoked
    sealed_file: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[Code]
    reason: Mapped[Code | None]
    taken: Mapped[bool]
    disputed: Mapped[bool]
    records: Mapped[Count]
    out_cases: Mapped[Count]  # what its office says it took out by other ways since its bundle before
    out_letters: Mapped[Count]
    out_tables: Mapped[Count]
    received_at: Mapped[Stamp]


class ReceivedView(Base):
    """One exported view of one revision. Derived: it can be rebuilt from the bundles."""

    __tablename__ = "received_view"
    __table_args__ = (Index("received_view_of_case", "case_id", "kind"),)

    device: Mapped[Uid] = mapped_column(primary_key=True)
    record_id: Mapped[Uid] = mapped_column(primary_key=True)
    rev: Mapped[Count] = mapped_column(primary_key=True)
    view_hash: Mapped[Hash] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    case_id: Mapped[Uid | None]
    parent: Mapped[Hash | None]
    view: Mapped[bytes] = mapped_column(LargeBinary)
    void: Mapped[Code | None]
    bundle_sha256: Mapped[Hash]


class LedgerEntry(Base):
    """The intake ledger: one entry a decided bundle, hash-chained. Triggers refuse update and delete."""

    __tablename__ = "ledger"

    n: Mapped[Count] = mapped_column(primary_key=True)
    previous: Mapped[Hash]
    bundle_sha256: Mapped[Hash]
    receipt_sha256: Mapped[Hash]
    hash: Mapped[Hash]


class IssuedReceipt(Base):
    """A sealed receipt. The same bundle again gets the same bytes; a held one that is taken later gets a second."""

    __tablename__ = "issued_receipt"
    __table_args__ = (UniqueConstraint("file_name", name="issued_receipt_name"),)

    n: Mapped[Count] = mapped_column(primary_key=True)
    bundle_sha256: Mapped[Hash] = mapped_column(index=True)
    device: Mapped[Uid]
    file_name: Mapped[str] = mapped_column(Text)
    sealed_file: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[Stamp]


class CountyContact(Base):
    """The coordinator's telephone number of a county, from the county's letter: whom the Secretariat rings back."""

    __tablename__ = "county_contact"

    county: Mapped[Code] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[Stamp]


class RecoveryRequest(Base):
    """A request for recovery whose digits were compared; what must pass before it is answered runs from then on."""

    __tablename__ = "recovery_request"

    sha256: Mapped[Hash] = mapped_column(primary_key=True)  # of the payload
    device: Mapped[Uid]
    office: Mapped[Code]
    compared_at: Mapped[Stamp]
    answered_at: Mapped[Stamp | None]
