"""Referrals: ask a provider for services, issue the letter, keep what was issued (RUF-3 with slip RUF-4)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import Letter
from db.queries import referrals as queries
from desktop.clock import NAIROBI, stamp
from desktop.crypto.encoding import canonical_json
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem
from desktop.letters import content as letter_content
from desktop.letters import telltale
from desktop.rules import numbers
from desktop.rules.access import Role, require_signature
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.rules.states import START, next_state
from desktop.services import assignments, case_rows, journal, records, taken_out
from desktop.services.cases import CaseFile, load_case
from desktop.services.drafts import drop_in as drop_draft
from desktop.services.letter_source import gather, leave_for, provider_of
from desktop.services.records import StoredRecord
from desktop.services.referral_rows import ReferralSummary, is_open
from desktop.services.session import OpenVault

PROOF_BYTES = 16
MOST_COPIES = 5
REASONS = "letter_reasons"  # the code list of why a letter goes out again, or as a file


class Way(StrEnum):
    """How an issued letter leaves the vault."""

    PRINTER = "PRINTER"
    FILE = "FILE"


_GONE = {Way.PRINTER: Act.LETTER_PRINTED, Way.FILE: Act.LETTER_SAVED}
_FAILED = {Way.PRINTER: Act.PRINT_FAILED, Way.FILE: Act.SAVE_FAILED}


@dataclass(frozen=True)
class IssuedLetter:
    """An issued letter: its bytes live in the vault; this is what the screen shows. What leaves comes from `hand_out`.

    `warnings` and `topics` are filled when it is issued: texts that tell the receiver more than the service needs, and
    what the issue changed. `withheld` says why it may not be printed or saved any more.
    """

    serial: str
    referral_no: str
    reply_code: str
    file_name: str
    pdf: bytes = field(repr=False)
    warnings: tuple[Problem, ...] = ()
    withheld: tuple[Problem, ...] = ()
    topics: frozenset[Topic] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class LetterPreview:
    """A letter as it would be issued, marked as a draft. `pdf` is empty where `problems` stop it.

    `mode` is how it names the person, `modes` how it could. `supervisor_must_sign`: not this role's to issue.
    """

    referral_no: str
    mode: str
    modes: tuple[str, ...]
    pdf: bytes = field(repr=False)
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    supervisor_must_sign: bool


class ReferralService:
    """What one does with referrals."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def create(self, case_id: str, fields: Mapping[str, Value]) -> Outcome:
        """Begin a referral to a provider of the directory, as a draft.

        Raises:
            NotAccepted: Blocking problems, or an active referral to the same provider (REFERRAL_ALREADY_ACTIVE).
            Obstacle: RECORD_GONE, VIEW_REASON_NEEDED: as in every method here that is about one case.
        """
        self._vault.require("referral.create")
        with self._vault.writing() as session:
            assignments.admit(session, self._vault, "referral.create", case_id)
            case = load_case(session, self._vault, case_id)
            provider = provider_of(session, self._vault, str(fields.get("to_provider") or ""))
            self._refuse_twice(case, provider.record_id)
            count = len([item for item in case.of("referral") if item.text("referral_no")])
            office = records.office(session)
            made: dict[str, Value] = {
                "referral_no": numbers.make_referral_no(case.case_ref, count + 1),
                "direction": "OUT",
                "to_actor": provider.text("actor"),
                "from_office": office.code,
                "status": next_state(self._vault.catalogue.transitions, START, "CREATE", self._vault.role),
            }
            draft = RecordDraft("referral", {**fields, **made}, case_id=case_id)
            stored = records.put(session, self._vault, draft)
            drop_draft(session, self._vault, draft)
            case_rows.refresh(session, self._vault, case_id)
        return Outcome((stored.record_id,), stored.revision, frozenset({Topic.REFERRALS}))

    def list(self, *, open_only: bool = True, after: ReferralSummary | None = None) -> tuple[ReferralSummary, ...]:
        """Return the next page, the first due first; those that wait for nothing any more come last, if at all."""
        self._vault.require("case.search")
        key = (after.due_at, after.referral_id) if after else None
        rows: list[Any] = []
        with self._vault.reading() as session:
            if after is None or after.is_open:
                rows += queries.page(session, self._vault.user, is_open=True, after=key)
                key = None
            left = queries.PAGE_ROWS - len(rows)
            if left and not open_only:
                rows += queries.page(session, self._vault.user, is_open=False, after=key, rows=left)
        return tuple(
            ReferralSummary(
                referral_id=row.referral_id,
                case_id=row.case_id,
                referral_no=row.referral_no,
                provider=row.provider,
                status=row.status,
                urgency=row.urgency,
                is_open=row.open,
                due_at=row.due_at,
                issued_on=row.issued_on,
            )
            for row in rows
        )

    def preview_letter(self, referral_id: str, language: str, chosen_mode: str | None = None) -> LetterPreview:
        """Return the letter of a draft referral as it would be issued now. Nothing is written, no serial is used up.

        Raises:
            NotAccepted: No consent in force for this receiver, or facts are missing that no letter can do without.
            NotTrusted: LETTER_RECORD_ALTERED.
        """
        self._vault.require("referral.issue_letter")
        with self._vault.reading() as session:
            referral = self._referral(session, referral_id)
            # Whether anybody at all could issue it: whose signature it needs is told beside it.
            next_state(self._vault.catalogue.transitions, referral.text("status"), "ISSUE", Role.SUPERVISOR)
            found = gather(session, self._vault, referral, chosen_mode, draft=True)
        paper, problems = b"", tuple[Problem, ...]()
        try:
            content = letter_content.build(found.source, language, found.mode, self._vault.catalogue)
            paper = _drawn(content, None)
        except NotAccepted as refused:
            problems = refused.problems
        return LetterPreview(
            referral_no=found.source.referral_no,
            mode=found.mode.value,
            modes=tuple(mode.value for mode in found.modes),
            pdf=paper,
            problems=problems,
            warnings=telltale.warnings(found.source),
            supervisor_must_sign=found.source.rule.supervisor_signs and self._vault.role != Role.SUPERVISOR,
        )

    def issue_letter(self, referral_id: str, language: str, chosen_mode: str | None = None) -> IssuedLetter:
        """Issue the letter of a draft referral: consent decides what may appear; number, bytes, digest are kept.

        `chosen_mode` is how the officer at the desk wants the person named; see `rules.consent.identity_mode`.

        Raises:
            NotAccepted: No consent in force for this receiver, or the letter lacks what it needs; nothing was written.
            NotPermitted: This receiver's letters are the supervisor's to sign.
            NotTrusted: LETTER_RECORD_ALTERED.
        """
        self._vault.require("referral.issue_letter")
        with self._vault.writing() as session:
            referral = self._referral(session, referral_id)
            state = next_state(self._vault.catalogue.transitions, referral.text("status"), "ISSUE", self._vault.role)
            found = gather(session, self._vault, referral, chosen_mode, draft=False)
            made = found.source
            require_signature(self._vault.role, supervisor_signs=made.rule.supervisor_signs)
            content = letter_content.build(made, language, found.mode, self._vault.catalogue)
            salt = secrets.token_bytes(letter_content.SALT_BYTES)
            digest = letter_content.digest(content, salt)
            paper = _drawn(content, digest[:PROOF_BYTES])
            letter = Letter(
                serial=made.serial,
                referral_id=referral_id,
                referral_no=made.referral_no,
                reply_code=made.reply_code,
                language=language,
                template=content.template,
                content=canonical_json(content.to_json()),
                salt=salt,
                digest=digest,
                pdf=paper,
                copies=1,
                issued_at=self._vault.now(),
                issued_by=self._vault.user,
            )
            session.add(letter)
            local = made.issued.astimezone(NAIROBI)
            issued: dict[str, Value] = {
                "status": state,
                "date": local.date().isoformat(),
                "time": f"{local:%H:%M}",
                "act_by": stamp(made.act_by),
                "feedback_due": made.feedback_due,
                "identity_mode": found.mode.value,
                "consent": made.permission.consent_id,
            }
            draft = RecordDraft(
                "referral", {**referral.fields, **issued}, referral_id, referral.case_id, referral.revision
            )
            records.put(session, self._vault, draft, act=Act.REFERRAL_MOVED, reason="ISSUE")
            case_rows.refresh(session, self._vault, referral.case_id or "")
            journal.append(session, self._vault, Act.LETTER_ISSUED, made.serial, revision_hash=digest.hex())
        return replace(
            _issued(letter),
            warnings=telltale.warnings(made),
            topics=frozenset({Topic.CASES, Topic.REFERRALS, Topic.LETTERS}),
        )

    def open_letter(self, serial: str) -> IssuedLetter:
        """Return an issued letter from the vault; journaled. Raises Obstacle LETTER_UNKNOWN."""
        self._vault.require("letter.open")
        with self._vault.writing() as session:
            letter = self._letter(session, serial)
            withheld = self._withheld(session, letter)
            journal.append(session, self._vault, Act.LETTER_VIEWED, serial)
        return replace(_issued(letter), withheld=withheld)

    def note_previewed(self, referral_id: str) -> None:
        """Journal that the letter of a draft referral was looked at; called once for each time a screen shows it."""
        self._vault.require("referral.issue_letter")
        with self._vault.writing() as session:
            self._referral(session, referral_id)
            journal.append(session, self._vault, Act.LETTER_VIEWED, referral_id, reason="DRAFT")

    def hand_out(self, serial: str, way: Way, *, copies: int = 1, reason: str | None = None) -> bytes:
        """Return the bytes of an issued letter for the printer or a file, journaled before anybody has them.

        `reason` is a code of `letter_reasons`: a file and a further print need one, the first print none. A print that
        was noted and never noted as failed counts as made.

        Raises:
            NotAccepted: No leave for this receiver any more (L-14), LETTER_REASON_MISSING, or a reason that is none.
            NotTrusted: LETTER_RECORD_ALTERED.
            Obstacle: LETTER_UNKNOWN.
        """
        if not 1 <= copies <= MOST_COPIES:
            raise ValueError("a letter is printed once to five times")
        self._vault.require("letter.open")
        with self._vault.writing() as session:
            letter = self._letter(session, serial)
            leave_for(session, self._vault, records.load(session, self._vault, letter.referral_id))
            if not reason and (way is Way.FILE or _is_printed(session, serial)):
                raise NotAccepted((Problem("LETTER_REASON_MISSING"),), "LETTER_REASON_MISSING")
            if reason and reason not in self._vault.catalogue.lists[REASONS]:
                raise NotAccepted((Problem("VALUE_NOT_IN_LIST"),), "VALUE_NOT_IN_LIST")
            count = f"COPIES_{copies}" if way is Way.PRINTER else ""
            said = " ".join(filter(None, (count, reason)))
            journal.append(session, self._vault, _GONE[way], serial, reason=said)
            taken_out.count(session, letters=1)
        return letter.pdf

    def note_failed(self, serial: str, way: Way) -> None:
        """Journal that a letter handed out did not arrive: the printer or the disk refused it."""
        self._vault.require("letter.open")
        with self._vault.writing() as session:
            # No reason is asked: that the letter did not arrive is true whatever day it has become.
            self._letter(session, serial, "case.search")
            journal.append(session, self._vault, _FAILED[way], serial)

    def letters_of(self, referral_id: str) -> tuple[str, ...]:
        """Return the serials of the letters issued for a referral, the newest last."""
        self._vault.require("letter.open")
        with self._vault.reading() as session:
            self._referral(session, referral_id, "letter.open")
            query = select(Letter.serial).where(Letter.referral_id == referral_id).order_by(Letter.issued_at)
            return tuple(session.scalars(query))

    def _referral(self, session: Session, record_id: str, action: str = "referral.issue_letter") -> StoredRecord:
        """Return a referral whose case the signed-in person may work on. Raises Obstacle RECORD_GONE."""
        referral = records.load(session, self._vault, record_id)
        assignments.admit(session, self._vault, action, referral.case_id)
        return referral

    def _letter(self, session: Session, serial: str, action: str = "letter.open") -> Letter:
        """Return an issued letter in the same way. Raises Obstacle LETTER_UNKNOWN."""
        letter = session.get(Letter, serial)
        try:
            if letter is not None:
                self._referral(session, letter.referral_id, action)
                return letter
        except Obstacle as refused:
            if refused.code != "RECORD_GONE":
                raise
        raise Obstacle("LETTER_UNKNOWN")

    def _withheld(self, session: Session, letter: Letter) -> tuple[Problem, ...]:
        try:
            leave_for(session, self._vault, records.load(session, self._vault, letter.referral_id))
        except NotAccepted as refused:
            return refused.problems
        except (NotTrusted, Obstacle) as refused:
            return (Problem(refused.code),)
        return ()

    def _refuse_twice(self, case: CaseFile, provider_id: str) -> None:
        for other in case.of("referral"):
            if other.text("to_provider") == provider_id and is_open(self._vault, other.text("status")):
                raise NotAccepted((Problem("REFERRAL_ALREADY_ACTIVE", "referral.to_provider"),))


def _is_printed(session: Session, serial: str) -> bool:
    acts = journal.acts_on(session, serial)
    return acts.count(Act.LETTER_PRINTED) > acts.count(Act.PRINT_FAILED)


def _drawn(content: letter_content.LetterContent, proof: bytes | None) -> bytes:
    """Return the only copy of a letter as PDF. Raises NotAccepted LETTER_DOES_NOT_FIT."""
    # Here, because what draws letters takes 7 MB of memory and many an unlocked vault draws none.
    from desktop.letters import pdf

    return pdf.render(content, salt_digest_first16=proof, copy=1, copies=1)


def _issued(letter: Letter) -> IssuedLetter:
    # The file name tells nothing but the serial (decisions and threat-model attack 40).
    return IssuedLetter(letter.serial, letter.referral_no, letter.reply_code, f"{letter.serial}.pdf", letter.pdf)
