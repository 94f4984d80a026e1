"""Consent: one row per scope and receiver, never changed; a withdrawal is a new row (DPA s.32, L-13, L-14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from desktop.errors import Obstacle
from desktop.rules.consent import ConsentRow, consent_row, local_day
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.services import assignments, case_rows, records
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

# What belongs to the answer that is withdrawn: a ground kept beside the withdrawal would let the letter go on.
_NOT_TAKEN_OVER = frozenset({"lawful_basis", "basis_reason", "basis_supervisor", "limits"})


def rows_of(found: Iterable[StoredRecord]) -> tuple[ConsentRow, ...]:
    """Return the consent rows among a case's records; none at all when one of them is not as it was saved.

    A row that somebody changed from outside may have been a no.
    """
    known = tuple(found)
    rows = [record for record in known if record.kind == "consent"]
    if any(record.altered for record in rows):
        return ()
    return tuple(
        consent_row(record.fields, record_id=record.record_id, recorded_at=record.at, as_child=_as_child(record, known))
        for record in rows
    )


def _as_child(answer: StoredRecord, known: tuple[StoredRecord, ...]) -> bool:
    day = local_day(answer.text("at"))
    return day is None or records.is_child_in(known, day)


class ConsentService:
    """Recording what a person agreed to, scope by scope."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def record(self, case_id: str, answers: Iterable[Mapping[str, Value]]) -> Outcome:
        """Keep the answers of one paper (form A), one row each, in one transaction.

        Raises:
            NotAccepted: A row lacks what proves it, or its time has not come yet; nothing was written.
            NotPermitted: A row names another ground than consent, and no supervisor is signed in.
            Obstacle: RECORD_GONE, VIEW_REASON_NEEDED.
        """
        self._vault.require("consent.record")
        answers = tuple(answers)
        if any(records.names_basis(fields) for fields in answers):
            self._vault.require("basis.record")
        written = []
        with self._vault.writing() as session:
            assignments.admit(session, self._vault, "consent.record", case_id)
            for fields in answers:
                draft = RecordDraft("consent", fields, case_id=case_id)
                stored = records.put(session, self._vault, draft, act=Act.CONSENT_RECORDED)
                written.append(stored.record_id)
            case_rows.refresh(session, self._vault, case_id)
        return Outcome(tuple(written), 1, frozenset({Topic.CONSENTS}))

    def withdraw(self, case_id: str, consent_id: str, at: str) -> Outcome:
        """Withdraw what one row gave: a new row with answer WITHDRAWN, in force from `at`.

        Raises:
            NotAccepted: DATE_IN_FUTURE, a withdrawal is not made for later.
            Obstacle: RECORD_GONE when the row is none of this case, VIEW_REASON_NEEDED.
        """
        self._vault.require("consent.record")
        with self._vault.writing() as session:
            assignments.admit(session, self._vault, "consent.record", case_id)
            given = records.load(session, self._vault, consent_id)
            if given.case_id != case_id or given.kind != "consent":
                raise Obstacle("RECORD_GONE")
            kept = {name: value for name, value in given.fields.items() if name not in _NOT_TAKEN_OVER}
            draft = RecordDraft("consent", kept | {"answer": "WITHDRAWN", "at": at}, case_id=case_id)
            stored = records.put(session, self._vault, draft, act=Act.CONSENT_RECORDED)
            case_rows.refresh(session, self._vault, case_id)
        return Outcome((stored.record_id,), 1, frozenset({Topic.CONSENTS}))
