"""What became of the bundles taken in here, and the receipts issued, as rows of ready texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from desktop.errors import DeskError, NotTrusted
from desktop.messages import explain
from desktop.services.intake import ReceiptSummary, Taken
from desktop.wording import reason_in_words, taken_out_in_words
from ui.languages import current, day_and_time, number, plural, words
from ui.models.rows import Cell, Column, Row

HASH_DIGITS = 12  # as many as people compare by telephone

INTAKE_COLUMNS = (
    Column("INTAKE_FILE", 5),
    Column("INTAKE_OUTCOME", 4),
    Column("INTAKE_RECORDS", 2, right=True),
    Column("INTAKE_WHY", 9),
)
RECEIPT_COLUMNS = (
    Column("RECEIPTS_ISSUED", 5),
    Column("RECEIPTS_DEVICE", 5),
    Column("RECEIPTS_FILE", 5),
    Column("RECEIPTS_BUNDLE", 3),
)
_OUTCOMES = {
    "RECEIVED": ("INTAKE_RECEIVED", "circle-check", "accent"),
    "RETURNED": ("INTAKE_RETURNED", "undo-2", "warn"),
    "HELD": ("INTAKE_HELD", "hourglass", "info"),
    "DISPUTED": ("INTAKE_DISPUTED", "triangle-alert", "danger"),
}
_REFUSED = ("INTAKE_REFUSED_BUNDLE", "shield-alert", "danger")
_NOT_READ = ("INTAKE_NOT_READ", "circle-alert", "warn")


@dataclass(frozen=True)
class Dealt:
    """One file that was brought, and what became of it: taken in some way, or not at all.

    `answered_again`: how many bundles taken earlier got a new answer through this one.
    """

    file: str = field(repr=False)
    taken: Taken | None = None
    error: DeskError | None = None
    answered_again: int = 0


def intake_row(place: int, dealt: Dealt) -> Row:
    """Return one file in the language in force."""
    code, sign, colour = _state(dealt)
    records = "" if dealt.taken is None else number(dealt.taken.records)
    return Row(
        str(place),
        (
            Cell(dealt.file, strong=True),
            Cell(words(code), sign=sign, colour=colour),
            Cell(records),
            _why_cell(dealt),
        ),
    )


def intake_details(dealt: Dealt) -> str:
    """Return all there is to say of one file, with the digits or the code that are told by telephone."""
    lines = [words(_state(dealt)[0]), *_why(dealt)]
    if dealt.error is not None:
        lines.append(words("INTAKE_CODE", refusal=dealt.error.code))
    if dealt.taken is not None:
        lines.append(plural("INTAKE_N_RECORDS", dealt.taken.records))
        lines.append(words("INTAKE_DIGITS", digits=dealt.taken.bundle_sha256[:HASH_DIGITS]))
    return "\n".join(lines)


def receipt_rows(receipts: Iterable[ReceiptSummary]) -> list[Row]:
    """Return the receipts issued; a receipt is known by its file's name."""
    rows: list[Row] = []
    for receipt in receipts:
        day, time = day_and_time(receipt.issued_at)
        rows.append(
            Row(
                receipt.file_name,
                (
                    Cell(words("RECEIPTS_AT", day=day, time=time)),
                    Cell(receipt.device, colour="muted"),
                    Cell(receipt.file_name, strong=True),
                    Cell(receipt.bundle_sha256[:HASH_DIGITS], colour="muted"),
                ),
            )
        )
    return rows


def _state(dealt: Dealt) -> tuple[str, str, str]:
    if dealt.taken is not None:
        return _OUTCOMES[dealt.taken.outcome]
    return _REFUSED if isinstance(dealt.error, NotTrusted) else _NOT_READ


def _why_cell(dealt: Dealt) -> Cell:
    is_bulk = dealt.taken is not None and dealt.taken.taken_out.is_bulk
    sign, colour = ("triangle-alert", "warn") if is_bulk else ("", "muted")
    return Cell(" ".join(_why(dealt)), sign=sign, colour=colour)


def _why(dealt: Dealt) -> list[str]:
    if dealt.error is not None:
        return [explain(dealt.error, current())]
    if dealt.taken is None:
        return []
    lines = reason_in_words(dealt.taken.reason, dealt.taken.missing, current())
    out = taken_out_in_words(dealt.taken.taken_out, current())
    # What is marked stands first: a row has room for one sentence.
    lines = [*out, *lines] if dealt.taken.taken_out.is_bulk else [*lines, *out]
    if dealt.taken.repeated:
        lines.append(words("INTAKE_REPEATED"))
    if dealt.answered_again:
        lines.append(plural("INTAKE_ANSWERED_AGAIN", dealt.answered_again))
    return lines
