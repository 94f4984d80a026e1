"""What protects the person holds in the services too: withdrawals, children, limits, and what a bundle may tell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db.schema import triggers
from desktop.bundles.manifest import Identity
from desktop.errors import NotAccepted, NotPermitted, NotTrusted
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft, Value
from desktop.services.consents import ConsentService
from desktop.services.referrals import ReferralService
from tests.factory import (
    Place,
    change,
    consent,
    count,
    enrol,
    make_case,
    make_office,
    make_provider,
    make_secretariat,
    refer,
    rows,
    send,
)

CHILD: dict[str, Value] = {"dob": "2012-05-06", "first_name": "Akinyi", "surname": "Odhiambo", "safe_alias": "Rehema"}
BASIS: dict[str, Value] = {"lawful_basis": "VITAL", "basis_reason": "in danger", "basis_supervisor": "A. Supervisor"}


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


@contextmanager
def refused(office: Place, *expected: str) -> Iterator[None]:
    """The block is not accepted for these reasons, and neither a letter nor a record was written."""
    before = count(office.desk.vault, "letter"), count(office.desk.vault, "revision")
    with pytest.raises(NotAccepted) as caught:
        yield
    assert {problem.code for problem in caught.value.problems} == set(expected)
    assert (count(office.desk.vault, "letter"), count(office.desk.vault, "revision")) == before


def stored(office: Place, case_id: str, kind: str, record_id: str) -> dict[str, Value]:
    found = office.desk.cases.open(case_id).of(kind)
    return dict(next(record.fields for record in found if record.record_id == record_id))


def words(pdf: bytes, folder: Path) -> str:
    file = folder / "letter.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return " ".join(run.stdout.decode("utf-8").split())


def test_L14_a_withdrawal_takes_over_neither_limits_nor_another_ground(
    office: Place, case_id: str, clinic: str
) -> None:
    row = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, answer="NO_CAPACITY", **BASIS)
    gone = office.desk.consents.withdraw(case_id, row, "2026-11-25T08:30+03:00").record_ids[0]
    fields = stored(office, case_id, "consent", gone)
    assert (fields["answer"], fields["recipient"]) == ("WITHDRAWN", clinic)
    assert not fields.keys() & {*BASIS, "limits"}
    referral = refer(office, case_id, clinic)
    with refused(office, "CONSENT_WITHDRAWN"):
        office.desk.referrals.issue_letter(referral, "en")
    limited = consent(
        office, case_id, "SHARE_PROVIDER", recipient=clinic, answer="LIMITED", limits="x", at="2026-11-25T08:40+03:00"
    )
    again = office.desk.consents.withdraw(case_id, limited, "2026-11-25T08:41+03:00").record_ids[0]
    assert "limits" not in stored(office, case_id, "consent", again)


def test_L14_a_withdrawal_stops_the_letter_whatever_time_the_yes_claims(
    office: Place, case_id: str, clinic: str
) -> None:
    given = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, at="2026-11-25T08:50+03:00")
    office.desk.consents.withdraw(case_id, given, "2026-11-25T08:30+03:00")
    referral = refer(office, case_id, clinic)
    with refused(office, "CONSENT_WITHDRAWN"):
        office.desk.referrals.issue_letter(referral, "en")
    # Nor does an older paper, found and typed in afterwards.
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, at="2026-11-20T08:00+03:00")
    with refused(office, "CONSENT_WITHDRAWN"):
        office.desk.referrals.issue_letter(referral, "en")


def test_L14_no_answer_and_no_withdrawal_is_dated_ahead(office: Place, case_id: str, clinic: str) -> None:
    given = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    with refused(office, "DATE_IN_FUTURE"):
        consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, at="2026-11-25T23:30+03:00")
    with refused(office, "DATE_IN_FUTURE"):
        office.desk.consents.withdraw(case_id, given, "2026-11-25T23:30+03:00")


def test_who_refused_services_is_not_referred(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    consent(office, case_id, "SERVICES", answer="REFUSED")
    referral = refer(office, case_id, clinic)
    with refused(office, "SERVICES_REFUSED"):
        office.desk.referrals.issue_letter(referral, "en")
    consent(office, case_id, "SERVICES", answer="REFUSED", at="2026-11-25T08:10+03:00", **BASIS)
    assert office.desk.referrals.issue_letter(referral, "en").pdf


def test_L51_consent_abroad_is_for_a_named_body(office: Place, case_id: str) -> None:
    embassy = make_provider(office, name="An embassy (invented)", type="EMBASSY", actor="EMBASSY")
    everything = (*("WHO_WE_ARE", "DATA", "PURPOSE", "RECIPIENTS", "ABROAD"),)
    consent(office, case_id, "SHARE_ABROAD", explained_items=everything)
    referral = refer(office, case_id, embassy)
    with refused(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")
    consent(office, case_id, "SHARE_ABROAD", explained_items=everything, recipient=embassy)
    assert office.desk.referrals.issue_letter(referral, "en").pdf


@pytest.mark.parametrize("person", [CHILD, {"dob": None}, {"dob": None, "age_at_registration": 17}])
def test_L21_a_childs_own_yes_issues_no_letter_and_an_unknown_age_is_a_childs(
    office: Place, clinic: str, person: dict[str, Value]
) -> None:
    case_id = make_case(office, **person)
    referral = refer(office, case_id, clinic)
    for giver in ("SELF", "CHILD_ASSENT"):
        consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, given_by=giver)
        with refused(office, "CONSENT_GIVER_CHILD"):
            office.desk.referrals.issue_letter(referral, "en")
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, given_by="DCS_OFFICER", child_assent="YES")
    assert office.desk.referrals.issue_letter(referral, "en").pdf


@pytest.mark.parametrize(("chosen", "shown"), [(None, "Rehema"), ("NAME", "Akinyi"), ("CASE_REF_ONLY", None)])
def test_L23_a_childs_letter_shows_the_alias_unless_the_officer_chooses_otherwise(
    office: Place, clinic: str, tmp_path: Path, chosen: str | None, shown: str | None
) -> None:
    case_id = make_case(office, **CHILD)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, given_by="GUARDIAN", child_assent="YES")
    referral = refer(office, case_id, clinic)
    assert "identity_mode" not in stored(office, case_id, "referral", referral)
    layer = words(office.desk.referrals.issue_letter(referral, "en", chosen).pdf, tmp_path)
    assert [name for name in ("Rehema", "Akinyi") if name in layer] == ([shown] if shown else [])
    issued = stored(office, case_id, "referral", referral)
    assert issued["identity_mode"] == (chosen or "ALIAS")


@pytest.mark.parametrize(
    ("alias", "typed", "mode"),
    [
        ("Neema", None, "ALIAS"),
        (None, None, "CASE_REF_ONLY"),
        ("Neema", "NAME", "ALIAS"),
        ("Neema", *["CASE_REF_ONLY"] * 2),
    ],
)
def test_a_consent_with_limits_names_nobody_by_default(
    office: Place, clinic: str, alias: str | None, typed: str | None, mode: str
) -> None:
    case_id = make_case(office, safe_alias=alias)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic, answer="LIMITED", limits="not my name")
    referral = refer(office, case_id, clinic, **({"identity_mode": typed} if typed else {}))
    office.desk.referrals.issue_letter(referral, "en")
    assert stored(office, case_id, "referral", referral)["identity_mode"] == mode


@pytest.mark.parametrize(("typed", "mode"), [(None, "NAME"), ("ALIAS", "ALIAS")])
def test_a_choice_typed_on_the_referral_counts_before_the_receivers_default(
    office: Place, case_id: str, clinic: str, typed: str | None, mode: str
) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic, **({"identity_mode": typed} if typed else {}))
    office.desk.referrals.issue_letter(referral, "en")
    assert stored(office, case_id, "referral", referral)["identity_mode"] == mode


@pytest.mark.parametrize(
    ("provider", "lines", "printed"),
    [
        (
            {"type": "GOV_NATIONAL", "actor": "LABOUR"},
            {"employer": "Kikwetu Traders", "wages_claimed_kes": 46_000},
            ("Kikwetu Traders", "46,000"),
        ),
        (
            {"type": "SAFE_HOUSE", "actor": "SHELTER"},
            {"bed_type": "MOTHER_CHILD", "arrival": "2026-11-26T18:30+03:00"},
            ("Mother with child", "26 November 2026", "18:30"),
        ),
    ],
)
def test_the_lines_of_a_receiver_reach_the_letter(
    office: Place, tmp_path: Path, provider: dict[str, Value], lines: dict[str, Value], printed: tuple[str, ...]
) -> None:
    case_id = make_case(office, disability_help="Large print, please")
    receiver = make_provider(office, name=f"Receiver {provider['actor']} (invented)", **provider)
    consent(office, case_id, "SHARE_PROVIDER", recipient=receiver)
    layer = words(office.desk.referrals.issue_letter(refer(office, case_id, receiver, **lines), "en").pdf, tmp_path)
    for phrase in (*printed, "Large print, please"):
        assert phrase in layer


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    folder = tmp_path_factory.mktemp("pair")
    county, national = make_office(folder / "office", "030"), make_secretariat(folder / "national")
    enrol(county, national)
    yield county, national
    county.lock()
    national.lock()


def received(pair: tuple[Place, Place], case_id: str, kind: str, identity: Identity) -> dict[str, Any]:
    """The newest view of a case's record as the Secretariat keeps it."""
    county, national = pair
    national.clock.instant = max(national.clock.instant, county.clock.instant)
    taken = national.desk.intake.receive(send(county, identity))
    county.desk.receipts.take_in(taken.receipt)
    found = [
        row for row in rows(national.desk.vault, "received_view") if (row["case_id"], row["kind"]) == (case_id, kind)
    ]
    return dict(json.loads(max(found, key=lambda row: row["rev"])["view"]))


def test_L21_a_childs_name_leaves_only_with_the_yes_of_who_may_agree_for_it(pair: tuple[Place, Place]) -> None:
    county, _ = pair
    case_id = make_case(county, **CHILD)
    consent(county, case_id, "SHARE_SECRETARIAT_ID")
    view = received(pair, case_id, "person", Identity.IDENTIFIED)
    assert not view.keys() & {"first_name", "surname", "dob"}
    consent(county, case_id, "SHARE_SECRETARIAT_ID", given_by="GUARDIAN", child_assent="YES")
    change(county, case_id, sex="F", marital_status="SINGLE")
    assert received(pair, case_id, "person", Identity.IDENTIFIED)["first_name"] == "Akinyi"


def test_the_band_of_an_age_does_not_tell_a_birthday(pair: tuple[Place, Place]) -> None:
    county, _ = pair
    case_id = make_case(county, dob="2001-11-28")
    before = received(pair, case_id, "person", Identity.PSEUDONYMOUS)
    county.clock.instant = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
    change(county, case_id, marital_status="SINGLE")
    after = received(pair, case_id, "person", Identity.PSEUDONYMOUS)
    assert before["age_at_registration"] == after["age_at_registration"] == "A18_24"
    assert after["marital_status"] == "SINGLE"


def test_days_of_a_persons_life_leave_as_months(pair: tuple[Place, Place]) -> None:
    county, _ = pair
    episode: dict[str, Value] = {"exploitation_type": "FORCED_LABOUR", "start": "2025-02-17", "end": "2026"}
    case_id = make_case(county, RecordDraft("exploitation_episode", episode))
    view = received(pair, case_id, "exploitation_episode", Identity.PSEUDONYMOUS)
    assert (view["start"], view["end"]) == ("2025-02", "2026")


def test_L16_only_a_supervisor_takes_another_ground_and_the_program_writes_who(
    office: Place, case_id: str, clinic: str
) -> None:
    officer = replace(office.desk.vault, role=Role.CASE_OFFICER.value)
    asked: dict[str, Value] = {"scope": "SHARE_PROVIDER", "recipient": clinic, "answer": "NO_CAPACITY", **BASIS}
    before = count(office.desk.vault, "revision")
    with pytest.raises(NotPermitted):
        ConsentService(officer).record(case_id, [asked])
    with pytest.raises(NotPermitted):
        ReferralService(officer).create(case_id, {"to_provider": clinic, "urgency": "URGENT", **BASIS})
    assert count(office.desk.vault, "revision") == before
    referral = office.desk.referrals.create(case_id, {"to_provider": clinic, "urgency": "URGENT", **BASIS}).record_ids[
        0
    ]
    assert stored(office, case_id, "referral", referral)["basis_supervisor"] == office.desk.vault.user


def test_a_consent_row_changed_from_outside_permits_nothing(tmp_path: Path) -> None:
    office = make_office(tmp_path / "data", "035")
    clinic, case_id = make_provider(office), make_case(office)
    given = consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic)
    with office.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER revision_no_update"))
        change = text("UPDATE revision SET body = replace(body, 'SELF', 'SELL') WHERE record_id = :given")
        session.execute(change, {"given": given})
        session.execute(text(triggers({"revision"})["revision_no_update"]))
    with pytest.raises(NotTrusted) as broken:
        office.desk.journal.verify()
    assert broken.value.code == "RECORD_ALTERED"
    (row,) = [found for found in office.desk.cases.open(case_id).of("consent") if found.record_id == given]
    assert row.altered
    with refused(office, "CONSENT_MISSING"):
        office.desk.referrals.issue_letter(referral, "en")
    office.lock()


def test_a_letter_that_tells_what_happened_is_issued_with_a_warning(office: Place, case_id: str, clinic: str) -> None:
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    telling = refer(office, case_id, clinic, reason_short="Survivor of trafficking, needs a check.")
    issued = office.desk.referrals.issue_letter(telling, "en")
    assert [problem.code for problem in issued.warnings] == ["LETTER_TELLS_WHAT_HAPPENED"]
