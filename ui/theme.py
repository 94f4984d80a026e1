"""The look in one place: colours by role, spacing, type, icons; light and dark, following the system.

Screens name roles, never colours. `resources/style.qss` is filled from the tokens below, and a test computes the
contrast of every pair in `TEXT_PAIRS` (at least 4.5:1) and `MARK_PAIRS` (at least 3:1).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from desktop.paths import resource

# The steps of every distance on screen, in pixels.
TINY, SMALL, MEDIUM, LARGE, HUGE = 4, 8, 12, 16, 24
RADIUS = 6
ICON_PX = 16

FONT = "Noto Sans"
SMALL_PT, BASE_PT, HEADING_PT, LARGE_PT = 9.5, 10.5, 12.0, 16.0
_FONT_FILES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf")


@dataclass(frozen=True)
class Tokens:
    """Colours by role. `soft` is the ground of its colour, `edge` the border of something that can be used."""

    paper: str
    raised: str
    ink: str
    muted: str
    line: str
    edge: str
    accent: str
    accent_deep: str
    accent_soft: str
    on_accent: str
    warn: str
    warn_soft: str
    danger: str
    danger_soft: str
    info: str
    info_soft: str


LIGHT = Tokens(
    paper="#F5F4EF",
    raised="#FFFFFF",
    ink="#1B2320",
    muted="#55605B",
    line="#DFDDD4",
    edge="#7E8681",
    accent="#0B5D4B",
    accent_deep="#08493B",
    accent_soft="#E4F0EB",
    on_accent="#FFFFFF",
    warn="#7F5200",
    warn_soft="#FCF1DB",
    danger="#A2281F",
    danger_soft="#FBEAE7",
    info="#1D5683",
    info_soft="#E7F0F8",
)
DARK = Tokens(
    paper="#151918",
    raised="#1E2422",
    ink="#E7ECE9",
    muted="#A6B1AC",
    line="#343C39",
    edge="#7A8580",
    accent="#62C7AB",
    accent_deep="#83D6BF",
    accent_soft="#1D3A32",
    on_accent="#06211A",
    warn="#E9B75F",
    warn_soft="#392D15",
    danger="#F2A096",
    danger_soft="#43231F",
    info="#90BEE8",
    info_soft="#1C2E3F",
)

# What is drawn on what.
TEXT_PAIRS = (
    *((ink, ground) for ink in ("ink", "muted", "accent", "warn", "danger") for ground in ("paper", "raised")),
    *(("ink", ground) for ground in ("accent_soft", "info_soft", "warn_soft", "danger_soft")),
    ("accent", "accent_soft"),
    ("muted", "accent_soft"),
    ("muted", "line"),
    ("ink", "line"),
    ("on_accent", "accent"),
    ("on_accent", "accent_deep"),
    ("warn", "warn_soft"),
    ("danger", "danger_soft"),
    ("accent_deep", "accent_soft"),
)
MARK_PAIRS = (
    *((mark, ground) for mark in ("edge", "accent", "danger", "warn", "info") for ground in ("paper", "raised")),
    ("info", "info_soft"),
    ("danger", "danger_soft"),
    ("on_accent", "accent"),
)

# What is in force; like Qt's own palette it belongs to the whole program.
_in_force = [LIGHT]
_text_percent = [100]
_chosen = ["system"]


def tokens() -> Tokens:
    """Return the colours in force."""
    return _in_force[0]


def set_up(application: QApplication) -> None:
    """Give the program its style, type and colours, and follow the system between light and dark."""
    application.setStyle("Fusion")
    for name in _FONT_FILES:
        QFontDatabase.addApplicationFontFromData(QByteArray(resource("fonts", name).read_bytes()))
    choose(application, "system", 100)
    QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: choose(application, _chosen[0], _text_percent[0]))


def choose(application: QApplication, theme: str, text_percent: int) -> None:
    """Use a theme (`system`, `light` or `dark`) and a size of text from now on, everywhere."""
    _chosen[0], _text_percent[0] = theme, text_percent
    font = QFont(FONT)
    font.setPointSizeF(points(BASE_PT))
    application.setFont(font)
    following = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    wear(application, dark=following if theme == "system" else theme == "dark")


def points(size_pt: float) -> float:
    """Return a size of type in points, in the size of text chosen."""
    return size_pt * _text_percent[0] / 100


def wear(application: QApplication, *, dark: bool) -> None:
    """Put on the light or the dark colours; every widget hears of it as a change of palette."""
    _in_force[0] = DARK if dark else LIGHT
    application.setPalette(_palette(tokens()))
    application.setStyleSheet(style_sheet(tokens()))
    application.setWindowIcon(_program_icon())


def style_sheet(colours: Tokens) -> str:
    """Return the style sheet in these colours."""
    sheet = Template(resource("style.qss").read_text(encoding="utf-8"))
    return sheet.substitute(asdict(colours), radius=RADIUS, **_sizes())


def _sizes() -> dict[str, float]:
    return {"small": points(SMALL_PT), "base": points(HEADING_PT), "large": points(LARGE_PT)}


def paint_icon(painter: QPainter, name: str, colour: str, box: QRectF) -> None:
    """Draw a shipped line icon into `box`; `colour` is a token's name."""
    _renderer(name, getattr(tokens(), colour)).render(painter, box)


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(_svg(name, colour))


def icon(name: str, colour: str, *, gap_px: int = 0, side: int = ICON_PX) -> QIcon:
    """Return a shipped line icon for a button, sharp on every screen; `gap_px` parts it from the words."""
    made = QIcon()
    for scale in (1.0, 1.25, 1.5, 2.0, 3.0):
        picture = _blank(side, scale, wider_px=gap_px)
        painter = QPainter(picture)
        paint_icon(painter, name, colour, QRectF(0, 0, side, side))
        painter.end()
        made.addPixmap(picture)
    return made


def _program_icon() -> QIcon:
    """Return the program's mark: a signpost on the accent."""
    made = QIcon()
    for side in (16, 32, 64):
        picture = _blank(side, 1.0)
        painter = QPainter(picture)
        paint_mark(painter, QRectF(0, 0, side, side))
        painter.end()
        made.addPixmap(picture)
    return made


def paint_mark(painter: QPainter, box: QRectF) -> None:
    """Draw the program's mark into a square `box`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().accent))
    painter.drawRoundedRect(box, box.width() * 0.22, box.width() * 0.22)
    inset = box.width() * 0.2
    paint_icon(painter, "signpost", "on_accent", box.adjusted(inset, inset, -inset, -inset))


def _blank(side: int, scale: float, *, wider_px: int = 0) -> QPixmap:
    picture = QPixmap(QSize(round((side + wider_px) * scale), round(side * scale)))
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def _svg(name: str, colour: str) -> QByteArray:
    text = resource("icons", f"{name}.svg").read_text(encoding="ascii")
    return QByteArray(text.replace("currentColor", colour).encode("ascii"))


def _palette(colours: Tokens) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: colours.paper,
        QPalette.ColorRole.WindowText: colours.ink,
        QPalette.ColorRole.Base: colours.raised,
        QPalette.ColorRole.AlternateBase: colours.paper,
        QPalette.ColorRole.Text: colours.ink,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.ink,
        QPalette.ColorRole.ToolTipBase: colours.raised,
        QPalette.ColorRole.ToolTipText: colours.ink,
        QPalette.ColorRole.Dark: colours.line,  # round the pages of a letter
        QPalette.ColorRole.Highlight: colours.accent,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.accent,
        QPalette.ColorRole.Accent: colours.accent,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return palette
