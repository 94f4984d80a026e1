"""The journal in words, for the window and the command line: what was done, to what, and why."""

from __future__ import annotations

import re

from desktop.catalogue import Catalogue
from desktop.messages import Language, sentence, sentences
from desktop.rules.journal_chain import Act
from desktop.rules.journal_reading import Found, JournalLine, Kind, Verdict

KIND_CODES = {
    Kind.SIGNING_IN: "JOURNAL_KIND_SIGNING_IN",
    Kind.LOOKING: "JOURNAL_KIND_LOOKING",
    Kind.WRITING: "JOURNAL_KIND_WRITING",
    Kind.LETTERS: "JOURNAL_KIND_LETTERS",
    Kind.SENDING: "JOURNAL_KIND_SENDING",
    Kind.PEOPLE: "JOURNAL_KIND_PEOPLE",
    Kind.OFFICE: "JOURNAL_KIND_OFFICE",
}
ACT_CODES = {
    Act.VAULT_CREATED: "JOURNAL_ACT_VAULT_CREATED",
    Act.UNLOCKED: "JOURNAL_ACT_UNLOCKED",
    Act.CASE_CREATED: "JOURNAL_ACT_CASE_CREATED",
    Act.CASE_VIEWED: "JOURNAL_ACT_CASE_VIEWED",
    Act.CASE_ASSIGNED: "JOURNAL_ACT_CASE_ASSIGNED",
    Act.CASE_UNASSIGNED: "JOURNAL_ACT_CASE_UNASSIGNED",
    Act.SEARCHED: "JOURNAL_ACT_SEARCHED",
    Act.RECORD_SAVED: "JOURNAL_ACT_RECORD_SAVED",
    Act.RECORD_VOIDED: "JOURNAL_ACT_RECORD_VOIDED",
    Act.CONSENT_RECORDED: "JOURNAL_ACT_CONSENT_RECORDED",
    Act.REFERRAL_MOVED: "JOURNAL_ACT_REFERRAL_MOVED",
    Act.LETTER_ISSUED: "JOURNAL_ACT_LETTER_ISSUED",
    Act.LETTER_VIEWED: "JOURNAL_ACT_LETTER_VIEWED",
    Act.LETTER_PRINTED: "JOURNAL_ACT_LETTER_PRINTED",
    Act.LETTER_SAVED: "JOURNAL_ACT_LETTER_SAVED",
    Act.PRINT_FAILED: "JOURNAL_ACT_PRINT_FAILED",
    Act.SAVE_FAILED: "JOURNAL_ACT_SAVE_FAILED",
    Act.NAMES_SHOWN: "JOURNAL_ACT_NAMES_SHOWN",
    Act.OFFICE_CHANGED: "JOURNAL_ACT_OFFICE_CHANGED",
    Act.IMPORTED: "JOURNAL_ACT_IMPORTED",
    Act.EXPORTED: "JOURNAL_ACT_EXPORTED",
    Act.TABLE_EXPORTED: "JOURNAL_ACT_TABLE_EXPORTED",
    Act.TABLE_EXPORTED_PLAIN: "JOURNAL_ACT_TABLE_EXPORTED_PLAIN",
    Act.PLAIN_COPY_DELETED: "JOURNAL_ACT_PLAIN_COPY_DELETED",
    Act.BUNDLE_MADE: "JOURNAL_ACT_BUNDLE_MADE",
    Act.BUNDLE_HANDED_OVER: "JOURNAL_ACT_BUNDLE_HANDED_OVER",
    Act.RECEIPT_TAKEN_IN: "JOURNAL_ACT_RECEIPT_TAKEN_IN",
    Act.ENROLMENT_FILE_MADE: "JOURNAL_ACT_ENROLMENT_FILE_MADE",
    Act.ENROLLED: "JOURNAL_ACT_ENROLLED",
    Act.ROSTER_TAKEN_IN: "JOURNAL_ACT_ROSTER_TAKEN_IN",
    Act.ACCESS_LIST_CHANGED: "JOURNAL_ACT_ACCESS_LIST_CHANGED",
    Act.USER_ADDED: "JOURNAL_ACT_USER_ADDED",
    Act.USER_REMOVED: "JOURNAL_ACT_USER_REMOVED",
    Act.USER_RENAMED: "JOURNAL_ACT_USER_RENAMED",
    Act.USER_ROLE_CHANGED: "JOURNAL_ACT_USER_ROLE_CHANGED",
    Act.USER_TRAINING_NOTED: "JOURNAL_ACT_USER_TRAINING_NOTED",
    Act.USER_READMITTED: "JOURNAL_ACT_USER_READMITTED",
    Act.USER_SUSPENDED: "JOURNAL_ACT_USER_SUSPENDED",
    Act.SENTENCE_CHANGED: "JOURNAL_ACT_SENTENCE_CHANGED",
    Act.KEYS_CHANGED: "JOURNAL_ACT_KEYS_CHANGED",
    Act.SEALED_AGAIN: "JOURNAL_ACT_SEALED_AGAIN",
    Act.RECOVERED_BY_SHEET: "JOURNAL_ACT_RECOVERED_BY_SHEET",
    Act.SHEET_REMADE: "JOURNAL_ACT_SHEET_REMADE",
    Act.SHEET_PROVED: "JOURNAL_ACT_SHEET_PROVED",
    Act.DESK_CLOSED: "JOURNAL_ACT_DESK_CLOSED",
    Act.SEALED_VALUE_GIVEN_UP: "JOURNAL_ACT_SEALED_VALUE_GIVEN_UP",
    Act.SENTENCE_REPORTED: "JOURNAL_ACT_SENTENCE_REPORTED",
    Act.UNUSED_SLOT_DROPPED: "JOURNAL_ACT_UNUSED_SLOT_DROPPED",
    Act.RECEIVING_KEY_DROPPED: "JOURNAL_ACT_RECEIVING_KEY_DROPPED",
    Act.FOREIGN_VAULT_FOUND: "JOURNAL_ACT_FOREIGN_VAULT_FOUND",
    Act.OLDER_THAN_MARK: "JOURNAL_ACT_OLDER_THAN_MARK",
    Act.BREACH_RECORDED: "JOURNAL_ACT_BREACH_RECORDED",
    Act.BREACH_CLOSED: "JOURNAL_ACT_BREACH_CLOSED",
    Act.BREACH_NOTICE_PRINTED: "JOURNAL_ACT_BREACH_NOTICE_PRINTED",
    Act.SECRETARIAT_CREATED: "JOURNAL_ACT_SECRETARIAT_CREATED",
    Act.DEVICE_ENROLLED: "JOURNAL_ACT_DEVICE_ENROLLED",
    Act.BUNDLE_TAKEN_IN: "JOURNAL_ACT_BUNDLE_TAKEN_IN",
    Act.RECEIPT_ISSUED: "JOURNAL_ACT_RECEIPT_ISSUED",
    Act.BUNDLE_REFUSED: "JOURNAL_ACT_BUNDLE_REFUSED",
    Act.TRUST_PACKAGE_ISSUED: "JOURNAL_ACT_TRUST_PACKAGE_ISSUED",
    Act.LINE_NAMED: "JOURNAL_ACT_LINE_NAMED",
    Act.RECEIPT_FILE_WRITTEN: "JOURNAL_ACT_RECEIPT_FILE_WRITTEN",
    Act.RECOVERY_KEYS_ADDED: "JOURNAL_ACT_RECOVERY_KEYS_ADDED",
    Act.RECOVERED_BY_SECRETARIAT: "JOURNAL_ACT_RECOVERED_BY_SECRETARIAT",
    Act.RECOVERY_IDENTITY_NAMED: "JOURNAL_ACT_RECOVERY_IDENTITY_NAMED",
    Act.COORDINATOR_NOTED: "JOURNAL_ACT_COORDINATOR_NOTED",
    Act.RECOVERY_REQUEST_COMPARED: "JOURNAL_ACT_RECOVERY_REQUEST_COMPARED",
    Act.RECOVERY_ANSWERED: "JOURNAL_ACT_RECOVERY_ANSWERED",
    Act.RECOVERY_REFUSED: "JOURNAL_ACT_RECOVERY_REFUSED",
    Act.DEVICE_LOST: "JOURNAL_ACT_DEVICE_LOST",
    Act.DEVICE_LISTED: "JOURNAL_ACT_DEVICE_LISTED",
}
_REASON_CODES = {
    "HISTORY": "JOURNAL_REASON_HISTORY",
    "SEALED": "JOURNAL_REASON_SEALED",
    "HEALTH": "JOURNAL_REASON_HEALTH",
    "DRAFT": "JOURNAL_REASON_DRAFT",
    "ISSUE": "JOURNAL_REASON_ISSUE",
    "TABLE": "JOURNAL_REASON_TABLE",
    "SENTENCE_MAY_BE_KNOWN": "JOURNAL_REASON_SENTENCE_KNOWN",
    "SHEET_MAY_BE_KNOWN": "JOURNAL_REASON_SHEET_KNOWN",
    "AFTER_RECOVERY": "JOURNAL_REASON_AFTER_RECOVERY",
    "RECEIVED": "JOURNAL_REASON_RECEIVED",
    "RETURNED": "JOURNAL_REASON_RETURNED",
    "HELD": "JOURNAL_REASON_HELD",
    "DISPUTED": "JOURNAL_REASON_DISPUTED",
    "LINE": "JOURNAL_REASON_LINE",
    "CAUGHT_UP": "JOURNAL_REASON_CAUGHT_UP",
    "LIST_BY_RECOVERY": "JOURNAL_REASON_BY_RECOVERY",
    "LIST_ROOT": "JOURNAL_REASON_ROOT",
    "LIST_SHEET": "JOURNAL_REASON_LIST_SHEET",
    "LIST_SECRETARIAT": "JOURNAL_REASON_LIST_SECRETARIAT",
}
_REASON_LISTS = ("view_reasons", "letter_reasons", "export_purposes", "user_roles")
_FAILURES = re.compile(r"AFTER_FAILURES_([0-9]+)", re.ASCII)
_COPIES = re.compile(r"COPIES_([0-9]+)", re.ASCII)
_DESK = re.compile(r"(DESK|LEFT_BY)_([0-9]+)", re.ASCII)


def act_in_words(act: str, language: Language) -> str:
    """Return what was done; an act that a later program wrote is shown as its code, never hidden."""
    return sentence(ACT_CODES[Act(act)], language) if act in ACT_CODES else act


def about_in_words(line: JournalLine, language: Language) -> str:
    """Return what an entry was done on: a case by its number, a bundle, a person; nothing where it is none of them."""
    if line.case_ref:
        return line.case_ref
    if line.bundle:
        return sentence("JOURNAL_BUNDLE", language, n=line.bundle)
    return line.about


def why_in_words(reason: str, catalogue: Catalogue, language: Language) -> str:
    """Return the reason of an entry: its codes one by one, each as itself where this program does not know it."""
    return ", ".join(_reason(code, catalogue, language) for code in reason.split())


def _reason(code: str, catalogue: Catalogue, language: Language) -> str:
    if match := _FAILURES.fullmatch(code):
        n = int(match[1])
        return sentence("JOURNAL_FAILURES_ONE" if n == 1 else "JOURNAL_FAILURES_MANY", language, n=n)
    if match := _COPIES.fullmatch(code):
        n = int(match[1])
        return sentence("JOURNAL_COPIES_ONE" if n == 1 else "JOURNAL_COPIES_MANY", language, n=n)
    if match := _DESK.fullmatch(code):
        return sentence("JOURNAL_DESK" if match[1] == "DESK" else "JOURNAL_LEFT_BY", language, n=int(match[2]))
    if known := _REASON_CODES.get(code):
        return sentence(known, language)
    if code in ACT_CODES:  # what new keys were made for
        return act_in_words(code, language)
    for name in _REASON_LISTS:
        if code in catalogue.lists[name]:
            return catalogue.lists[name].label(code, language)
    return sentences()[code][language] if code in sentences() and "{" not in sentences()[code][language] else code


def verdict_in_words(verdict: Verdict, language: Language) -> list[str]:
    """Return what a check of the whole journal found, one thing after the other."""
    said = [found_in_words(found, language) for found in verdict.found]
    if verdict.whole:
        facts = {"entries": verdict.entries, "revisions": verdict.revisions}
        said.insert(0, sentence("JOURNAL_WHOLE", language, **facts))
    return said


def found_in_words(found: Found, language: Language) -> str:
    """Return one thing that a check found."""
    return sentence(found.code, language, **found.facts)
