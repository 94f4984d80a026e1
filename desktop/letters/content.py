"""Decide what may stand on a referral letter (RUF-3 with slip RUF-4), and freeze it.

What the identity mode, the variant or the consent does not allow is absent, not blanked: a reader cannot tell that it
exists. The service of a letter stores this content with a salt; its digest is what the QR proves (threat-model 5.10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from desktop.catalogue import COUNTRIES, Catalogue
from desktop.clock import NAIROBI
from desktop.crypto.encoding import canonical_json
from desktop.errors import NotAccepted, Problem
from desktop.letters.phrases import phrases
from desktop.letters.source import LetterSource
from desktop.letters.telltale import refusals, typed_texts
from desktop.rules import dates
from desktop.rules.consent import CONSENT, IdentityMode

TEMPLATE = "RUF-3/1"
MOST_SERVICES = 6
MOST_SIGNS = 1000  # far above every form limit; keeps a pasted book from being laid out at all
SALT_BYTES = 16

_AGE_SCHEME = "RETURN"
_NO_LETTER = "SUMMARY"
_SELF = "SELF"  # consent_givers.csv
_PAPERS = frozenset({"DOCUMENTS", "IMMIGRATION_STATUS", "REPATRIATION", "ASYLUM"})
# forms.md RUF-3: the identity number goes to police, court, health insurance and Fund; to embassy, immigration and
# civil registrar for papers. The birth date goes where a register is searched by it, never to police.
_ID_NUMBER_ALWAYS = frozenset({"POLICE", "AHTCPU", "TOCU", "COURT", "INSURANCE", "NATF"})
_BIRTH_DATE_ALWAYS = frozenset({"COURT", "INSURANCE", "NATF"})
_FOR_PAPERS = frozenset({"EMBASSY", "IMMIGRATION", "CIVIL_REG"})

Fact = tuple[str, str]


@dataclass(frozen=True)
class LetterContent:
    """All that one letter says, beside the printed phrases its template version fixes. Facts are (label key, text)."""

    template: str
    variant: str
    language: str
    practice: bool
    draft: bool
    serial: str
    office_code: str
    ministry: str
    office: str
    number: str
    issued: str
    urgency: str
    act_by: str
    to: tuple[str, ...]
    sender: tuple[str, ...]
    person: tuple[Fact, ...]
    services: tuple[str, ...]
    notes: tuple[Fact, ...]
    basis: str
    reply_by: str
    reply_code: str
    reply_phone: str
    decline_reasons: tuple[str, ...]
    signatures: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the members for `canonical_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> LetterContent:
        """Rebuild a stored content, for a reprint. Raises TypeError on a missing or unknown member."""
        if members.keys() != {member.name for member in fields(cls)}:
            raise TypeError("not the members of a letter")
        return cls(**{name: _frozen(value) for name, value in members.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def digest(content: LetterContent, salt: bytes) -> bytes:
    """Return SHA-256(salt ‖ canonical content), 32 bytes (threat-model 5.10). Raises ValueError on a wrong salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError("the salt has 16 bytes")
    return hashlib.sha256(salt + canonical_json(content.to_json())).digest()


def build(source: LetterSource, language: str, identity_mode: IdentityMode, catalogue: Catalogue) -> LetterContent:
    """Return what this letter says in `language` (`en` or `sw`).

    Raises:
        NotAccepted: LETTER_HAS_NO_FORM, LETTER_TEXT_MISSING, LETTER_ALIAS_MISSING, LETTER_NO_SERVICE,
            LETTER_SERVICES_TOO_MANY, LETTER_TEXT_TOO_LONG, LETTER_NAME_IN_TEXT when a free text tells the name
            that the identity mode holds back, or LETTER_HEALTH_STATUS_IN_TEXT.
    """
    problems = tuple(_problems(source, identity_mode))
    if problems:
        raise NotAccepted(problems)
    return _Builder(source, language, identity_mode, catalogue).content()


def _problems(source: LetterSource, mode: IdentityMode) -> Iterator[Problem]:
    person = source.person
    if source.rule.letter_variant == _NO_LETTER:
        yield Problem("LETTER_HAS_NO_FORM", "referral.to_provider")
    if not source.receiver.provider.strip():
        yield Problem("LETTER_TEXT_MISSING", "referral.to_provider")
    if not source.reason_short.strip():
        yield Problem("LETTER_TEXT_MISSING", "referral.reason_short")
    if mode is IdentityMode.NAME and not person.names.strip():
        yield Problem("LETTER_TEXT_MISSING", "person.surname")
    if mode is IdentityMode.ALIAS and not person.safe_alias.strip():
        yield Problem("LETTER_ALIAS_MISSING", "person.safe_alias")
    if not source.services:
        yield Problem("LETTER_NO_SERVICE", "referral.services")
    if len(source.services) > MOST_SERVICES:
        yield Problem("LETTER_SERVICES_TOO_MANY", "referral.services", limit=MOST_SERVICES)
    for name, text in typed_texts(source):
        if len(text) > MOST_SIGNS:
            yield Problem("LETTER_TEXT_TOO_LONG", name, limit=MOST_SIGNS)
    yield from refusals(source, mode)


class _Builder:
    """One letter being put together; every method decides one part."""

    def __init__(self, source: LetterSource, language: str, mode: IdentityMode, catalogue: Catalogue) -> None:
        self._source, self._language, self._mode, self._catalogue = source, language, mode, catalogue
        self._phrases = phrases(language)
        self._variant = source.rule.letter_variant

    def content(self) -> LetterContent:
        source, office, receiver = self._source, self._source.office, self._source.receiver
        return LetterContent(
            template=TEMPLATE,
            variant=self._variant,
            language=self._language,
            practice=source.practice,
            draft=source.draft,
            serial=source.serial,
            office_code=office.code,
            ministry=office.ministry,
            office=office.name,
            number=source.referral_no,
            issued=self._moment(source.issued),
            urgency=self._label("referral_urgency", source.urgency),
            act_by=self._moment(source.act_by),
            to=_filled(receiver.provider, _joined(receiver.person_or_role, receiver.phone)),
            sender=_filled(
                _joined(", ".join(_filled(office.officer, office.officer_title)), office.officer_phone),
                _joined(", ".join(_filled(office.name, office.county)), office.phone),
            ),
            person=tuple(self._person()),
            services=tuple(self._service(code) for code in source.services),
            notes=tuple((key, text.strip()) for key, text in self._notes() if text.strip()),
            basis=self._basis(),
            reply_by=dates.spell(source.feedback_due, self._language),
            reply_code=source.reply_code,
            reply_phone=office.phone,
            decline_reasons=tuple(
                code.labels[self._language] for code in self._catalogue.lists["referral_decline_reasons"]
            ),
            signatures=("officer", "supervisor") if source.rule.supervisor_signs else ("officer",),
        )

    def _label(self, list_name: str, code: str) -> str:
        return self._catalogue.lists[list_name].label(code, self._language)

    def _value(self, key: str, **parts: str) -> str:
        return self._phrases["value"][key].format(**parts)

    def _moment(self, instant: datetime) -> str:
        """Return day and time in Nairobi, the month in words."""
        local = instant.astimezone(NAIROBI)
        return f"{dates.spell(local.date().isoformat(), self._language)}, {local:%H:%M}"

    def _service(self, code: str) -> str:
        # A label that would tell what the case is about has a neutral one of its own on paper.
        return self._phrases["service"].get(code) or self._label("services", code)

    def _person(self) -> Iterator[Fact]:
        person, mode = self._source.person, self._mode
        if mode is IdentityMode.NAME:
            yield "name", person.names.strip()
        elif mode is IdentityMode.ALIAS:
            yield "alias", person.safe_alias.strip()
        else:
            yield "case_ref", person.case_ref
        yield "age", self._age()
        yield "sex", self._label("sex", person.sex)
        if person.languages:
            yield "languages", ", ".join(self._label("languages", code) for code in person.languages)
        if person.interpreter_needed:
            yield "interpreter", self._value("interpreter_needed")
        yield from self._identity()
        if person.disability_help.strip():
            yield "help", person.disability_help.strip()

    def _identity(self) -> Iterator[Fact]:
        """Yield what tells who the person is beside the name.

        With limits nothing of it: the limits are words the program cannot read, so it prints the least.
        """
        person = self._source.person
        if self._source.permission.limited:
            return
        if person.phone_to_call and self._mode is not IdentityMode.CASE_REF_ONLY:
            yield "phone", person.phone_to_call
        if self._mode is not IdentityMode.NAME:
            return
        actor = self._source.rule.actor
        for_papers = actor in _FOR_PAPERS and not _PAPERS.isdisjoint(self._source.services)
        if person.citizenship and (self._variant == "EMBASSY" or for_papers):
            yield "nationality", ", ".join(self._label(COUNTRIES, code) for code in person.citizenship)
        if person.id_number and (actor in _ID_NUMBER_ALWAYS or for_papers):
            kind = self._label("id_document_types", person.id_document) if person.id_document else ""
            yield "id_number", ": ".join(_filled(kind, person.id_number))
        if person.birth_date and (actor in _BIRTH_DATE_ALWAYS or for_papers):
            yield "birth_date", dates.spell(person.birth_date, self._language)

    def _age(self) -> str:
        """Return the band of a known age, `about 13` for an estimate: nobody learns more of a birth date than that."""
        person = self._source.person
        if person.ages is None:
            return self._value("age_unknown")
        low, high = person.ages
        bands = [dates.age_band(self._catalogue.age_groups, _AGE_SCHEME, age) for age in (low, high)]
        if not person.age_estimated and bands[0] == bands[1]:
            labels = {group.code: group.labels for group in self._catalogue.age_groups if group.scheme == _AGE_SCHEME}
            return self._value("age_band", band=labels[bands[0]][self._language].replace("-", "\N{EN DASH}"))
        if low == high:
            return self._value("age_about", age=str(low))
        return self._value("age_between", low=str(low), high=str(high))

    def _notes(self) -> Iterator[Fact]:
        source = self._source
        yield ("clinical_reason" if self._variant == "HEALTH" else "reason"), source.reason_short
        yield from self._variant_lines()
        yield "needs", source.needs_short
        yield "safety", source.risk_note
        yield "given", source.already_given
        yield "escort", source.escort_transport

    def _variant_lines(self) -> Iterator[Fact]:
        facts = self._source.variant_facts
        if self._variant == "HEALTH" and facts.within_72_hours:
            yield "flag72", self._value("flag72")
        elif self._variant == "POLICE" and facts.suspect_annex:
            yield "annex", self._value("annex")
        elif self._variant == "SHELTER":
            yield "bed", self._label("safe_house_bed_types", facts.bed_type) if facts.bed_type else ""
            yield "arrival", self._moment(facts.arrival) if facts.arrival else ""
        elif self._variant == "LABOUR":
            yield "employer", facts.employer
            wages = facts.wages_claimed_kes
            yield "wages", self._value("wages", amount=f"{wages:,}") if wages is not None else ""
        elif self._variant == "EMBASSY":
            yield "papers", facts.papers_needed
        elif self._variant == "FUND":
            yield "costs", facts.costs
        elif self._variant == "TRANSFER":
            yield "handover", self._value("handover")

    def _basis(self) -> str:
        """Return the line on consent or lawful basis. Limits are the person's own words: never on paper."""
        permission = self._source.permission
        if permission.basis == CONSENT and permission.agreed_on:
            # Only an adult who answered for themselves "agreed": a parent or a court gives consent.
            key = "consent" if permission.given_by == _SELF else "consent_given"
            return self._value(key, date=dates.spell(permission.agreed_on, self._language))
        basis = self._catalogue.lists["lawful_bases"].get(permission.basis)
        if basis is None:
            raise NotAccepted((Problem("LETTER_TEXT_MISSING", "consent.lawful_basis"),))
        sections = (section.strip().removeprefix("s.") for section in basis.extra["dpa_ref"].split(","))
        section = ", ".join(self._value("section", number=number) for number in sections)
        return self._value("lawful_basis", basis=basis.labels[self._language], section=section)


def _filled(*texts: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def _joined(*texts: str) -> str:
    return " \N{MIDDLE DOT} ".join(_filled(*texts))
