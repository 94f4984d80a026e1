"""Tables of a county office's vault."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base
from db.types import Code, Count, Hash, Stamp, Uid


class Office(Base):
    """One row: this office, this device, and where its sending stands."""

    __tablename__ = "office"

    id: Mapped[Count] = mapped_column(primary_key=True)
    code: Mapped[Code]
    name: Mapped[str] = mapped_column(Text)
    ministry: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    county: Mapped[Code]
    device: Mapped[Uid]
    desk_code: Mapped[Code]
    incarnation: Mapped[Uid]
    language: Mapped[Code]
    sequence: Mapped[Count]
    last_bundle: Mapped[Hash | None]
    anchored_count: Mapped[Count]
    anchored_head: Mapped[Hash | None]
    receipted_list: Mapped[Count]
    last_case_year: Mapped[Count]
    last_case_number: Mapped[Count]
    # Taken out since the last bundle (threat-model attack 9): written in the transaction that lets it go.
    out_cases: Mapped[Count] = mapped_column(default=0)
    out_letters: Mapped[Count] = mapped_column(default=0)
    out_tables: Mapped[Count] = mapped_column(default=0)


class Record(Base):
    """The head of one record; its revisions hold the content."""

    __tablename__ = "record"
    __table_args__ = (
        Index("record_of_case", "case_id", "kind"),
        Index("record_unsent", "case_id", sqlite_where=text("unsent = 1")),
    )

    id: Mapped[Uid] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    case_id: Mapped[Uid | None]
    rev: Mapped[Count]
    sent_rev: Mapped[Count]
    unsent: Mapped[bool]
    void: Mapped[Code | None]


class Revision(Base):
    """One revision, exactly the bytes its hash covers. Never changed."""

    __tablename__ = "revision"

    record_id: Mapped[Uid] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"), primary_key=True)
    rev: Mapped[Count] = mapped_column(primary_key=True)
    hash: Mapped[Hash]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    random: Mapped[Hash]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class CaseRow(Base):
    """What lists show of a case: code, alias or initials, age, sex, state. Derived from the records.

    A restricted case is shown to those it is assigned to and to nobody else (L-06): every list asks.
    """

    __tablename__ = "case_row"
    __table_args__ = (
        Index("case_row_touched", "touched_at", "case_id"),
        Index("case_row_restricted", "case_id", sqlite_where=text("restricted = 1")),
    )

    case_id: Mapped[Uid] = mapped_column(primary_key=True)
    case_ref: Mapped[Code] = mapped_column(unique=True)
    pseudonym: Mapped[Code] = mapped_column(unique=True)
    shown_as: Mapped[str] = mapped_column(Text)
    full_name: Mapped[str] = mapped_column(Text)
    born: Mapped[str | None] = mapped_column(Text)
    age: Mapped[int | None]
    age_on: Mapped[str | None] = mapped_column(Text)
    sex: Mapped[Code | None]
    status: Mapped[Code]
    stage: Mapped[Code | None]
    touched_at: Mapped[Stamp]
    restricted: Mapped[bool] = mapped_column(default=False)


class Assignment(Base):
    """Whose case it is: its named officers."""

    __tablename__ = "assignment"
    __table_args__ = ({"sqlite_with_rowid": False},)

    case_id: Mapped[Uid] = mapped_column(primary_key=True)
    user: Mapped[Uid] = mapped_column(primary_key=True)
    since: Mapped[Stamp]


class ViewReason(Base):
    """Why somebody looks at a case that is not theirs, once per case and day; the journal keeps it for good."""

    __tablename__ = "view_reason"
    __table_args__ = ({"sqlite_with_rowid": False},)

    user: Mapped[Uid] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[Uid] = mapped_column(primary_key=True)
    reason: Mapped[Code]


class SearchKey(Base):
    """A folded name part, phone or case number of a case; prefix search runs on the primary key alone."""

    __tablename__ = "search_key"
    __table_args__ = (Index("search_key_of_case", "case_id"), {"sqlite_with_rowid": False})

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[Uid] = mapped_column(primary_key=True)


class ReferralRow(Base):
    """What lists show of a referral: whose, to whom, in which state, due when. Derived from the records."""

    __tablename__ = "referral_row"
    __table_args__ = (
        Index("referral_row_due", "open", "due_at", "referral_id"),
        Index("referral_row_of_case", "case_id"),
    )

    referral_id: Mapped[Uid] = mapped_column(primary_key=True)
    case_id: Mapped[Uid]
    referral_no: Mapped[Code]
    provider: Mapped[str] = mapped_column(Text)
    status: Mapped[Code]
    urgency: Mapped[Code | None]
    open: Mapped[bool]
    due_at: Mapped[Stamp]
    issued_on: Mapped[str | None] = mapped_column(Text)


class Draft(Base):
    """Work somebody has not saved yet, sealed to its author and to the sealed class; nobody else is offered it."""

    __tablename__ = "draft"
    __table_args__ = (Index("draft_of_case", "user", "case_id"), {"sqlite_with_rowid": False})

    user: Mapped[Uid] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    case_id: Mapped[Uid | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Stamp]


class Letter(Base):
    """An issued paper: content, salt and bytes, never edited."""

    __tablename__ = "letter"

    serial: Mapped[Code] = mapped_column(primary_key=True)
    referral_id: Mapped[Uid] = mapped_column(index=True)
    referral_no: Mapped[Code]
    reply_code: Mapped[Code] = mapped_column(unique=True)
    language: Mapped[Code]
    template: Mapped[Code]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    digest: Mapped[Hash]
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    copies: Mapped[Count]
    issued_at: Mapped[Stamp]
    issued_by: Mapped[Uid]


class ImportedRow(Base):
    """Which row of a workbook became which case, so that the same row is not taken in twice."""

    __tablename__ = "imported_row"

    source: Mapped[Hash] = mapped_column(primary_key=True)
    fingerprint: Mapped[Hash] = mapped_column(index=True)
    case_id: Mapped[Uid]


class ColumnMapping(Base):
    """How the columns of one foreign list are read, by the hash of its headings: the next one needs no choices."""

    __tablename__ = "column_mapping"

    headings: Mapped[Hash] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    mapping: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[Stamp]


class PlainCopy(Base):
    """A table of cases written outside the vault without a seal, until somebody says that it was deleted."""

    __tablename__ = "plain_copy"

    id: Mapped[Uid] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(Text)
    cases: Mapped[Count]
    made_at: Mapped[Stamp]
    delete_by: Mapped[str] = mapped_column(Text)
    deleted_at: Mapped[Stamp | None]


class OutgoingBundle(Base):
    """A bundle this device made, its sealed bytes, and what became of it."""

    __tablename__ = "outgoing_bundle"

    id: Mapped[Uid] = mapped_column(primary_key=True)
    sequence: Mapped[Count] = mapped_column(unique=True)
    file_name: Mapped[Code]
    sha256: Mapped[Hash] = mapped_column(unique=True)
    sealed_file: Mapped[bytes] = mapped_column(LargeBinary)
    identity: Mapped[Code]
    records: Mapped[Count]
    cases: Mapped[Count]
    journal_count: Mapped[Count]
    journal_head: Mapped[Hash]
    list_version: Mapped[Count]
    state: Mapped[Code]
    made_at: Mapped[Stamp]
    handed_over_at: Mapped[Stamp | None]
    answered_at: Mapped[Stamp | None]
    reason: Mapped[Code | None]
    receipt: Mapped[bytes | None] = mapped_column(LargeBinary)
    upload_url: Mapped[str | None] = mapped_column(Text)  # where a courier that was stopped goes on


class ExportedView(Base):
    """Which revision travelled in which bundle, under which view hash."""

    __tablename__ = "exported_view"
    __table_args__ = ({"sqlite_with_rowid": False},)

    bundle_id: Mapped[Uid] = mapped_column(ForeignKey("outgoing_bundle.id"), primary_key=True)
    record_id: Mapped[Uid] = mapped_column(primary_key=True)
    rev: Mapped[Count]
    view_hash: Mapped[Hash]


class TakenRoster(Base):
    """The trust documents this device took in, every root from the first on; the highest version is in force."""

    __tablename__ = "taken_roster"

    version: Mapped[Count] = mapped_column(primary_key=True)
    package: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[Stamp]
