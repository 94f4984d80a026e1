"""How an issued letter leaves the vault: with leave and reason, noted first, and never drawn from altered records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from db.models.base import JournalEntry
from desktop.errors import DeskError, NotAccepted, NotPermitted, NotTrusted, Obstacle, Problem
from desktop.rules.access import Role
from desktop.rules.journal_chain import Act
from desktop.services.referrals import REASONS, ReferralService, Way
from tests.factory import Place, consent, dump, make_case, make_office, make_provider, refer


def ready(office: Place) -> tuple[str, str, str]:
    """A case, the consent given there, and a referral whose letter may be issued."""
    clinic, case_id = make_provider(office), make_case(office)
    given = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    return case_id, given, refer(office, case_id, clinic)


def issue(office: Place) -> str:
    return office.desk.referrals.issue_letter(ready(office)[2], "en").serial


def last_entry(office: Place) -> tuple[str, str, str | None]:
    with office.desk.vault.reading() as session:
        row = session.scalars(select(JournalEntry).order_by(JournalEntry.n.desc()).limit(1)).one()
        return row.act, row.object, row.reason


def test_the_first_print_is_noted_and_asks_nothing(office: Place) -> None:
    issued = office.desk.referrals.issue_letter(ready(office)[2], "en")
    assert office.desk.referrals.hand_out(issued.serial, Way.PRINTER, copies=2) == issued.pdf
    assert last_entry(office) == (Act.LETTER_PRINTED, issued.serial, "COPIES_2")


def test_a_further_print_needs_a_reason_unless_the_first_failed(office: Place) -> None:
    serial, referrals = issue(office), office.desk.referrals
    referrals.hand_out(serial, Way.PRINTER)
    referrals.note_failed(serial, Way.PRINTER)
    assert last_entry(office) == (Act.PRINT_FAILED, serial, None)
    referrals.hand_out(serial, Way.PRINTER)
    before = dump(office.desk.vault)
    for reason in (None, ""):
        with pytest.raises(NotAccepted, match="LETTER_REASON_MISSING"):
            referrals.hand_out(serial, Way.PRINTER, reason=reason)
    with pytest.raises(NotAccepted, match="VALUE_NOT_IN_LIST"):
        referrals.hand_out(serial, Way.PRINTER, reason="for Wambui")
    assert dump(office.desk.vault) == before
    referrals.hand_out(serial, Way.PRINTER, copies=5, reason="PRINT_SPOILED")
    assert last_entry(office) == (Act.LETTER_PRINTED, serial, "COPIES_5 PRINT_SPOILED")


def test_a_file_always_needs_a_reason(office: Place) -> None:
    serial, referrals = issue(office), office.desk.referrals
    with pytest.raises(NotAccepted, match="LETTER_REASON_MISSING"):
        referrals.hand_out(serial, Way.FILE)
    assert referrals.hand_out(serial, Way.FILE, reason="RECEIVER_ASKS").startswith(b"%PDF-")
    assert last_entry(office) == (Act.LETTER_SAVED, serial, "RECEIVER_ASKS")
    referrals.note_failed(serial, Way.FILE)
    assert last_entry(office) == (Act.SAVE_FAILED, serial, None)


def test_each_reason_fits_into_the_journal_with_the_most_copies(office: Place) -> None:
    serial = issue(office)
    for code in office.desk.vault.catalogue.lists[REASONS]:
        office.desk.referrals.hand_out(serial, Way.PRINTER, copies=5, reason=code.code)
        assert len(last_entry(office)[2] or "") <= 64
    office.desk.journal.verify()


def test_what_is_no_letter_or_no_count_is_not_handed_out(office: Place) -> None:
    referrals = office.desk.referrals
    for call in (
        lambda: referrals.hand_out("no-such", Way.PRINTER),
        lambda: referrals.hand_out("no-such", Way.FILE, reason="OTHER"),
        lambda: referrals.note_failed("no-such", Way.FILE),
    ):
        with pytest.raises(Obstacle, match="LETTER_UNKNOWN"):
            call()
    serial = issue(office)
    for copies in (0, 6):
        with pytest.raises(ValueError, match="five"):
            referrals.hand_out(serial, Way.PRINTER, copies=copies)


def test_after_a_withdrawal_an_issued_letter_is_shown_and_neither_printed_nor_saved(office: Place) -> None:
    case_id, given, referral = ready(office)
    referrals = office.desk.referrals
    serial = referrals.issue_letter(referral, "en").serial
    assert referrals.open_letter(serial).withheld == ()
    office.desk.consents.withdraw(case_id, given, office.desk.vault.now())
    before = dump(office.desk.vault)
    for way in Way:
        with pytest.raises(NotAccepted, match="CONSENT_WITHDRAWN"):
            referrals.hand_out(serial, way, reason="OTHER")
    assert dump(office.desk.vault) == before
    shown = referrals.open_letter(serial)
    assert shown.pdf.startswith(b"%PDF-")
    assert shown.withheld == (Problem("CONSENT_WITHDRAWN", "consent.scope"),)


def test_looking_at_a_draft_is_noted_by_its_referral(office: Place) -> None:
    referral = ready(office)[2]
    office.desk.referrals.note_previewed(referral)
    assert last_entry(office) == (Act.LETTER_VIEWED, referral, "DRAFT")


def test_which_letters_there_are_is_told_to_those_who_may_open_them(office: Place) -> None:
    referral = ready(office)[2]
    serial = office.desk.referrals.issue_letter(referral, "en").serial
    assert office.desk.referrals.letters_of(referral) == (serial,)
    clerk = ReferralService(replace(office.desk.vault, role=Role.CLERK.value))
    with pytest.raises(NotPermitted, match="ROLE_NOT_PERMITTED"):
        clerk.letters_of(referral)


@pytest.fixture
def own_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An office of which somebody alters the records."""
    made = make_office(tmp_path_factory.mktemp("altered") / "data", "032")
    yield made
    made.lock()


def alter(office: Place, record_id: str) -> None:
    """Change what is stored of a record from outside, past the program and its triggers."""
    with office.desk.vault.writing() as session:
        trigger = session.execute(text("SELECT sql FROM sqlite_master WHERE name = 'revision_no_update'")).scalar_one()
        session.execute(text("DROP TRIGGER revision_no_update"))
        session.execute(
            text("UPDATE revision SET hash = :hash WHERE record_id = :record"),
            {"hash": hashlib.sha256(b"another").digest(), "record": record_id},
        )
        session.execute(text(trigger))


def refused(call: object) -> str:
    assert callable(call)
    with pytest.raises(DeskError) as error:
        call()
    assert isinstance(error.value, NotTrusted)
    return error.value.code


@pytest.mark.usefixtures("_small_laptop")
@pytest.mark.parametrize("kind", ["referral", "provider", "person", "case"])
def test_no_letter_is_drawn_from_a_record_changed_from_outside(own_office: Place, kind: str) -> None:
    case_id, _, referral = ready(own_office)
    referrals = own_office.desk.referrals
    serial = referrals.issue_letter(referral, "en").serial
    second = refer(own_office, case_id, _second_clinic(own_office, case_id))
    case = own_office.desk.cases.open(case_id)
    provider = next(item for item in case.of("referral") if item.record_id == second).text("to_provider")
    if kind == "provider":
        altered = [provider, next(r for r in case.of("referral") if r.record_id == referral).text("to_provider")]
    else:
        altered = [item.record_id for item in case.of(kind)]
    for record_id in altered:
        alter(own_office, record_id)
    before = dump(own_office.desk.vault)
    assert refused(lambda: referrals.preview_letter(second, "en")) == "LETTER_RECORD_ALTERED"
    assert refused(lambda: referrals.issue_letter(second, "en")) == "LETTER_RECORD_ALTERED"
    assert refused(lambda: referrals.hand_out(serial, Way.PRINTER)) == "LETTER_RECORD_ALTERED"
    assert dump(own_office.desk.vault) == before
    assert referrals.open_letter(serial).withheld == (Problem("LETTER_RECORD_ALTERED"),)


@pytest.mark.usefixtures("_small_laptop")
def test_no_letter_is_drawn_from_a_list_row_with_another_case_number(own_office: Place) -> None:
    case_id, _, referral = ready(own_office)
    with own_office.desk.vault.writing() as session:
        session.execute(text("UPDATE case_row SET case_ref = 'x' WHERE case_id = :case"), {"case": case_id})
    assert refused(lambda: own_office.desk.referrals.preview_letter(referral, "en")) == "LETTER_RECORD_ALTERED"


def _second_clinic(office: Place, case_id: str) -> str:
    clinic = make_provider(office, name="Second clinic (invented)")
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    return clinic
