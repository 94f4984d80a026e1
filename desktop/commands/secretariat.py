"""`rufaa-cli secretariat init | digits | enrol | line | intake | receipts | lost-device`."""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path

from desktop.bootstrap import Desk
from desktop.bundles.enrolment import MAX_ENROLMENT_BYTES
from desktop.bundles.receipt import MAX_RECEIPT_FILE_BYTES
from desktop.bundles.sizes import MAX_FILE_BYTES
from desktop.clock import SystemClock, parse_stamp
from desktop.commands import lost_device
from desktop.commands.common import (
    add_data_option,
    add_out_option,
    add_vault_options,
    door,
    instant_in_words,
    records_in_words,
    say,
    tell,
    unlocked,
)
from desktop.commands.office_recovery import add_recovery_option, add_secretariat, recovery_of
from desktop.crypto.access_list import VaultKind
from desktop.crypto.encoding import sha256_hex
from desktop.crypto.keyfile import KeyUse
from desktop.errors import DeskError, Obstacle
from desktop.files import probe_out, read_start, write_out
from desktop.messages import explain
from desktop.services.intake import Taken
from desktop.services.secretariat import Founded, OfflineKey, check_founding, found_secretariat
from desktop.wording import outcome_in_words, reason_in_words, taken_out_in_words

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS_PROBE_BYTES = 64 * 1024  # all key files together are smaller
_OFFLINE = {KeyUse.ROOT: "OFFLINE_ROOT", KeyUse.RESTRICTED: "OFFLINE_RESTRICTED"}


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `secretariat` subcommand."""
    parser = commands.add_parser("secretariat", help="the national side: init, digits, enrol, line, intake, receipts")
    parts = parser.add_subparsers(required=True, metavar="COMMAND")

    init = parts.add_parser("init", help="make the Secretariat's store, roots and keys")
    add_data_option(init)
    init.add_argument("--name", default="Secretariat", help="name in the root document (default: Secretariat)")
    init.add_argument("--keeper", required=True, metavar="NAME", help="name of the person who keeps the keys")
    init.add_argument("--roots", type=int, default=3, metavar="N", help="how many root keys there are (default 3)")
    init.add_argument("--threshold", type=int, default=2, metavar="N", help="how many of them must sign (default 2)")
    init.add_argument(
        "--keys-out",
        required=True,
        metavar="DIR",
        help="folder or stick for the offline key files; they exist nowhere else",
    )
    init.add_argument("--practice", action="store_true", help="a store for practice; takes practice bundles only")
    add_recovery_option(init)
    init.set_defaults(run=_init)

    digits = parts.add_parser("digits", help="show the root's digits again, for an office that rings")
    add_vault_options(digits)
    digits.set_defaults(run=_digits)

    enrol = parts.add_parser("enrol", help="enrol a device by its file and the digits heard by telephone")
    add_vault_options(enrol)
    enrol.add_argument("file", help="the office's E- file")
    enrol.add_argument("--digits", required=True, help="the file's 30 digits as heard by telephone")
    add_out_option(enrol)
    enrol.set_defaults(run=_enrol)

    line = parts.add_parser("line", help="name in the next roster where couriers bring bundles and find receipts")
    add_vault_options(line)
    line.add_argument("--url", required=True, help="https address of the tus server's folder")
    line.add_argument(
        "--pin",
        metavar="HEX",
        help="SHA-256 of the server's public key (default: the authorities that each laptop's system trusts)",
    )
    line.set_defaults(run=_line)

    intake = parts.add_parser("intake", help="verify bundles and take them in; writes their receipts")
    add_vault_options(intake)
    intake.add_argument("bundles", nargs="+", metavar="bundle", help="offices' R- files")
    add_out_option(intake)
    intake.set_defaults(run=_intake)

    receipts = parts.add_parser("receipts", help="list the receipts issued; --save writes one again")
    add_vault_options(receipts)
    receipts.add_argument("--save", metavar="NAME", help="name of the receipt to write to --out once more")
    receipts.add_argument(
        "--line", metavar="DIR", help="put the newest receipt of each bundle into this folder, served as receipts/"
    )
    add_out_option(receipts)
    receipts.set_defaults(run=_receipts)
    lost_device.add_to(parts)
    add_secretariat(parts)


def _init(options: argparse.Namespace) -> int:
    place, keys_out = door(options), Path(options.keys_out)
    written: dict[str, Path] = {}

    def hand_out(key: OfflineKey) -> None:
        written[key.file_name] = write_out(keys_out, key.file_name, key.content, private=True)

    check_founding(
        place.vaults, name=options.name, person=options.keeper, roots=options.roots, threshold=options.threshold
    )
    recovery = recovery_of(options)
    probe_out(keys_out, _KEYS_PROBE_BYTES)
    try:
        founded = found_secretariat(
            place.vaults,
            SystemClock(),
            name=options.name,
            person=(options.keeper, "", ""),
            roots=options.roots,
            threshold=options.threshold,
            practice=options.practice,
            recovery=recovery,
            hand_out=hand_out,
        )
    except BaseException as error:
        for path in written.values():  # keys of a store that is none
            with contextlib.suppress(OSError):
                path.unlink()
        if isinstance(error, Obstacle) and error.code == "OUT_NOT_WRITABLE":
            _remove_beginnings(place.folder)
            raise Obstacle("FOUNDING_UNDONE") from None
        raise
    _tell_founded(options, founded, written)
    return 0


def _remove_beginnings(folder: Path) -> None:
    """Remove the folders of a store that did not come into being, up to the first that holds anything else."""
    with contextlib.suppress(OSError):
        (folder / "vault" / "lock").unlink()
        (folder / "vault").rmdir()
        folder.rmdir()


def _tell_founded(options: argparse.Namespace, founded: Founded, written: dict[str, Path]) -> None:
    tell(options, "FOUNDED", n=1 + len(written))
    tell(options, "LINE_SENTENCE", words=founded.created.sentence)
    tell(options, "LINE_SHEET_BY_HAND")
    tell(options, "LINE_SHEET", words=founded.created.sheet_words)
    for key in founded.offline_keys:
        tell(options, _OFFLINE[key.use], path=str(written[key.file_name]))
        tell(options, "OFFLINE_SENTENCE", words=key.sentence)
    tell(options, "ROOT_DIGITS", digits=founded.root_digits)


def _digits(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        tell(options, "ROOT_DIGITS", digits=desk.secretariat.root_digits())
    return 0


def _enrol(options: argparse.Namespace) -> int:
    content = read_start(options.file, MAX_ENROLMENT_BYTES)
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        probe_out(Path(options.out))
        enrolled = desk.secretariat.enrol(content, options.digits)
    path = write_out(Path(options.out), enrolled.file_name, enrolled.package)
    tell(options, "ENROLLED_OFFICE", office=enrolled.office, version=enrolled.roster_version)
    tell(options, "ENROLLED_PACKAGE", path=str(path))
    tell(options, "ENROLLED_DIGITS", digits=enrolled.root_digits)
    return 0


def _line(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        tell(options, "LINE_NAMED", version=desk.secretariat.name_line(options.url, options.pin))
    return 0


def _intake(options: argparse.Namespace) -> int:
    status = 0
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        probe_out(Path(options.out))
        for name in options.bundles:
            try:
                taken = desk.intake.receive(read_start(name, MAX_FILE_BYTES))
            except DeskError as error:
                # One bad file never keeps the others out (field report L07).
                text = f"{explain(error, options.language)} [{error.code}]"
                tell(options, "INTAKE_REFUSED", file=Path(name).name, text=text)
                status = error.exit_status
                continue
            _tell_taken(options, Path(name).name, taken)
            try:
                path = write_out(Path(options.out), taken.receipt_name, taken.receipt)
            except Obstacle:
                raise Obstacle("RECEIPT_KEPT") from None
            tell(options, "RECEIPT_LINE", path=str(path))
    return status


def _tell_taken(options: argparse.Namespace, file: str, taken: Taken) -> None:
    words = [
        records_in_words(taken.records, options.language),
        *reason_in_words(taken.reason, taken.missing, options.language),
    ]
    tell(
        options,
        "INTAKE_SEEN_BEFORE" if taken.repeated else "INTAKE_TAKEN",
        outcome=outcome_in_words(taken.outcome, options.language),
        file=file,
        text=". ".join(words),
    )
    say(*taken_out_in_words(taken.taken_out, options.language))


def _receipts(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        for item in desk.intake.receipts():
            at = instant_in_words(parse_stamp(item.issued_at), options.language)
            tell(options, "RECEIPT_LISTED", at=at, file=item.file_name, digits=item.bundle_sha256[:12])
        if options.save:
            content = desk.intake.receipt_file(options.save)
            if content is None:
                raise Obstacle("RECEIPT_UNKNOWN")
            tell(options, "RECEIPT_LINE", path=str(write_out(Path(options.out), options.save, content)))
        if options.line:
            _lay_out(options, desk, Path(options.line))
    return 0


def _lay_out(options: argparse.Namespace, desk: Desk, folder: Path) -> None:
    """Put receipts where couriers find them: a file named by the SHA-256 of the bundle (docs/formats.md)."""
    probe_out(folder)
    lying = {
        path.name: sha256_hex(read_start(str(path), MAX_RECEIPT_FILE_BYTES))
        for path in folder.iterdir()
        if _SHA256.fullmatch(path.name)
    }
    wanted = desk.intake.receipts_to_lay_out(lying)
    for name, content in wanted.items():
        write_out(folder, name, content)
    tell(options, "RECEIPTS_LAID_OUT", n=len(wanted))
