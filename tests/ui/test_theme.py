from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontInfo, QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop.paths import resource
from ui import theme
from ui.theme import DARK, LIGHT, MARK_PAIRS, TEXT_PAIRS, Tokens

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@BOTH
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_can_be_read(colours: Tokens, pair: tuple[str, str]) -> None:
    drawn = asdict(colours)
    assert contrast(drawn[pair[0]], drawn[pair[1]]) >= 4.5


@BOTH
@pytest.mark.parametrize("pair", MARK_PAIRS, ids="-on-".join)
def test_marks_and_focus_can_be_seen(colours: Tokens, pair: tuple[str, str]) -> None:
    drawn = asdict(colours)
    assert contrast(drawn[pair[0]], drawn[pair[1]]) >= 3


def test_every_text_colour_of_the_style_sheet_is_in_a_measured_pair() -> None:
    sheet = resource("style.qss").read_text(encoding="utf-8")
    rules = re.findall(r"\{([^{}]*)\}", sheet.replace("${", "").replace("}px", "px").replace("}pt", "pt"))
    texts = {colour for rule in rules for colour in re.findall(r"(?<![-\w])color: \$(\w+)", rule)}
    both = {
        (text, ground)
        for rule in rules
        for text in re.findall(r"(?<![-\w])color: \$(\w+)", rule)
        for ground in re.findall(r"background: \$(\w+)", rule)
    }
    assert texts <= {text for text, _ in TEXT_PAIRS}
    assert both <= set(TEXT_PAIRS)


@BOTH
def test_no_colour_stands_in_the_style_sheet_itself(colours: Tokens) -> None:
    assert not re.search(r"#[0-9A-Fa-f]{3,8}", resource("style.qss").read_text(encoding="utf-8"))
    assert "$" not in theme.style_sheet(colours)


def test_the_shipped_type_is_in_use(application: QApplication) -> None:
    assert application.font().pointSizeF() == 10.5
    assert QFontInfo(application.font()).family() == "Noto Sans"


def test_every_shipped_icon_is_drawn_in_the_colour_asked_for(application: QApplication) -> None:
    names = [item.name.removesuffix(".svg") for item in resource("icons").iterdir() if item.name.endswith(".svg")]
    assert names
    for name in names:
        picture = QImage(64, 64, QImage.Format.Format_ARGB32)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        theme.paint_icon(painter, name, "danger", QRectF(0, 0, 64, 64))
        painter.end()
        solid = {
            picture.pixelColor(x, y).name().upper()
            for x in range(64)
            for y in range(64)
            if picture.pixelColor(x, y).alpha() == 255
        }
        assert solid == {LIGHT.danger}, name


def test_no_icon_is_shipped_that_no_screen_uses() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in Path(theme.__file__).parent.rglob("*.py"))
    names = {item.name.removesuffix(".svg") for item in resource("icons").iterdir() if item.name.endswith(".svg")}
    assert {name for name in names if f'"{name}"' not in code} == set()
    assert resource("licences", "lucide-ISC.txt").is_file()


def test_dark_is_worn_when_asked_for_and_light_again(application: QApplication) -> None:
    theme.wear(application, dark=True)
    assert application.palette().window().color().name().upper() == DARK.paper
    assert theme.tokens() == DARK
    theme.wear(application, dark=False)
    assert application.palette().window().color().name().upper() == LIGHT.paper
