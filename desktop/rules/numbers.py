"""Numbers people read aloud and type back: case number, referral number, pseudonym, reply code, bundle file name.

None is derived from a person. Random ones are made from bytes that the caller draws; check characters catch
mis-keying and prove nothing. `docs/formats.md` holds the permanent shapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.iso7064 import mod_11_10

from desktop.errors import NotAccepted, Problem

RANDOM_BYTES = 7  # the most any maker here needs
FIRST_INCARNATION, LAST_INCARNATION = 100, 999
LAST_SEQUENCE = 9_999

_COUNTIES = 47
_WIDTHS = (3, 3, 2, 4, 1)
_SEPARATORS = re.compile(r"[\s/.\\_|\u2010-\u2015\u2212-]+")
_REFERRAL = re.compile(r"(.+?)[\s/]*R ?(\d{1,4})", re.IGNORECASE | re.ASCII | re.DOTALL)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_CHECK_PRIME = 1021  # the largest prime below 32 * 32: two check characters catch every single slip and swap


@dataclass(frozen=True)
class CaseRef:
    """The parts of a case number. `year` has two digits; `incarnation` is the office's random DDD (decisions 19)."""

    county: int
    incarnation: int
    year: int
    sequence: int

    def __str__(self) -> str:
        """Write `CCC-DDD-YY-NNNN-K`, K by ISO 7064 MOD 11,10."""
        digits = f"{self.county:03}{self.incarnation:03}{self.year:02}{self.sequence:04}"
        check = mod_11_10.calc_check_digit(digits)
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}-{digits[8:]}-{check}"


def make_case_ref(county: str, incarnation: int, year: int, sequence: int) -> str:
    """Return the case number of the `sequence`-th case of this incarnation in `year` (four digits).

    Raises:
        ValueError: A part is out of its range; the counter is the caller's to guard.
    """
    parts = CaseRef(int(county), incarnation, year % 100, sequence)
    if not _in_range(parts):
        raise ValueError("a part of the case number is out of range")
    return str(parts)


def _in_range(parts: CaseRef) -> bool:
    return (
        1 <= parts.county <= _COUNTIES
        and FIRST_INCARNATION <= parts.incarnation <= LAST_INCARNATION
        and 1 <= parts.sequence <= LAST_SEQUENCE
    )


def parse_case_ref(text: str) -> str:
    """Return the case number that was typed, with or without separators; parts may lack leading zeros (E09).

    Raises:
        NotAccepted: CASE_REF_UNREADABLE, or CASE_REF_CHECK when a digit is wrong.
    """
    pieces = [piece for piece in _SEPARATORS.split(text.strip()) if piece]
    if len(pieces) == len(_WIDTHS):
        pieces = [piece.rjust(width, "0") for piece, width in zip(pieces, _WIDTHS, strict=True)]
    digits = "".join(pieces)
    if len(digits) != sum(_WIDTHS) or not (digits.isascii() and digits.isdigit()):
        raise _unreadable("CASE_REF_UNREADABLE", "case.case_ref")
    parts = CaseRef(int(digits[:3]), int(digits[3:6]), int(digits[6:8]), int(digits[8:12]))
    if not _in_range(parts):
        raise _unreadable("CASE_REF_UNREADABLE", "case.case_ref")
    if str(parts)[-1] != digits[-1]:
        raise _unreadable("CASE_REF_CHECK", "case.case_ref")
    return str(parts)


def make_referral_no(case_ref: str, count: int) -> str:
    """Return the number of the case's `count`-th referral."""
    return f"{case_ref}/R{count}"


def parse_referral_no(text: str) -> tuple[str, int]:
    """Return case number and count of a typed referral number.

    Raises:
        NotAccepted: REFERRAL_NO_UNREADABLE, or what `parse_case_ref` says of its first part.
    """
    match = _REFERRAL.fullmatch(text.strip())
    if match is None or int(match.group(2)) == 0:
        raise _unreadable("REFERRAL_NO_UNREADABLE", "referral.referral_no")
    return parse_case_ref(match.group(1)), int(match.group(2))


def fold_number(text: str) -> str:
    """Return a national or register number for comparing: no separators, no leading zeros, no case (E09)."""
    return "".join(character for character in text.casefold() if character.isalnum()).lstrip("0")


def make_pseudonym(random: bytes) -> str:
    """Return a pseudonym `XXXXX-XXXXX-CC` from 50 random bits (7 bytes)."""
    text = _checked(_base32(random, 10), 10)
    return f"{text[:5]}-{text[5:10]}-{text[10:]}"


def parse_pseudonym(text: str) -> str:
    """Return the pseudonym that was typed. Raises NotAccepted (PSEUDONYM_UNREADABLE)."""
    read = _read_checked(text, 10, "PSEUDONYM_UNREADABLE", "case.pseudonym")
    return f"{read[:5]}-{read[5:10]}-{read[10:]}"


def make_reply_code(random: bytes) -> str:
    """Return a reply code `XXXX-XXXX-CC` from 40 random bits (5 bytes)."""
    text = _checked(_base32(random, 8), 8)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def parse_reply_code(text: str) -> str:
    """Return the reply code that was typed. Raises NotAccepted (REPLY_CODE_UNREADABLE)."""
    read = _read_checked(text, 8, "REPLY_CODE_UNREADABLE", "referral.reply_code")
    return f"{read[:4]}-{read[4:8]}-{read[8:]}"


def make_letter_serial(random: bytes) -> str:
    """Return a paper's serial `L-<10 base32>` from 50 random bits (7 bytes). It tells nothing of the case."""
    return f"L-{_base32(random, 10)}"


def make_bundle_name(random: bytes) -> str:
    """Return a file name that tells nothing: `R-<10 base32>.rufaa`, from 50 random bits (7 bytes)."""
    return f"R-{_base32(random, 10)}.rufaa"


def _base32(random: bytes, length: int) -> str:
    """Return `length` Crockford characters from the first bits of `random`. Raises ValueError when it is too short."""
    spare = len(random) * 8 - length * 5
    if spare < 0:
        raise ValueError("too few random bytes")
    return _write(int.from_bytes(random, "big") >> spare, length)


def _write(number: int, length: int) -> str:
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(5 * (length - 1), -1, -5))


def _checked(text: str, length: int) -> str:
    number = 0
    for character in text[:length]:
        number = number * 32 + _CROCKFORD.index(character)
    return text[:length] + _write(number % _CHECK_PRIME, 2)


def _read_checked(text: str, length: int, code: str, where: str) -> str:
    typed = _SEPARATORS.sub("", text.strip()).upper().translate(_LOOKALIKES)
    if len(typed) != length + 2 or any(character not in _CROCKFORD for character in typed):
        raise _unreadable(code, where)
    if _checked(typed, length) != typed:
        raise _unreadable(code, where)
    return typed


def _unreadable(code: str, where: str) -> NotAccepted:
    return NotAccepted((Problem(code, where),), code)
