"""What a letter may draw on, read from the vault in its caller's transaction: referral, case, consent, office.

The same facts make the draft that is looked at and the letter that is issued. None of them may have been changed from
outside.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db.models.base import DeskUser
from desktop.clock import NAIROBI, today
from desktop.errors import NotAccepted, NotTrusted, Problem
from desktop.letters import source
from desktop.rules import dates, numbers
from desktop.rules.consent import (
    IdentityMode,
    LawfulBasis,
    Permission,
    ReceiverRule,
    identity_mode,
    instant,
    permission,
)
from desktop.services import records
from desktop.services.cases import CaseFile, load_case
from desktop.services.consents import rows_of
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

_PRC_PEP = "PRC_PEP"  # must begin within 72 hours
_DRAWN_ON = frozenset({"case", "person", "identity_document"})  # consent rows guard themselves: `rows_of`


@dataclass(frozen=True)
class Gathered:
    """The facts of one letter, how it names the person, and the ways in which it could."""

    source: source.LetterSource = field(repr=False)
    mode: IdentityMode
    modes: tuple[IdentityMode, ...]


@dataclass(frozen=True)
class _Ground:
    """What a letter stands on: its case, its receiver, and the leave to write to it."""

    case: CaseFile = field(repr=False)
    provider: StoredRecord = field(repr=False)
    rule: ReceiverRule
    is_child: bool
    permission: Permission


def provider_of(session: Session, vault: OpenVault, record_id: str) -> StoredRecord:
    """Return a provider of the directory. Raises NotAccepted PROVIDER_NOT_CHOSEN for anything else."""
    found = records.load(session, vault, record_id) if record_id else None
    if found is None or found.kind != "provider":
        raise NotAccepted((Problem("PROVIDER_NOT_CHOSEN", "referral.to_provider"),))
    return found


def rule_for(vault: OpenVault, provider: StoredRecord) -> ReceiverRule:
    """Return what a receiver of this kind is sent."""
    rules = vault.catalogue.receiver_rules
    return rules.get(provider.text("actor"), rules["OTHER"])


def gather(
    session: Session, vault: OpenVault, referral: StoredRecord, chosen_mode: str | None, *, draft: bool
) -> Gathered:
    """Return everything one letter may draw on; a draft uses up no serial and no reply code.

    Raises:
        NotAccepted: No leave to write to this receiver, or facts are missing that no letter can do without.
        NotTrusted: LETTER_RECORD_ALTERED.
    """
    ground = _ground(session, vault, referral)
    made = _source(session, vault, referral, ground, draft=draft)
    has_alias = bool(made.person.safe_alias.strip())
    mode = identity_mode(
        ground.rule,
        chosen_mode,
        typed=referral.text("identity_mode") or None,
        limited=made.permission.limited,
        is_child=ground.is_child,
        has_alias=has_alias,
    )
    there = {IdentityMode.NAME: bool(made.person.names.strip()), IdentityMode.ALIAS: has_alias}
    return Gathered(made, mode, tuple(way for way in IdentityMode if there.get(way, True)))


def leave_for(session: Session, vault: OpenVault, referral: StoredRecord) -> Permission:
    """Return the leave to write to a referral's receiver as it stands now: a withdrawal counts at once (L-14).

    Raises:
        NotAccepted: There is none.
        NotTrusted: LETTER_RECORD_ALTERED.
    """
    return _ground(session, vault, referral).permission


def _ground(session: Session, vault: OpenVault, referral: StoredRecord) -> _Ground:
    _refuse_altered(referral)  # first, because it says which case and which receiver
    case = load_case(session, vault, referral.case_id or "")
    provider = provider_of(session, vault, referral.text("to_provider"))
    _refuse_altered(provider, *(record for record in case.records if record.kind in _DRAWN_ON))
    own = case.one("case")
    if own is None or own.text("case_ref") != case.case_ref:  # the list's row is derived, and guarded by no hash
        raise NotTrusted("LETTER_RECORD_ALTERED")
    rule = rule_for(vault, provider)
    is_child = records.is_child_in(case.records, today(vault.clock))
    basis = LawfulBasis(referral.text("lawful_basis"), referral.text("basis_reason"), referral.text("basis_supervisor"))
    leave = permission(
        rule,
        rows_of(case.records),
        provider.record_id,
        basis if referral.text("lawful_basis") else None,
        is_child=is_child,
    )
    return _Ground(case, provider, rule, is_child, leave)


def _refuse_altered(*found: StoredRecord) -> None:
    if any(record.altered for record in found):
        raise NotTrusted("LETTER_RECORD_ALTERED")


def _source(
    session: Session, vault: OpenVault, referral: StoredRecord, ground: _Ground, *, draft: bool
) -> source.LetterSource:
    provider = ground.provider
    issued = vault.clock.now()
    hours = vault.catalogue.lists["referral_urgency"].get(referral.text("urgency"))
    if hours is None:
        raise NotAccepted((Problem("ANSWER_MISSING", "referral.urgency"),))
    act_by = issued + timedelta(hours=int(hours.extra["hours_to_act"]))
    return source.LetterSource(
        serial="" if draft else numbers.make_letter_serial(secrets.token_bytes(7)),
        referral_no=referral.text("referral_no"),
        issued=issued.astimezone(NAIROBI),
        urgency=referral.text("urgency"),
        act_by=act_by.astimezone(NAIROBI),
        feedback_due=act_by.astimezone(NAIROBI).date().isoformat(),
        reply_code="" if draft else numbers.make_reply_code(secrets.token_bytes(5)),
        services=referral.codes("services"),
        office=_office(session, vault),
        receiver=source.Receiver(
            provider.text("name"),
            referral.text("to_person") or provider.text("contact_person"),
            referral.text("to_phone") or provider.text("phone"),
        ),
        person=_person(vault, ground.case, issued),
        rule=ground.rule,
        permission=ground.permission,
        reason_short=referral.text("reason_short"),
        needs_short=referral.text("needs_short"),
        risk_note=referral.text("risk_note"),
        already_given=referral.text("already_given"),
        escort_transport=" · ".join(filter(None, (referral.text("escort"), referral.text("transport")))),
        variant_facts=_variant_facts(referral),
        practice=vault.practice,
        draft=draft,
    )


def _office(session: Session, vault: OpenVault) -> source.Office:
    office = records.office(session)
    officer = session.get(DeskUser, vault.user)
    county = vault.catalogue.lists["counties"].get(office.county)
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


def _person(vault: OpenVault, case: CaseFile, day: datetime) -> source.Person:
    person = case.one("person")
    if person is None:
        raise NotAccepted((Problem("PERSON_MISSING", "person.surname"),))
    born = person.text("dob")
    estimated = person.fields.get("dob_estimated") is True
    age = person.fields.get("age_at_registration")
    ages = dates.age_on(born, day.astimezone(NAIROBI).date()) if born else None
    if ages is None and isinstance(age, int):
        said = person.text("age_said_on") or today(vault.clock).isoformat()
        ages = dates.age_from_statement(age, datetime.fromisoformat(said).date(), today(vault.clock))
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
