"""What a typed text may give away: the name held back, a health status, what happened.

A name and a health status stop the letter. What happened is only warned of, because a clinician or the police may have
to be told in those very words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from desktop.errors import Problem, Severity
from desktop.letters.source import LetterSource
from desktop.rules.consent import IdentityMode

# Forms of address and of descent: alone they name nobody, and a reason cannot do without "mama" or "binti".
_ADDRESS = frozenset({"baba", "bibi", "bin", "binti", "bwana", "dada", "kaka", "mama", "mtoto", "mzee", "ole"})
_HEALTH_STATUS = frozenset({"hiv", "vvu", "ukimwi", "aids", "arv", "arvs"})
_AIDS_THAT_HELP = re.compile(r"\b(hearing|walking|mobility|visual)\s+aids\b")
_HAPPENED = re.compile(
    r"\b(traffick\w*|victim\w*|rap(e|ed|ing|ist)|sexual(ly)?"
    r"|\w*ulanguzi|\w*languliwa|mwathiriwa|waathiriwa|ubakaji|\w+bakwa|(ki)?ngono)\b"
)

TypedText = tuple[str, str]


def typed_texts(source: LetterSource) -> Iterator[TypedText]:
    """Yield every text a person typed that the letter may print, with its field."""
    yield "referral.reason_short", source.reason_short
    yield "referral.needs_short", source.needs_short
    yield "referral.risk_note", source.risk_note
    yield "referral.already_given", source.already_given
    yield "referral.escort", source.escort_transport
    yield "referral.to_provider", source.receiver.provider
    yield "referral.to_person", source.receiver.person_or_role
    yield "referral.employer", source.variant_facts.employer
    yield "referral.papers_needed", source.variant_facts.papers_needed
    yield "referral.costs", source.variant_facts.costs
    yield "person.disability_help", source.person.disability_help
    yield "person.safe_alias", source.person.safe_alias


def refusals(source: LetterSource, mode: IdentityMode) -> Iterator[Problem]:
    """Yield what no letter may say: LETTER_NAME_IN_TEXT, LETTER_HEALTH_STATUS_IN_TEXT (forms.md: HIV status never)."""
    hidden = _hidden_words(source, mode)
    for name, text in typed_texts(source):
        if hidden & _words(text):
            yield Problem("LETTER_NAME_IN_TEXT", name)
        if _tells_health_status(text):
            yield Problem("LETTER_HEALTH_STATUS_IN_TEXT", name)


def warnings(source: LetterSource) -> tuple[Problem, ...]:
    """Return a warning LETTER_TELLS_WHAT_HAPPENED for each text that does; the letter can be issued all the same."""
    return tuple(
        Problem("LETTER_TELLS_WHAT_HAPPENED", name, Severity.WARNING)
        for name, text in typed_texts(source)
        if _HAPPENED.search(_folded(text))
    )


def _hidden_words(source: LetterSource, mode: IdentityMode) -> set[str]:
    person = source.person
    if mode is IdentityMode.NAME:
        return set()
    hidden = (_words(person.names) | _words(person.known_as)) - _ADDRESS
    # What the letter itself prints as the alias is no secret in its texts.
    return hidden - _words(person.safe_alias) if mode is IdentityMode.ALIAS else hidden


def _tells_health_status(text: str) -> bool:
    joined = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", _folded(text))  # H.I.V. is a word too
    return not _HEALTH_STATUS.isdisjoint(re.findall(r"[^\W_]+", _AIDS_THAT_HELP.sub("", joined)))


def _words(text: str) -> set[str]:
    """Return the words of a text that could give a name away: folded, without marks, three letters or more."""
    # An Amharic or Arabic name can be whole in two signs.
    return {word for word in re.findall(r"\w+", _folded(text)) if len(word) > 2 or not word.isascii()}


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Mn", "Cf"))
    return re.sub("['\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}]", "", plain)
