"""`rufaa-cli secretariat lost-device`: what a lost laptop had sent, and the end of its keys."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.clock import parse_stamp
from desktop.commands.common import (
    add_vault_options,
    cases_in_words,
    instant_in_words,
    records_in_words,
    tell,
    unlocked,
)
from desktop.crypto.access_list import VaultKind
from desktop.files import probe_out, write_out
from desktop.services.lost_devices import Held, as_csv


def add_to(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the part of the `secretariat` subcommand."""
    lost = parts.add_parser("lost-device", help="list what a lost laptop had sent, and end its keys")
    add_vault_options(lost)
    lost.add_argument("--office", required=True, metavar="CODE", help="code of the office whose laptop is lost")
    lost.add_argument("--device", metavar="ID", help="which laptop, where the office has several")
    lost.add_argument("--list", metavar="FILE.csv", help="write the pseudonyms of the cases it had sent to this file")
    lost.set_defaults(run=_lost)


def _lost(options: argparse.Namespace) -> int:
    file = Path(options.list) if options.list else None
    with unlocked(options, VaultKind.SECRETARIAT) as desk:
        listed = desk.lost_devices.of_office(options.office, options.device)
        if file is not None:
            probe_out(file.absolute().parent)
        report = desk.lost_devices.report(listed.device)
    held = report.held
    tell(options, "LOST_REVOKED", office=held.device.office, device=held.device.device, version=report.roster_version)
    _tell_held(options, held)
    if file is not None:
        path = write_out(file.absolute().parent, file.name, as_csv(held), private=True)
        tell(options, "LOST_LISTED", path=str(path))
    return 0


def _tell_held(options: argparse.Namespace, held: Held) -> None:
    if not held.received_at:
        tell(options, "LOST_NOTHING_SENT")
        return
    tell(
        options,
        "LOST_HELD",
        cases=cases_in_words(len(held.cases), options.language),
        records=records_in_words(held.records, options.language),
        n=held.last_bundle,
        at=instant_in_words(parse_stamp(held.received_at), options.language),
    )
    for one in held.cases:
        records = records_in_words(one.records, options.language)
        tell(options, "LOST_CASE", pseudonym=one.pseudonym, records=records, n=one.last_bundle)
    tell(options, "LOST_SINCE_UNKNOWN", n=held.entries)
    if held.waiting:
        tell(options, "LOST_WAITING", n=held.waiting)
