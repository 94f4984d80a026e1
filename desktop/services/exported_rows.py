"""How rows of tables are known again: by all they say, or by the table they stand in.

A row with a name or a number is known wherever it stands. One without says little, and another person's may say the
same: it is known only as this row of this very table, all of whose rows say what they said before. So it never hides
anybody in another office's table or in another month's. Rows that this office itself wrote for others are known in the
same ways: taken in again they must change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import ImportedRow
from db.queries.visible import is_hidden
from desktop.crypto.encoding import canonical_json, tagged_sha256
from desktop.rules.htcds import RowOutcome, RowReading
from desktop.rules.names import name_keys
from desktop.rules.records import encode_fields

Tables = Mapping[int, bytes]  # the digest of each table of a file, by the number of its sheet


def fingerprint_of(reading: RowReading) -> bytes:
    """Return the hash of everything a row says."""
    said = canonical_json([[draft.kind, encode_fields(draft.fields)] for draft in reading.drafts])
    return tagged_sha256("rufaa-import-row-v1", said)


def is_known_by_itself(reading: RowReading) -> bool:
    """Say whether a row names a person or has a number, so that it is the same row wherever it stands."""
    names = name_keys(reading.accepted.get("Person.first_name"), reading.accepted.get("Person.surname"))
    return bool(names) or reading.numbered


def tables_of(readings: Iterable[RowReading]) -> Tables:
    """Return the digests of all tables of a file: what each row says, and where it stands."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for reading in readings:
        rows.setdefault(reading.sheet, []).append((reading.row, fingerprint_of(reading).hex()))
    return {
        sheet: tagged_sha256("rufaa-import-table-v1", canonical_json([list(row) for row in sorted(said)]))
        for sheet, said in rows.items()
    }


def place_of(reading: RowReading, tables: Tables) -> tuple[bytes, ...]:
    """Return what says which row of which table it is."""
    return tables[reading.sheet], b"%d" % reading.sheet, b"%d" % reading.row


def register(session: Session, written: Sequence[tuple[RowReading, str]]) -> None:
    """Note all rows of a table as the import will read them, each with its case, in the caller's transaction."""
    tables = tables_of(reading for reading, _ in written)
    for reading, case_id in written:
        if reading.outcome is RowOutcome.REFUSE:
            continue  # it tells of no person, and no import takes it in
        row = ImportedRow(source=_source(reading, tables), fingerprint=fingerprint_of(reading), case_id=case_id)
        session.merge(row)


def case_of(session: Session, user: str, reading: RowReading, tables: Tables) -> str | None:
    """Return the case whose row this office wrote just so, at this place, or None; hidden ones are none."""
    source = ImportedRow.source == _source(reading, tables)
    return session.scalar(select(ImportedRow.case_id).where(source, ~is_hidden(ImportedRow.case_id, user)))


def _source(reading: RowReading, tables: Tables) -> bytes:
    if is_known_by_itself(reading):
        return tagged_sha256("rufaa-exported-row-v1", b"HTCDS", b"%d" % reading.row, fingerprint_of(reading))
    return tagged_sha256("rufaa-exported-row-v1", b"TABLE", *place_of(reading, tables))
