"""Bundles as rows of a list: number, when it was made, size, cases, where it stands, when it was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from desktop.clock import NAIROBI, parse_stamp
from desktop.messages import sentence
from desktop.rules.states import BundleState
from desktop.services.exports import BundleSummary
from ui.languages import current, day, number, words
from ui.models.rows import Cell, Column, Row

BUNDLE_COLUMNS = (
    Column("SENDING_NUMBER", 14),
    Column("SENDING_MADE_AT", 32),
    Column("SENDING_SIZE", 13, right=True, spare=2),
    Column("SENDING_CASES", 10, right=True),
    Column("SENDING_STATE", 34),
    Column("SENDING_ANSWERED_AT", 32, spare=1),
)
_KIB = 1024
_MIB = 1024 * _KIB
_GIB = 1024 * _MIB
# State -> words, sign, colour: never a colour without the word.
_STATES: Mapping[BundleState, tuple[str, str, str]] = {
    BundleState.MADE: ("SENDING_STATE_MADE", "circle-dashed", "warn"),
    BundleState.HANDED_OVER: ("SENDING_STATE_HANDED_OVER", "hourglass", "muted"),
    BundleState.RECEIVED: ("SENDING_STATE_RECEIVED", "circle-check", "accent"),
    BundleState.RETURNED: ("SENDING_STATE_RETURNED", "undo-2", "danger"),
}


def bundle_rows(bundles: Sequence[BundleSummary]) -> list[Row]:
    """Return the rows, in the language in force."""
    return [
        Row(
            bundle.bundle_id,
            (
                Cell(number(bundle.sequence), strong=True),
                Cell(_instant(bundle.made_at)),
                Cell(size_in_words(bundle.size_bytes)),
                Cell(number(bundle.cases)),
                _state(bundle),
                Cell(
                    _instant(bundle.answered_at) if bundle.answered_at else words("SENDING_NO_ANSWER"), colour="muted"
                ),
            ),
        )
        for bundle in bundles
    ]


def size_in_words(size_bytes: int) -> str:
    """Return a size in the largest unit that it fills, rounded down: no room is promised that is not there."""
    if size_bytes >= _GIB:
        return words("SIZE_GIB", n=f"{size_bytes * 10 // _GIB / 10:.1f}")
    if size_bytes >= _MIB:
        return words("SIZE_MIB", n=f"{size_bytes * 10 // _MIB / 10:.1f}")
    return words("SIZE_KIB", n=number(size_bytes // _KIB))


def _instant(at: str) -> str:
    moment = parse_stamp(at).astimezone(NAIROBI)
    return words("SENDING_DAY_TIME", day=day(moment.date().isoformat()), time=f"{moment:%H:%M}")


def _state(bundle: BundleSummary) -> Cell:
    code, sign, colour = _STATES[bundle.state]
    if bundle.reason is None:
        return Cell(words(code), sign, colour)
    if bundle.state is BundleState.RECEIVED:  # taken in, and in doubt
        sign, colour = "triangle-alert", "warn"
    return Cell(words("SENDING_STATE_WHY", state=words(code), why=sentence(bundle.reason, current())), sign, colour)
