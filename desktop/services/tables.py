"""Case tables for other programs: what would leave, sealed to somebody's key, or plain with a day to delete it.

The supervisor names a purpose, and the journal holds it before a byte leaves (decisions 28).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import CaseRow, PlainCopy
from db.queries.visible import is_shown
from desktop.bundles.frame import neutral_name
from desktop.bundles.parcel import padded_archive
from desktop.catalogue import table_rows
from desktop.clock import today
from desktop.crypto.encoding import Malformed, sha256_hex, tagged_sha256
from desktop.crypto.sealing import recipient_key, seal
from desktop.errors import NotAccepted, Obstacle, Problem
from desktop.files import lies_at, may_lie_at, write_out
from desktop.rules.cells import MAX_ROWS
from desktop.rules.consent import may_send_identity
from desktop.rules.cpims_out import HEADINGS, cpims_codes, cpims_lines
from desktop.rules.htcds import RowReading, read_htcds
from desktop.rules.htcds_out import FIRST_ROW, htcds_cells, workbook_words
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.rules.table_cases import LeftOut, Purpose, TableCase, left_out, purpose_of, table_case
from desktop.services import exported_rows, journal, records, taken_out
from desktop.services.case_rows import first
from desktop.services.consents import rows_of
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault
from desktop.workbooks.sheets import read_workbook
from desktop.workbooks.writer import csv_table, fill_htcds

KEEP_DAYS = 7
MAX_WORKBOOK_CASES = MAX_ROWS - FIRST_ROW + 1  # what our own import can read again
Report = Callable[[int, int], object]  # told how many cases were looked at and written, of how many
_LETTER = "X"  # of the names of sealed tables
_OBJECT_DIGITS = 32  # of a hash that stands in the journal for what has no id


def _unwatched(done: int, of: int) -> None:
    """Nobody watches."""


class TableKind(StrEnum):
    """The standard a table follows."""

    HTCDS = "HTCDS"
    CPIMS = "CPIMS"


_ENDINGS = {TableKind.HTCDS: "xlsx", TableKind.CPIMS: "csv"}


@dataclass(frozen=True)
class WhatGoes:
    """A table in figures: cases in it, how many of them with names, and how many stay out for each reason.

    `sealed_by_default`: a screen proposes a plain table only in a practice vault.
    """

    cases: int
    named: int
    left_out: Mapping[LeftOut, int]
    sealed_by_default: bool


@dataclass(frozen=True)
class MadeTable:
    """A table's bytes under the name to write them to."""

    file_name: str
    content: bytes = field(repr=False)
    cases: int
    named: int


@dataclass(frozen=True)
class PlainTable(MadeTable):
    """A plain table that stands among the plain copies, and the folder it was made for."""

    folder: Path = field(repr=False)
    copy_id: str
    delete_by: str


@dataclass(frozen=True)
class PlainCopySummary:
    """A plain table outside the vault that nobody has said to have deleted. `overdue`: its day has passed."""

    copy_id: str
    place: str = field(repr=False)
    cases: int
    made_at: str
    delete_by: str
    overdue: bool


@dataclass(frozen=True)
class _Made:
    """A table before it leaves: its bytes, its cases, and for a workbook the rows as the import reads them."""

    content: bytes = field(repr=False)
    going: Mapping[str, TableCase] = field(repr=False)
    written: Sequence[tuple[RowReading, str]] = field(repr=False)

    @property
    def named(self) -> list[str]:
        """The ids of the cases that stand in it with a name."""
        return [case_id for case_id, case in self.going.items() if case.named]


class TableService:
    """HTCDS workbooks and CPIMS listings."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def what_leaves(self, purpose: str, *, identified: bool = False, report: Report = _unwatched) -> WhatGoes:
        """Return what a table for this purpose would hold now, the same for every kind; nothing is written.

        Raises:
            NotAccepted: PURPOSE_UNKNOWN, or PURPOSE_WITHOUT_NAMES.
            Stopped: `report` raised it.
        """
        self._vault.require("table.export")
        chosen = purpose_of(self._vault.catalogue.purposes, purpose, identified=identified)
        staying: Counter[LeftOut] = Counter()
        going = self._going(chosen, staying, identified=identified, report=report)
        return WhatGoes(len(going), sum(case.named for case in going.values()), staying, not self._vault.practice)

    def export(
        self,
        kind: TableKind,
        purpose: str,
        recipients: Iterable[str],
        *,
        identified: bool = False,
        report: Report = _unwatched,
    ) -> MadeTable:
        """Return a table sealed with age to public keys as people type them, `age1…`: a zip archive, filled up.

        Neither name nor size say what is in it; the journal says which bytes left, and by a hash to whose keys.

        Identity goes only where `identified` asks for it, the purpose may name and the person's consent or another
        recorded ground allows it; the others stand in the same table under their pseudonyms.

        Raises:
            NotAccepted: PURPOSE_UNKNOWN, PURPOSE_WITHOUT_NAMES, TABLE_KEY_MISSING or TABLE_KEY_WRONG.
            Obstacle: TABLE_EMPTY, or TABLE_TOO_LARGE.
            Stopped: `report` raised it; nothing was written.
        """
        self._vault.require("table.export")
        keys = _keys(recipients)
        made = self._make(kind, purpose, identified=identified, report=report)
        name = neutral_name(_LETTER)
        with self._vault.reading() as session:
            inside = self._telling_name(session, kind, name)
        sealed = seal(padded_archive(inside, made.content), *keys)
        with self._vault.writing() as session:
            self._note(session, made, purpose, Act.TABLE_EXPORTED, _receivers(keys), sealed)
        return MadeTable(f"{name}.zip.age", sealed, len(made.going), len(made.named))

    def export_plain(
        self, kind: TableKind, purpose: str, folder: Path, *, identified: bool = False, report: Report = _unwatched
    ) -> PlainTable:
        """Return a plain table to be written to a folder chosen for it, which stands among the plain copies from now.

        Raises:
            NotAccepted: PURPOSE_UNKNOWN, or PURPOSE_WITHOUT_NAMES.
            Obstacle: TABLE_EMPTY, or TABLE_TOO_LARGE.
            Stopped: `report` raised it; nothing was written.
        """
        self._vault.require("table.export")
        made = self._make(kind, purpose, identified=identified, report=report)
        copy_id = str(uuid.uuid4())
        delete_by = (today(self._vault.clock) + timedelta(days=KEEP_DAYS)).isoformat()
        with self._vault.writing() as session:
            number = self._note(session, made, purpose, Act.TABLE_EXPORTED_PLAIN, copy_id, made.content)
            name = self._telling_name(session, kind, str(number))
            session.add(
                PlainCopy(
                    id=copy_id,
                    place=str(folder.absolute() / name),
                    cases=len(made.going),
                    made_at=self._vault.now(),
                    delete_by=delete_by,
                    deleted_at=None,
                )
            )
        return PlainTable(name, made.content, len(made.going), len(made.named), folder, copy_id, delete_by)

    def write_plain(self, made: PlainTable) -> Path:
        """Write a plain table where it was made for. Of what did not arrive nothing is left to be deleted.

        Raises:
            Obstacle: OUT_NOT_WRITABLE; or PLAIN_COPY_REMAINS where some of it may lie there, so that it stays among
                the plain copies.
        """
        self._vault.require("table.export")
        try:
            return write_out(made.folder, made.file_name, made.content, private=True)
        except Obstacle:
            if may_lie_at(made.folder / made.file_name):
                raise Obstacle("PLAIN_COPY_REMAINS") from None
            self.plain_copy_deleted(made.copy_id)
            raise

    def plain_copies(self) -> tuple[PlainCopySummary, ...]:
        """Return the plain tables that are still outside as far as anybody said, the one due first in front."""
        self._vault.require("table.export")
        day = today(self._vault.clock).isoformat()
        query = select(PlainCopy).where(PlainCopy.deleted_at.is_(None)).order_by(PlainCopy.delete_by, PlainCopy.id)
        with self._vault.reading() as session:
            return tuple(
                PlainCopySummary(row.id, row.place, row.cases, row.made_at, row.delete_by, row.delete_by < day)
                for row in session.scalars(query)
            )

    def plain_copy_deleted(self, copy_id: str) -> Outcome:
        """Note that somebody deleted a plain copy, or that it never arrived.

        Raises:
            Obstacle: PLAIN_COPY_UNKNOWN; or PLAIN_COPY_STILL_THERE while it, or a part of it, is seen in its place.
        """
        self._vault.require("table.export")
        with self._vault.writing() as session:
            row = session.get(PlainCopy, copy_id)
            if row is None or row.deleted_at is not None:
                raise Obstacle("PLAIN_COPY_UNKNOWN")
            if lies_at(Path(row.place)):
                raise Obstacle("PLAIN_COPY_STILL_THERE")
            row.deleted_at = self._vault.now()
            journal.append(session, self._vault, Act.PLAIN_COPY_DELETED, copy_id)
        return Outcome((copy_id,), 0, frozenset({Topic.TABLES}))

    def _make(self, kind: TableKind, purpose: str, *, identified: bool, report: Report) -> _Made:
        """Look at every case, then write those that go: half of the way each. To its end one may stop it."""
        self._vault.require_recovered()
        chosen = purpose_of(self._vault.catalogue.purposes, purpose, identified=identified)
        staying: Counter[LeftOut] = Counter()
        going = self._going(chosen, staying, identified=identified, report=lambda done, of: report(done, 2 * of))
        if not going:
            raise Obstacle("TABLE_EMPTY")
        looked_at = len(going) + staying.total()
        watched = _watched(going.values(), looked_at, report)
        made = self._workbook(going, watched) if kind is TableKind.HTCDS else self._listing(going, watched)
        report(looked_at + len(going), looked_at + len(going))
        return made

    def _listing(self, going: Mapping[str, TableCase], watched: Iterable[TableCase]) -> _Made:
        foreign, catalogue = cpims_codes(table_rows("cpims_map")), self._vault.catalogue
        lines = (line for case in watched for line in cpims_lines(case, foreign, catalogue.lists, catalogue.age_groups))
        numbered = ((str(number), *line) for number, line in enumerate(lines, start=1))
        return _Made(csv_table(HEADINGS, numbered), going, ())

    def _workbook(self, going: Mapping[str, TableCase], watched: Iterable[TableCase]) -> _Made:
        """Fill the workbook and read it as the import would, so that its rows are known should they come back."""
        if len(going) > MAX_WORKBOOK_CASES:
            raise Obstacle("TABLE_TOO_LARGE", limit=MAX_WORKBOOK_CASES)
        map_rows = table_rows("htcds_map")
        words = workbook_words(map_rows, self._vault.catalogue.lists)
        content = fill_htcds((htcds_cells(case, words) for case in watched), first_row=FIRST_ROW)
        reading = read_htcds(
            read_workbook(content),
            lists=self._vault.catalogue.lists,
            forms=self._vault.catalogue.forms,
            map_rows=map_rows,
            today=today(self._vault.clock),
        )
        case_ids = dict(enumerate(going, start=FIRST_ROW))
        return _Made(content, going, [(row, case_ids[row.row]) for row in reading.rows])

    def _going(
        self, purpose: Purpose, staying: Counter[LeftOut], *, identified: bool, report: Report
    ) -> dict[str, TableCase]:
        """Return the cases that go, in the order of their random ids, and count the others in `staying`."""
        going: dict[str, TableCase] = {}
        with self._vault.reading() as session:
            shown = select(CaseRow.case_id).where(is_shown(self._vault.user)).order_by(CaseRow.case_id)
            case_ids = session.scalars(shown).all()
            for done, case_id in enumerate(case_ids):
                report(done, len(case_ids))
                case = self._look_at(records.of_case(session, self._vault, case_id), purpose, identified=identified)
                if isinstance(case, LeftOut):
                    staying[case] += 1
                else:
                    going[case_id] = case
        return going

    def _look_at(self, found: Sequence[StoredRecord], purpose: Purpose, *, identified: bool) -> TableCase | LeftOut:
        head = first(found, "case")
        if head is None:
            return LeftOut.HEADLESS
        if any(record.altered for record in found):
            return LeftOut.ALTERED
        day = today(self._vault.clock)
        consents, is_child = rows_of(found), records.is_child_in(found, day)
        reason = left_out(head.fields, consents, purpose, is_child=is_child)
        if reason is not None:
            return reason
        catalogue = self._vault.catalogue
        return table_case(
            ((record.kind, record.fields) for record in _saved_last_at_the_end(found)),
            catalogue.forms,
            catalogue.age_groups,
            named=identified and may_send_identity(consents, is_child=is_child),
            as_of=day,
            opened=records.opened_on(found),
        )

    def _note(
        self,
        session: Session,
        made: _Made,
        purpose: str,
        act: Act,
        object_id: str,
        leaving: bytes,
    ) -> int:
        """Journal the table and every name in it, count it, and return the number of its entry."""
        for case_id in made.named:
            journal.append(session, self._vault, Act.NAMES_SHOWN, case_id, reason="TABLE")
        digest = sha256_hex(leaving)
        entry = journal.append(session, self._vault, act, object_id, revision_hash=digest, reason=purpose)
        exported_rows.register(session, made.written)
        taken_out.count(session, cases=len(made.going), tables=1)
        return entry.count

    def _telling_name(self, session: Session, kind: TableKind, distinct: str) -> str:
        """Return the name of the table itself. A sealed file has it inside only."""
        office, day = records.office(session).code, today(self._vault.clock).isoformat()
        mark = "practice-" if self._vault.practice else ""
        return f"{mark}{kind.value.lower()}-{office}-{day}-{distinct}.{_ENDINGS[kind]}"


def _watched(cases: Collection[TableCase], looked_at: int, report: Report) -> Iterator[TableCase]:
    """Hand out the cases to be written, one by one; `looked_at` steps lie behind."""
    for done, case in enumerate(cases, start=looked_at):
        report(done, looked_at + len(cases))
        yield case


def _saved_last_at_the_end(found: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
    yield from sorted(found, key=lambda record: (record.at, record.record_id))


def _receivers(keys: Iterable[bytes]) -> str:
    """Return what stands in the journal for the receivers: whoever knows their public keys can tell that it is they."""
    return tagged_sha256("rufaa-table-receivers-v1", *sorted(keys)).hex()[:_OBJECT_DIGITS]


def _keys(recipients: Iterable[str]) -> list[bytes]:
    """Return the typed public keys, each once."""
    try:
        keys = dict.fromkeys(recipient_key(text) for text in recipients)
    except Malformed:
        raise NotAccepted((Problem("TABLE_KEY_WRONG", "table.recipients"),)) from None
    if not keys:
        raise NotAccepted((Problem("TABLE_KEY_MISSING", "table.recipients"),))
    return list(keys)
