"""`rufaa-cli bundle | receipt`: what leaves the office, and the answer that comes back."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.bootstrap import Desk
from desktop.bundles.manifest import Identity
from desktop.bundles.receipt import MAX_RECEIPT_FILE_BYTES
from desktop.commands.common import (
    add_out_option,
    add_vault_options,
    cases_in_words,
    records_in_words,
    say,
    tell,
    unlocked,
)
from desktop.crypto.access_list import VaultKind
from desktop.errors import Obstacle
from desktop.files import probe_out, read_start, write_out
from desktop.rules.states import BundleState
from desktop.services.exports import BundleSummary
from desktop.services.receipts import Answer
from desktop.wording import outcome_in_words, reason_in_words


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this file's subcommands."""
    seal = commands.add_parser("bundle", help="seal everything changed since the last bundle")
    add_vault_options(seal)
    add_out_option(seal)
    which = seal.add_mutually_exclusive_group()
    which.add_argument("--identified", action="store_true", help="with identity where consent or a basis allows it")
    which.add_argument("--again", type=int, metavar="NUMBER", help="write an earlier bundle once more; makes none")
    seal.set_defaults(run=_bundle)

    receipt = commands.add_parser("receipt", help="take in a receipt")
    add_vault_options(receipt)
    receipt.add_argument("receipt", help="the Secretariat's A- file")
    receipt.set_defaults(run=_receipt)


def _bundle(options: argparse.Namespace) -> int:
    with unlocked(options, VaultKind.OFFICE) as desk:
        if options.again is not None:
            bundle = desk.exports.numbered(options.again)
            _write(options, desk, bundle)
            tell(options, "BUNDLE_AGAIN", n=bundle.sequence)
            return 0
        waiting = desk.exports.never_handed_over()
        for bundle in waiting:
            _write(options, desk, bundle)
            tell(options, "BUNDLE_WAITED", n=bundle.sequence)
        return 0 if waiting else _make(options, desk)


def _make(options: argparse.Namespace, desk: Desk) -> int:
    probe_out(Path(options.out))
    if drafts := desk.exports.drafts():
        tell(options, "DRAFTS_ONE" if drafts == 1 else "DRAFTS_MANY", n=drafts)
    made = desk.exports.make(Identity.IDENTIFIED if options.identified else Identity.PSEUDONYMOUS)
    _write(options, desk, desk.exports.numbered(made.sequence))
    if made.roster_expired:
        tell(options, "ROSTER_EXPIRED")
    return 0


def _write(options: argparse.Namespace, desk: Desk, bundle: BundleSummary) -> None:
    name, content = desk.exports.sealed_file(bundle.bundle_id)
    try:
        path = write_out(Path(options.out), name, content)
    except Obstacle:
        raise Obstacle("BUNDLE_KEPT") from None
    if bundle.state is BundleState.MADE:
        desk.exports.hand_over(bundle.bundle_id)
    tell(options, "BUNDLE_LINE", path=str(path))
    tell(
        options,
        "BUNDLE_FACTS",
        n=bundle.sequence,
        cases=cases_in_words(bundle.cases, options.language),
        records=records_in_words(bundle.records, options.language),
        bytes=bundle.size_bytes,
    )
    tell(options, "BUNDLE_HASH", digits=bundle.sha256[:12])


def _receipt(options: argparse.Namespace) -> int:
    content = read_start(options.receipt, MAX_RECEIPT_FILE_BYTES)
    with unlocked(options, VaultKind.OFFICE) as desk:
        answer = desk.receipts.take_in(content)
    tell_answer(options, answer)
    return 0


def tell_answer(options: argparse.Namespace, answer: Answer) -> None:
    """Say what a receipt answered, however it came."""
    tell(
        options,
        "RECEIPT_TAKEN_IN",
        n=answer.sequence,
        outcome=outcome_in_words(answer.outcome, options.language),
        records=records_in_words(answer.taken, options.language),
        returned=answer.returned,
    )
    say(*reason_in_words(answer.reason, answer.missing, options.language))
