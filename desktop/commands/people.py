"""`rufaa-cli people … | change-sentence`: who may open the vault, and one's own sentence.

Sentences are shown once on standard output, and read from the terminal or a descriptor only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from desktop.bootstrap import Desk
from desktop.clock import parse_stamp
from desktop.commands.common import add_vault_options, instant_in_words, read_sentence, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.crypto.sheet import SheetKeys
from desktop.errors import Obstacle
from desktop.messages import sentence
from desktop.rules.access import OFFICE_ROLES
from desktop.services.offers import MOST_OFFERED
from desktop.services.people_facts import PeopleChanged, Person
from desktop.wording import sealed_left_in_words

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
    _add_new_sheet(role)
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
        if name in ("remove", "may-know"):
            _add_new_sheet(parser)
    again = _act(acts, "seal-again", "go on sealing to the new key after a supervisor left", _seal_again)
    again.add_argument("--let-go", action="store_true", help="after telling what no key opens, let earlier keys go")
    sheet = acts.add_parser("sheet", help="the recovery sheet: how it stands, made anew, tried out")
    parts = sheet.add_subparsers(required=True, metavar="PART")
    _act(parts, "show", "say how old the sheet is and what is due", _sheet_standing)
    remake = _act(parts, "remake", "twelve new words, shown once and typed back; the old ones open no more", _remake)
    remake.add_argument(
        "--new-keys", action="store_true", help="somebody may know the old words; always done after a recovery"
    )
    _add_sheet_words(remake)
    prove = _act(parts, "prove", "show that the words of the sheet open the vault; nothing is changed", _prove)
    _add_sheet_words(prove)

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


def _add_new_sheet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--new-sheet",
        action="store_true",
        help="make the recovery sheet anew at once, so that who may have seen it is out",
    )
    _add_sheet_words(parser)


def _add_sheet_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sheet-fd", type=int, metavar="FD", help="read the twelve words from this descriptor instead of asking"
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
    return _on_person(
        options,
        lambda desk, person: desk.people.set_role(person.id, options.role, sheet=_sheet_wished(options, desk)),
    )


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
    return _on_person(options, lambda desk, person: desk.people.remove(person.id, sheet=_sheet_wished(options, desk)))


def _may_know(options: argparse.Namespace) -> int:
    def act(desk: Desk, person: Person) -> PeopleChanged:
        sheet = _sheet_wished(options, desk)
        taken = typed_back(options, desk.people.offer_sentence) if person.is_self else None
        return desk.people.may_know(person.id, sentence=taken, sheet=sheet)

    return _on_person(options, act)


def _seal_again(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        made = desk.people.seal_again()
        _tell_left(options, desk, made)
        if made.unopened and options.let_go:
            made = desk.people.seal_again(given_up=[one.value for one in made.unopened])
        tell(options, "PEOPLE_SEALING_DUE" if made.sealing_due else "TODAY_SEALED")
    return 0


def _tell_left(options: argparse.Namespace, desk: Desk, made: PeopleChanged) -> None:
    if made.for_trust:
        tell(options, "SEALING_FOR_TRUST", count=made.for_trust)
    if made.unopened:
        named = [(one.case_ref, one.kind) for one in made.unopened]
        cases = sealed_left_in_words(named, desk.vault.catalogue, options.language)
        tell(options, "SEALING_UNOPENED", cases=cases)


def _sheet_standing(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        _tell_standing(options, desk)
    return 0


def _tell_standing(options: argparse.Namespace, desk: Desk) -> None:
    found = desk.sheets.standing()
    tell(options, "SHEET_MADE_AT", at=instant_in_words(parse_stamp(found.made_at), options.language))
    if found.proved_at is not None:
        tell(options, "SHEET_PROVED_AT", at=instant_in_words(parse_stamp(found.proved_at), options.language))
    for is_due, code in (
        (found.recovery_due, "RECOVERY_DUE"),
        (found.somebody_left, "PEOPLE_SHEET_DUE"),
        (found.new_due and not found.somebody_left, "SHEET_OLD"),
        (found.drill_due, "SHEET_DRILL_DUE"),
    ):
        if is_due:
            tell(options, code)


def _remake(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        sheet = _new_sheet(options, desk)
        if not options.new_keys and not desk.vault.recovery_due:
            desk.sheets.renew(sheet)
            tell(options, "SHEET_REMADE_TOLD")
            return 0
        made = desk.sheets.renew_with_new_keys(sheet)
        tell(options, "SHEET_REMADE_TOLD")
        return _told(options, desk, made)


def _prove(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        typed = read_sentence(options.sheet_fd, sentence("PROMPT_SHEET", options.language))
        tell(options, "SHEET_PROVED_WITH_VALUE" if desk.sheets.prove(typed) else "SHEET_PROVED_TOLD")
    return 0


def _sheet_wished(options: argparse.Namespace, desk: Desk) -> SheetKeys | None:
    return _new_sheet(options, desk) if options.new_sheet else None


def _new_sheet(options: argparse.Namespace, desk: Desk) -> SheetKeys:
    """Show twelve new words and return their sheet once they were typed back; nothing is written before."""
    tell(options, "LINE_SHEET_BY_HAND")
    tell(options, "LINE_SHEET", words=desk.sheets.offer())
    return desk.sheets.take(read_sentence(options.sheet_fd, sentence("SHEET_TYPE_BACK", options.language)))


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
        tell(options, "SHEET_COMMAND")
    if made.knows_sealed:
        tell(options, "SEALED_STILL_KNOWN")
    # Only now: whatever stops the sealing, the sentence was shown.
    if made.sealing_due and (made := desk.people.seal_again()).sealing_due:
        _tell_left(options, desk, made)
        tell(options, "PEOPLE_SEALING_DUE")
    return 0


def _change_sentence(options: argparse.Namespace) -> int:
    old = read_sentence(options.sentence_fd, sentence("PROMPT_SENTENCE", options.language))
    with unlocked(options, typed=old) as desk:
        desk.people.change_sentence(old, typed_back(options, desk.people.offer_sentence))
        tell(options, "SENTENCE_CHANGED")
    return 0


def typed_back(options: argparse.Namespace, offer: Callable[[], str]) -> str:
    """Offer sentences until one is typed back, and return it. Raises Obstacle SENTENCES_OFFERED."""
    for _ in range(MOST_OFFERED):
        tell(options, "SENTENCE_OFFER", words=offer())
        if typed := read_sentence(options.new_sentence_fd, sentence("SENTENCE_TYPE_BACK", options.language)):
            return typed
    raise Obstacle("SENTENCES_OFFERED", limit=MOST_OFFERED)
