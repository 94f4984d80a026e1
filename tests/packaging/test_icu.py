"""The smaller ICU data gives Qt the same answers as the whole, in the languages of the desk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
from pathlib import Path
from PySide6.QtCore import QCollator, QDateTime, QLocale, QStringDecoder, QTimeZone
words = ["Achieng'", "achieng", "Ng’ang’a", "Nganga", "Ñandú", "nandu", "Zürich", "zurich", "Ábel", "abel", "ሰላም",
         "فاطمة", "cote", "côte", "coté", "côté", "item 10", "item 9", "Wanjikũ", "Wanjiku", "-a", "a-b", "ab",
         "ß", "ss"]
for name in ("en_KE", "en_GB", "sw_KE", "sw_TZ"):
    locale = QLocale(name)
    for numeric in (False, True):
        collator = QCollator(locale)
        collator.setNumericMode(numeric)
        print(name, numeric, sorted(words, key=collator.sortKey))
    zone, day = QTimeZone(b"Africa/Nairobi"), QDateTime.fromSecsSinceEpoch(0, QTimeZone(b"Africa/Nairobi"))
    print([zone.displayName(kind, form, locale) for kind in QTimeZone.TimeType for form in QTimeZone.NameType])
    print(locale.toUpper("istanbul straße"), locale.toString(day, QLocale.FormatType.LongFormat))
encodings = ("UTF-16", "ISO-8859-1", "ISO-8859-15", "windows-1252", "windows-1256")
print([QStringDecoder(name).isValid() for name in encodings])
print(WHOLE != any(line.endswith(SMALLER) for line in Path("/proc/self/maps").read_text().splitlines()))
"""


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="Windows has its own ICU")
def test_the_smaller_data_answers_as_the_whole(frozen: Path) -> None:
    smaller = next((frozen / "_internal/PySide6/Qt/lib").glob("libicudata.so.*"))
    assert smaller.stat().st_size < 6_000_000

    def answers(whole: bool) -> list[str]:
        settings = {} if whole else {"LD_PRELOAD": str(smaller)}
        code = f"WHOLE, SMALLER = {whole}, {str(smaller)!r}\n{ASK}"
        told = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **settings}, capture_output=True, text=True, check=True
        )
        return told.stdout.splitlines()

    whole = answers(whole=True)
    assert answers(whole=False) == whole
    assert whole[-1] == "True"
    assert len(whole) == 4 * 4 + 2
