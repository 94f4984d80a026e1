"""Draws the program's mark as files, by the program itself: `python packaging/icons.py FOLDER`.

FOLDER gets rufaa.svg, rufaa-16.png to rufaa-512.png, rufaa.ico for Windows and rufaa.icns for macOS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

SIDES_PX = (16, 24, 32, 48, 64, 128, 256, 512)


def draw(folder: Path) -> None:
    """Write every form of the mark into `folder`."""
    from ui.theme import paint_mark  # here, because it is found beside this folder

    folder.mkdir(parents=True, exist_ok=True)
    generator = QSvgGenerator()
    generator.setFileName(str(folder / "rufaa.svg"))
    generator.setSize(QSize(64, 64))
    generator.setViewBox(QRectF(0, 0, 64, 64))
    generator.setTitle("Rufaa")
    painter = QPainter(generator)
    paint_mark(painter, QRectF(0, 0, 64, 64))
    painter.end()
    for side in SIDES_PX:
        picture = QImage(side, side, QImage.Format.Format_ARGB32)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_mark(painter, QRectF(0, 0, side, side))
        painter.end()
        picture.save(str(folder / f"rufaa-{side}.png"))
    pictures = [Image.open(folder / f"rufaa-{side}.png") for side in SIDES_PX]
    pictures[-1].save(folder / "rufaa.ico", sizes=[(side, side) for side in SIDES_PX if side <= 256])
    pictures[-1].save(folder / "rufaa.icns", append_images=pictures[:-1])


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    application = QGuiApplication([])
    draw(Path(sys.argv[1]))
