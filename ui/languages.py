"""The window's words in the chosen language, switched live.

A switch sends Qt's LanguageChange to every widget; each sets its own words again and keeps what was typed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from PySide6.QtCore import QCoreApplication, QDate, QEvent, QLocale

from desktop.clock import NAIROBI, parse_stamp
from desktop.messages import LANGUAGES, Language
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
    """Return the words of a code in `resources/messages/window.toml` with its facts filled in.

    Facts may be text a person wrote (an office's name): show the result as plain text.
    """
    return _all_words()[code][current()].format(**facts)


def plain(code: str) -> str:
    """Return the words of a code without the mark of the letter that Alt reaches, as a screen reader says them."""
    return words(code).replace("&", "")


def day_and_time(at: str) -> tuple[str, str]:
    """Return a stored instant as a day in words and a time of day, both in Nairobi."""
    moment = parse_stamp(at).astimezone(NAIROBI)
    day = QDate(moment.year, moment.month, moment.day)
    return QLocale(_LOCALES[current()]).toString(day, "dddd d MMMM yyyy"), f"{moment:%H:%M}"


@cache
def _all_words() -> Mapping[str, Mapping[Language, str]]:
    # Only this one file: the sentences of errors are read when the first error is met, after the first paint.
    found: Mapping[str, Mapping[Language, str]] = tomllib.loads(
        resource("messages", "window.toml").read_text(encoding="utf-8")
    )
    return found
