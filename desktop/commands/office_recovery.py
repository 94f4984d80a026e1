"""`rufaa-cli recover request | answer | give-up` in an office, and what the Secretariat needs to help it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from desktop.bundles.recovery_files import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES
from desktop.clock import parse_stamp
from desktop.commands.common import (
    add_data_option,
    add_out_option,
    add_vault_options,
    door,
    instant_in_words,
    read_sentence,
    tell,
    unlocked,
)
from desktop.crypto import recovery, sealing
from desktop.crypto.access_list import RecoveryKeys, VaultKind
from desktop.crypto.encoding import Malformed
from desktop.errors import NotAccepted, Obstacle, Problem
from desktop.files import lies_at, probe_out, read_file, read_start, write_out
from desktop.messages import sentence
from desktop.services.national_recovery import RequestSeen, identity_digits
from desktop.services.office_recovery import RecoveryRequests
from desktop.services.people_facts import check_facts

_Parts: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_PUBLIC_NAME = "recovery.pub"


def add_to_office(parts: _Parts) -> None:
    """Add what an office does with the Secretariat's help to the `recover` subcommand."""
    request = _part(parts, "request", "nobody can sign in: make a file that asks the Secretariat for help", _request)
    add_data_option(request)
    add_out_option(request)
    request.add_argument(
        "--typed-fd", type=int, metavar="FD", help="read the new sentence, typed back, from this descriptor"
    )
    answer = _part(parts, "answer", "take in the Secretariat's answer, and sign in with the sentence kept", _answer)
    add_data_option(answer)
    answer.add_argument("file", help="the Secretariat's V- file")
    answer.add_argument("--name", required=True, help="the new supervisor's name; stays inside the vault")
    answer.add_argument("--title", default="", help="stands on letters they sign")
    answer.add_argument("--phone", default="", metavar="NUMBER", help="stands on letters they sign")
    answer.add_argument(
        "--sentence-fd", type=int, metavar="FD", help="read the sentence of the request from this descriptor"
    )
    add_data_option(_part(parts, "give-up", "throw a request away; its answer then opens nothing", _give_up))


def add_secretariat(parts: _Parts) -> None:
    """Add what the Secretariat does to the `secretariat` subcommand."""
    key = _part(parts, "custodian-key", "make a custodian's key; its private file is kept offline", _custodian_key)
    key.add_argument("--out", required=True, metavar="FILE", help="private file; the public one is FILE.pub")
    identity = _part(
        parts, "recovery-identity", "make the identity that two of three custodians open, in three files", _identity
    )
    identity.add_argument(
        "--custodian",
        action="append",
        required=True,
        metavar="FILE",
        help="a custodian's public file, given three times: A, B and C",
    )
    add_out_option(identity)
    named = _part(parts, "recovery", "name a recovery identity in the next roster, in place of the one before", _name)
    add_vault_options(named)
    named.add_argument("file", help=f"the identity's {_PUBLIC_NAME}")
    contact = _part(parts, "coordinator", "keep the number to ring in a county, from the county's letter", _coordinator)
    add_vault_options(contact)
    contact.add_argument("--county", required=True, metavar="CODE", help="county code, for example 030")
    contact.add_argument("--phone", required=True, metavar="NUMBER", help="as it stands in the letter")
    office = _part(
        parts, "recover-office", "help an office that nobody can sign in to: look, compare digits, answer", _office
    )
    add_vault_options(office)
    office.add_argument("--request", required=True, metavar="FILE", help="the office's Q- file")
    office.add_argument("--digits", help="the file's 30 digits as the county's coordinator read them out")
    office.add_argument("--share", metavar="FILE", help="the .age file of the two custodians who are here")
    office.add_argument(
        "--key", action="append", default=[], metavar="FILE", help="a custodian's private file, given twice"
    )
    add_out_option(office)


def add_recovery_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a recovery identity."""
    parser.add_argument(
        "--recovery", metavar="FILE", help=f"name this recovery identity ({_PUBLIC_NAME}) in the roster"
    )


def recovery_of(options: argparse.Namespace) -> RecoveryKeys | None:
    """Return the recovery identity that was named, and tell its digits. Raises NotAccepted RECOVERY_FILE_WRONG."""
    if options.recovery is None:
        return None
    public = read_start(options.recovery, recovery.MAX_PUBLIC_BYTES)
    try:
        keys = recovery.read_public_file(public)
    except Malformed:
        problem = Problem("RECOVERY_FILE_WRONG", "secretariat.recovery")
        raise NotAccepted((problem,), "RECOVERY_FILE_WRONG") from None
    tell(options, "RECOVERY_IDENTITY_DIGITS", digits=identity_digits(public))
    return keys


def _part(parts: _Parts, name: str, told: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser = parts.add_parser(name, help=told)
    parser.set_defaults(run=run)
    return parser


# -------------------------------------------------------------------------------------------------- the office


def _requests(options: argparse.Namespace) -> RecoveryRequests:
    place = door(options)
    return RecoveryRequests(place.folder, place.clock)


def _request(options: argparse.Namespace) -> int:
    requests = _requests(options)
    prepared = requests.prepare()
    probe_out(Path(options.out), MAX_REQUEST_BYTES)
    tell(options, "RECOVERY_SENTENCE_ONCE")
    tell(options, "LINE_SENTENCE", words=prepared.sentence)
    made = prepared.write(read_sentence(options.typed_fd, sentence("SENTENCE_TYPE_BACK", options.language)))
    try:
        path = write_out(Path(options.out), made.file_name, made.content)
    except Obstacle:
        requests.give_up()  # keys that wait for the answer to a file nobody has
        raise
    tell(options, "RECOVERY_REQUEST_MADE", path=str(path))
    tell(options, "RECOVERY_REQUEST_DIGITS", digits=made.digits)
    tell(options, "RECOVERY_REQUEST_NEXT")
    return 0


def _answer(options: argparse.Namespace) -> int:
    check_facts(options.name, options.title, options.phone)
    content = read_file(options.file, MAX_ANSWER_BYTES)
    typed = read_sentence(options.sentence_fd, sentence("PROMPT_SENTENCE", options.language))
    options.desk = _requests(options).take(content, typed)
    with unlocked(options, VaultKind.OFFICE, typed=typed) as desk:
        desk.people.rename(desk.vault.user, name=options.name, title=options.title, phone=options.phone)
    tell(options, "RECOVERY_DONE", desk=options.desk)
    tell(options, "RECOVERY_DONE_NEXT")
    return 0


def _give_up(options: argparse.Namespace) -> int:
    _requests(options).give_up()
    tell(options, "RECOVERY_GIVEN_UP")
    return 0


# --------------------------------------------------------------------------------------------- the Secretariat


def _custodian_key(options: argparse.Namespace) -> int:
    path = Path(options.out)
    public = path.with_name(f"{path.name}.pub")
    _nothing_there(path, public)
    secret = sealing.generate_secret()
    written = write_out(path.parent, path.name, recovery.identity_file(secret), private=True)
    write_out(public.parent, public.name, recovery.recipient_file(secret))
    tell(options, "CUSTODIAN_KEY_MADE", path=str(written), public=public.name)
    return 0


def _identity(options: argparse.Namespace) -> int:
    folder = Path(options.out)
    names = {name: f"recovery-{name}.age" for name, _, _ in recovery.SHARES}
    _nothing_there(*(folder / name for name in (*names.values(), _PUBLIC_NAME)))
    identity = recovery.new_identity()
    try:
        custodians = [
            recovery.custodian_public(read_start(name, recovery.MAX_CUSTODIAN_BYTES)) for name in options.custodian
        ]
        shares = recovery.make_shares(identity, custodians)
    except Malformed:
        raise Obstacle("CUSTODIANS_WRONG") from None
    public = recovery.public_file(identity.public())
    probe_out(folder, recovery.MAX_SHARE_BYTES * (1 + len(shares)))
    for name, share in shares.items():
        written = write_out(folder, names[name], share, private=True)
        tell(options, "RECOVERY_SHARE_MADE", path=str(written), first=name[0], second=name[1])
    tell(options, "RECOVERY_PUBLIC_MADE", path=str(write_out(folder, _PUBLIC_NAME, public)))
    tell(options, "RECOVERY_IDENTITY_DIGITS", digits=identity_digits(public))
    return 0


def _nothing_there(*paths: Path) -> None:
    if any(lies_at(path) for path in paths):
        raise Obstacle("RECOVERY_FILE_THERE")


def _name(options: argparse.Namespace) -> int:
    public = read_start(options.file, recovery.MAX_PUBLIC_BYTES)
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        version = desk.national_recovery.name_identity(public)
    tell(options, "RECOVERY_IDENTITY_NAMED", version=version)
    tell(options, "RECOVERY_IDENTITY_DIGITS", digits=identity_digits(public))
    return 0


def _coordinator(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        desk.national_recovery.note_coordinator(options.county, options.phone)
    tell(options, "COORDINATOR_NOTED", county=options.county)
    return 0


def _office(options: argparse.Namespace) -> int:
    content = read_start(options.request, MAX_REQUEST_BYTES)
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        if options.share is None and not options.key:
            if options.digits is None:
                _tell_seen(options, desk.national_recovery.look(content))
            else:
                _tell_compared(options, desk.national_recovery.compare(content, options.digits))
            return 0
        if options.share is None or len(options.key) != 2:
            raise Obstacle("RECOVERY_TWO_CUSTODIANS")
        share = read_start(options.share, recovery.MAX_SHARE_BYTES)
        custodians = [read_start(name, recovery.MAX_CUSTODIAN_BYTES) for name in options.key]
        probe_out(Path(options.out), MAX_ANSWER_BYTES)
        answered = desk.national_recovery.answer(content, share, custodians)
    path = write_out(Path(options.out), answered.file_name, answered.content)
    tell(options, "RECOVERY_ANSWERED", path=str(path), office=answered.office, desk=answered.desk_number)
    return 0


def _tell_seen(options: argparse.Namespace, seen: RequestSeen) -> None:
    tell(options, "RECOVERY_SEEN", office=seen.office, name=seen.office_name, label=seen.label)
    if seen.answered_at is not None:
        tell(options, "RECOVERY_SEEN_ANSWERED", at=instant_in_words(parse_stamp(seen.answered_at), options.language))
    elif seen.answerable_at is not None:
        _tell_compared(options, seen)
    elif seen.phone:
        tell(options, "RECOVERY_RING", county=seen.county, phone=seen.phone)
    else:
        tell(options, "RECOVERY_RING_NOBODY", county=seen.county)


def _tell_compared(options: argparse.Namespace, seen: RequestSeen) -> None:
    at = instant_in_words(parse_stamp(seen.answerable_at or ""), options.language)
    tell(options, "RECOVERY_COMPARED", office=seen.office, at=at)
