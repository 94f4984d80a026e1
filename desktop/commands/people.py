"""`rufaa-cli people … | change-sentence`: who may open the vault, and one's own sentence.

Sentences are shown once on standard output, and read from the terminal or a descriptor only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from desktop.bootstrap import Desk
from desktop.commands.common import add_vault_options, read_sentence, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.errors import Obstacle
from desktop.messages import sentence
from desktop.rules.access import OFFICE_ROLES
from desktop.services.people import MOST_OFFERED
from desktop.services.people_facts import PeopleChanged, Person

_ROLES = sorted(role.value for role in OFFICE_ROLES)


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    people = commands.add_parser("people", help="who may open this office's vault; for supervisors")
    acts = people.add_subparsers(required=True, metavar="ACT")

    _act(acts, "list", "list everybody who works here or did", _list)
    add = _act(acts, "add", "add somebody; their sentence is shown once", _add)
    add.add_argument("--name", required=True, help="the person's name; stays inside the vault")
    add.add_argument("--role", required=True, choices=_ROLES, help="what they may do")
    _add_facts(add)
    rename = _act(acts, "rename", "change name, title and telephone", _rename, of_person=True)
    rename.add_argument("--name", required=True, help="the person's name; stays inside the vault")
    _add_facts(rename, training=False)
    role = _act(acts, "role", "give another role; to and from supervisor with a new sentence", _role, of_person=True)
    role.add_argument("role", choices=_ROLES, help="what they may do from now on")
    training = _act(
        acts, "training", "note training and undertaking; not given is taken back", _training, of_person=True
    )
    _add_days(training)
    for name, told, run in (
        ("suspend", "let somebody in no more until they are readmitted", _suspend),
        ("readmit", "let in again who forgot the sentence or was suspended; with a new sentence", _readmit),
        ("remove", "take somebody off the desk; vault and laptop get new keys", _remove),
        ("may-know", "somebody may know this person's sentence; new keys, and a new sentence for them", _may_know),
    ):
        parser = _act(acts, name, told, run, of_person=True)
        if name == "may-know":
            _add_new_sentence(parser)
    _act(acts, "seal-again", "go on sealing to the new key after a supervisor left", _seal_again)

    change = commands.add_parser("change-sentence", help="take another sentence of one's own")
    add_vault_options(change)
    _add_new_sentence(change)
    change.set_defaults(run=_change_sentence)


def _act(
    acts: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    told: str,
    run: Callable[[argparse.Namespace], int],
    *,
    of_person: bool = False,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=told)
    add_vault_options(parser)
    if of_person:
        parser.add_argument("person", type=int, metavar="DESK", help="the person's desk number")
    parser.set_defaults(run=run)
    return parser


def _add_new_sentence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--new-sentence-fd",
        type=int,
        metavar="FD",
        help="read one's own new sentence from this descriptor, once it was shown; one line for each one offered",
    )


def _add_facts(parser: argparse.ArgumentParser, *, training: bool = True) -> None:
    parser.add_argument("--title", default="", help="stands on letters they sign")
    parser.add_argument("--phone", default="", metavar="NUMBER", help="stands on letters they sign")
    if training:
        _add_days(parser)


def _add_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trained-on", metavar="YYYY-MM-DD", help="day of the training; with the next opens health facts"
    )
    parser.add_argument("--undertaking-on", metavar="YYYY-MM-DD", help="day the undertaking of secrecy was signed")


def _list(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        found = desk.people.list()
        roles = desk.vault.catalogue.lists["user_roles"]
        for person in found:
            code = "PEOPLE_LINE_LEFT" if person.left else "PEOPLE_LINE_SUSPENDED" if person.suspended else "PEOPLE_LINE"
            role = roles.label(person.role, options.language)
            tell(options, code, desk=person.desk_number, name=person.name, role=role)
    return 0


def _add(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        made = desk.people.add(
            name=options.name,
            title=options.title,
            phone=options.phone,
            role=options.role,
            trained_on=options.trained_on,
            undertaking_on=options.undertaking_on,
        )
        return _told(options, desk, made)


def _rename(options: argparse.Namespace) -> int:
    return _on_person(
        options,
        lambda desk, person: desk.people.rename(person.id, name=options.name, title=options.title, phone=options.phone),
    )


def _role(options: argparse.Namespace) -> int:
    return _on_person(options, lambda desk, person: desk.people.set_role(person.id, options.role))


def _training(options: argparse.Namespace) -> int:
    return _on_person(
        options,
        lambda desk, person: desk.people.set_training(
            person.id, trained_on=options.trained_on, undertaking_on=options.undertaking_on
        ),
    )


def _suspend(options: argparse.Namespace) -> int:
    return _on_person(options, lambda desk, person: desk.people.suspend(person.id))


def _readmit(options: argparse.Namespace) -> int:
    return _on_person(options, lambda desk, person: desk.people.readmit(person.id))


def _remove(options: argparse.Namespace) -> int:
    return _on_person(options, lambda desk, person: desk.people.remove(person.id))


def _may_know(options: argparse.Namespace) -> int:
    def act(desk: Desk, person: Person) -> PeopleChanged:
        taken = _typed_back(options, desk) if person.is_self else None
        return desk.people.may_know(person.id, sentence=taken)

    return _on_person(options, act)


def _seal_again(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        return _told(options, desk, desk.people.seal_again())


def _on_person(options: argparse.Namespace, act: Callable[[Desk, Person], PeopleChanged]) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        found = [person for person in desk.people.list() if person.desk_number == options.person and not person.left]
        if not found:
            raise Obstacle("PEOPLE_NOBODY", desk=options.person)
        return _told(options, desk, act(desk, found[0]))


def _told(options: argparse.Namespace, desk: Desk, made: PeopleChanged) -> int:
    tell(options, "PEOPLE_DONE", desk=made.desk_number)
    if made.sentence is not None:
        tell(options, "PEOPLE_SENTENCE_ONCE")
        tell(options, "LINE_SENTENCE", words=made.sentence)
    if made.keys_changed:
        tell(options, "PEOPLE_KEYS_CHANGED")
    if made.sheet_due:
        tell(options, "PEOPLE_SHEET_DUE")
    # Only now: whatever stops the sealing, the sentence was shown.
    if made.sealing_due and desk.people.seal_again().sealing_due:
        tell(options, "PEOPLE_SEALING_DUE")
    return 0


def _change_sentence(options: argparse.Namespace) -> int:
    old = read_sentence(options.sentence_fd, sentence("PROMPT_SENTENCE", options.language))
    with unlocked(options, typed=old) as desk:
        desk.people.change_sentence(old, _typed_back(options, desk))
        tell(options, "SENTENCE_CHANGED")
    return 0


def _typed_back(options: argparse.Namespace, desk: Desk) -> str:
    """Offer sentences until one is typed back, and return it. Raises Obstacle SENTENCES_OFFERED."""
    for _ in range(MOST_OFFERED):
        tell(options, "SENTENCE_OFFER", words=desk.people.offer_sentence())
        if typed := read_sentence(options.new_sentence_fd, sentence("SENTENCE_TYPE_BACK", options.language)):
            return typed
    raise Obstacle("SENTENCES_OFFERED", limit=MOST_OFFERED)
