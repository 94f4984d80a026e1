"""Health facts: seen by who is trained and bound to secrecy, kept as they are by everybody else (DPA s.46, L-04).

They are hidden, not sealed: the values stand open in the vault, and this program does not hand them out (threat-model
5.3). What the office does as an office, a letter, a table, a bundle, uses them as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from db.models.base import DeskUser
from desktop.errors import Obstacle
from desktop.rules.access import may_see_health
from desktop.rules.forms import Form, applies
from desktop.rules.records import RecordDraft, Value
from desktop.services.history import Change, FieldChange
from desktop.services.records import StoredRecord, form_of, load
from desktop.services.session import OpenVault


def may_see(session: Session, vault: OpenVault) -> bool:
    """Say whether the person at the desk may be shown health facts."""
    row = session.get_one(DeskUser, vault.user)
    return may_see_health(
        vault.role, trained=row.trained_on is not None, bound_to_secrecy=row.undertaking_on is not None
    )


def told_in(form: Form, fields: Mapping[str, Value]) -> frozenset[str]:
    """Return the names of the health facts that have a value."""
    return frozenset(name for name in form.health_names if fields.get(name) is not None)


def any_told(vault: OpenVault, records: Iterable[StoredRecord]) -> bool:
    """Say whether records hold a health fact."""
    return any(told_in(form_of(vault, record.kind), record.fields) for record in records)


def shown(form: Form, record: StoredRecord) -> dict[str, Value]:
    """Return the health facts of a record as this person was handed it."""
    return {name: record.fields[name] for name in told_in(form, record.fields)}


def staying(form: Form, record: StoredRecord) -> frozenset[str]:
    """Return the names whose value stays where a draft does not name it: to take one away it has to say None."""
    return record.sealed | record.hidden | told_in(form, record.fields)


def without(vault: OpenVault, record: StoredRecord) -> StoredRecord:
    """Return a record without its health facts: which there are is said, their values are not in it."""
    hidden = told_in(form_of(vault, record.kind), record.fields)
    if not hidden:
        return record
    fields = {name: value for name, value in record.fields.items() if name not in hidden}
    return replace(record, fields=fields, hidden=hidden, source=None)


def draft_without(session: Session, vault: OpenVault, draft: RecordDraft) -> RecordDraft:
    """Return a draft without the health facts that stand in its record: it was begun while its author saw them.

    What its author typed is theirs to see until it is saved.
    """
    form = vault.catalogue.forms.get(draft.kind)
    if form is None or draft.record_id is None or not (told := told_in(form, draft.fields)):
        return draft
    stored: Mapping[str, Value] = {}
    with contextlib.suppress(Obstacle):  # the record is gone; the draft is offered all the same
        stored = load(session, vault, draft.record_id).fields
    fields = {name: value for name, value in draft.fields.items() if name not in told or value != stored.get(name)}
    return replace(draft, fields=fields)


def changes_without(form: Form, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return what became of a record with nothing of its health facts but that they changed."""
    return tuple(replace(change, fields=tuple(_hide(form, field) for field in change.fields)) for change in changes)


def _hide(form: Form, field: FieldChange) -> FieldChange:
    return replace(field, before=None, after=None, hidden=True) if field.name in form.health_names else field


def kept(form: Form, stored: Mapping[str, Value], fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields of a draft with the health facts it does not name as they are stored.

    A name with None takes the fact away. It does not matter who saves: a draft may have been begun while they were
    hidden and saved when they no longer are. A question that applies no more keeps nothing.
    """
    untold = {name: stored[name] for name in told_in(form, stored) if name not in fields}
    whole = {**fields, **untold}
    return {name: value for name, value in whole.items() if name not in untold or applies(form[name], whole)}
