"""The sealed class: values that only the holders of `R` and the restricted intake can read (threat-model 5.3)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import Revision
from desktop.bundles.records import SealedNote, StoredRevision, open_values, parse_revision, seal_values
from desktop.crypto.encoding import Malformed, tagged_sha256
from desktop.crypto.sealing import open_sealed, seal
from desktop.errors import NotPermitted, NotTrusted
from desktop.rules.records import Value, decode_fields, encode_fields
from desktop.services.session import OpenVault

_LABEL = "rufaa-sealed-v1"


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
        note = parse_revision(revision.body).sealed
        plaintext = _plaintext(vault, revision.sealed or b"")
        if note is None or plaintext is None or tagged_sha256(_LABEL, plaintext).hex() != note.commit:
            left += 1
            continue
        revision.sealed = seal(plaintext, vault.sealed_current, *restricted)
    session.flush()
    return left


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
