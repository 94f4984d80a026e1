"""Where a genuine bundle stands in its device's stream: next, known, waiting, or in doubt (threat-model attack 14).

Pure, and independent of the order of arrival: once the same bundles are there, the same ones are taken and the same
ones disputed. Numbers run on through a device's whole life. A laptop restored from a backup, or a cloned one, starts
a new incarnation; its first bundle names where the one before stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from desktop.bundles.codes import SequenceReason
from desktop.bundles.manifest import Manifest, PreviousIncarnation
from desktop.bundles.receipt import MAX_MISSING
from desktop.rules.journal_chain import HashRun


class Standing(StrEnum):
    """What follows for the intake: take, answer as before, keep waiting, or take and flag."""

    NEXT = "NEXT"
    KNOWN = "KNOWN"
    HELD = "HELD"
    DISPUTED = "DISPUTED"


@dataclass(frozen=True)
class Link:
    """What the stream needs of one bundle. `taken` is false while it waits; `disputed` until a person settled it."""

    file_sha256: str
    incarnation: str
    sequence: int
    previous_bundle: str | None
    previous_incarnation: PreviousIncarnation | None
    journal_count: int
    journal_head: str
    taken: bool
    disputed: bool


@dataclass(frozen=True)
class SequenceState:
    """Every bundle of one device that the intake keeps, in any order."""

    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Place:
    """The verdict on one bundle.

    `missing`: the first hundred sequence numbers it waits for. `also_disputed`: files taken earlier that are in doubt
    because of this one.
    """

    standing: Standing
    reason: SequenceReason | None = None
    missing: tuple[int, ...] = ()
    also_disputed: tuple[str, ...] = ()


def link_of(manifest: Manifest, file_sha256: str, standing: Standing) -> Link:
    """Return what to keep of a bundle that was judged."""
    return Link(
        file_sha256=file_sha256,
        incarnation=manifest.incarnation,
        sequence=manifest.sequence,
        previous_bundle=manifest.previous_bundle,
        previous_incarnation=manifest.previous_incarnation,
        journal_count=manifest.journal.count,
        journal_head=manifest.journal.head,
        taken=standing is not Standing.HELD,
        disputed=standing is Standing.DISPUTED,
    )


def next_sequence(state: SequenceState, incarnation: str) -> int:
    """Return the sequence number expected next of an incarnation; of one not yet heard of, that of its device."""
    taken = [link for link in state.links if link.taken]
    own = [link.sequence for link in taken if link.incarnation == incarnation]
    return max(own or [link.sequence for link in taken], default=0) + 1


def is_known(file_sha256: str, state: SequenceState) -> bool:
    """Say whether exactly this file was taken before."""
    return any(link.file_sha256 == file_sha256 and link.taken for link in state.links)


def judge(link: Link, run: HashRun, state: SequenceState) -> Place:
    """Judge a bundle that carries the stretch `run` of its journal; `taken` and `disputed` of `link` do not matter."""
    if is_known(link.file_sha256, state):
        return Place(Standing.KNOWN)
    others = [other for other in state.links if other.file_sha256 != link.file_sha256]
    taken = [other for other in others if other.taken]
    needed = _predecessor(link)
    before = [other for other in taken if (other.incarnation, other.sequence) == needed]
    if needed is not None and not before:
        return _held(needed, others)
    reason, rivals = _rivals(link, taken)
    if reason is None:
        reason = _broken_link(link, run, before)
    if reason is None:
        return Place(Standing.NEXT)
    doubted = {other.file_sha256 for other in _with_descendants(rivals, taken) if not other.disputed}
    return Place(Standing.DISPUTED, reason, (), tuple(sorted(doubted)))


def _predecessor(link: Link) -> tuple[str, int] | None:
    """Return incarnation and sequence of the bundle before, or None for the first bundle of a device's life."""
    if link.sequence == 1:
        return None
    named = link.previous_incarnation
    return (named.incarnation, named.sequence) if named else (link.incarnation, link.sequence - 1)


def _held(needed: tuple[str, int], others: list[Link]) -> Place:
    missing: list[int] = []
    for low, high, there in reversed(list(_stretches(*needed, others))):
        number = low
        while number <= high and len(missing) < MAX_MISSING:
            if number not in there:
                missing.append(number)
            number += 1
    reason = SequenceReason.SEQUENCE_GAP if missing else SequenceReason.PREDECESSOR_MISSING
    return Place(Standing.HELD, reason, tuple(missing))


def _stretches(incarnation: str, last: int, others: list[Link]) -> Iterator[tuple[int, int, set[int]]]:
    """Yield, going back in time, the numbers each incarnation should have sent up to `last`, and those there."""
    while last:
        own = [other for other in others if other.incarnation == incarnation and other.sequence <= last]
        first = next((other for other in own if other.previous_incarnation), None)
        if first is None or first.previous_incarnation is None:
            # Where this incarnation began is not known yet: what any other one sent may be what came before.
            yield 1, last, {other.sequence for other in own or others}
            return
        yield first.sequence, last, {other.sequence for other in own}
        incarnation, last = first.previous_incarnation.incarnation, first.previous_incarnation.sequence


def _rivals(link: Link, taken: list[Link]) -> tuple[SequenceReason | None, list[Link]]:
    """Return the first contradiction between this bundle and those taken, and the bundles on its other side."""
    same = [o for o in taken if (o.incarnation, o.sequence) == (link.incarnation, link.sequence)]
    if same:
        return SequenceReason.SEQUENCE_FORKED, same
    if _begins(link):
        siblings = [o for o in taken if _begins(o) and _parent(o) == _parent(link)]
        if siblings:
            return SequenceReason.INCARNATION_FORKED, siblings
    beyond = [o for o in taken if _is_beyond(o, link) or _is_beyond(link, o)]
    return (SequenceReason.BEYOND_SUCCESSOR, beyond) if beyond else (None, [])


def _begins(link: Link) -> bool:
    return link.sequence == 1 or link.previous_incarnation is not None


def _parent(first: Link) -> str | None:
    """Return the incarnation a first bundle continues; None when no bundle came before it."""
    needed = _predecessor(first)
    return needed[0] if needed else None


def _is_beyond(link: Link, successor: Link) -> bool:
    """Say whether `link` lies beyond the last sequence that `successor` knows of its incarnation."""
    named = successor.previous_incarnation
    return named is not None and named.incarnation == link.incarnation and link.sequence > named.sequence


def _broken_link(link: Link, run: HashRun, before: list[Link]) -> SequenceReason | None:
    if before and link.previous_bundle not in {other.file_sha256 for other in before}:
        return SequenceReason.PREVIOUS_BUNDLE_DIFFERS
    named = link.previous_incarnation
    anchors = [(other.journal_count, other.journal_head) for other in before]
    if named is not None:
        anchors.append((named.journal_count, named.journal_head))
    # A journal that was shortened, rewritten or begun anew does not hold what was anchored before.
    if any(run.at(count) != head for count, head in anchors) or (not before and run.first != 1):
        return SequenceReason.JOURNAL_DIFFERS
    return SequenceReason.AFTER_DISPUTE if any(other.disputed for other in before) else None


def _with_descendants(starts: Iterable[Link], taken: list[Link]) -> list[Link]:
    """Return the bundles and everything taken that builds on them, in their own and later incarnations."""
    lowest: dict[str, int] = {}
    waiting = [(start.incarnation, start.sequence) for start in starts]
    while waiting:
        incarnation, sequence = waiting.pop()
        if lowest.get(incarnation, sequence + 1) <= sequence:
            continue
        lowest[incarnation] = sequence
        waiting += [
            (other.incarnation, other.sequence)
            for other in taken
            if (named := other.previous_incarnation) and named.incarnation == incarnation and named.sequence >= sequence
        ]
    return [other for other in taken if lowest.get(other.incarnation, other.sequence + 1) <= other.sequence]
