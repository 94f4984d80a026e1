"""Unsaved work, kept so that a lock, a fault or a dead battery loses at most ten seconds of typing.

A draft is sealed as soon as it leaves the screen: to its author's own key and to the sealed class (threat-model 5.3).
It is offered back to its author alone, and saving the record drops it in the same transaction. Nothing is journaled:
a draft is not yet a record.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.models.office import Draft
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import open_sealed, seal
from desktop.rules.records import RecordDraft, decode_fields, encode_fields
from desktop.services.session import OpenVault

_PLACE = "place"
_NEW = "new"


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it was kept, and when."""

    draft: RecordDraft
    at: str


def draft_key(draft: RecordDraft) -> str:
    """Return which piece of work a draft is: of which case, of which kind, of which record."""
    return "/".join((draft.case_id or _NEW, draft.kind, draft.record_id or _NEW))


def drop_in(session: Session, vault: OpenVault, draft: RecordDraft) -> None:
    """Forget the signed-in person's draft of the same piece of work, in the caller's transaction."""
    session.execute(delete(Draft).where(Draft.user == vault.user, Draft.key == draft_key(draft)))


class DraftService:
    """Keeping, offering back and dropping drafts of the signed-in person."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def keep(self, drafts: Iterable[RecordDraft]) -> str:
        """Keep drafts, each in the place of the one kept before, and return the instant."""
        with self._vault.writing() as session:
            for draft in drafts:
                value = {
                    "case": draft.case_id,
                    "fields": encode_fields(draft.fields),
                    "kind": draft.kind,
                    "record": draft.record_id,
                    "rev": draft.revision,
                }
                self._put(session, draft_key(draft), draft.case_id, value)
        return self._vault.now()

    def of_case(self, case_id: str | None) -> tuple[KeptDraft, ...]:
        """Return the drafts of a case, with None those of no case yet; one that does not open is left out."""
        query = select(Draft).where(Draft.user == self._vault.user, Draft.case_id == case_id, Draft.key != _PLACE)
        with self._vault.reading() as session:
            rows = session.scalars(query.order_by(Draft.at)).all()
        found = []
        for row in rows:
            value = self._opened(row)
            if value is not None:
                fields = decode_fields(value["fields"])
                draft = RecordDraft(value["kind"], fields, value["record"], value["case"], value["rev"])
                found.append(KeptDraft(draft, row.at))
        return tuple(found)

    def drop(self, draft: RecordDraft) -> None:
        """Forget a draft: its author put back what was saved."""
        with self._vault.writing() as session:
            drop_in(session, self._vault, draft)

    def cases(self) -> tuple[str, ...]:
        """Return the ids of the cases with drafts, the last kept first; an empty id stands for a case not yet made."""
        query = (
            select(func.coalesce(Draft.case_id, ""))
            .where(Draft.user == self._vault.user, Draft.key != _PLACE)
            .group_by(Draft.case_id)
            .order_by(func.max(Draft.at).desc())
        )
        with self._vault.reading() as session:
            return tuple(session.scalars(query))

    def keep_place(self, place: dict[str, str]) -> None:
        """Remember where on the desk its person is, for after the lock."""
        with self._vault.writing() as session:
            self._put(session, _PLACE, None, place)

    def place(self) -> dict[str, str]:
        """Return where on the desk its person was, or an empty mapping."""
        with self._vault.reading() as session:
            row = session.get(Draft, (self._vault.user, _PLACE))
        value = self._opened(row) if row is not None else None
        return {str(key): str(text) for key, text in (value or {}).items()}

    def _put(self, session: Session, key: str, case_id: str | None, value: object) -> None:
        row = session.get(Draft, (self._vault.user, key)) or Draft(user=self._vault.user, key=key)
        row.case_id, row.at = case_id, self._vault.now()
        row.sealed = seal(self._bytes(value), self._vault.own_key, self._vault.sealed_current)
        session.add(row)
        session.flush()

    def _bytes(self, value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _opened(self, row: Draft) -> dict[str, Any] | None:
        with contextlib.suppress(Malformed, ValueError, KeyError):
            value = json.loads(open_sealed(row.sealed, self._vault.keys.x25519).decode("utf-8", "surrogatepass"))
            return value if isinstance(value, dict) else None
        return None
