"""What the spine shows of a part of a case file, judged by its records and drafts as they were read."""

from __future__ import annotations

from desktop.clock import NAIROBI, parse_stamp, today
from desktop.errors import Problem
from desktop.rules.records import RecordDraft
from desktop.rules.validation import Surroundings, blocking, check
from desktop.services.drafts import KeptDraft
from desktop.services.records import StoredRecord, was_child_in
from desktop.services.session import OpenVault
from ui.languages import day, words
from ui.screens.section import OpenCase, SectionState
from ui.widgets.spine import Mark

MARKS = {
    SectionState.EMPTY: Mark("CASEFILE_EMPTY", "circle", "muted"),
    SectionState.DRAFT: Mark("CASEFILE_DRAFT", "pencil", "info"),
    SectionState.COMPLETE: Mark("CASEFILE_COMPLETE", "circle-check", "accent"),
    SectionState.PROBLEM: Mark("CASEFILE_PROBLEM", "circle-alert", "danger"),
}


def problems_of(vault: OpenVault, case: OpenCase, draft: RecordDraft) -> tuple[Problem, ...]:
    """Return every problem of a record as it would be saved into its case."""
    around = Surroundings(was_child=was_child_in(case.file.records, today(vault.clock)))
    catalogue = vault.catalogue
    return check(catalogue.forms[draft.kind], draft.fields, catalogue.lists, vault.clock.now(), around)


def state_of(vault: OpenVault, case: OpenCase, kind: str) -> SectionState:
    """Return the state of a part nobody has typed into. It is complete once every required question has an answer."""
    records = case.file.of(kind)
    found = [problem for record in records for problem in problems_of(vault, case, RecordDraft(kind, record.fields))]
    if any(record.altered for record in records) or blocking(tuple(found)):
        return SectionState.PROBLEM
    if any(kept.draft.kind == kind for kept in case.drafts) or any(one.code == "ANSWER_MISSING" for one in found):
        return SectionState.DRAFT
    return SectionState.COMPLETE if records else SectionState.EMPTY


def saved_words(record: StoredRecord | None, kept: KeptDraft | None, *, dirty: bool) -> str:
    """Return what the foot says of the record in a form: what is saved or kept, and when."""
    if dirty:
        if kept is None:
            return words("CASEFILE_NOT_SAVED")
        return words("CASEFILE_CONTINUED", time=local(kept.at)[1])
    if record is None or not record.at:
        return words("CASEFILE_NOTHING_SAVED")
    on, time = local(record.at)
    return words("CASEFILE_SAVED_AT", day=on, time=time)


def local(at: str) -> tuple[str, str]:
    """Return a stored instant as day and time in Nairobi, without the day of the week."""
    moment = parse_stamp(at).astimezone(NAIROBI)
    return day(moment.date().isoformat()), f"{moment:%H:%M}"
