"""One complete letter, made of invented people; a test changes only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from desktop import catalogue
from desktop.letters.content import LetterContent, build
from desktop.letters.source import LetterSource, Office, Person, Receiver
from desktop.rules.consent import IdentityMode, Permission

OFFICE = Office(
    code="TRK-01",
    ministry="Ministry of Labour and Social Protection",
    name="Turkana County Office",
    county="Turkana",
    phone="0800 000 116",
    officer="A. Practice",
    officer_title="Children's Officer",
    officer_phone="0700 000 001",
)
RECEIVER = Receiver("Lodwar Practice Hospital", "Nurse in charge", "0700 000 002")
PERSON = Person(
    case_ref="023-471-26-0007-3",
    sex="F",
    ages=(22, 22),
    age_estimated=False,
    languages=("AMH", "SWA"),
    interpreter_needed=True,
    names="Selam Gebremedhin",
    safe_alias="Mama Tumaini",
    phone_to_call="0700 000 864",
    birth_date="2004-03-22",
    id_document="NATIONAL_ID",
    id_number="27364512",
    citizenship=("ETH",),
)
CONSENT_GIVEN = Permission("SHARE_PROVIDER", "CONSENT", "2026-11-24", False, None, "c-1", "SELF")


@cache
def vocabulary() -> catalogue.Catalogue:
    """Return the shipped vocabulary, read once."""
    return catalogue.load()


def source(actor: str = "NGO", **changes: object) -> LetterSource:
    """Return a full source for a receiver of this kind; `person` may be a dict of changes to the person."""
    person_changes = changes.pop("person", {})
    whole = LetterSource(
        serial="L7KQ-0042-9",
        referral_no="023-471-26-0007-3/R1",
        issued=datetime(2026, 11, 25, 8, 15, tzinfo=UTC),
        urgency="URGENT",
        act_by=datetime(2026, 11, 28, 8, 15, tzinfo=UTC),
        feedback_due="2026-12-02",
        reply_code="K7QM-2XPD-4",
        services=("MEDICAL", "PSYCHOSOCIAL", "INTERPRETER"),
        office=OFFICE,
        receiver=RECEIVER,
        person=replace(PERSON, **person_changes),  # type: ignore[arg-type]  # a dict of its own fields
        rule=vocabulary().receiver_rules[actor],
        permission=CONSENT_GIVEN,
        reason_short="Needs a check after hard work without rest. Sleeps badly, has pain in the back.",
        needs_short="A quiet room and a woman to speak with.",
        risk_note="Ring the officer before anybody asks about the person by name.",
        already_given="Food and clothing on 24 November.",
        escort_transport="The officer brings the person by car.",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # the fields a test names


def letter(
    mode: IdentityMode = IdentityMode.NAME, language: str = "en", actor: str = "NGO", **changes: object
) -> LetterContent:
    """Return the content of a full letter."""
    return build(source(actor, **changes), language, mode, vocabulary())
