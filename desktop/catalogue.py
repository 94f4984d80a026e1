"""The shipped vocabulary, read once: code lists, forms, receiver rules, referral moves, age groups.

A list or form that does not hold together stops the program here, not at the first case that needs it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pycountry

from desktop.paths import resource
from desktop.rules.codelists import Code, CodeList, parse_codelist, read_rows
from desktop.rules.consent import ReceiverRule, parse_receiver_rules
from desktop.rules.dates import AgeGroup, parse_age_groups
from desktop.rules.forms import Form, FormError, parse_form
from desktop.rules.states import Transition, parse_transitions
from desktop.rules.table_cases import Purpose, parse_purposes

COUNTRIES = "iso3166"

# Tables beside the lists: they have no code column of their own, or are not shown to anybody.
_TABLES = frozenset(
    {
        *("age_groups", "cpims_map", "foreign_words", "htcds_map", "practice_names"),
        *("receiver_rules", "referral_transitions", "country_names_sw"),
    }
)


@dataclass(frozen=True)
class Catalogue:
    """Everything the rules are handed. `forms` are by record kind, `receiver_rules` by actor, `purposes` by code."""

    lists: Mapping[str, CodeList]
    forms: Mapping[str, Form]
    receiver_rules: Mapping[str, ReceiverRule]
    transitions: tuple[Transition, ...]
    age_groups: tuple[AgeGroup, ...]
    purposes: Mapping[str, Purpose]


def load() -> Catalogue:
    """Read the shipped vocabulary.

    Raises:
        FormError: A form is malformed or names a list that is not there.
        ValueError: A list is malformed.
    """
    lists = _lists()
    forms = _forms()
    for form in forms.values():
        for field in form.fields:
            if field.list_name is not None and field.list_name not in lists:
                raise FormError(f"{form.kind}.{field.name}: no code list {field.list_name}")
    return Catalogue(
        lists=lists,
        forms=forms,
        receiver_rules=parse_receiver_rules(table_rows("receiver_rules")),
        transitions=parse_transitions(table_rows("referral_transitions")),
        age_groups=parse_age_groups(table_rows("age_groups")),
        purposes=parse_purposes(lists["export_purposes"]),
    )


def table_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a shipped table such as `htcds_map`, every cell as text."""
    return read_rows(_text("codelists", f"{name}.csv"))


def built_in_mappings() -> tuple[dict[str, Any], ...]:
    """Return the column mappings that come with the program, as plain values."""
    return tuple(tomllib.loads(_text("mappings", f"{name}.toml")) for name in _names("mappings", ".toml"))


def _text(*names: str) -> str:
    return resource(*names).read_text(encoding="utf-8")


def _names(folder: str, ending: str) -> list[str]:
    return sorted(item.name.removesuffix(ending) for item in resource(folder).iterdir() if item.name.endswith(ending))


def _lists() -> dict[str, CodeList]:
    lists = {
        name: parse_codelist(name, _text("codelists", f"{name}.csv"))
        for name in _names("codelists", ".csv")
        if name not in _TABLES
    }
    lists["disability_answers"] = lists["disability_wgss"].only("disability_answers", "kind", "ANSWER")
    lists[COUNTRIES] = _countries(lists["nationality_frequent"])
    return lists


def _countries(frequent: CodeList) -> CodeList:
    """Return the countries: those met often first and in our words, then ISO 3166-1 by name.

    The frequent list also holds XXA (stateless) and XXX (unknown), the travel-document codes that ISO does not have.
    `country_names_sw` holds the Swahili names that differ; pycountry's own Swahili covers a tenth of the countries.
    """
    swahili = {row["code"]: row["label_sw"] for row in table_rows("country_names_sw")}
    others = []
    for country in pycountry.countries:
        if country.alpha_3 not in frequent:
            english = getattr(country, "common_name", country.name)
            labels = {"en": english, "sw": swahili.get(country.alpha_3, english)}
            others.append(Code(country.alpha_3, labels, {"iso_alpha2": country.alpha_2}))
    others.sort(key=lambda code: code.labels["en"])
    return CodeList(COUNTRIES, (*frequent.codes, *others))


def _forms() -> dict[str, Form]:
    forms = {}
    for name in _names("forms", ".toml"):
        form = parse_form(tomllib.loads(_text("forms", f"{name}.toml")))
        if form.kind != name:
            raise FormError(f"form {name}: its file is named otherwise than its kind {form.kind}")
        forms[name] = form
    return forms
