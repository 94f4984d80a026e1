"""What became of one record: every revision, by whom, and which fields it changed from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.base import DeskUser
from db.models.office import Revision
from desktop.bundles.records import parse_revision, revision_hash
from desktop.crypto.encoding import Malformed
from desktop.rules.records import Value
from desktop.rules.validation import read_fields
from desktop.services import records
from desktop.services.session import OpenVault


@dataclass(frozen=True)
class FieldChange:
    """One field of one revision. `sealed`, `hidden`: the values are not shown, only that they changed."""

    name: str
    before: Value = field(repr=False)
    after: Value = field(repr=False)
    sealed: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Change:
    """One revision. `altered`: the stored bytes are not those that were saved, or cannot be read."""

    revision: int
    at: str
    by: str = field(repr=False)
    fields: tuple[FieldChange, ...]
    altered: bool


def of_record(session: Session, vault: OpenVault, record_id: str) -> tuple[Change, ...]:
    """Return the changes of a record, the newest first; raises Obstacle RECORD_GONE."""
    kind = records.load(session, vault, record_id).kind
    form = records.form_of(vault, kind)
    names = {user: name for user, name in session.execute(select(DeskUser.id, DeskUser.name))}
    rows = session.scalars(select(Revision).where(Revision.record_id == record_id).order_by(Revision.rev)).all()
    found: list[Change] = []
    before: Mapping[str, Value] = {}
    for row in rows:
        try:
            revision = parse_revision(row.body)
        except Malformed:
            found.append(Change(row.rev, "", "", (), altered=True))
            continue
        after = read_fields(form, revision.fields)
        changed = [
            FieldChange(name, before.get(name), after.get(name))
            for name in dict.fromkeys((*(item.name for item in form.fields), *before, *after))
            if before.get(name) != after.get(name)
        ]
        sealed = revision.sealed.names if revision.sealed else ()
        changed += [FieldChange(name, None, None, sealed=True) for name in sealed]
        altered = revision_hash(row.random, row.body) != row.hash.hex()
        found.append(Change(row.rev, revision.at, names.get(revision.by, ""), tuple(changed), altered))
        before = after
    return tuple(reversed(found))
