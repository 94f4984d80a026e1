"""The people of the desk as rows: desk number, name, role, whether they may come in, last sign-in, training."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.clock import NAIROBI, parse_stamp
from desktop.rules.codelists import CodeList
from desktop.services.people_facts import Person
from ui.languages import current, day, words
from ui.models.rows import Cell, Column, Row

PEOPLE_COLUMNS = (
    Column("PEOPLE_DESK", 9, right=True),
    Column("PEOPLE_NAME", 27),
    Column("PEOPLE_ROLE", 20, spare=2),
    Column("PEOPLE_STATE", 15, spare=1),
    Column("PEOPLE_SIGNED_IN", 16, spare=3),
    Column("PEOPLE_TRAINING", 13, spare=4),
)


def people_rows(people: Sequence[Person], roles: CodeList) -> list[Row]:
    """Return the rows, in the language in force; who left comes after those who work here."""
    return [_row(person, roles) for person in sorted(people, key=lambda person: person.left)]


def names_of(people: Sequence[Person]) -> str:
    """Return the names beside one another, each with its desk number: two people may have one name."""
    return ", ".join(words("PEOPLE_NAMED", name=person.name, n=person.desk_number) for person in people)


def _row(person: Person, roles: CodeList) -> Row:
    colour = "muted" if person.left else ""
    return Row(
        person.id,
        (
            Cell(str(person.desk_number), colour=colour),
            Cell(person.name or words("PEOPLE_NAMELESS"), colour=colour, strong=not person.left),
            Cell(roles.label(person.role, current()), colour=colour),
            _state(person),
            Cell(_signed_in(person), colour=colour),
            Cell(_training(person), colour="muted"),
        ),
    )


def _state(person: Person) -> Cell:
    if person.left:
        return Cell(words("PEOPLE_LEFT"), "circle", "muted")
    if person.suspended:
        return Cell(words("PEOPLE_UNUSED" if person.unused else "PEOPLE_SUSPENDED"), "ban", "warn")
    if person.shut_out:
        return Cell(words("PEOPLE_SHUT_OUT"), "lock", "warn")
    return Cell(words("PEOPLE_ACTIVE"), "circle-check", "accent")


def _signed_in(person: Person) -> str:
    if person.signed_in_at is None:
        return words("PEOPLE_NEVER")
    return day(parse_stamp(person.signed_in_at).astimezone(NAIROBI).date().isoformat())


def _training(person: Person) -> str:
    if person.trained_on and person.undertaking_on:
        return words("PEOPLE_TRAINING_BOTH")
    return words("PEOPLE_TRAINING_PART" if person.trained_on or person.undertaking_on else "PEOPLE_TRAINING_NONE")
