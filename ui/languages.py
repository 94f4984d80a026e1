"""The window's words in the chosen language, switched live.

A switch sends Qt's LanguageChange to every widget; each sets its own words again and keeps what was typed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from PySide6.QtCore import QCoreApplication, QDate, QEvent, QLocale

from desktop.clock import NAIROBI, parse_stamp
from desktop.messages import LANGUAGES, Language, sentences
from desktop.paths import resource

_LOCALES = {"en": "en_KE", "sw": "sw_KE"}
# What is in force; Qt keeps its own language for the whole program too.
_in_force: list[Language] = ["en"]


def current() -> Language:
    """Return the language in force."""
    return _in_force[0]


def language_of_system() -> Language:
    """Return the system's language where we have it, else English."""
    return "sw" if QLocale.system().language() == QLocale.Language.Swahili else "en"


def switch(language: Language) -> None:
    """Use another language from now on."""
    if language not in LANGUAGES:
        raise ValueError(language)
    _in_force[0] = language
    application = QCoreApplication.instance()
    if application is not None:
        QCoreApplication.postEvent(application, QEvent(QEvent.Type.LanguageChange))


def words(code: str, **facts: int | str) -> str:
    """Return the words of a code with its facts filled in, from `resources/messages/`.

    Facts may be text a person wrote (an office's name): show the result as plain text.
    """
    found = _first_words().get(code) or sentences()[code]
    return found[current()].format(**facts)


def plural(code: str, n: int, **facts: int | str) -> str:
    """Return the words of `code`_ONE for one and of `code`_MANY for any other number; the number is the fact `n`."""
    return words(f"{code}_ONE" if n == 1 else f"{code}_MANY", n=number(n), **facts)


def number(n: int) -> str:
    """Return a whole number as the language writes it, with its thousands parted."""
    return f"{n:,}"


def day(date_text: str) -> str:
    """Return a whole or partial date (YYYY, YYYY-MM or YYYY-MM-DD) with the month in words."""
    from desktop.rules.dates import spell  # here, because no screen before the desk says a day

    return spell(date_text, current())


def plain(code: str, **facts: int | str) -> str:
    """Return the words of a code without the mark of the letter that Alt reaches, as a screen reader says them."""
    return words(code, **facts).replace("&", "")


def day_and_time(at: str) -> tuple[str, str]:
    """Return a stored instant as a day in words and a time of day, both in Nairobi."""
    moment = parse_stamp(at).astimezone(NAIROBI)
    day = QDate(moment.year, moment.month, moment.day)
    return QLocale(_LOCALES[current()]).toString(day, "dddd d MMMM yyyy"), f"{moment:%H:%M}"


@cache
def _first_words() -> Mapping[str, Mapping[str, str]]:
    # Only what stands on the screens before the desk: everything else is read after the first paint.
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(
        resource("messages", "window.toml").read_text(encoding="utf-8")
    )
    return found
