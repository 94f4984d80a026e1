"""How cells of a workbook look: the colour behind them and whether their text is struck through. Runs in the child.

Spreadsheet programs name a colour by itself, by a number of an old palette, or by its place in the workbook's theme,
made lighter or darker (ECMA-376 Part 1, 18.8.19). All three come out as six hexadecimal digits.
"""

from __future__ import annotations

import colorsys
import re
from functools import cached_property
from typing import Any

OTHER = "OTHER"  # a colour that cannot be named: a gradient, or a theme that is not there

_RGB = re.compile(r"(?:[0-9A-F]{2})?([0-9A-F]{6})")
_WHITE = "FFFFFF"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
# The theme lists dark before light; places in it count light before dark.
_PLACES = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")


class Looks:
    """What the styles of a workbook say, looked up once per style."""

    def __init__(self, book: Any) -> None:
        """Look into an opened workbook."""
        self._book = book
        self._known: dict[int, tuple[str | None, bool]] = {}

    def of(self, style: int) -> tuple[str | None, bool]:
        """Return the colour behind a cell, None for none or white, and whether its text is struck through."""
        if style not in self._known:
            self._known[style] = self._look_up(style)
        return self._known[style]

    def _look_up(self, style: int) -> tuple[str | None, bool]:
        try:
            parts = self._book._cell_styles[style]
            fill, font = self._book._fills[parts.fillId], self._book._fonts[parts.fontId]
        except IndexError:
            return None, False  # a style that the workbook does not define looks like none
        return self._behind(fill), bool(font.strike)

    def _behind(self, fill: Any) -> str | None:
        if getattr(fill, "fill_type", None) is None:
            return None
        digits = self._digits(getattr(fill, "fgColor", None))  # a gradient has no one colour
        return None if digits == _WHITE else digits or OTHER

    def _digits(self, colour: Any) -> str | None:
        from openpyxl.styles.colors import COLOR_INDEX

        value: object = getattr(colour, "value", None)
        if isinstance(value, int) and value >= 0:
            palette = {"indexed": COLOR_INDEX, "theme": self._theme}.get(colour.type, ())
            value = palette[value] if value < len(palette) else None
        match = _RGB.fullmatch(value.upper()) if isinstance(value, str) else None
        return _tinted(match[1], colour.tint) if match else None

    @cached_property
    def _theme(self) -> tuple[str, ...]:
        """The colours of the theme in the order of their places; a place without one is empty."""
        from openpyxl.xml.functions import fromstring

        theme = self._book.loaded_theme
        scheme = fromstring(theme).find(f".//{_DRAWING}clrScheme") if theme else None
        found = {}
        for place in scheme if scheme is not None else ():
            for colour in place:
                found[place.tag.removeprefix(_DRAWING)] = colour.get("lastClr") or colour.get("val") or ""
        return tuple(found.get(place, "") for place in _PLACES)


def _tinted(digits: str, tint: float) -> str:
    """Return a colour made darker by a negative tint, lighter by a positive one, of 1."""
    if not -1 <= tint <= 1 or tint == 0:
        return digits
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, full))
