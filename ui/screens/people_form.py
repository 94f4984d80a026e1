"""What is asked about a person of the desk, as questions that `FieldForm` shows; and what was typed in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop.messages import sentences
from desktop.rules.access import OFFICE_ROLES
from desktop.rules.codelists import CodeList
from desktop.rules.forms import Field, FieldType, Form, Out, Sensitivity
from desktop.rules.records import Missing, Value
from desktop.services.people_facts import Person

ROLES = "office_roles"
_LONGEST = 120  # as names that stand on papers


def person_form() -> Form:
    """Return the questions; their problems come back as `user.name` and so on."""
    return Form(
        "user",
        1,
        sentences()["PEOPLE_TITLE"],
        False,
        (
            _asked("name", "PEOPLE_NAME", "PEOPLE_NAME_HELP", required=True),
            _asked("title", "PEOPLE_JOB_TITLE", "PEOPLE_ON_LETTERS"),
            _asked("phone", "PEOPLE_PHONE", "PEOPLE_ON_LETTERS"),
            _asked("role", "PEOPLE_ROLE", "PEOPLE_ROLE_HELP", FieldType.CODE, list_name=ROLES, required=True),
            _asked("trained_on", "PEOPLE_TRAINED_ON", "PEOPLE_TRAINED_HELP", FieldType.DATE),
            _asked("undertaking_on", "PEOPLE_UNDERTAKING_ON", "PEOPLE_UNDERTAKING_HELP", FieldType.DATE),
        ),
    )


def office_roles(roles: CodeList) -> CodeList:
    """Return the roles that a supervisor may give."""
    return CodeList(ROLES, tuple(code for code in roles if code.code in OFFICE_ROLES))


@dataclass(frozen=True)
class Typed:
    """What stands in the form. Dates are ISO days; None is no day."""

    name: str = field(repr=False)
    title: str
    phone: str = field(repr=False)
    role: str
    trained_on: str | None
    undertaking_on: str | None


def typed(fields: Mapping[str, Value]) -> Typed:
    """Return what was typed; a reason for no answer is no answer here."""
    found = {name: value if _is_text(value) else "" for name, value in fields.items()}
    texts = {name: str(found.get(name, "")).strip() for name in ("name", "title", "phone", "role")}
    days = {name: str(found.get(name, "")) or None for name in ("trained_on", "undertaking_on")}
    return Typed(**texts, trained_on=days["trained_on"], undertaking_on=days["undertaking_on"])


def fields_of(person: Person | None) -> dict[str, Value]:
    """Return what the form shows of a person, or of nobody yet."""
    if person is None:
        return {}
    shown = {name: getattr(person, name) for name in Typed.__dataclass_fields__}
    return {name: value for name, value in shown.items() if value}


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and not isinstance(value, Missing)


def _asked(
    name: str,
    label: str,
    help_code: str,
    kind: FieldType = FieldType.TEXT,
    *,
    list_name: str | None = None,
    required: bool = False,
) -> Field:
    texts = sentences()
    return Field(
        name,
        texts[label],
        kind,
        Sensitivity.S2,
        Out.NEVER,
        texts[help_code],
        list_name=list_name,
        required=required,
        max_length=_LONGEST if kind is FieldType.TEXT else None,
    )
