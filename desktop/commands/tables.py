"""`rufaa-cli export | plain-copies`: case tables for other programs, and the plain ones still to delete."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.bootstrap import Desk
from desktop.commands.common import add_out_option, add_vault_options, cases_in_words, say, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.files import probe_out, write_out
from desktop.rules.dates import spell
from desktop.services.tables import TableKind, WhatGoes
from desktop.wording import left_out_in_words


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    export = commands.add_parser("export", help="write the cases as a table of HTCDS or CPIMS, sealed or plain")
    add_vault_options(export)
    add_out_option(export)
    export.add_argument("kind", choices=[kind.value.lower() for kind in TableKind], help="the standard to follow")
    export.add_argument("--purpose", required=True, metavar="CODE", help="a code of the list export_purposes")
    way = export.add_mutually_exclusive_group(required=True)
    way.add_argument("--to", action="append", metavar="KEY", help="seal to this age public key; may be repeated")
    way.add_argument(
        "--plain", type=_folder, metavar="DIR", help="write it unsealed to this folder; delete it within seven days"
    )
    export.add_argument("--identified", action="store_true", help="with names where consent or a basis allows it")
    export.set_defaults(run=_export)

    copies = commands.add_parser("plain-copies", help="list the unsealed tables that still have to be deleted")
    add_vault_options(copies)
    copies.add_argument("--deleted", metavar="ID", help="note that this one is deleted")
    copies.set_defaults(run=_plain_copies)


def _folder(typed: str) -> Path:
    if not typed:
        raise argparse.ArgumentTypeError("a folder must be named")
    return Path(typed)


def _export(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        _tell_figures(options, desk.tables.what_leaves(options.purpose, identified=options.identified))
        (_seal if options.plain is None else _save_plain)(options, desk)
    return 0


def _seal(options: argparse.Namespace, desk: Desk) -> None:
    kind, folder = TableKind(options.kind.upper()), Path(options.out)
    probe_out(folder)
    made = desk.tables.export(kind, options.purpose, options.to, identified=options.identified)
    path = write_out(folder, made.file_name, made.content, private=True)
    tell(options, "TABLE_LINE", path=str(path))
    tell(options, "TABLE_IN_ARCHIVE")


def _save_plain(options: argparse.Namespace, desk: Desk) -> None:
    kind = TableKind(options.kind.upper())
    probe_out(options.plain)
    made = desk.tables.export_plain(kind, options.purpose, options.plain, identified=options.identified)
    tell(options, "TABLE_LINE", path=str(desk.tables.write_plain(made)))
    tell(options, "TABLE_PLAIN", date=spell(made.delete_by, options.language), id=made.copy_id)


def _tell_figures(options: argparse.Namespace, goes: WhatGoes) -> None:
    tell(options, "TABLE_GOES", cases=cases_in_words(goes.cases, options.language), named=goes.named)
    for reason, n in goes.left_out.items():
        say(left_out_in_words(reason, n, options.language))


def _plain_copies(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        if options.deleted is not None:
            desk.tables.plain_copy_deleted(options.deleted)
            tell(options, "PLAIN_COPY_NOTED")
            return 0
        copies = desk.tables.plain_copies()
    for copy in copies:
        cases = cases_in_words(copy.cases, options.language)
        date = spell(copy.delete_by, options.language)
        tell(options, "PLAIN_COPY_LINE", id=copy.copy_id, date=date, cases=cases, place=copy.place)
        if copy.overdue:
            tell(options, "PLAIN_COPY_OVERDUE")
    if not copies:
        tell(options, "PLAIN_COPIES_NONE")
    return 0
