"""Breaches of personal data: recorded at once, told in time, closed by a supervisor (DPA s.43, L-60, L-61).

A breach belongs to no case, so no bundle carries it. What a clerk types can neither close it nor open it again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import LargeBinary, cast, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from db.models.office import SearchKey
from db.queries.visible import is_hidden
from desktop.clock import NAIROBI, parse_stamp
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem, Severity
from desktop.letters.notice_facts import TYPED, Letterhead, NoticeFacts
from desktop.rules.breach import Due, closing_problems, commissioner_due, controller_due, is_closed
from desktop.rules.journal_chain import Act
from desktop.rules.names import fold
from desktop.rules.records import Outcome, RecordDraft, Topic
from desktop.services import drafts, journal, records
from desktop.services.records import RevisionConflict, StoredRecord
from desktop.services.session import OpenVault

_KIND = "breach"
_CLOSING = ("closed_at", "closed_by")
_LOOKED_BACK = 100  # entries of the journal whose times are looked at
_NUMBER = re.compile(r"\+?[0-9][0-9 /().-]{5,}[0-9]")  # of a case, or a telephone
_REFERENCE_DIGITS = 8  # of the record's id, which the journal holds
_MOST_WORDS = 500  # that one question to the search keys asks for


@dataclass(frozen=True)
class Breach:
    """A breach as it stands, and its two clocks at this moment."""

    record: StoredRecord
    commissioner: Due
    controller: Due

    @property
    def is_closed(self) -> bool:
        """Whether a supervisor closed it."""
        return is_closed(self.record.fields)

    @property
    def is_late(self) -> bool:
        """Whether somebody should have been told by now."""
        return not self.is_closed and (self.commissioner.is_late or self.controller.is_late)


@dataclass(frozen=True)
class OpenBreaches:
    """How many breaches are open, and how many of them are late."""

    open: int = 0
    late: int = 0


@dataclass(frozen=True)
class Notice:
    """The draft notice as PDF. It is empty where `problems` stop it; `warnings` are to be looked at before it goes."""

    pdf: bytes
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


class BreachService:
    """Recording, telling and closing breaches."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def list(self) -> tuple[Breach, ...]:
        """Return every breach: those open first, the one known first above."""
        self._vault.require("breach.record")
        with self._vault.reading() as session:
            now = _latest_time(session, self._vault)
            found = [_breach(record, now) for record in records.of_kind(session, self._vault, _KIND)]
        return tuple(sorted(found, key=lambda one: (one.is_closed, one.record.text("known_at"), one.record.record_id)))

    def open(self, record_id: str) -> Breach:
        """Return one breach. Raises Obstacle RECORD_GONE."""
        self._vault.require("breach.record")
        with self._vault.reading() as session:
            return _breach(_load(session, self._vault, record_id), _latest_time(session, self._vault))

    def standing(self) -> OpenBreaches:
        """Return how many breaches are open and late."""
        still_open = [one for one in self.list() if not one.is_closed]
        return OpenBreaches(len(still_open), sum(one.is_late for one in still_open))

    def save(self, draft: RecordDraft) -> Outcome:
        """Save one breach; its draft goes in the same transaction.

        Raises:
            NotAccepted: Something typed cannot stand.
            Obstacle: BREACH_IS_CLOSED.
            RevisionConflict: Somebody saved it meanwhile.
        """
        self._vault.require("breach.record")
        with self._vault.writing() as session:
            stored = _load(session, self._vault, draft.record_id) if draft.record_id and draft.revision else None
            if stored is not None and is_closed(stored.fields):
                raise Obstacle("BREACH_IS_CLOSED")
            # Closing is a supervisor's own act, whatever the draft says.
            fields = {name: value for name, value in draft.fields.items() if name not in _CLOSING}
            made = records.put(
                session,
                self._vault,
                replace(draft, kind=_KIND, case_id=None, fields=fields),
                act=Act.RECORD_SAVED if stored else Act.BREACH_RECORDED,
                opened=stored,
            )
            drafts.drop_in(session, self._vault, replace(draft, kind=_KIND, case_id=None))
        return _outcome(made)

    def close(self, record_id: str, revision: int) -> Outcome:
        """Close a breach in the name of the supervisor who is signed in.

        Raises:
            NotAccepted: Facts, effects or remedy are missing, or somebody who must be told was not.
            NotTrusted: BREACH_ALTERED, its bytes are not those that were saved.
            Obstacle: BREACH_IS_CLOSED.
            RevisionConflict: Somebody saved it meanwhile.
        """
        self._vault.require("breach.close")
        with self._vault.writing() as session:
            stored = _load(session, self._vault, record_id)
            if stored.altered:
                raise NotTrusted("BREACH_ALTERED")
            if stored.revision != revision:
                raise RevisionConflict("REVISION_CONFLICT")
            if is_closed(stored.fields):
                raise Obstacle("BREACH_IS_CLOSED")
            if found := closing_problems(stored.fields, _latest_time(session, self._vault)):
                raise NotAccepted(found, "BREACH_NOT_READY")
            fields = {**stored.fields, "closed_at": self._vault.now(), "closed_by": self._vault.user}
            draft = RecordDraft(_KIND, fields, record_id, None, revision)
            made = records.put(session, self._vault, draft, act=Act.BREACH_CLOSED, opened=stored)
        return _outcome(made)

    def notice(self, record_id: str, language: str) -> Notice:
        """Return the draft notice to the Data Commissioner, to be looked at. Nothing is written.

        A text in which a person of a case stands by name or number stops it.
        """
        self._vault.require("breach.record")
        with self._vault.reading() as session:
            return self._notice(session, record_id, language)

    def hand_out_notice(self, record_id: str, language: str) -> bytes:
        """Return the notice for the printer, journaled before anybody has it. Raises NotAccepted, as `notice` says."""
        self._vault.require("breach.record")
        with self._vault.writing() as session:
            made = self._notice(session, record_id, language)
            if made.problems:
                raise NotAccepted(made.problems)
            journal.append(session, self._vault, Act.BREACH_NOTICE_PRINTED, record_id)
        return made.pdf

    def note_not_printed(self, record_id: str) -> None:
        """Journal that a notice handed out did not arrive at the printer."""
        self._vault.require("breach.record")
        with self._vault.writing() as session:
            _load(session, self._vault, record_id)
            journal.append(session, self._vault, Act.PRINT_FAILED, record_id)

    def _notice(self, session: Session, record_id: str, language: str) -> Notice:
        from desktop.letters.notice import render  # here: what draws takes 7 MB, and few vaults ever draw one

        stored = _load(session, self._vault, record_id)
        if stored.altered:
            return Notice(b"", (Problem("BREACH_ALTERED"),), ())
        problems, warnings = _names_in(session, stored, self._vault.user)
        if problems:
            return Notice(b"", problems, warnings)
        now, office = _latest_time(session, self._vault), records.office(session)
        me = session.get(DeskUser, self._vault.user)
        facts = NoticeFacts(
            fields=stored.fields,
            head=Letterhead(office.name, office.ministry, office.phone, office.code),
            due=commissioner_due(stored.fields, now),
            reference=f"B-{record_id[:_REFERENCE_DIGITS].upper()}",
            officer=me.name if me else "",
            made_at=self._vault.clock.now().astimezone(NAIROBI),
            practice=self._vault.practice,
        )
        return Notice(render(facts, language, self._vault.catalogue.lists), problems, warnings)


def _breach(record: StoredRecord, now: datetime) -> Breach:
    return Breach(record, commissioner_due(record.fields, now), controller_due(record.fields, now))


def _load(session: Session, vault: OpenVault, record_id: str | None) -> StoredRecord:
    found = records.load(session, vault, record_id or "")
    if found.kind != _KIND:
        raise Obstacle("RECORD_GONE")
    return found


def _outcome(made: StoredRecord) -> Outcome:
    return Outcome((made.record_id,), made.revision, frozenset({Topic.BREACHES}))


def _latest_time(session: Session, vault: OpenVault) -> datetime:
    """Return the later of the laptop's clock and the times of the last acts here: a clock set back wins no time."""
    times = session.scalars(
        select(cast(JournalEntry.at, LargeBinary)).order_by(JournalEntry.n.desc()).limit(_LOOKED_BACK)
    )
    return max([vault.clock.now(), *filter(None, map(_instant, times))])


def _instant(written: object) -> datetime | None:
    """Read an instant; None for what somebody wrote there from outside."""
    try:
        return parse_stamp(written.decode("ascii")) if isinstance(written, bytes) else None
    except ValueError:
        return None


def _names_in(session: Session, stored: StoredRecord, user: str) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return where a text names a person of a case, and where one word of it may be such a name.

    Two words of one person's name, or the number of a case or telephone, stop the notice. One word alone may be
    anybody's, or an everyday word: somebody has to look.
    """
    # Whom a case is hidden from learns nothing of it here either (L-06).
    shown = select(SearchKey.case_id).where(~is_hidden(SearchKey.case_id, user))
    stopping, to_look_at = [], []
    for name in TYPED:
        text = stored.text(name)
        words = list(dict.fromkeys(word for word in fold(text).split() if _may_be_name(word)))[:_MOST_WORDS]
        numbers = {re.sub(r"[^0-9]", "", found) for found in _NUMBER.findall(text)}
        cases: dict[str, int] = {}
        for case_id in session.scalars(shown.where(SearchKey.key.in_(words))):
            cases[case_id] = cases.get(case_id, 0) + 1
        numbered = session.scalar(shown.where(SearchKey.key.in_(sorted(numbers))).limit(1))
        if numbered or max(cases.values(), default=0) > 1:
            stopping.append(Problem("BREACH_NAMES_PERSON", f"breach.{name}"))
        elif cases:
            to_look_at.append(Problem("BREACH_MAY_NAME_PERSON", f"breach.{name}", Severity.WARNING))
    return tuple(stopping), tuple(to_look_at)


def _may_be_name(word: str) -> bool:
    return not word.isdigit() and (len(word) > 2 or not word.isascii())
