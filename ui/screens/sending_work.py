"""What the lane does for the screen of sending: look where things stand, seal, write to a medium, take answers in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from desktop import sticks
from desktop.bootstrap import Desk
from desktop.bundles.codes import ReceiptReason
from desktop.bundles.manifest import Identity
from desktop.bundles.receipt import MAX_RECEIPT_FILE_BYTES
from desktop.errors import NotTrusted, Obstacle
from desktop.files import read_start
from desktop.rules.records import Outcome, Topic
from desktop.rules.states import BundleState
from desktop.services.exports import BundleSummary, SealedBundle, WhatLeaves
from desktop.services.receipts import Answer

RECEIPTS = "A-*.rufaa"
# Sticks travel between offices: receipts for other laptops are nothing to stop for where one of ours lies beside them.
_PASSED_OVER = frozenset({ReceiptReason.RECEIPT_NOT_FOR_US_OR_DAMAGED, ReceiptReason.RECEIPT_FOR_ANOTHER_DEVICE})


@dataclass(frozen=True)
class Standing:
    """Where sending stands. `leaves` is None for who may make no bundle."""

    bundles: tuple[BundleSummary, ...] = field(repr=False)
    leaves: WhatLeaves | None = field(repr=False)
    drafts: int
    enrolled: bool
    handover_due: bool  # this laptop's keys are not yet known to the Secretariat
    line: bool  # the roster names one


@dataclass(frozen=True)
class Saved:
    """A bundle that lies on a medium and was read back from there."""

    sequence: int
    place: str = field(repr=False)
    topics: frozenset[Topic]


@dataclass(frozen=True)
class Answers:
    """What the receipts said that are new to the office, and how many there were."""

    new: tuple[Answer, ...]
    seen: int
    topics: frozenset[Topic]


def read(desk: Desk, *, may_make: bool) -> Standing:
    """Return where sending stands."""
    leaves = desk.exports.what_leaves() if may_make else None
    enrolled, handover_due = desk.office.sheet().enrolled, desk.enrolment.handover_due()
    line = desk.sending.has_line()
    return Standing(desk.exports.list(), leaves, desk.exports.drafts(), enrolled, handover_due, line)


def seal(desk: Desk, identity: Identity) -> tuple[SealedBundle, Outcome]:
    """Make a bundle; the second part tells the desk's screens."""
    made = desk.exports.make(identity)
    return made, Outcome((made.bundle_id,), 0, frozenset({Topic.BUNDLES}))


def save_to_stick(desk: Desk, bundle_id: str, wanted: Path | None) -> Saved:
    """Write a bundle to the stick that is chosen. Raises Obstacle as `sticks.chosen` and `sticks.save_to`."""
    stick = sticks.chosen(sticks.found(), wanted)
    return _save(desk, bundle_id, stick)


def save_to_folder(desk: Desk, bundle_id: str, folder: Path) -> Saved:
    """Write a bundle to a folder. Raises Obstacle as `sticks.save_to`."""
    return _save(desk, bundle_id, sticks.at(folder))


def _save(desk: Desk, bundle_id: str, stick: sticks.Stick) -> Saved:
    """Write, read back, and only then note the hand-over: a bundle that reached no medium stays MADE (K03)."""
    name, content = desk.exports.sealed_file(bundle_id)
    sticks.save_to(stick, name, content)
    bundle = next(bundle for bundle in desk.exports.list() if bundle.bundle_id == bundle_id)
    topics = desk.exports.hand_over(bundle_id).topics if bundle.state is BundleState.MADE else frozenset[Topic]()
    return Saved(bundle.sequence, stick.name, topics)


def take_in_from_sticks(desk: Desk) -> Answers:
    """Take in every receipt that lies on a stick. Raises Obstacle STICK_NONE, or as `take_in`."""
    found = sticks.found()
    if not found:
        raise Obstacle("STICK_NONE")
    return take_in(desk, sticks.files_on(found, RECEIPTS))


def take_in(desk: Desk, paths: tuple[Path, ...]) -> Answers:
    """Take in receipts.

    Raises:
        Obstacle: RECEIPT_NONE_FOUND where there is no file, FILE_NOT_READABLE.
        NotTrusted: One does not verify, or none is for this laptop.
    """
    if not paths:
        raise Obstacle("RECEIPT_NONE_FOUND")
    return take_in_contents(desk, (read_start(str(path), MAX_RECEIPT_FILE_BYTES) for path in paths))


def take_in_contents(desk: Desk, contents: Iterable[bytes]) -> Answers:
    """Take in receipts that are at hand. Raises as `take_in`."""
    before = {(bundle.bundle_id, bundle.state, bundle.reason) for bundle in desk.exports.list()}
    answers: list[Answer] = []
    foreign: NotTrusted | None = None
    for content in contents:
        try:
            answers.append(desk.receipts.take_in(content))
        except NotTrusted as error:
            if error.code not in _PASSED_OVER:
                raise
            foreign = error
    if not answers and foreign is not None:
        raise foreign
    after = {bundle.bundle_id: (bundle.bundle_id, bundle.state, bundle.reason) for bundle in desk.exports.list()}
    new = {answer.bundle_id: answer for answer in answers if after[answer.bundle_id] not in before}
    told = tuple(sorted(new.values(), key=lambda answer: answer.sequence))
    return Answers(told, len(answers), frozenset({Topic.BUNDLES, Topic.RECEIPTS}))
