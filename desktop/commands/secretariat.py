"""`rufaa-cli secretariat init | enrol | intake | receipts`."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.bundles.sizes import MAX_FILE_BYTES
from desktop.clock import SystemClock
from desktop.commands.common import add_vault_options, door, read_file, say, unlocked, write_file
from desktop.errors import DeskError, Obstacle
from desktop.messages import explain
from desktop.services.secretariat import found_secretariat

MAX_ENROLMENT_BYTES = 1024 * 1024


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `secretariat` subcommand."""
    parser = commands.add_parser("secretariat", help="the national side: init, enrol, intake, receipts")
    parts = parser.add_subparsers(required=True, metavar="COMMAND")

    init = parts.add_parser("init", help="make the Secretariat's store, roots and keys")
    add_vault_options(init, unlocks=False)
    init.add_argument("--name", default="Secretariat")
    init.add_argument("--keeper", required=True, help="name of the person who keeps the keys")
    init.add_argument("--roots", type=int, default=3)
    init.add_argument("--threshold", type=int, default=2)
    init.add_argument("--keys-out", required=True, metavar="DIR", help="where the offline key files go")
    init.add_argument("--practice", action="store_true")
    init.set_defaults(run=_init)

    enrol = parts.add_parser("enrol", help="enrol a device by its file and the digits heard by telephone")
    add_vault_options(enrol)
    enrol.add_argument("file")
    enrol.add_argument("--digits", required=True, help="the 30 digits as heard")
    enrol.add_argument("--out", default=".", metavar="DIR")
    enrol.set_defaults(run=_enrol)

    intake = parts.add_parser("intake", help="verify bundles and take them in; writes their receipts")
    add_vault_options(intake)
    intake.add_argument("bundles", nargs="+")
    intake.add_argument("--out", default=".", metavar="DIR")
    intake.set_defaults(run=_intake)

    receipts = parts.add_parser("receipts", help="list the receipts issued; --save writes one again")
    add_vault_options(receipts)
    receipts.add_argument("--save", metavar="NAME")
    receipts.add_argument("--out", default=".", metavar="DIR")
    receipts.set_defaults(run=_receipts)


def _init(options: argparse.Namespace) -> int:
    founded = found_secretariat(
        door(options).vaults,
        SystemClock(),
        name=options.name,
        person=(options.keeper, "", ""),
        roots=options.roots,
        threshold=options.threshold,
        practice=options.practice,
    )
    say("The store is made. Desk number 1.", f"password sentence: {founded.created.sentence}")
    say(f"recovery sheet: {founded.created.sheet_words}")
    for key in founded.offline_keys:
        path = write_file(Path(options.keys_out), key.file_name, key.content)
        say(f"offline key {key.use.value}: {path}", f"  its sentence: {key.sentence}")
    say(f"root digits: {founded.root_digits}")
    return 0


def _enrol(options: argparse.Namespace) -> int:
    content = read_file(options.file, MAX_ENROLMENT_BYTES)
    with unlocked(options) as desk:
        enrolled = desk.secretariat.enrol(content, options.digits)
    path = write_file(Path(options.out), enrolled.file_name, enrolled.package)
    say(f"office {enrolled.office} enrolled, roster {enrolled.roster_version}", f"trust package: {path}")
    say(f"root digits to read out: {enrolled.root_digits}")
    return 0


def _intake(options: argparse.Namespace) -> int:
    status = 0
    with unlocked(options) as desk:
        for name in options.bundles:
            try:
                taken = desk.intake.receive(read_file(name, MAX_FILE_BYTES))
            except DeskError as error:
                # One bad file never keeps the others out (field report L07).
                say(f"refused: {explain(error, options.language)} [{error.code}]")
                status = error.exit_status
                continue
            path = write_file(Path(options.out), taken.receipt_name, taken.receipt)
            again = ", seen before" if taken.repeated else ""
            say(f"{taken.outcome}{again}: {taken.records} records", f"receipt: {path}")
    return status


def _receipts(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        for item in desk.intake.receipts():
            say(f"{item.issued_at} {item.file_name} bundle {item.bundle_sha256[:12]}")
        if options.save:
            content = desk.intake.receipt_file(options.save)
            if content is None:
                raise Obstacle("RECEIPT_UNKNOWN")
            say(f"receipt: {write_file(Path(options.out), options.save, content)}")
    return 0
