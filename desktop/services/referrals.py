"""Referrals: ask a provider for services, issue the letter, keep what was issued (RUF-3 with slip RUF-4)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.base import DeskUser
from db.models.office import Letter
from desktop.clock import NAIROBI, stamp, today
from desktop.crypto.encoding import canonical_json
from desktop.errors import NotAccepted, Obstacle, Problem
from desktop.letters import content as letter_content
from desktop.letters import pdf, source, telltale
from desktop.rules import dates, numbers
from desktop.rules.access import require_signature
from desktop.rules.consent import LawfulBasis, ReceiverRule, identity_mode, instant, permission
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.rules.states import START, next_state
from desktop.services import case_rows, journal, records
from desktop.services.cases import CaseFile, load_case
from desktop.services.consents import rows_of
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

PROOF_BYTES = 16
_PRC_PEP = "PRC_PEP"  # must begin within 72 hours


@dataclass(frozen=True)
class IssuedLetter:
    """An issued letter: its bytes live in the vault; this is what the screen shows and prints.

    `warnings`, filled when it is issued: texts that tell the receiver more than the service needs.
    """

    serial: str
    referral_no: str
    reply_code: str
    file_name: str
    pdf: bytes = field(repr=False)
    warnings: tuple[Problem, ...] = ()


class ReferralService:
    """What one does with referrals."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def create(self, case_id: str, fields: dict[str, Value]) -> Outcome:
        """Begin a referral to a provider of the directory, as a draft.

        Raises:
            NotAccepted: Blocking problems, or an active referral to the same provider (REFERRAL_ALREADY_ACTIVE).
        """
        self._vault.require("referral.create")
        with self._vault.writing() as session:
            case = load_case(session, self._vault, case_id)
            provider = self._provider(session, str(fields.get("to_provider") or ""))
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
            draft = RecordDraft("referral", fields | made, case_id=case_id)
            stored = records.put(session, self._vault, draft)
            case_rows.refresh(session, self._vault, case_id)
        return Outcome((stored.record_id,), stored.revision, frozenset({Topic.REFERRALS}))

    def issue_letter(self, referral_id: str, language: str, chosen_mode: str | None = None) -> IssuedLetter:
        """Issue the letter of a draft referral: consent decides what may appear; number, bytes, digest are kept.

        `chosen_mode` is how the officer at the desk wants the person named; see `rules.consent.identity_mode`.

        Raises:
            NotAccepted: No consent in force for this receiver, or the letter lacks what it needs; nothing was written.
            NotPermitted: This receiver's letters are the supervisor's to sign.
        """
        self._vault.require("referral.issue_letter")
        with self._vault.writing() as session:
            referral = records.load(session, self._vault, referral_id)
            case = load_case(session, self._vault, referral.case_id or "")
            provider = self._provider(session, referral.text("to_provider"))
            rule = self._rule(provider)
            require_signature(self._vault.role, supervisor_signs=rule.supervisor_signs)
            state = next_state(self._vault.catalogue.transitions, referral.text("status"), "ISSUE", self._vault.role)
            is_child = records.is_child_in(case.records, today(self._vault.clock))
            made = self._source(session, case, referral, provider, rule, is_child=is_child)
            mode = identity_mode(
                rule,
                chosen_mode,
                typed=referral.text("identity_mode") or None,
                limited=made.permission.limited,
                is_child=is_child,
                has_alias=bool(made.person.safe_alias.strip()),
            )
            content = letter_content.build(made, language, mode, self._vault.catalogue)
            salt = secrets.token_bytes(letter_content.SALT_BYTES)
            digest = letter_content.digest(content, salt)
            paper = pdf.render(content, salt_digest_first16=digest[:PROOF_BYTES], copy=1, copies=1)
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
            issued: dict[str, Value] = {
                "status": state,
                "date": made.issued.astimezone(NAIROBI).date().isoformat(),
                "time": f"{made.issued.astimezone(NAIROBI):%H:%M}",
                "act_by": stamp(made.act_by),
                "feedback_due": made.feedback_due,
                "identity_mode": mode.value,
                "consent": made.permission.consent_id,
            }
            draft = RecordDraft(
                "referral", {**referral.fields, **issued}, referral_id, referral.case_id, referral.revision
            )
            records.put(session, self._vault, draft, act=Act.REFERRAL_MOVED, reason="ISSUE")
            case_rows.refresh(session, self._vault, case.case_id)
            journal.append(session, self._vault, Act.LETTER_ISSUED, made.serial, revision_hash=digest.hex())
        return replace(_issued(letter), warnings=telltale.warnings(made))

    def open_letter(self, serial: str) -> IssuedLetter:
        """Return an issued letter from the vault; journaled. Raises Obstacle LETTER_UNKNOWN."""
        self._vault.require("letter.open")
        with self._vault.writing() as session:
            letter = session.get(Letter, serial)
            if letter is None:
                raise Obstacle("LETTER_UNKNOWN")
            journal.append(session, self._vault, Act.LETTER_VIEWED, serial)
        return _issued(letter)

    def letters_of(self, referral_id: str) -> tuple[str, ...]:
        """Return the serials of the letters issued for a referral, the newest last."""
        with self._vault.reading() as session:
            query = select(Letter.serial).where(Letter.referral_id == referral_id).order_by(Letter.issued_at)
            return tuple(session.scalars(query))

    def _provider(self, session: Session, record_id: str) -> StoredRecord:
        found = records.load(session, self._vault, record_id) if record_id else None
        if found is None or found.kind != "provider":
            raise NotAccepted((Problem("PROVIDER_NOT_CHOSEN", "referral.to_provider"),))
        return found

    def _rule(self, provider: StoredRecord) -> ReceiverRule:
        rules = self._vault.catalogue.receiver_rules
        return rules.get(provider.text("actor"), rules["OTHER"])

    def _refuse_twice(self, case: CaseFile, provider_id: str) -> None:
        statuses = self._vault.catalogue.lists["referral_statuses"]
        for other in case.of("referral"):
            code = statuses.get(other.text("status"))
            active = code is None or code.extra.get("terminal") != "yes"
            if other.text("to_provider") == provider_id and active:
                raise NotAccepted((Problem("REFERRAL_ALREADY_ACTIVE", "referral.to_provider"),))

    def _source(
        self,
        session: Session,
        case: CaseFile,
        referral: StoredRecord,
        provider: StoredRecord,
        rule: ReceiverRule,
        *,
        is_child: bool,
    ) -> source.LetterSource:
        issued = self._vault.clock.now()
        hours = self._vault.catalogue.lists["referral_urgency"].get(referral.text("urgency"))
        if hours is None:
            raise NotAccepted((Problem("ANSWER_MISSING", "referral.urgency"),))
        act_by = issued + timedelta(hours=int(hours.extra["hours_to_act"]))
        basis = LawfulBasis(
            referral.text("lawful_basis"), referral.text("basis_reason"), referral.text("basis_supervisor")
        )
        leave = permission(
            rule,
            rows_of(case.records),
            provider.record_id,
            basis if referral.text("lawful_basis") else None,
            is_child=is_child,
        )
        return source.LetterSource(
            serial=numbers.make_letter_serial(secrets.token_bytes(7)),
            referral_no=referral.text("referral_no"),
            issued=issued.astimezone(NAIROBI),
            urgency=referral.text("urgency"),
            act_by=act_by.astimezone(NAIROBI),
            feedback_due=act_by.astimezone(NAIROBI).date().isoformat(),
            reply_code=numbers.make_reply_code(secrets.token_bytes(5)),
            services=referral.codes("services"),
            office=self._office(session),
            receiver=source.Receiver(
                provider.text("name"),
                referral.text("to_person") or provider.text("contact_person"),
                referral.text("to_phone") or provider.text("phone"),
            ),
            person=self._person(case, issued),
            rule=rule,
            permission=leave,
            reason_short=referral.text("reason_short"),
            needs_short=referral.text("needs_short"),
            risk_note=referral.text("risk_note"),
            already_given=referral.text("already_given"),
            escort_transport=" · ".join(filter(None, (referral.text("escort"), referral.text("transport")))),
            variant_facts=_variant_facts(referral),
            practice=self._vault.practice,
        )

    def _office(self, session: Session) -> source.Office:
        office = records.office(session)
        officer = session.get(DeskUser, self._vault.user)
        county = self._vault.catalogue.lists["counties"].get(office.county)
        return source.Office(
            code=office.code,
            ministry=office.ministry,
            name=office.name,
            county=county.labels["en"] if county else "",
            phone=office.phone,
            officer=officer.name if officer else "",
            officer_title=officer.title if officer else "",
            officer_phone=officer.phone if officer else "",
        )

    def _person(self, case: CaseFile, day: datetime) -> source.Person:
        person = case.one("person")
        if person is None:
            raise NotAccepted((Problem("PERSON_MISSING", "person.surname"),))
        born = person.text("dob")
        estimated = person.fields.get("dob_estimated") is True
        age = person.fields.get("age_at_registration")
        ages = dates.age_on(born, day.astimezone(NAIROBI).date()) if born else None
        if ages is None and isinstance(age, int):
            said = person.text("age_said_on") or today(self._vault.clock).isoformat()
            ages = dates.age_from_statement(age, datetime.fromisoformat(said).date(), today(self._vault.clock))
            estimated = True
        document = case.one("identity_document")
        return source.Person(
            case_ref=case.case_ref,
            sex=person.text("sex"),
            ages=ages,
            age_estimated=estimated,
            languages=person.codes("languages"),
            interpreter_needed=person.fields.get("interpreter_needed") is True,
            names=" ".join(filter(None, (person.text(n) for n in ("first_name", "other_names", "surname")))),
            known_as=person.text("known_as"),
            safe_alias=person.text("safe_alias"),
            disability_help=person.text("disability_help"),
            birth_date=born,
            id_document=document.text("type") if document else "",
            id_number=document.text("number") if document else "",
            citizenship=person.codes("citizenship"),
        )


def _variant_facts(referral: StoredRecord) -> source.VariantFacts:
    wages = referral.fields.get("wages_claimed_kes")
    return source.VariantFacts(
        within_72_hours=_PRC_PEP in referral.codes("services"),
        suspect_annex=referral.fields.get("suspect_annex") is True,
        bed_type=referral.text("bed_type"),
        arrival=instant(referral.text("arrival")),
        employer=referral.text("employer"),
        wages_claimed_kes=wages if isinstance(wages, int) else None,
        papers_needed=referral.text("papers_needed"),
        costs=referral.text("costs"),
    )


def _issued(letter: Letter) -> IssuedLetter:
    # The file name tells nothing but the serial (decisions and threat-model attack 40).
    return IssuedLetter(letter.serial, letter.referral_no, letter.reply_code, f"{letter.serial}.pdf", letter.pdf)
