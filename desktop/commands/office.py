"""The office's subcommands: make a vault, look after it, import, send."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.bundles.manifest import Identity
from desktop.commands.common import add_vault_options, door, read_file, say, unlocked, write_file
from desktop.services.imports import RowAction
from desktop.services.vault import OfficeFacts

MAX_WORKBOOK_BYTES = 20 * 1024 * 1024
MAX_TRUST_BYTES = 4 * 1024 * 1024


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    init = commands.add_parser("init", help="make this laptop's vault")
    add_vault_options(init, unlocks=False)
    init.add_argument("--county", required=True, help="county code, for example 030")
    init.add_argument("--office-code", required=True, help="neutral office code, for example 030-01")
    init.add_argument("--office-name", required=True)
    init.add_argument("--ministry", default="")
    init.add_argument("--phone", default="", help="the office's telephone")
    init.add_argument("--supervisor", required=True, help="name of the first supervisor")
    init.add_argument("--title", default="")
    init.add_argument("--practice", action="store_true", help="a vault for practice; marked on every paper")
    init.set_defaults(run=_init)

    check = commands.add_parser("verify", help="unlock, check the whole journal, say how the vault stands")
    add_vault_options(check)
    check.set_defaults(run=_verify)

    workbook = commands.add_parser("import", help="preview an HTCDS workbook; --apply takes it in")
    add_vault_options(workbook)
    workbook.add_argument("workbook")
    workbook.add_argument("--apply", action="store_true")
    workbook.add_argument("--county", help="county code of the new cases (default: the office's)")
    workbook.set_defaults(run=_import)

    enrol = commands.add_parser("enrol-file", help="write this device's enrolment file and show its digits")
    add_vault_options(enrol)
    enrol.add_argument("--label", default="laptop 1", help="tells laptops of one office apart; no person's name")
    enrol.add_argument("--out", default=".", metavar="DIR")
    enrol.set_defaults(run=_enrol_file)

    trust = commands.add_parser("trust", help="take in the Secretariat's trust package")
    add_vault_options(trust)
    trust.add_argument("package")
    trust.add_argument("--digits", help="the root's 30 digits as heard by telephone (first package only)")
    trust.set_defaults(run=_trust)

    seal = commands.add_parser("bundle", help="seal everything changed since the last bundle")
    add_vault_options(seal)
    seal.add_argument("--out", default=".", metavar="DIR")
    seal.add_argument("--identified", action="store_true", help="with identity where consent or a basis allows it")
    seal.set_defaults(run=_bundle)

    receipt = commands.add_parser("receipt", help="take in a receipt")
    add_vault_options(receipt)
    receipt.add_argument("receipt")
    receipt.set_defaults(run=_receipt)


def _init(options: argparse.Namespace) -> int:
    created = door(options).vaults.create_office(
        OfficeFacts(
            county=options.county,
            code=options.office_code,
            name=options.office_name,
            ministry=options.ministry,
            phone=options.phone,
            supervisor_name=options.supervisor,
            supervisor_title=options.title,
            supervisor_phone=options.phone,
            language=options.language,
        ),
        practice=options.practice,
    )
    say(
        "The vault is made. Desk number 1.",
        f"password sentence: {created.sentence}",
        "Write the recovery words by hand onto the blank sheet; they are not kept anywhere:",
        f"recovery sheet: {created.sheet_words}",
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        entries = desk.journal.verify()
        last = desk.journal.last_saved()
    say(f"The vault is whole: {entries} journal entries verified.")
    if last:
        say(f"Last saved {last.at}, entry {last.n}.")
    return 0


def _import(options: argparse.Namespace) -> int:
    data = read_file(options.workbook, MAX_WORKBOOK_BYTES)
    with unlocked(options) as desk:
        preview = desk.imports.preview(data)
        for row in preview.rows:
            reasons = " ".join(row.reasons)
            say(f"row {row.reading.row}: {row.action.value} {row.reading.outcome.value} {reasons}".rstrip())
        say(", ".join(f"{action.value} {preview.count(action)}" for action in RowAction))
        say("asked once for the file: " + ", ".join(preview.sheet.asks_once))
        if options.apply:
            outcome = desk.imports.apply(preview, county=options.county)
            say(f"{len(outcome.record_ids)} cases taken in.")
        else:
            say("Nothing was written; --apply takes the rows in.")
    return 0


def _enrol_file(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        made = desk.enrolment.make_file(options.label)
    say(f"enrolment file: {write_file(Path(options.out), made.file_name, made.content)}", f"digits: {made.digits}")
    return 0


def _trust(options: argparse.Namespace) -> int:
    content = read_file(options.package, MAX_TRUST_BYTES)
    with unlocked(options) as desk:
        desk.enrolment.take_in(content, options.digits)
    say("The trust package is taken in; this device may send.")
    return 0


def _bundle(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        made = desk.exports.make(Identity.IDENTIFIED if options.identified else Identity.PSEUDONYMOUS)
        name, content = desk.exports.sealed_file(made.bundle_id)
        path = write_file(Path(options.out), name, content)
        desk.exports.hand_over(made.bundle_id)
    say(
        f"bundle: {path}",
        f"number {made.sequence}, {made.cases} cases, {made.records} records, {made.size_bytes} bytes",
        f"first 12 digits of its hash: {made.sha256[:12]}",
    )
    if made.roster_expired:
        say("The trust package is out of date; the bundle is good. Ask the Secretariat for a newer package.")
    return 0


def _receipt(options: argparse.Namespace) -> int:
    content = read_file(options.receipt, MAX_TRUST_BYTES)
    with unlocked(options) as desk:
        answer = desk.receipts.take_in(content)
    say(f"bundle number {answer.sequence}: {answer.outcome}, {answer.taken} records taken, {answer.returned} returned.")
    return 0
