"""`rufaa-cli recover sheet`: back into a vault that no sentence opens any more, by the words of the recovery sheet.

The words are read from the terminal or a descriptor only, as sentences are (decisions 11).
"""

from __future__ import annotations

import argparse

from desktop.commands import office_recovery
from desktop.commands.common import add_data_option, door, read_sentence, tell
from desktop.commands.people import typed_back
from desktop.errors import NoVault, Obstacle
from desktop.messages import sentence
from desktop.services.recovery import Recoverable, SheetRecovery


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `recover` subcommand."""
    recover = commands.add_parser("recover", help="back in when sentences are lost")
    ways = recover.add_subparsers(required=True, metavar="WAY")
    sheet = ways.add_parser("sheet", help="let a supervisor in again by the twelve words of the recovery sheet")
    add_data_option(sheet)
    sheet.add_argument(
        "--desk", type=int, metavar="N", help="the supervisor's desk number; may be left out where there is one only"
    )
    sheet.add_argument(
        "--sheet-fd", type=int, metavar="FD", help="read the twelve words from this descriptor instead of asking"
    )
    sheet.add_argument(
        "--new-sentence-fd",
        type=int,
        metavar="FD",
        help="read the new sentence from this descriptor, once it was shown; one line for each one offered",
    )
    sheet.set_defaults(run=_sheet)
    office_recovery.add_to_office(ways)


def _sheet(options: argparse.Namespace) -> int:
    folder = door(options)
    if not folder.folder.is_dir() or not folder.vaults.status().exists:
        raise NoVault("VAULT_NONE")
    typed = read_sentence(options.sheet_fd, sentence("PROMPT_SHEET", options.language))
    recovery = folder.vaults.recover_with_sheet(typed)
    try:
        chosen = _chosen(options, recovery)
        taken = typed_back(options, recovery.offer_sentence)
        desk = recovery.let_in(chosen.user_id, taken)
    finally:
        recovery.close()
    tell(options, "RECOVER_DONE", desk=desk)
    return 0


def _chosen(options: argparse.Namespace, recovery: SheetRecovery) -> Recoverable:
    """Return the supervisor named by desk number, or the only one.

    Raises:
        Obstacle: RECOVER_WHOM where there are several and none was named, RECOVER_NO_SUPERVISOR.
    """
    found = recovery.supervisors()
    for one in found:
        tell(options, "RECOVER_LINE", desk=one.desk_number, name=one.name)
    if options.desk is None:
        if len(found) > 1:
            raise Obstacle("RECOVER_WHOM")
        return found[0]
    named = next((one for one in found if one.desk_number == options.desk), None)
    if named is None:
        raise Obstacle("RECOVER_NO_SUPERVISOR", desk=options.desk)
    return named
