"""Unsaved work, kept so that a lock, a fault or a dead battery loses at most ten seconds of typing.

A draft is sealed as soon as it leaves the screen: to its author's own key and to the sealed class (threat-model 5.3).
It names its vault, author, case and piece of work, and ends with an HMAC that only its author can make: what was
moved to another row, or sealed to the author by somebody else, is not offered as the author's own typing
(`docs/formats.md` section 6). Saving the record drops it in the same transaction. Nothing is journaled: a draft is not
yet a record.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.models.office import Draft
from db.queries.visible import is_hidden
from desktop.crypto.encoding import Malformed
from desktop.crypto.kdf import hkdf
from desktop.crypto.sealing import open_sealed, seal, with_purpose, without_purpose
from desktop.rules.records import RecordDraft, decode_fields, encode_fields
from desktop.services import assignments, health
from desktop.services.session import OpenVault

_PLACE = "place"
_NEW = "new"
_LABEL = "rufaa-draft-v1"
_HMAC_BYTES = 32
_PAD_BYTES = 256


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
        self._vault.require("draft.keep")
        with self._vault.writing() as session:
            for draft in drafts:
                value = {
                    "fields": encode_fields(draft.fields),
                    "kind": draft.kind,
                    "record": draft.record_id,
                    "rev": draft.revision,
                }
                self._put(session, draft_key(draft), draft.case_id, value)
        return self._vault.now()

    def of_case(self, case_id: str | None) -> tuple[KeptDraft, ...]:
        """Return the drafts of a case, with None those of no case yet; one that does not open is left out.

        They hold what was read in the case, so they are offered to whoever may open it now, and of a hidden one none;
        a health fact that was only read there is left out where its author may see them no more.

        Raises:
            Obstacle: VIEW_REASON_NEEDED.
        """
        self._vault.require("draft.keep")
        query = select(Draft).where(Draft.user == self._vault.user, Draft.case_id == case_id, Draft.key != _PLACE)
        query = query.where(~is_hidden(Draft.case_id, self._vault.user))
        with self._vault.reading() as session:
            if case_id is not None and assignments.is_there(session, self._vault, case_id):
                assignments.admit(session, self._vault, "case.open", case_id)
            opened = (self._kept(row) for row in session.scalars(query.order_by(Draft.at)).all())
            kept = tuple(one for one in opened if one is not None)
            if not kept or health.may_see(session, self._vault):
                return kept
            return tuple(replace(one, draft=health.draft_without(session, self._vault, one.draft)) for one in kept)

    def drop(self, draft: RecordDraft) -> None:
        """Forget a draft: its author put back what was saved."""
        self._vault.require("draft.keep")
        with self._vault.writing() as session:
            drop_in(session, self._vault, draft)

    def cases(self) -> tuple[str, ...]:
        """Return the ids of the cases with drafts, the last kept first; an empty id stands for a case not yet made.

        A case that has been hidden since is none of them.
        """
        self._vault.require("draft.keep")
        query = select(Draft).where(Draft.user == self._vault.user, Draft.key != _PLACE)
        query = query.where(~is_hidden(Draft.case_id, self._vault.user))
        with self._vault.reading() as session:
            rows = session.scalars(query.order_by(Draft.case_id)).all()
        newest_first = sorted(rows, key=lambda row: row.at, reverse=True)
        return tuple(dict.fromkeys(row.case_id or "" for row in newest_first if self._kept(row) is not None))

    def keep_place(self, place: dict[str, str]) -> None:
        """Remember where on the desk its person is, for after the lock."""
        self._vault.require("draft.keep")
        with self._vault.writing() as session:
            self._put(session, _PLACE, None, place)

    def place(self) -> dict[str, str]:
        """Return where on the desk its person was, or an empty mapping."""
        self._vault.require("draft.keep")
        with self._vault.reading() as session:
            row = session.get(Draft, (self._vault.user, _PLACE))
        try:
            value = self._opened(row) if row is not None else {}
        except Malformed:
            return {}
        return {str(key): str(text) for key, text in value.items()}

    def _put(self, session: Session, key: str, case_id: str | None, value: Mapping[str, Any]) -> None:
        row = session.get(Draft, (self._vault.user, key)) or Draft(user=self._vault.user, key=key)
        row.case_id, row.at = case_id, self._vault.now()
        body = json.dumps({"salt": os.urandom(32).hex(), "value": value}, ensure_ascii=False)
        plaintext = with_purpose(body.encode("utf-8", "surrogatepass"), **self._purpose(row, self._generation))
        plaintext += bytes(-(len(plaintext) + _HMAC_BYTES) % _PAD_BYTES)
        row.sealed = seal(plaintext + self._hmac(plaintext), self._vault.own_key, self._vault.sealed_current)
        session.add(row)
        session.flush()

    def _kept(self, row: Draft) -> KeptDraft | None:
        try:
            value = self._opened(row)
            fields = decode_fields(value["fields"])
            draft = RecordDraft(value["kind"], fields, value["record"], row.case_id, value["rev"])
        except (Malformed, KeyError):  # another version's, altered, or put there by somebody else
            return None
        return KeptDraft(draft, row.at)

    def _opened(self, row: Draft) -> dict[str, Any]:
        """Return what was kept in a row. Raises Malformed for what its author did not keep in this very row."""
        plaintext = open_sealed(row.sealed, self._vault.keys.x25519)
        signed, mark = plaintext[:-_HMAC_BYTES], plaintext[-_HMAC_BYTES:]
        if not hmac.compare_digest(mark, self._hmac(signed)):
            raise Malformed("HMAC")
        body = self._body(row, signed).rstrip(b"\0")
        try:
            value = json.loads(body.decode("utf-8", "surrogatepass"))["value"]
        except (ValueError, KeyError, TypeError):
            raise Malformed("JSON") from None
        if not isinstance(value, dict):
            raise Malformed("TYPE")
        return value

    def _body(self, row: Draft, signed: bytes) -> bytes:
        """Return what stands behind the purpose line, of this key generation or an earlier one."""
        for generation in range(self._generation, 1, -1):
            with contextlib.suppress(Malformed):
                return without_purpose(signed, **self._purpose(row, generation))
        return without_purpose(signed, **self._purpose(row, 1))

    @property
    def _generation(self) -> int:
        return self._vault.keys.access_list.key_generation

    def _purpose(self, row: Draft, generation: int) -> dict[str, str | int]:
        return {
            "case": row.case_id or "",
            "generation": generation,
            "key": row.key,
            "purpose": "draft",
            "user": self._vault.user,
            "vault": self._vault.vault.hex(),
        }

    def _hmac(self, plaintext: bytes) -> bytes:
        """Return the author's mark: anybody can seal to a public key, the private half is the author's alone."""
        key = hkdf(self._vault.keys.x25519, self._vault.vault, _LABEL)
        return hmac.digest(key, plaintext, "sha256")
