"""Words that the window and the command line share: what became of a bundle, why a case is in no table."""

from __future__ import annotations

from collections.abc import Iterable

from desktop.catalogue import Catalogue
from desktop.messages import Language, sentence
from desktop.rules.table_cases import LeftOut
from desktop.rules.taken_out import BULK_CASES, TakenOut

_OUTCOMES = {
    "RECEIVED": "OUTCOME_RECEIVED",
    "RETURNED": "OUTCOME_RETURNED",
    "HELD": "OUTCOME_HELD",
    "DISPUTED": "OUTCOME_DISPUTED",
}

_STAYS = {
    LeftOut.DRAFT: "TABLE_STAYS_DRAFT",
    LeftOut.DUPLICATE: "TABLE_STAYS_DUPLICATE",
    LeftOut.RESTRICTED: "TABLE_STAYS_RESTRICTED",
    LeftOut.HEADLESS: "TABLE_STAYS_HEADLESS",
    LeftOut.ALTERED: "TABLE_STAYS_ALTERED",
    LeftOut.NOT_AGREED: "TABLE_STAYS_NOT_AGREED",
}


def outcome_in_words(outcome: str, language: Language) -> str:
    """Return what became of a bundle."""
    return sentence(_OUTCOMES[outcome], language)


def reason_in_words(reason: str | None, missing: tuple[int, ...], language: Language) -> list[str]:
    """Return why a bundle waits or is in doubt, and the numbers it waits for; nothing where all is well."""
    lines = [] if reason is None else [sentence(reason, language)]
    if missing:
        lines.append(sentence("MISSING_NUMBERS", language, numbers=", ".join(str(number) for number in missing)))
    return lines


def taken_out_in_words(out: TakenOut, language: Language) -> list[str]:
    """Return what an office took out since its last bundle, and that it is much; nothing where there is nothing."""
    if not (out.cases or out.letters or out.tables):
        return []
    lines = [
        sentence(
            "TAKEN_OUT",
            language,
            cases=_counted("CASES", out.cases, language),
            tables=_counted("OUT_TABLES", out.tables, language),
            letters=_counted("OUT_LETTERS", out.letters, language),
        )
    ]
    if out.is_bulk:
        lines.append(sentence("TAKEN_OUT_BULK", language, limit=BULK_CASES))
    return lines


def _counted(code: str, n: int, language: Language) -> str:
    return sentence(f"{code}_ONE" if n == 1 else f"{code}_MANY", language, n=f"{n:,}")


def left_out_in_words(reason: LeftOut, n: int, language: Language) -> str:
    """Return how many cases are in no table for a reason."""
    return sentence(_STAYS[reason], language, n=n)


def sealed_left_in_words(left: Iterable[tuple[str, str]], catalogue: Catalogue, language: Language) -> str:
    """Return sealed values that did not open, given as case number and kind of record, each once.

    One of a case that is hidden from the reader has no number.
    """
    forms, hidden = catalogue.forms, sentence("CASE_HIDDEN_FROM_YOU", language)
    named = [
        f"{case_ref} ({forms[kind].title[language]})" if kind in forms else case_ref or hidden
        for case_ref, kind in left
    ]
    return ", ".join(dict.fromkeys(named))
