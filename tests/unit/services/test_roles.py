"""R18 for the services: every public method × every role is what the one table of actions says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from desktop.bootstrap import Desk
from desktop.crypto.sheet import SheetKeys
from desktop.errors import NotPermitted
from desktop.rules.access import ACTIONS, MATRIX, Role
from desktop.rules.columns import ColumnMapping
from desktop.rules.records import RecordDraft
from desktop.services.journal_check import JournalCheck
from desktop.services.referrals import Way
from desktop.services.tables import PlainTable, TableKind
from desktop.services.vault import VaultService
from tests.factory import Place, Secretariat, dump

NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Use:
    """One way to use a method, and the action it is."""

    action: str
    call: Callable[[Desk], object]


FINDING = RecordDraft("determination", {}, case_id=NOBODY)
NO_SHEET = SheetKeys(b"", b"")  # keys that are none: nothing is made with them
NO_MAPPING = ColumnMapping("", (), 1, ())
# Arguments that lead nowhere: the role is asked before anything is looked at.
USES: dict[str, tuple[Use, ...]] = {
    "breaches.list": (Use("breach.record", lambda desk: desk.breaches.list()),),
    "breaches.open": (Use("breach.record", lambda desk: desk.breaches.open(NOBODY)),),
    "breaches.standing": (Use("breach.record", lambda desk: desk.breaches.standing()),),
    "breaches.save": (Use("breach.record", lambda desk: desk.breaches.save(RecordDraft("breach", {}, NOBODY))),),
    "breaches.close": (Use("breach.close", lambda desk: desk.breaches.close(NOBODY, 1)),),
    "breaches.notice": (Use("breach.record", lambda desk: desk.breaches.notice(NOBODY, "en")),),
    "breaches.hand_out_notice": (Use("breach.record", lambda desk: desk.breaches.hand_out_notice(NOBODY, "en")),),
    "breaches.note_not_printed": (Use("breach.record", lambda desk: desk.breaches.note_not_printed(NOBODY)),),
    "cases.create": (
        Use("case.create", lambda desk: desk.cases.create([RecordDraft("consent", {})])),
        Use("determination.record", lambda desk: desk.cases.create([FINDING, RecordDraft("consent", {})])),
    ),
    "cases.open": (Use("case.open", lambda desk: desk.cases.open(NOBODY)),),
    "cases.save": (
        Use("case.save", lambda desk: desk.cases.save(RecordDraft("person", {}, case_id=NOBODY))),
        Use("determination.record", lambda desk: desk.cases.save(FINDING)),
    ),
    "cases.list": (Use("case.search", lambda desk: desk.cases.list()),),
    "cases.count": (Use("case.search", lambda desk: desk.cases.count()),),
    "cases.search": (Use("case.search", lambda desk: desk.cases.search("x")),),
    "cases.note_search": (Use("case.search", lambda desk: desk.cases.note_search()),),
    "cases.officers": (Use("case.search", lambda desk: desk.cases.officers(NOBODY)),),
    "cases.assign": (Use("case.assign", lambda desk: desk.cases.assign(NOBODY, NOBODY)),),
    "cases.unassign": (Use("case.unassign", lambda desk: desk.cases.unassign(NOBODY, NOBODY)),),
    "cases.history": (Use("case.open", lambda desk: desk.cases.history(NOBODY)),),
    "cases.read_sealed": (Use("case.open", lambda desk: desk.cases.read_sealed(NOBODY)),),
    "consents.record": (
        Use("consent.record", lambda desk: desk.consents.record(NOBODY, [])),
        Use("basis.record", lambda desk: desk.consents.record(NOBODY, [{"lawful_basis": "VITAL"}])),
    ),
    "consents.withdraw": (Use("consent.record", lambda desk: desk.consents.withdraw(NOBODY, NOBODY, "")),),
    "directory.list": (Use("provider.list", lambda desk: desk.directory.list()),),
    "drafts.keep": (Use("draft.keep", lambda desk: desk.drafts.keep([FINDING])),),
    "drafts.of_case": (Use("draft.keep", lambda desk: desk.drafts.of_case(NOBODY)),),
    "drafts.drop": (Use("draft.keep", lambda desk: desk.drafts.drop(FINDING)),),
    "drafts.cases": (Use("draft.keep", lambda desk: desk.drafts.cases()),),
    "drafts.keep_place": (Use("draft.keep", lambda desk: desk.drafts.keep_place({"screen": "cases"})),),
    "drafts.place": (Use("draft.keep", lambda desk: desk.drafts.place()),),
    "directory.save": (Use("provider.save", lambda desk: desk.directory.save(RecordDraft("provider", {}, NOBODY))),),
    "enrolment.make_file": (Use("office.enrol", lambda desk: desk.enrolment.make_file("x")),),
    "enrolment.take_in": (Use("office.enrol", lambda desk: desk.enrolment.take_in(b"")),),
    "exports.what_leaves": (Use("bundle.make", lambda desk: desk.exports.what_leaves()),),
    "exports.make": (Use("bundle.make", lambda desk: desk.exports.make()),),
    "exports.list": (Use("bundle.list", lambda desk: desk.exports.list()),),
    "exports.never_handed_over": (Use("bundle.list", lambda desk: desk.exports.never_handed_over()),),
    "exports.numbered": (Use("bundle.list", lambda desk: desk.exports.numbered(1)),),
    "exports.drafts": (Use("bundle.list", lambda desk: desk.exports.drafts()),),
    "exports.sealed_file": (Use("bundle.hand_over", lambda desk: desk.exports.sealed_file(NOBODY)),),
    "exports.hand_over": (Use("bundle.hand_over", lambda desk: desk.exports.hand_over(NOBODY)),),
    "imports.county": (Use("import.preview", lambda desk: desk.imports.county()),),
    "lists.headings": (Use("import.preview", lambda desk: desk.lists.headings(b"")),),
    "lists.parse": (Use("import.preview", lambda desk: desk.lists.parse({})),),
    "lists.mappings": (Use("import.preview", lambda desk: desk.lists.mappings()),),
    "lists.keep_mapping": (Use("import.apply", lambda desk: desk.lists.keep_mapping("", NO_MAPPING)),),
    "lists.forget_mapping": (Use("import.apply", lambda desk: desk.lists.forget_mapping("")),),
    "imports.preview": (Use("import.preview", lambda desk: desk.imports.preview(b"")),),
    "imports.apply": (Use("import.apply", lambda desk: desk.imports.apply(None, county="none")),),  # type: ignore[arg-type]
    "intake.receive": (Use("secretariat.intake", lambda desk: desk.intake.receive(b"")),),
    "intake.receipts": (Use("secretariat.receipts", lambda desk: desk.intake.receipts()),),
    "intake.receipt_file": (Use("secretariat.receipts", lambda desk: desk.intake.receipt_file("x")),),
    "journal.verify": (Use("journal.verify", lambda desk: desk.journal.verify()),),
    "journal.page": (Use("journal.read", lambda desk: desk.journal.page()),),
    "journal.people": (Use("journal.read", lambda desk: desk.journal.people()),),
    "journal.begin_check": (Use("journal.verify", lambda desk: desk.journal.begin_check()),),
    "journal.check_on": (Use("journal.verify", lambda desk: desk.journal.check_on(JournalCheck(0))),),
    "journal.verify_all": (Use("journal.verify", lambda desk: desk.journal.verify_all()),),
    "office.save": (Use("office.save", lambda desk: desk.office.save(name="", ministry="", phone="")),),
    "people.list": (Use("people.manage", lambda desk: desk.people.list()),),
    "people.add": (Use("people.manage", lambda desk: desk.people.add(name="", role="")),),
    "people.rename": (Use("people.manage", lambda desk: desk.people.rename(NOBODY, name="", title="", phone="")),),
    "people.set_training": (
        Use("people.manage", lambda desk: desk.people.set_training(NOBODY, trained_on=None, undertaking_on=None)),
    ),
    "people.set_role": (Use("people.manage", lambda desk: desk.people.set_role(NOBODY, "CLERK")),),
    "people.readmit": (Use("people.manage", lambda desk: desk.people.readmit(NOBODY)),),
    "people.suspend": (Use("people.manage", lambda desk: desk.people.suspend(NOBODY)),),
    "people.remove": (Use("people.manage", lambda desk: desk.people.remove(NOBODY)),),
    "people.may_know": (Use("people.manage", lambda desk: desk.people.may_know(NOBODY)),),
    "people.seal_again": (Use("people.manage", lambda desk: desk.people.seal_again()),),
    "people.report_known": (Use("sentence.change", lambda desk: desk.people.report_known()),),
    "people.reported": (Use("people.manage", lambda desk: desk.people.reported()),),
    "sheets.offer": (Use("people.manage", lambda desk: desk.sheets.offer()),),
    "sheets.take": (Use("people.manage", lambda desk: desk.sheets.take("")),),
    "sheets.renew": (Use("people.manage", lambda desk: desk.sheets.renew(NO_SHEET)),),
    "sheets.renew_with_new_keys": (Use("people.manage", lambda desk: desk.sheets.renew_with_new_keys(NO_SHEET)),),
    "sheets.close_desk": (Use("people.manage", lambda desk: desk.sheets.close_desk("")),),
    "sheets.prove": (Use("people.manage", lambda desk: desk.sheets.prove("")),),
    "people.offer_sentence": (Use("sentence.change", lambda desk: desk.people.offer_sentence()),),
    "people.change_sentence": (Use("sentence.change", lambda desk: desk.people.change_sentence("", "")),),
    "receipts.take_in": (Use("receipt.take_in", lambda desk: desk.receipts.take_in(b"")),),
    "referrals.create": (Use("referral.create", lambda desk: desk.referrals.create(NOBODY, {})),),
    "referrals.issue_letter": (Use("referral.issue_letter", lambda desk: desk.referrals.issue_letter(NOBODY, "en")),),
    "referrals.list": (Use("case.search", lambda desk: desk.referrals.list()),),
    "referrals.preview_letter": (
        Use("referral.issue_letter", lambda desk: desk.referrals.preview_letter(NOBODY, "en")),
    ),
    "referrals.note_previewed": (Use("referral.issue_letter", lambda desk: desk.referrals.note_previewed("x")),),
    "referrals.hand_out": (Use("letter.open", lambda desk: desk.referrals.hand_out("x", Way.PRINTER)),),
    "referrals.note_failed": (Use("letter.open", lambda desk: desk.referrals.note_failed("x", Way.PRINTER)),),
    "referrals.letters_of": (Use("letter.open", lambda desk: desk.referrals.letters_of("x")),),
    "referrals.open_letter": (Use("letter.open", lambda desk: desk.referrals.open_letter("x")),),
    "tables.what_leaves": (Use("table.export", lambda desk: desk.tables.what_leaves("PLANNING")),),
    "tables.export": (Use("table.export", lambda desk: desk.tables.export(TableKind.CPIMS, "PLANNING", [])),),
    "tables.export_plain": (
        Use("table.export", lambda desk: desk.tables.export_plain(TableKind.CPIMS, "PLANNING", Path(NOBODY))),
    ),
    "tables.write_plain": (
        Use(
            "table.export", lambda desk: desk.tables.write_plain(PlainTable("x", b"", 0, 0, Path(__file__), NOBODY, ""))
        ),
    ),
    "tables.plain_copies": (Use("table.export", lambda desk: desk.tables.plain_copies()),),
    "tables.plain_copy_deleted": (Use("table.export", lambda desk: desk.tables.plain_copy_deleted(NOBODY)),),
    "lost_devices.devices": (Use("secretariat.lost_device", lambda desk: desk.lost_devices.devices()),),
    "lost_devices.of_office": (Use("secretariat.lost_device", lambda desk: desk.lost_devices.of_office("")),),
    "lost_devices.held": (Use("secretariat.lost_device", lambda desk: desk.lost_devices.held(NOBODY)),),
    "lost_devices.report": (Use("secretariat.lost_device", lambda desk: desk.lost_devices.report(NOBODY)),),
    "secretariat.enrol": (Use("secretariat.enrol", lambda desk: desk.secretariat.enrol(b"", "")),),
    "sending.has_line": (Use("bundle.list", lambda desk: desk.sending.has_line()),),
    "sending.errand": (Use("bundle.hand_over", lambda desk: desk.sending.errand(NOBODY)),),
    "sending.note_begun": (Use("bundle.hand_over", lambda desk: desk.sending.note_begun(NOBODY, "")),),
    "sending.note_sent": (Use("bundle.hand_over", lambda desk: desk.sending.note_sent(NOBODY)),),
    "sending.receipt_errands": (Use("receipt.take_in", lambda desk: desk.sending.receipt_errands()),),
    "sending.take_receipt": (Use("receipt.take_in", lambda desk: desk.sending.take_receipt(b"")),),
    "intake.receipts_to_lay_out": (Use("secretariat.receipts", lambda desk: desk.intake.receipts_to_lay_out({})),),
    "national_recovery.name_identity": (
        Use("secretariat.recover", lambda desk: desk.national_recovery.name_identity(b"")),
    ),
    "national_recovery.note_coordinator": (
        Use("secretariat.recover", lambda desk: desk.national_recovery.note_coordinator("", "")),
    ),
    "national_recovery.look": (Use("secretariat.recover", lambda desk: desk.national_recovery.look(b"")),),
    "national_recovery.compare": (Use("secretariat.recover", lambda desk: desk.national_recovery.compare(b"", "")),),
    "national_recovery.answer": (Use("secretariat.recover", lambda desk: desk.national_recovery.answer(b"", b"", ())),),
    "secretariat.name_line": (Use("secretariat.enrol", lambda desk: desk.secretariat.name_line("", None)),),
    "secretariat.root_digits": (Use("secretariat.enrol", lambda desk: desk.secretariat.root_digits()),),
}
# What anybody who unlocked the vault may ask: figures, codes and states, no person.
FREE = {
    *("office.sheet", "office.signed_in", "intake.counts", "journal.last_saved"),
    *(
        "people.may_see_health",
        "people.sealing_due",
        "sheets.standing",
        "enrolment.handover_due",
        "office_recovery.missing",
    ),
}
NOT_YET = {"secretariat.init"}  # actions whose use comes before unlocking, or with a screen


def methods(desk: Desk) -> set[str]:
    found = set()
    for name, service in vars(desk).items():
        if name.startswith("_") or not type(service).__module__.startswith("desktop.services"):
            continue
        for method, _ in inspect.getmembers(type(service), inspect.isfunction):
            if not method.startswith("_") and name != "vault":
                found.add(f"{name}.{method}")
    return found


def as_role(place: Place, role: Role) -> Desk:
    return Desk(VaultService(place.folder, dict, place.clock), replace(place.desk.vault, role=role.value))  # type: ignore[arg-type]


def test_the_table_of_uses_is_complete(office: Place) -> None:
    assert methods(office.desk) == USES.keys() | FREE
    assert {use.action for uses in USES.values() for use in uses} | NOT_YET == set(ACTIONS)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("method", list(USES))
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    office: Place, national: Secretariat, method: str, role: Role
) -> None:
    place = national if role.value.startswith("SECRETARIAT") else office
    for use in USES[method]:
        before = dump(place.desk.vault)
        refused = outcome(as_role(place, role), use)
        assert refused == (role not in MATRIX[use.action]), use.action
        if refused:
            assert dump(place.desk.vault) == before


def outcome(desk: Desk, use: Use) -> bool:
    """Say whether the role was the reason for a refusal; whatever comes after it does not matter here."""
    try:
        use.call(desk)
    except NotPermitted as error:
        return error.code == "ROLE_NOT_PERMITTED"
    except Exception:  # noqa: BLE001  the arguments lead nowhere on purpose
        return False
    return False


def test_an_unknown_role_may_do_nothing(office: Place) -> None:
    desk = Desk(VaultService(office.folder, dict, office.clock), replace(office.desk.vault, role="DIRECTOR"))  # type: ignore[arg-type]
    for uses in USES.values():
        for use in uses:
            with pytest.raises(NotPermitted):
                use.call(desk)


def test_a_desk_gives_the_whole_table_its_own_vault(office: Place) -> None:
    services: dict[str, Any] = {name: value for name, value in vars(office.desk).items() if not name.startswith("_")}
    assert all(service._vault is office.desk.vault for name, service in services.items() if name != "vault")
