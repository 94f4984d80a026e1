"""`rufaa-cli send`: bundles over the line that the roster names, and the receipts that wait at its other end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from desktop.bootstrap import Desk
from desktop.commands.bundle import tell_answer
from desktop.commands.common import add_vault_options, tell, unlocked
from desktop.crypto.access_list import VaultKind
from desktop.errand import Began, Courier, Errand, Moved, Pace, Waiting, Word
from desktop.errors import DeskError, Obstacle
from desktop.messages import explain

_TELL_EACH_S = 5.0
_KIB = 1024


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommand."""
    send = commands.add_parser("send", help="send bundles over the line; one that was stopped goes on where it was")
    add_vault_options(send)
    which = send.add_mutually_exclusive_group()
    which.add_argument("number", type=int, nargs="?", help="the bundle's number")
    which.add_argument("--all", action="store_true", help="every bundle that was not handed over yet")
    send.add_argument("--receipts", action="store_true", help="then look for the receipts that are waited for")
    send.set_defaults(run=_send)


def _send(options: argparse.Namespace) -> int:
    if options.number is None and not options.all and not options.receipts:
        raise Obstacle("SEND_WHAT")
    with unlocked(options, VaultKind.OFFICE) as desk:
        if options.number is not None:
            _send_one(options, desk, desk.exports.numbered(options.number).bundle_id)
        elif options.all:
            for bundle in desk.exports.never_handed_over():
                _send_one(options, desk, bundle.bundle_id)
        return _look_for_receipts(options, desk) if options.receipts else 0


def _send_one(options: argparse.Namespace, desk: Desk, bundle_id: str) -> None:
    errand = desk.sending.errand(bundle_id)
    told = _teller(options, errand)

    def note(word: Word) -> None:
        if isinstance(word, Began):
            desk.sending.note_begun(bundle_id, word.url)
        told(word)

    Courier().run(errand, note)
    desk.sending.note_sent(bundle_id)
    tell(options, "SEND_DONE", n=errand.sequence)


def _teller(options: argparse.Namespace, errand: Errand) -> Callable[[Word], None]:
    """Return what says now and then how far it is."""
    pace, size = Pace(len(errand.content)), len(errand.content)
    last = time.monotonic()

    def told(word: Word) -> None:
        nonlocal last
        now = time.monotonic()
        if isinstance(word, Waiting):
            code = "SEND_WAITING_SERVER" if word.server else "SEND_WAITING_LINE"
            tell(options, code, n=errand.sequence, seconds=word.seconds)
        if not isinstance(word, Moved):
            return
        left = pace.seconds_left(word.sent, now)
        if now - last >= _TELL_EACH_S and left is not None:
            last = now
            facts = {"kib": word.sent // _KIB, "of": size // _KIB, "minutes": -(-left // 60)}
            tell(options, "SEND_MOVED", n=errand.sequence, **facts)

    return told


def _look_for_receipts(options: argparse.Namespace, desk: Desk) -> int:
    status = 0
    for errand in desk.sending.receipt_errands():
        content = Courier().run(errand)
        if content is None:
            tell(options, "SEND_NO_RECEIPT", n=errand.sequence)
            continue
        try:
            answer = desk.sending.take_receipt(content)
        except DeskError as error:
            # One receipt that is none keeps no other out (field report L07).
            text = f"{explain(error, options.language)} [{error.code}]"
            tell(options, "SEND_RECEIPT_REFUSED", n=errand.sequence, text=text)
            status = error.exit_status
            continue
        tell_answer(options, answer)
    return status
