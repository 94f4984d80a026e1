"""From consent to the issued letter: nothing leaves without leave, and what was issued is never changed."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import Conflict
from desktop.errors import DeskError, NotAccepted, NotPermitted, Obstacle
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft, Value
from desktop.services.consents import ConsentService
from desktop.services.referrals import ReferralService
from tests.factory import (
    WORKBOOK,
    Place,
    consent,
    count,
    draft_of,
    dump,
    make_case,
    make_office,
    make_provider,
    refer,
    rows,
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = make_office(tmp_path_factory.mktemp("office") / "data", "035")
    yield made
    made.lock()


@pytest.fixture
def clinic(office: Place) -> str:
    return make_provider(office)


@pytest.fixture
def case_id(office: Place) -> str:
    return make_case(office)


def as_role(office: Place, role: Role) -> ReferralService:
    """The same vault with another person signed in."""
    return ReferralService(replace(office.desk.vault, role=role.value))


def codes(error: DeskError) -> set[str]:
    return {problem.code for problem in error.problems} if isinstance(error, NotAccepted) else {error.code}


@contextmanager
def nothing_written(office: Place, *expected: str) -> Iterator[None]:
    """The block is refused with these codes, and the vault is as before: no letter, no number used, no entry."""
    before = dump(office.desk.vault)
    with pytest.raises(DeskError) as refused:
        yield
    assert codes(refused.value) == set(expected)
    assert dump(office.desk.vault) == before


def page_text(pdf: bytes, folder: Path) -> str:
    """The text layer as poppler reads it, in NFKC and without bidi marks (decisions 30)."""
    file = folder / "letter.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return plain(run.stdout.decode("utf-8"))


def plain(words: str) -> str:
    without_marks = "".join(sign for sign in words if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", without_marks).split())


def test_without_consent_no_letter_is_issued(office: Place, case_id: str, clinic: str) -> None:
    referral = refer(office, case_id, clinic)
    with nothing_written(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")
    consent(office, case_id, "SERVICES")
    with nothing_written(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")


def test_consent_for_another_provider_does_not_help(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=make_provider(office, name="Another clinic (invented)"))
    consent(office, case_id, "SHARE_PROVIDER")  # a yes to nobody in particular is a yes to nobody
    referral = refer(office, case_id, clinic)
    with nothing_written(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")


def test_consent_of_another_person_does_not_help(office: Place, case_id: str, clinic: str) -> None:
    consent(office, make_case(office, surname="Akinyi"), "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic)
    with nothing_written(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")


def test_a_refusal_blocks_although_there_was_a_yes_before(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, answer="REFUSED", at="2026-11-25T08:20:00+03:00")
    referral = refer(office, case_id, clinic)
    with nothing_written(office, "CONSENT_REFUSED"):
        office.desk.referrals.issue_letter(referral, "en")


def test_a_withdrawal_blocks_the_next_letter_even_of_a_referral_made_before(
    office: Place, case_id: str, clinic: str
) -> None:
    given = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic)
    office.desk.consents.withdraw(case_id, given, "2026-11-25T08:30:00+03:00")
    with nothing_written(office, "CONSENT_WITHDRAWN"):
        office.desk.referrals.issue_letter(referral, "en")
    # The person may agree anew.
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, at="2026-11-25T08:40:00+03:00")
    assert office.desk.referrals.issue_letter(referral, "en").pdf.startswith(b"%PDF-")


def test_a_withdrawal_names_only_a_consent_of_its_own_case(office: Place, case_id: str, clinic: str) -> None:
    others = consent(office, make_case(office), "SHARE_PROVIDER", recipient=clinic)
    person = office.desk.cases.open(case_id).one("person")
    assert person is not None
    for record_id in (others, person.record_id):
        with nothing_written(office, "RECORD_GONE"):
            office.desk.consents.withdraw(case_id, record_id, "2026-11-25T08:30:00+03:00")


def test_consent_without_its_proof_is_not_kept(office: Place, case_id: str, clinic: str) -> None:
    with nothing_written(office, "CONSENT_PROOF_MISSING"):
        office.desk.consents.record(case_id, [{"scope": "SHARE_PROVIDER", "answer": "GIVEN", "recipient": clinic}])


def test_a_clerk_prepares_a_referral_and_an_officer_issues_it(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    fields: dict[str, Value] = {"to_provider": clinic, "services": ("MEDICAL",), "reason": "SERVICE"}
    fields |= {"urgency": "URGENT", "reason_short": "Needs a check by a nurse."}
    referral = as_role(office, Role.CLERK).create(case_id, fields).record_ids[0]
    with nothing_written(office, "ROLE_NOT_PERMITTED"):
        as_role(office, Role.CLERK).issue_letter(referral, "en")
    with nothing_written(office, "ROLE_NOT_PERMITTED"):
        as_role(office, Role.SECRETARIAT).issue_letter(referral, "en")
    issued = as_role(office, Role.CASE_OFFICER).issue_letter(referral, "en")
    with nothing_written(office, "ROLE_NOT_PERMITTED"):
        as_role(office, Role.CLERK).open_letter(issued.serial)


def test_some_receivers_are_the_supervisors_to_sign(office: Place, case_id: str) -> None:
    police = make_provider(office, name="Police post (invented)", type="POLICE", actor="POLICE")
    consent(office, case_id, "SHARE_POLICE")
    referral = refer(office, case_id, police)
    with nothing_written(office, "SUPERVISOR_SIGNS"):
        as_role(office, Role.CASE_OFFICER).issue_letter(referral, "en")
    assert as_role(office, Role.SUPERVISOR).issue_letter(referral, "en").serial


def test_the_letter_in_the_vault_is_the_letter_that_was_issued(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic)
    issued = office.desk.referrals.issue_letter(referral, "sw")
    (stored,) = [row for row in rows(office.desk.vault, "letter") if row["serial"] == issued.serial]
    assert stored["pdf"] == issued.pdf
    assert office.desk.referrals.open_letter(issued.serial) == issued
    assert office.desk.referrals.letters_of(referral) == (issued.serial,)
    last = max(rows(office.desk.vault, "journal"), key=lambda row: int(row["n"]))
    assert (last["act"], last["object"]) == ("LETTER_VIEWED", issued.serial)
    record = next(item for item in office.desk.cases.open(case_id).of("referral") if item.record_id == referral)
    assert (record.text("status"), record.text("referral_no")) == ("ISSUED", issued.referral_no)
    with pytest.raises(Obstacle, match="LETTER_UNKNOWN"):
        office.desk.referrals.open_letter("L-0000000000")


def test_an_issued_letter_cannot_be_changed_deleted_or_issued_again(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic)
    issued = office.desk.referrals.issue_letter(referral, "en")
    before = dump(office.desk.vault)
    for statement in (
        "UPDATE letter SET pdf = x'00' WHERE serial = :serial",
        "DELETE FROM letter WHERE serial = :serial",
    ):
        with pytest.raises(Conflict), office.desk.vault.writing() as session:
            session.execute(text(statement), {"serial": issued.serial})
    assert dump(office.desk.vault) == before
    with nothing_written(office, "REFERRAL_MOVE_UNKNOWN"):
        office.desk.referrals.issue_letter(referral, "en")
    draft = next(item for item in office.desk.cases.open(case_id).of("referral") if item.record_id == referral)
    again = RecordDraft("referral", {**draft.fields, "risk_note": "x"}, referral, case_id, draft.revision)
    with nothing_written(office, "REFERRAL_ISSUED"):
        office.desk.cases.save(again)


def test_one_referral_at_a_time_to_one_provider(office: Place, case_id: str, clinic: str) -> None:
    refer(office, case_id, clinic)
    with nothing_written(office, "REFERRAL_ALREADY_ACTIVE"):
        refer(office, case_id, clinic)
    second = refer(office, case_id, make_provider(office, name="Second clinic (invented)"))
    numbers = [item.text("referral_no") for item in office.desk.cases.open(case_id).of("referral")]
    assert sorted(number[-3:] for number in numbers) == ["/R1", "/R2"]
    assert second
    with nothing_written(office, "PROVIDER_NOT_CHOSEN"):
        refer(office, case_id, "")


def test_what_only_the_program_makes_is_never_taken_from_a_draft(office: Place, case_id: str, clinic: str) -> None:
    forged: dict[str, Value] = {"referral_no": "999", "status": "COMPLETED", "direction": "IN", "from_office": "999-01"}
    referral = refer(office, case_id, clinic, **forged)
    case = office.desk.cases.open(case_id)
    stored = next(item for item in case.of("referral") if item.record_id == referral)
    assert stored.text("status") == "DRAFT"
    assert stored.text("referral_no") == f"{case.case_ref}/R1"
    assert stored.text("from_office") == "035-01"
    made = office.desk.cases.create([RecordDraft("case", {"case_ref": case.case_ref, "pseudonym": "PPPP-PPPP"})])[0]
    fresh = office.desk.cases.open(made)
    assert fresh.case_ref != case.case_ref
    own = fresh.one("case")
    assert own is not None
    assert own.text("pseudonym") != "PPPP-PPPP"
    with nothing_written(office, "RECORD_OTHER_WAY"):
        office.desk.cases.save(RecordDraft("referral", {"direction": "OUT"}, case_id=case_id))


@pytest.fixture(scope="module")
def practice_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = make_office(tmp_path_factory.mktemp("imported") / "data", "035", practice=True)
    made.desk.imports.apply(made.desk.imports.preview(WORKBOOK))
    yield made
    made.lock()


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("name", ["ሰላም ገብረመድህን", "فاطمة أبوزيد", "Kamau Ng’ang’a", "Njeri Ng'ang'a", "Upendo"])
def test_the_text_layer_holds_the_persons_name_as_stored(
    practice_office: Place, name: str, language: str, tmp_path: Path
) -> None:
    office = practice_office
    (found,) = office.desk.cases.search(name)
    case_id = found.case_id
    person = draft_of(office.desk.cases.open(case_id))
    assert " ".join(filter(None, (person.fields.get(part) for part in ("first_name", "surname")))) == name  # type: ignore[misc]
    office.desk.cases.save(
        replace(
            person, fields={**person.fields, "languages": ("AMH",), "sex": "F", "dob": "1990", "dob_estimated": True}
        )
    )
    provider = make_provider(office, name=f"Clinic for {language} (invented)")
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
    issued = office.desk.referrals.issue_letter(refer(office, case_id, provider), language)
    layer = page_text(issued.pdf, tmp_path)
    assert plain(name) in layer
    assert issued.serial in layer
    assert issued.referral_no in layer


def test_a_letter_by_case_number_alone_holds_no_name(office: Place, clinic: str, tmp_path: Path) -> None:
    case_id = make_case(office, first_name="Zawadi", surname="Mwachofi")
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    issued = office.desk.referrals.issue_letter(refer(office, case_id, clinic), "en", "CASE_REF_ONLY")
    layer = page_text(issued.pdf, tmp_path)
    assert office.desk.cases.open(case_id).case_ref in layer
    for secret in ("Zawadi", "Mwachofi", "Neema", "1986"):
        assert secret not in layer
        assert secret.encode() not in issued.pdf


def test_consents_are_recorded_by_any_role_of_the_office_and_by_no_other(office: Place, case_id: str) -> None:
    national = ConsentService(replace(office.desk.vault, role=Role.SECRETARIAT.value))
    with pytest.raises(NotPermitted, match="ROLE_NOT_PERMITTED"):
        national.record(case_id, [])
    before = count(office.desk.vault, "journal")
    with pytest.raises(NotPermitted):
        as_role(office, Role.SECRETARIAT_CASE).create(case_id, {})
    assert count(office.desk.vault, "journal") == before
