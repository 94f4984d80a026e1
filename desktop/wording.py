"""Words that the window and the command line share for what became of a bundle."""

from __future__ import annotations

from desktop.messages import Language, sentence

_OUTCOMES = {
    "RECEIVED": "OUTCOME_RECEIVED",
    "RETURNED": "OUTCOME_RETURNED",
    "HELD": "OUTCOME_HELD",
    "DISPUTED": "OUTCOME_DISPUTED",
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
