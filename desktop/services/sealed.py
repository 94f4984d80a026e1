"""The sealed class: values that only the holders of `R` and the restricted intake can read (threat-model 5.3)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from db.models.office import Revision
from desktop.bundles.records import SealedNote, StoredRevision, open_values, parse_revision, seal_values
from desktop.crypto.encoding import Malformed, tagged_sha256
from desktop.crypto.sealing import open_sealed, seal
from desktop.errors import NotPermitted, NotTrusted
from desktop.rules.records import Value, decode_fields, encode_fields
from desktop.services.session import OpenVault

_LABEL = "rufaa-sealed-v1"

Place = tuple[str, int]  # record id and revision, in the order values are gone through


@dataclass(frozen=True)
class Batch:
    """How far a run of sealing again came: the last place, how many were looked at, how many stayed as they were."""

    last: Place
    looked_at: int
    left: int


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
        select(Revision.body, Revision.sealed)
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
    open, or that is damaged, stays as it is: it must not keep a roster out.
    """
    left = 0
    for revision in session.scalars(select(Revision).where(Revision.sealed.is_not(None))):
        left += not _seal_revision(vault, revision, restricted)
    session.flush()
    return left


def count_sealed(session: Session) -> int:
    """Return how many revisions have sealed values."""
    return session.scalar(select(func.count()).select_from(Revision).where(Revision.sealed.is_not(None))) or 0


def seal_batch(session: Session, vault: OpenVault, after: Place, most: int) -> Batch:
    """Seal the next values to the current `R` that are still sealed to an earlier one, in the caller's transaction.

    What the current half opens is done already, so that a run that was stopped begins anew and goes on where it was.
    """
    current = vault.sealed_private.get(vault.sealed_current)
    query = select(Revision).where(Revision.sealed.is_not(None), tuple_(Revision.record_id, Revision.rev) > after)
    looked_at = left = 0
    for revision in session.scalars(query.order_by(Revision.record_id, Revision.rev).limit(most)):
        looked_at, after = looked_at + 1, (revision.record_id, revision.rev)
        if current is not None:
            with contextlib.suppress(Malformed):
                open_sealed(revision.sealed or b"", current)
                continue
        left += not _seal_revision(vault, revision, vault.restricted_recipients)
    session.flush()
    return Batch(after, looked_at, left)


def _seal_revision(vault: OpenVault, revision: Revision, restricted: tuple[bytes, ...]) -> bool:
    """Seal the values of one revision again; False for what does not open, or is not what was committed to."""
    try:
        note = parse_revision(revision.body).sealed
    except Malformed:
        return False
    plaintext = _plaintext(vault, revision.sealed or b"")
    if note is None or plaintext is None or tagged_sha256(_LABEL, plaintext).hex() != note.commit:
        return False
    revision.sealed = seal(plaintext, vault.sealed_current, *restricted)
    return True


def _plaintext(vault: OpenVault, sealed: bytes) -> bytes | None:
    for secret in vault.sealed_private.values():
        with contextlib.suppress(Malformed):
            return open_sealed(sealed, secret)
    return None


def _open(vault: OpenVault, sealed: bytes, revision: StoredRevision) -> Mapping[str, object]:
    """Try each private half held; after a change of `R` old revisions still open with the old one."""
    note = revision.sealed
    if note is None or not vault.sealed_private:
        raise NotPermitted("SEALED_NO_KEY")
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
