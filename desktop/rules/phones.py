"""Phone numbers as Kenya writes them, and foreign ones, to the one stored form: E.164, for example +254729351383.

A prefix that the shipped number plan does not know is accepted with a soft note (field report C03): plans grow faster
than programs. What is no number is never bent into one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

KENYA = "KE"

PHONE_NUMBER_CELL = "PHONE_NUMBER_CELL"
PHONE_ZERO_PUT_BACK = "PHONE_ZERO_PUT_BACK"
PHONE_PREFIX_UNKNOWN = "PHONE_PREFIX_UNKNOWN"
PHONE_WITH_WORDS = "PHONE_WITH_WORDS"
PHONE_NOT_UNDERSTOOD = "PHONE_NOT_UNDERSTOOD"

_LONGEST_TEXT = 200  # characters; keeps the searching below from being made slow on purpose

_BETWEEN = re.compile(r"\s*(?:[/;,|&\n]|\b(?:or|and|au|na)\b)\s*", re.IGNORECASE)
_DASHES = re.compile("[\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}]")
_NUMBER = re.compile(r"\+?[\d(][\d\s().\-]{5,}\d")
_KENYAN_MOBILE = re.compile(r"(?:\+?254|0)[\s.\-]*[17](?:[\s.\-]*\d){8}(?!\d)")
_FILLING = re.compile(r"[\s().:\-]+")
_LOST_ZERO = re.compile(r"[17]\d{8}")
_OF_KENYA = re.compile(r"\+254[1-9]\d{6,8}")


@dataclass(frozen=True)
class ReadPhones:
    """The numbers found in one text, in its order, each once.

    `notes` are message codes to show; PHONE_WITH_WORDS says that the text holds more than numbers, which must be kept.
    `problem` is PHONE_NOT_UNDERSTOOD when there is text but no number.
    """

    numbers: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    problem: str | None = None


def read_phones(text: str, *, from_number_cell: bool = False) -> ReadPhones:
    """Read one or more numbers from what was typed, or from the digits of a spreadsheet's number cell."""
    if len(text) > _LONGEST_TEXT:
        return ReadPhones(problem=PHONE_NOT_UNDERSTOOD)
    words = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).strip()
    if from_number_cell:
        words = words.removesuffix(".0")
    if not words:
        return ReadPhones()
    pieces = [piece for piece in _BETWEEN.split(words) if piece]
    if any(_NUMBER.search(piece) is None for piece in pieces):
        # A stroke or comma may stand inside one number: 0729/351/383.
        whole = _BETWEEN.sub(" ", words)
        if _number(whole):
            pieces = [whole]
    found: dict[str, None] = {}
    notes: set[str] = set()
    for piece in pieces:
        for candidate, rest in _candidates(piece):
            number = _number(candidate)
            if number is None or rest:
                notes.add(PHONE_WITH_WORDS)
            if number is None:
                continue
            found[number] = None
            if _LOST_ZERO.fullmatch(_digits(candidate)):
                notes.add(PHONE_NUMBER_CELL if from_number_cell else PHONE_ZERO_PUT_BACK)
            if not _is_in_plan(number):
                notes.add(PHONE_PREFIX_UNKNOWN)
    if not found:
        return ReadPhones(problem=PHONE_NOT_UNDERSTOOD)
    return ReadPhones(tuple(found), tuple(sorted(notes)))


def _candidates(piece: str) -> list[tuple[str, bool]]:
    """Return what in the piece may be a number, and whether words stand beside it."""
    mobiles = _KENYAN_MOBILE.findall(piece)
    if len(mobiles) > 1:
        return [(mobile, bool(_FILLING.sub("", _KENYAN_MOBILE.sub("", piece)))) for mobile in mobiles]
    match = _NUMBER.search(piece)
    if match is None:
        return [(piece, True)]
    rest = piece[: match.start()] + piece[match.end() :]
    return [(match.group(), bool(_FILLING.sub("", rest)))]


def _digits(text: str) -> str:
    return _FILLING.sub("", text)


def _number(text: str) -> str | None:
    """Return the E.164 form of one number, or None."""
    import phonenumbers  # 0.1 s and 20 MB: only when a number is read

    digits = _digits(text)
    if digits.startswith("00") and not digits.startswith("000"):
        digits = "+" + digits[2:]  # the rest of the world's way out; Kenya's own 000 the library knows
    elif re.fullmatch(r"254[17]\d{8}", digits):
        digits = "+" + digits
    try:
        parsed = phonenumbers.parse(digits, KENYA)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None if parsed.country_code == 254 and not _OF_KENYA.fullmatch(number) else number


def _is_in_plan(number: str) -> bool:
    import phonenumbers

    return phonenumbers.is_valid_number(phonenumbers.parse(number))
