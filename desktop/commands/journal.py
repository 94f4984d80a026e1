"""`rufaa-cli journal list | verify`: who did what on this vault, and whether the journal is whole."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date

from desktop.bootstrap import Desk
from desktop.clock import parse_stamp
from desktop.commands.common import add_vault_options, instant_in_words, say, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.errors import NotTrusted, Obstacle
from desktop.journal_wording import about_in_words, act_in_words, verdict_in_words, why_in_words
from desktop.messages import sentence
from desktop.rules.journal_reading import KINDS, JournalLine, JournalWish, Kind
from desktop.rules.numbers import parse_case_ref

_USUAL_LIMIT = 50


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    journal = commands.add_parser("journal", help="read or check the journal of this vault")
    acts = journal.add_subparsers(required=True, metavar="ACT")
    read = acts.add_parser("list", help="who did what, the newest first; for supervisors")
    add_vault_options(read)
    read.add_argument("--kind", choices=[kind.value for kind in Kind], help="one kind of acts")
    read.add_argument("--person", type=int, metavar="DESK", help="what one person did, by desk number")
    read.add_argument("--day", metavar="YYYY-MM-DD", help="one day")
    read.add_argument("--case", metavar="NUMBER", help="what was done on one case, by its number")
    read.add_argument("--limit", type=int, default=_USUAL_LIMIT, metavar="N", help="at most so many (default 50)")
    read.add_argument("--json", action="store_true", help="one JSON array instead of lines")
    read.set_defaults(run=_list)
    verify = acts.add_parser("verify", help="check every entry and every saved version")
    add_vault_options(verify)
    verify.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    verify.set_defaults(run=_verify)


def _list(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        lines = list(_lines(desk, _wish(desk, options), options.limit))
        if options.json:
            said = [_facts(line, desk, options) for line in lines]
            say(json.dumps(said, ensure_ascii=False, sort_keys=True))
            return 0
        for line in lines:
            say(_in_words(line, desk, options))
        if not lines:
            tell(options, "JOURNAL_NONE")
    return 0


def _wish(desk: Desk, options: argparse.Namespace) -> JournalWish:
    user = ""
    if options.person is not None:
        found = [person.user for person in desk.journal.people() if person.desk_number == options.person]
        if not found:
            raise Obstacle("PEOPLE_NOBODY", desk=options.person)
        user = found[0]
    return JournalWish(
        acts=frozenset(KINDS[Kind(options.kind)]) if options.kind else frozenset(),
        user=user,
        day=_day(options.day) if options.day else "",
        case_ref=parse_case_ref(options.case) if options.case else "",
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Obstacle("JOURNAL_DAY_WRONG") from None


def _lines(desk: Desk, wish: JournalWish, limit: int) -> Iterator[JournalLine]:
    below: int | None = None
    left = limit
    while left > 0 and below != 0:
        page = desk.journal.page(below, wish)
        yield from page.lines[:left]
        left, below = left - len(page.lines), page.below


def _facts(line: JournalLine, desk: Desk, options: argparse.Namespace) -> dict[str, object]:
    why = why_in_words(line.reason, desk.vault.catalogue, options.language)
    return {**vars(line), "act_in_words": act_in_words(line.act, options.language), "reason_in_words": why}


def _in_words(line: JournalLine, desk: Desk, options: argparse.Namespace) -> str:
    when = instant_in_words(parse_stamp(line.at), options.language)
    act = act_in_words(line.act, options.language)
    said = [sentence("JOURNAL_LINE", options.language, n=line.n, when=when, name=line.by or "–", act=act)]
    said += [about_in_words(line, options.language), why_in_words(line.reason, desk.vault.catalogue, options.language)]
    return "; ".join(filter(None, said))


def _verify(options: argparse.Namespace) -> int:
    with unlocked(options) as desk:
        verdict = desk.journal.verify_all()
    if options.json:
        found = [{"code": one.code, "grave": one.grave, **one.facts} for one in verdict.found]
        facts = {"entries": verdict.entries, "revisions": verdict.revisions, "whole": verdict.whole, "found": found}
        say(json.dumps(facts, ensure_ascii=False, sort_keys=True))
    else:
        say(*verdict_in_words(verdict, options.language))
    return 0 if verdict.whole else NotTrusted.exit_status
