"""The office's own vault: make it, check it."""

from __future__ import annotations

import argparse

from desktop.clock import parse_stamp
from desktop.commands.common import add_data_option, add_vault_options, door, instant_in_words, tell, unlocked
from desktop.services.vault import OfficeFacts


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    init = commands.add_parser("init", help="make this laptop's vault")
    add_data_option(init)
    init.add_argument("--county", required=True, metavar="CODE", help="county code, for example 030")
    init.add_argument("--office-code", required=True, metavar="CODE", help="neutral office code, for example 030-01")
    init.add_argument("--office-name", required=True, metavar="NAME", help="the office's name as on its papers")
    init.add_argument("--ministry", default="", metavar="NAME", help="ministry named at the head of letters")
    init.add_argument("--phone", default="", metavar="NUMBER", help="the office's telephone; stands on letters")
    init.add_argument("--supervisor", required=True, metavar="NAME", help="name of the first supervisor")
    init.add_argument("--title", default="", metavar="TITLE", help="the supervisor's title; stands on letters")
    init.add_argument("--practice", action="store_true", help="a vault for practice; marked on every paper")
    init.set_defaults(run=_init)

    check = commands.add_parser("verify", help="unlock, check the whole journal, say how the vault stands")
    add_vault_options(check)
    check.set_defaults(run=_verify)


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
    tell(options, "INIT_DONE")
    tell(options, "LINE_SENTENCE", words=created.sentence)
    tell(options, "LINE_SHEET_BY_HAND")
    tell(options, "LINE_SHEET", words=created.sheet_words)
    return 0


def _verify(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        entries = desk.journal.verify()
        last, ahead = desk.journal.last_saved(), desk.vault.mark_ahead
    if ahead:
        tell(options, "OLDER_THAN_MARK", marked=ahead.marked, found=ahead.found)
    tell(options, "VERIFY_DONE", n=entries)
    if last:
        at = instant_in_words(parse_stamp(last.at), options.language)
        tell(options, "VERIFY_LAST", n=last.n, at=at, name=last.by)
    return 0
