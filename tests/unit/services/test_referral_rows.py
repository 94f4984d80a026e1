from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from db.queries import referrals as queries
from desktop.clock import parse_stamp, stamp
from desktop.errors import NotAccepted, NotPermitted
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft
from desktop.services.referral_rows import ReferralSummary
from desktop.services.referrals import ReferralService
from tests.factory import Place, change, consent, draft_of, dump, make_case, make_office, make_provider, refer


def listed(office: Place, referral: str, *, open_only: bool = True) -> ReferralSummary | None:
    found = office.desk.referrals.list(open_only=open_only)
    return next((row for row in found if row.referral_id == referral), None)


def ready(office: Place, **fields: str) -> str:
    """A referral whose letter may be issued."""
    clinic, case_id = make_provider(office), make_case(office)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    return refer(office, case_id, clinic, **fields)


def test_a_new_referral_stands_in_the_list_and_its_draft_is_gone(office: Place) -> None:
    clinic, case_id = make_provider(office, name="Uzima Dispensary (invented)"), make_case(office)
    office.desk.drafts.keep([RecordDraft("referral", {"to_provider": clinic}, case_id=case_id)])
    referral = refer(office, case_id, clinic)
    row = listed(office, referral)
    assert row is not None
    assert (row.case_id, row.provider, row.status, row.urgency) == (
        case_id,
        "Uzima Dispensary (invented)",
        "DRAFT",
        "URGENT",
    )
    assert row.is_open
    assert row.issued_on is None
    assert office.desk.drafts.of_case(case_id) == ()
    assert "Uzima" not in repr(row)


def test_a_draft_is_due_as_its_letter_would_have_been_when_it_was_last_saved(office: Place) -> None:
    clinic, case_id = make_provider(office), make_case(office)
    referral = refer(office, case_id, clinic, urgency="EMERGENCY")
    saved = draft_of(office.desk.cases.open(case_id), "referral")
    at = next(record.at for record in office.desk.cases.open(case_id).records if record.record_id == referral)
    row = listed(office, referral)
    assert row is not None
    assert row.due_at == stamp(parse_stamp(at) + timedelta(hours=24))
    office.desk.cases.save(replace(saved, fields={**saved.fields, "urgency": "NORMAL"}))
    later = listed(office, referral)
    assert later is not None
    assert later.urgency == "NORMAL"
    assert parse_stamp(later.due_at) - parse_stamp(row.due_at) > timedelta(days=12)


def test_issuing_makes_the_row_say_what_the_letter_says(office: Place) -> None:
    referral = ready(office)
    before = listed(office, referral)
    office.desk.referrals.issue_letter(referral, "en")
    row = listed(office, referral)
    assert before is not None
    assert row is not None
    record = next(item for item in office.desk.cases.open(row.case_id).records if item.record_id == referral)
    assert row.status == "ISSUED"
    assert row.due_at == record.text("act_by")
    assert row.issued_on == record.text("date")


def test_a_change_of_another_record_of_the_case_keeps_the_row(office: Place) -> None:
    referral = ready(office)
    before = listed(office, referral)
    assert before is not None
    change(office, before.case_id, surname="Otieno")
    assert listed(office, referral) == before


@pytest.mark.usefixtures("_small_laptop")
def test_pages_hold_every_referral_once_the_first_due_first_and_closed_ones_last(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = make_office(tmp_path_factory.mktemp("pages") / "data", "031")
    monkeypatch.setattr(queries, "PAGE_ROWS", 3)
    monkeypatch.setattr(queries.page, "__kwdefaults__", {"after": None, "rows": 3})
    case_id = make_case(office)
    for urgency in ("NORMAL", "EMERGENCY", "URGENT", "NORMAL", "EMERGENCY"):
        refer(office, case_id, make_provider(office), urgency=urgency)
    closed = office.desk.referrals.list()[0].referral_id
    with office.desk.vault.writing() as session:
        session.connection().exec_driver_sql("UPDATE referral_row SET open = 0 WHERE referral_id = ?", (closed,))
    found: list[ReferralSummary] = []
    while page := office.desk.referrals.list(open_only=False, after=found[-1] if found else None):
        assert len(page) <= 3
        found += page
    assert len({row.referral_id for row in found}) == 5
    assert [row.referral_id for row in found][-1] == closed
    assert [row.due_at for row in found[:-1]] == sorted(row.due_at for row in found[:-1])
    assert closed not in {row.referral_id for row in office.desk.referrals.list()}
    office.lock()


def test_the_list_is_read_along_its_index_without_a_scan_or_a_sort(office: Place) -> None:
    store, seen = office.desk.vault.store, list[tuple[str, Any]]()

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM referral_row" in statement:
            seen.append((statement, parameters))

    ready(office)
    first = office.desk.referrals.list(open_only=False)
    event.listen(store.engine, "before_cursor_execute", note)
    office.desk.referrals.list(open_only=False, after=first[0])
    event.remove(store.engine, "before_cursor_execute", note)
    assert len(seen) == 2
    with store.reading() as session:
        for statement, parameters in seen:
            lines = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = [line.detail for line in lines]
            assert plan[0].startswith("SEARCH referral_row USING INDEX referral_row_due (open=? AND "), plan
            # Of each row it is asked whether its case is hidden: two look-ups by key.
            assert {line.split(" USING ")[0] for line in plan[1:] if line.startswith(("S", "U"))} == {
                "SEARCH hidden_case",
                "SEARCH mine",
            }, plan


def test_a_preview_writes_nothing_and_carries_no_serial_and_no_reply_code(office: Place) -> None:
    referral = ready(office)
    before = dump(office.desk.vault)
    preview = office.desk.referrals.preview_letter(referral, "en")
    assert dump(office.desk.vault) == before
    assert preview.pdf.startswith(b"%PDF-")
    assert preview.problems == ()
    assert not preview.supervisor_must_sign
    assert preview.mode in preview.modes == ("NAME", "ALIAS", "CASE_REF_ONLY")
    assert office.desk.referrals.letters_of(referral) == ()


def test_a_preview_warns_before_the_letter_is_issued(office: Place) -> None:
    referral = ready(office, reason_short="She was raped and needs a nurse.")
    preview = office.desk.referrals.preview_letter(referral, "en")
    assert [(item.code, item.field) for item in preview.warnings] == [
        ("LETTER_TELLS_WHAT_HAPPENED", "referral.reason_short")
    ]
    assert preview.pdf


def test_a_preview_of_what_cannot_be_issued_says_why_and_shows_no_page(office: Place) -> None:
    clinic, case_id = make_provider(office), make_case(office, safe_alias=None)
    consent(office, case_id, "SHARE_PROVIDER", recipient=clinic)
    referral = refer(office, case_id, clinic, reason_short="Wambui needs a nurse.")
    preview = office.desk.referrals.preview_letter(referral, "sw", "CASE_REF_ONLY")
    assert preview.pdf == b""
    assert [(item.code, item.field) for item in preview.problems] == [("LETTER_NAME_IN_TEXT", "referral.reason_short")]
    assert preview.modes == ("NAME", "CASE_REF_ONLY")
    assert office.desk.referrals.preview_letter(referral, "sw", "NAME").pdf


def test_a_preview_is_refused_without_leave_after_the_issue_and_to_a_clerk(office: Place) -> None:
    unasked = refer(office, make_case(office), make_provider(office))
    with pytest.raises(NotAccepted, match="CONSENT_MISSING"):
        office.desk.referrals.preview_letter(unasked, "en")
    referral = ready(office)
    office.desk.referrals.issue_letter(referral, "en")
    with pytest.raises(NotAccepted, match="REFERRAL_MOVE_UNKNOWN"):
        office.desk.referrals.preview_letter(referral, "en")
    clerk = ReferralService(replace(office.desk.vault, role=Role.CLERK.value))
    with pytest.raises(NotPermitted, match="ROLE_NOT_PERMITTED"):
        clerk.preview_letter(ready(office), "en")


def test_an_officer_sees_that_the_supervisor_signs_and_cannot_issue(office: Place) -> None:
    receiver = make_provider(office, actor="POLICE", type="POLICE")
    case_id = make_case(office)
    scope = office.desk.vault.catalogue.receiver_rules["POLICE"].consent_scope
    consent(office, case_id, scope, recipient=receiver)
    referral = refer(office, case_id, receiver)
    assert office.desk.vault.catalogue.receiver_rules["POLICE"].supervisor_signs
    officer = ReferralService(replace(office.desk.vault, role=Role.CASE_OFFICER.value))
    assert officer.preview_letter(referral, "en").supervisor_must_sign
    with pytest.raises(NotPermitted, match="SUPERVISOR_SIGNS"):
        officer.issue_letter(referral, "en")
    assert not office.desk.referrals.preview_letter(referral, "en").supervisor_must_sign
