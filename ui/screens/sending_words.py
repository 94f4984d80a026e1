"""What the screen of sending says in the message bar: a bundle sealed, receipts taken in."""

from __future__ import annotations

from desktop.services.receipts import Answer
from desktop.wording import outcome_in_words, reason_in_words
from ui.languages import current, number, words
from ui.screens.sending_work import Answers


def sealed_in_words(sequence: int, *, expired: bool) -> str:
    """Say that a bundle is sealed."""
    lines = [words("SENDING_SEALED", n=number(sequence)), *([words("ROSTER_EXPIRED")] if expired else [])]
    return "\n".join(lines)


def answers_in_words(answers: Answers) -> str:
    """Say what each receipt told that is new to the office."""
    if not answers.new:
        return words("RECEIPT_KNOWN")
    return "\n".join(line for answer in answers.new for line in _answer_in_words(answer))


def _answer_in_words(answer: Answer) -> list[str]:
    told = words(
        "RECEIPT_TOLD",
        n=number(answer.sequence),
        outcome=outcome_in_words(answer.outcome, current()),
        taken=number(answer.taken),
        returned=number(answer.returned),
    )
    return [told, *reason_in_words(answer.reason, answer.missing, current())]
