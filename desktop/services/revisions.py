"""The next revision of a record: split into open and sealed values, encoded and hashed, not yet written."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop.bundles.records import StoredRevision, fresh_salt, revision_bytes, revision_hash
from desktop.rules.forms import Form
from desktop.rules.records import RecordDraft, encode_fields
from desktop.services.sealed import seal_fields
from desktop.services.session import OpenVault


@dataclass(frozen=True)
class NextRevision:
    """What a revision says, its hash in hex, and its row in storage."""

    body: StoredRevision = field(repr=False)
    hash: str
    row: Mapping[str, object] = field(repr=False)


def next_revision(
    vault: OpenVault, form: Form, draft: RecordDraft, parent: str | None, void: str | None
) -> NextRevision:
    """Return the revision that a checked draft makes after `parent`, the hash of the one before; None for a first."""
    record_id = draft.record_id or str(uuid.uuid4())
    rev = draft.revision + 1
    never_open = form.sealed_names
    sealed_values = {name: value for name, value in draft.fields.items() if name in never_open}
    open_values = {name: value for name, value in draft.fields.items() if name not in never_open}
    sealed_file, note = seal_fields(vault, draft.case_id, record_id, rev, sealed_values)
    body = StoredRevision(
        kind=draft.kind,
        id=record_id,
        case=draft.case_id,
        rev=rev,
        parent=parent,
        at=vault.now(),
        by=vault.user,
        device=vault.device,
        form=form.version,
        fields=encode_fields(open_values),
        sealed=note,
        void=void,
    )
    stored = revision_bytes(body)
    random = fresh_salt()
    made = revision_hash(random, stored)
    row = {
        "record_id": record_id,
        "rev": rev,
        "hash": bytes.fromhex(made),
        "body": stored,
        "random": random,
        "sealed": sealed_file,
    }
    return NextRevision(body, made, row)
