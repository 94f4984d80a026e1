"""Code lists: codes are stored, labels are shown. The lists themselves lie in `resources/codelists`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ENGLISH, SWAHILI = "en", "sw"
LANGUAGES = (ENGLISH, SWAHILI)

_OWN_COLUMNS = ("code", "label_en", "label_sw")


@dataclass(frozen=True)
class Code:
    """One code with its labels; `extra` holds the list's other columns (mapping codes, notes) as text."""

    code: str
    labels: Mapping[str, str]
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CodeList:
    """An ordered list of codes. Position in the list is the box number on paper."""

    name: str
    codes: tuple[Code, ...]
    _by_code: Mapping[str, Code] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the codes. Raises ValueError when one stands twice: a stored code would be ambiguous."""
        by_code = {code.code: code for code in self.codes}
        if len(by_code) != len(self.codes):
            raise ValueError(f"code list {self.name}: a code stands twice")
        object.__setattr__(self, "_by_code", MappingProxyType(by_code))

    def __contains__(self, code: object) -> bool:
        """Say whether `code` is in the list."""
        return code in self._by_code

    def __iter__(self) -> Iterator[Code]:
        """Walk the codes in the order of the list."""
        return iter(self.codes)

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.codes)

    def get(self, code: str) -> Code | None:
        """Return the code's entry, or None when the list does not hold it."""
        return self._by_code.get(code)

    def label(self, code: str, language: str) -> str:
        """Return the label in `language`. A code this version does not know is shown as itself, never hidden."""
        entry = self._by_code.get(code)
        return code if entry is None else entry.labels[language]

    def only(self, name: str, column: str, value: str) -> CodeList:
        """Return the part of the list whose extra `column` holds `value`, as a list of its own."""
        return CodeList(name, tuple(code for code in self.codes if code.extra.get(column) == value))


def read_rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a shipped table. Raises ValueError on a row that is longer or shorter than its heading."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ValueError(f"line {number}: cells do not match the heading")
    return rows


def parse_codelist(name: str, text: str) -> CodeList:
    """Parse a list of `code, label_en[, label_sw], ...`.

    Place names (sub-counties, wards) carry one label, which stands for both languages.

    Raises:
        ValueError: A code or label is empty, or a code stands twice.
    """
    return CodeList(name, tuple(_code(name, row) for row in read_rows(text)))


def _code(name: str, row: Mapping[str, str]) -> Code:
    code, english = row["code"], row["label_en"]
    swahili = row.get("label_sw", english)
    if not (code and english and swahili):
        raise ValueError(f"code list {name}: empty code or label beside {code!r}")
    extra = {column: cell for column, cell in row.items() if column not in _OWN_COLUMNS}
    return Code(code, {ENGLISH: english, SWAHILI: swahili}, extra)
