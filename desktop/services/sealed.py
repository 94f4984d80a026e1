"""The sealed class: values that only the holders of `R` and the restricted intake can read (threat-model 5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, cast, func, literal_column, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from db.models.base import Base
from db.models.office import CaseRow, Record, Revision
from db.queries.visible import is_hidden
from desktop.bundles.frame import AGE_MAGIC
from desktop.bundles.records import SealedNote, StoredRevision, open_values, parse_revision, seal_values
from desktop.crypto.encoding import Malformed, tagged_sha256
from desktop.crypto.sealing import open_sealed, seal
from desktop.errors import NotPermitted, NotTrusted
from desktop.rules.records import Value, decode_fields, encode_fields
from desktop.services.session import OpenVault

_LABEL = "rufaa-sealed-v1"


_VALUE = "rufaa-sealed-value"  # names a value between being told of it and letting it go; stored nowhere
_TABLE = Base.metadata.tables["revision"]
# By the row's own number, and as it stands there: what somebody planted with another tool must stop nobody.
_row_number: ColumnElement[int] = literal_column("revision.rowid")


def sealed_as_it_stands() -> ColumnElement[Any]:
    """Return the column of sealed values unread: somebody with another tool may have written no bytes there."""
    return type_coerce(Revision.sealed, NullType()).label("sealed")


_SEALED = select(
    _row_number.label("at"),
    cast(Revision.record_id, LargeBinary).label("record"),
    type_coerce(Revision.body, NullType()).label("body"),
    sealed_as_it_stands(),
).where(Revision.sealed.is_not(None))
BEFORE_ALL = -(2**63)  # no row has a lower number


@dataclass(frozen=True)
class Batch:
    """How far a run through the sealed values came: the last row, how many were looked at, and which did not open.

    `for_trust`: how many stayed as they were because nobody can say who else is to read them.
    """

    last: int
    looked_at: int
    unopened: tuple[int, ...]
    for_trust: int = 0


@dataclass(frozen=True)
class Unopened:
    """A sealed value that no key in use here opens. `case_ref` is a dash and `kind` empty where no record has it.

    Both are empty where the case is hidden from whoever asks.
    """

    value: str  # names exactly these bytes
    object_id: str  # the record's, where it has one
    case_ref: str
    kind: str


def seal_fields(
    vault: OpenVault, case_id: str | None, record_id: str, rev: int, values: Mapping[str, Value]
) -> tuple[bytes | None, SealedNote | None]:
    """Seal the values of a revision that never stand open, and return the file and the note of it; None for none."""
    given = encode_fields(values) | {name: None for name, value in values.items() if value is None}
    if not given:
        return None, None
    made = seal_values(
        given,
        vault=vault.vault.hex(),
        case=case_id or "",
        record=record_id,
        rev=rev,
        recipients=(vault.sealed_current, *vault.restricted_recipients),
    )
    return made.sealed, SealedNote(made.commit, made.names, vault.vault.hex())


def read_sealed(session: Session, vault: OpenVault, record_id: str) -> dict[str, Value]:
    """Open the sealed values of a record with the private halves this person holds; the newest value of each name.

    Raises:
        NotPermitted: This person holds no key of the sealed class.
    """
    values: dict[str, Value] = {}
    rows = session.execute(
        select(Revision.body, sealed_as_it_stands())
        .where(Revision.record_id == record_id, Revision.sealed.is_not(None))
        .order_by(Revision.rev)
    ).all()
    for body, sealed in rows:
        revision = parse_revision(body)
        if sealed is not None and revision.sealed is not None:
            opened = _open(vault, sealed, revision)
            values |= decode_fields(opened)
            for name in [name for name, value in opened.items() if value is None]:
                values.pop(name, None)  # taken away by this revision
    return values


def seal_again(session: Session, vault: OpenVault, restricted: tuple[bytes, ...]) -> int:
    """Seal every sealed value again, to `R` and the restricted intake named now; return how many did not open.

    What was sealed before the enrolment, or to an intake key since replaced, could not be read by the Secretariat.
    Plaintext and commitment stay, so no revision hash changes (threat-model 5.3). A value that this person cannot
    open stays as it is: it must not keep a roster out.
    """
    left = 0
    for row in session.execute(_SEALED.order_by(_row_number)).all():
        plaintext = _plaintext(vault, row.sealed)
        if plaintext is None:
            left += 1
        else:
            _write(session, row.at, seal(plaintext, vault.sealed_current, *restricted))
    return left


def count_sealed(session: Session) -> int:
    """Return how many revisions have sealed values."""
    return session.scalar(select(func.count()).select_from(Revision).where(Revision.sealed.is_not(None))) or 0


def seal_batch(
    session: Session, vault: OpenVault, after: int, most: int, restricted: tuple[bytes, ...] | None
) -> Batch:
    """Seal the next values to the current `R` that are still sealed to an earlier one, in the caller's transaction.

    What the current half opens is done already, so that a run that was stopped begins anew and goes on where it was.
    A value is sealed as it is, whatever its record says of it: that it is not what was committed to stays as plain.

    Args:
        session: The caller's transaction.
        vault: The open vault.
        after: The last row looked at.
        most: How many rows to look at.
        restricted: The restricted intake's keys; None where nobody can say which they are. A value that more than one
            key opens then stays as it is: sealed again it would be lost to the Secretariat.
    """
    current = vault.sealed_private.get(vault.sealed_current)
    rows = session.execute(_SEALED.where(_row_number > after).order_by(_row_number).limit(most)).all()
    unopened, for_trust = [], 0
    for row in rows:
        if _opened(row.sealed, current) is not None:
            continue
        plaintext = _plaintext(vault, row.sealed)
        if plaintext is None:
            unopened.append(row.at)
        elif restricted is None and _recipients(row.sealed) > 1:
            for_trust += 1
        else:
            _write(session, row.at, seal(plaintext, vault.sealed_current, *(restricted or ())))
    return Batch(rows[-1].at if rows else after, len(rows), tuple(unopened), for_trust)


def look_at_batch(session: Session, vault: OpenVault, after: int, most: int) -> tuple[Batch, tuple[str, ...]]:
    """Look at the next sealed values and return those that are not what was saved, with the records they belong to.

    Whoever holds no half of the sealed class sees only whether it is a sealed file at all.
    """
    rows = session.execute(_SEALED.where(_row_number > after).order_by(_row_number).limit(most)).all()
    wrong = [row for row in rows if not _is_as_saved(vault, row)]
    looked = Batch(rows[-1].at if rows else after, len(rows), tuple(row.at for row in wrong))
    return looked, tuple(_text(row.record) for row in wrong)


def name_unopened(session: Session, user: str, places: Sequence[int]) -> tuple[Unopened, ...]:
    """Return what can be said to `user` of values that did not open."""
    found = []
    for at in places:
        row = session.execute(_SEALED.where(_row_number == at)).one()
        record = _text(row.record)
        case_ref, kind, hidden = session.execute(
            select(CaseRow.case_ref, Record.kind, is_hidden(Record.case_id, user))
            .select_from(Record)
            .join(CaseRow, CaseRow.case_id == Record.case_id, isouter=True)
            .where(Record.id == record)
        ).one_or_none() or (None, None, False)
        content = row.sealed if isinstance(row.sealed, bytes) else repr(row.sealed).encode()
        value = tagged_sha256(_VALUE, record.encode("utf-8", "replace"), content).hex()
        named = ("", "") if hidden else (case_ref or "–", kind or "")
        found.append(Unopened(value, record if kind else value[:32], *named))
    return tuple(found)


def _is_as_saved(vault: OpenVault, row: Any) -> bool:
    if not isinstance(row.sealed, bytes) or not row.sealed.startswith(AGE_MAGIC):
        return False
    if not vault.sealed_private:
        return True
    try:
        note = parse_revision(row.body).sealed if isinstance(row.body, bytes) else None
    except Malformed:
        note = None
    plaintext = _plaintext(vault, row.sealed)
    return plaintext is not None and note is not None and tagged_sha256(_LABEL, plaintext).hex() == note.commit


def _write(session: Session, at: int, sealed: bytes) -> None:
    session.execute(update(_TABLE).where(_row_number == at).values(sealed=sealed))


def _text(written: object) -> str:
    """Return a record's id as it stands in the file, whatever somebody wrote there with another tool."""
    return written.decode("utf-8", "replace") if isinstance(written, bytes) else str(written)


def _recipients(sealed: bytes) -> int:
    """Return how many keys open an age file; which ones it does not tell, and any program adds lines of no meaning."""
    return sealed.partition(b"\n--- ")[0].count(b"\n-> X25519 ")


def _plaintext(vault: OpenVault, sealed: object) -> bytes | None:
    halves = (_opened(sealed, secret) for secret in vault.sealed_private.values())
    return next((plaintext for plaintext in halves if plaintext is not None), None)


def _opened(sealed: object, secret: bytes | None) -> bytes | None:
    if secret is None or not isinstance(sealed, bytes):
        return None
    try:
        return open_sealed(sealed, secret)
    except Malformed:
        return None


def _open(vault: OpenVault, sealed: object, revision: StoredRevision) -> Mapping[str, object]:
    """Try each private half held; after a change of `R` old revisions still open with the old one."""
    note = revision.sealed
    if note is None or not vault.sealed_private:
        raise NotPermitted("SEALED_NO_KEY")
    if not isinstance(sealed, bytes):
        raise NotTrusted("SEALED_VALUES_WRONG")
    failure: NotTrusted | None = None
    for secret in vault.sealed_private.values():
        try:
            return open_values(
                sealed,
                secret,
                vault=note.vault,
                case=revision.case or "",
                record=revision.id,
                rev=revision.rev,
                commit=note.commit,
            )
        except NotTrusted as error:
            failure = error
    raise failure or NotTrusted("SEALED_VALUES_WRONG")
