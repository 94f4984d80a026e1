"""The directory as rows of a list: name, kind, how many services, phone, whether it works; and what a filter finds."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.catalogue import Catalogue
from desktop.messages import LANGUAGES
from desktop.services.records import StoredRecord
from ui.languages import number, words
from ui.models.referral_rows import label
from ui.models.rows import Cell, Column, Row

PROVIDER_COLUMNS = (
    Column("DIRECTORY_NAME", 33),
    Column("DIRECTORY_KIND", 24, spare=1),
    Column("DIRECTORY_SERVICES", 13, right=True, spare=2),
    Column("DIRECTORY_PHONE", 25),
    Column("DIRECTORY_STATE", 25),
)


def provider_rows(providers: Sequence[StoredRecord], catalogue: Catalogue) -> list[Row]:
    """Return the rows, in the language in force."""
    return [
        Row(
            provider.record_id,
            (
                Cell(provider.text("name"), strong=True),
                Cell(label(catalogue, "provider_types", provider.text("type") or None)),
                Cell(number(len(provider.codes("services")))),
                Cell(provider.text("phone")),
                _state(provider),
            ),
        )
        for provider in providers
    ]


def found_by(providers: Sequence[StoredRecord], text: str, catalogue: Catalogue) -> list[StoredRecord]:
    """Return the providers in which every word of `text` stands, in name, phone, kind or services, by name.

    Kind and services are looked for in both languages.
    """
    wanted = text.casefold().split()
    found = [one for one in providers if all(word in _said_of(one, catalogue) for word in wanted)]
    return sorted(found, key=lambda one: one.text("name").casefold())


def _said_of(provider: StoredRecord, catalogue: Catalogue) -> str:
    kinds, services = catalogue.lists["provider_types"], catalogue.lists["services"]
    said = [provider.text("name"), provider.text("phone")]
    for language in LANGUAGES:
        said.append(kinds.label(provider.text("type"), language))
        said += [services.label(code, language) for code in provider.codes("services")]
    return "\n".join(said).casefold()


def _state(provider: StoredRecord) -> Cell:
    if provider.altered:
        return Cell(words("DIRECTORY_ALTERED"), "triangle-alert", "danger", strong=True)
    if provider.fields.get("active") is False:  # as the referral's choice of providers reads it
        return Cell(words("DIRECTORY_NOT_ACTIVE"), "ban", "muted")
    return Cell(words("DIRECTORY_ACTIVE"), "circle-check", "accent")
