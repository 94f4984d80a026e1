"""`rufaa-cli enrol-file | trust`: making this laptop known to the Secretariat, and the Secretariat to it."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.bootstrap import Desk
from desktop.bundles.codes import PACKAGES_PASSED_OVER
from desktop.bundles.trust import MAX_PACKAGE_FILE_BYTES
from desktop.commands.common import add_out_option, add_vault_options, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.errors import NotTrusted
from desktop.files import probe_out, read_start, write_out
from desktop.messages import explain


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    enrol = commands.add_parser("enrol-file", help="write this device's enrolment file and show its digits")
    add_vault_options(enrol)
    enrol.add_argument("--label", default="laptop 1", help="tells laptops of one office apart; no person's name")
    add_out_option(enrol)
    enrol.set_defaults(run=_enrol_file)

    trust = commands.add_parser("trust", help="take in the Secretariat's trust package")
    add_vault_options(trust)
    trust.add_argument("packages", nargs="+", metavar="package", help="the T- file; of several, the newest counts")
    trust.add_argument("--digits", help="the root's 30 digits as heard by telephone (first package only)")
    trust.set_defaults(run=_trust)


def _enrol_file(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        probe_out(Path(options.out))
        made = desk.enrolment.make_file(options.label)
    tell(options, "ENROL_FILE", path=str(write_out(Path(options.out), made.file_name, made.content)))
    tell(options, "ENROL_DIGITS", digits=made.digits)
    tell(options, "ENROL_NEXT")
    return 0


def _trust(options: argparse.Namespace) -> int:
    contents = {name: read_start(name, MAX_PACKAGE_FILE_BYTES) for name in options.packages}
    with unlocked(options, VaultKind.OFFICE) as desk:
        taken = [name for name, content in contents.items() if _counts(options, desk, name, content)]
    if taken:
        tell(options, "TRUST_DONE", file=Path(taken[-1]).name)
    return 0 if taken else NotTrusted.exit_status


def _counts(options: argparse.Namespace, desk: Desk, name: str, content: bytes) -> bool:
    """Take one package in; say why it was passed over when it was one of several."""
    try:
        desk.enrolment.take_in(content, options.digits)
    except NotTrusted as error:
        if len(options.packages) == 1 or error.code not in PACKAGES_PASSED_OVER:
            raise
        tell(options, "TRUST_PASSED_OVER", file=Path(name).name, text=explain(error, options.language))
        return False
    return True
