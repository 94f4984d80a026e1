"""Replay, reorder, loss, clones, restored backups: the verdicts, whatever the order of arrival."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.bundles.codes import SequenceReason
from desktop.bundles.manifest import PreviousIncarnation
from desktop.bundles.receipt import MAX_MISSING
from desktop.bundles.sequence import Link, Place, SequenceState, Standing, is_known, judge, next_sequence
from desktop.rules.journal_chain import HashRun
from tests.unit.bundles import world

FIRST, SECOND, THIRD = world.hex_id("P"), world.hex_id("N"), world.hex_id("M")


@dataclass(frozen=True)
class Sent:
    """A bundle as the intake sees it: its link and the stretch of the journal it carries."""

    name: str
    link: Link
    run: HashRun


def hash_of(entry: str) -> str:
    return hashlib.sha256(entry.encode()).hexdigest()


@dataclass
class Laptop:
    """Makes bundles as a device does; `clone` is a restored backup or a copied disk."""

    incarnation: str
    sequence: int = 0
    last: str | None = None
    hashes: tuple[str, ...] = ()
    continues: PreviousIncarnation | None = None

    def work(self, entries: int = 3, mark: str = "") -> None:
        start = len(self.hashes)
        self.hashes += tuple(hash_of(f"{self.incarnation}{mark}{start + n}") for n in range(entries))

    def send(self, name: str, since: int = 1) -> Sent:
        self.work()
        self.sequence += 1
        link = Link(
            file_sha256=hash_of(name),
            incarnation=self.incarnation,
            sequence=self.sequence,
            previous_bundle=self.last,
            previous_incarnation=self.continues,
            journal_count=len(self.hashes),
            journal_head=self.hashes[-1],
            taken=True,
            disputed=False,
        )
        self.last, self.continues = link.file_sha256, None
        return Sent(name, link, HashRun(since, self.hashes[since - 1 :]))

    def restored(self, incarnation: str) -> Laptop:
        mark = PreviousIncarnation(self.incarnation, len(self.hashes), self.hashes[-1], self.sequence)
        return Laptop(incarnation, self.sequence, self.last, self.hashes, mark)

    def copy(self) -> Laptop:
        return replace(self)


class Intake:
    """Takes bundles as a service does: judge, store, and try the waiting ones again."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self.waiting: dict[str, Sent] = {}
        self.names: dict[str, str] = {}

    @property
    def state(self) -> SequenceState:
        return SequenceState(tuple(self.links.values()))

    def take(self, sent: Sent) -> Place:
        place = judge(sent.link, sent.run, self.state)
        if place.standing is Standing.KNOWN:
            return place
        self.names[sent.link.file_sha256] = sent.name
        held = place.standing is Standing.HELD
        self.links[sent.link.file_sha256] = replace(
            sent.link, taken=not held, disputed=place.standing is Standing.DISPUTED
        )
        for file in place.also_disputed:
            self.links[file] = replace(self.links[file], disputed=True)
        if held:
            self.waiting[sent.name] = sent
            return place
        self.waiting.pop(sent.name, None)
        for other in list(self.waiting.values()):
            if other.name in self.waiting:
                self.take(other)
        return place

    def told(self, what: str) -> set[str]:
        return {self.names[file] for file, link in self.links.items() if getattr(link, what)}


def stream(count: int, incarnation: str = FIRST) -> tuple[Laptop, list[Sent]]:
    laptop = Laptop(incarnation)
    return laptop, [laptop.send(f"{n + 1}") for n in range(count)]


def outcomes(bundles: list[Sent]) -> list[tuple[Standing, SequenceReason | None]]:
    intake = Intake()
    return [(place.standing, place.reason) for place in map(intake.take, bundles)]


NEXT = (Standing.NEXT, None)


def test_bundles_in_order_are_next_each_time() -> None:
    assert outcomes(stream(5)[1]) == [NEXT] * 5


def test_replayed_bundle_is_known_and_changes_nothing() -> None:
    _, sent = stream(3)
    intake = Intake()
    for bundle in sent:
        intake.take(bundle)
    before = intake.state
    assert intake.take(sent[1]) == Place(Standing.KNOWN)
    assert intake.state == before
    assert is_known(sent[1].link.file_sha256, before)
    assert not is_known(hash_of("other"), before)


def test_bundle_ahead_waits_and_says_exactly_what_is_missing() -> None:
    _, sent = stream(6)
    intake = Intake()
    intake.take(sent[0])
    assert intake.take(sent[4]) == Place(Standing.HELD, SequenceReason.SEQUENCE_GAP, (2, 3, 4))
    assert intake.take(sent[2]) == Place(Standing.HELD, SequenceReason.SEQUENCE_GAP, (2,))
    assert intake.take(sent[5]).missing == (2, 4)
    assert next_sequence(intake.state, FIRST) == 2
    intake.take(sent[1])
    assert intake.told("taken") == {"1", "2", "3"}
    intake.take(sent[3])
    assert intake.told("taken") == {"1", "2", "3", "4", "5", "6"}
    assert not intake.told("disputed")
    assert next_sequence(intake.state, FIRST) == 7


def test_bundle_whose_predecessor_waits_names_no_missing_number_of_its_own() -> None:
    _, sent = stream(3)
    held = replace(sent[1].link, taken=False)
    place = judge(sent[2].link, sent[2].run, SequenceState((replace(sent[0].link, taken=False), held)))
    assert place == Place(Standing.HELD, SequenceReason.PREDECESSOR_MISSING)


def test_waiting_bundle_given_again_still_waits_and_one_taken_is_known() -> None:
    _, sent = stream(3)
    intake = Intake()
    assert intake.take(sent[2]).standing is Standing.HELD
    assert intake.take(sent[2]).standing is Standing.HELD
    intake.take(sent[0])
    intake.take(sent[1])
    assert intake.take(sent[2]).standing is Standing.KNOWN


def test_missing_list_of_a_sequence_number_from_nowhere_stays_short() -> None:
    link = replace(stream(2)[1][1].link, sequence=2**53 - 1)
    place = judge(link, HashRun(1, ("00",)), SequenceState())
    assert place.missing == tuple(range(1, MAX_MISSING + 1))


def test_two_bundles_of_one_number_dispute_both_and_all_that_follows() -> None:
    laptop, sent = stream(3)
    clone = laptop.copy()
    fourth, fifth, other = laptop.send("4"), laptop.send("5"), clone.send("4 of the clone")
    intake = Intake()
    for bundle in (*sent, fourth, fifth):
        assert intake.take(bundle).standing is Standing.NEXT
    place = intake.take(other)
    assert (place.standing, place.reason) == (Standing.DISPUTED, SequenceReason.SEQUENCE_FORKED)
    assert set(place.also_disputed) == {fourth.link.file_sha256, fifth.link.file_sha256}
    assert intake.take(laptop.send("6")).reason is SequenceReason.AFTER_DISPUTE
    assert intake.told("disputed") == {"4", "5", "6", "4 of the clone"}
    assert intake.told("taken") == {"1", "2", "3", "4", "5", "6", "4 of the clone"}


def test_settled_dispute_lets_later_bundles_be_next_again() -> None:
    laptop, sent = stream(2)
    clone = laptop.copy()
    intake = Intake()
    for bundle in (*sent, laptop.send("3"), clone.send("3 of the clone")):
        intake.take(bundle)
    intake.links = {file: replace(link, disputed=False) for file, link in intake.links.items()}
    assert intake.take(laptop.send("4")).standing is Standing.NEXT


def test_bundle_that_follows_another_file_is_disputed() -> None:
    laptop, sent = stream(2)
    laptop.last = hash_of("a file nobody sent")
    assert outcomes([*sent, laptop.send("3")])[-1] == (Standing.DISPUTED, SequenceReason.PREVIOUS_BUNDLE_DIFFERS)


def test_restored_backup_goes_on_under_a_new_incarnation() -> None:
    laptop, sent = stream(3)
    restored = laptop.restored(SECOND)
    later = [restored.send("N4"), restored.send("N5")]
    assert outcomes([*sent, *later]) == [NEXT] * 5
    assert outcomes([*sent[:2], later[0]])[-1] == (Standing.HELD, SequenceReason.SEQUENCE_GAP)
    intake = Intake()
    intake.take(sent[0])
    intake.take(later[0])
    assert intake.take(later[1]).missing == (2, 3)
    assert next_sequence(intake.state, SECOND) == 2


def test_gap_in_a_new_incarnation_whose_beginning_is_not_known_counts_what_others_sent() -> None:
    laptop, sent = stream(3)
    restored = laptop.restored(SECOND)
    restored.send("N4, lost for now")
    intake = Intake()
    for bundle in sent:
        intake.take(bundle)
    assert intake.take(restored.send("N5")).missing == (4,)


def test_bundle_the_backup_did_not_know_is_disputed_with_what_the_restored_laptop_sends() -> None:
    laptop, sent = stream(2)
    backup = laptop.copy()
    unknown = laptop.send("3")
    restored = backup.restored(SECOND)
    later = [restored.send("N3"), restored.send("N4")]
    intake = Intake()
    for bundle in (*sent, unknown):
        intake.take(bundle)
    place = intake.take(later[0])
    assert (place.reason, place.also_disputed) == (SequenceReason.BEYOND_SUCCESSOR, (unknown.link.file_sha256,))
    intake.take(later[1])
    assert intake.told("disputed") == {"3", "N3", "N4"}


def test_two_laptops_from_one_backup_are_disputed() -> None:
    laptop, sent = stream(2)
    second, third = laptop.restored(SECOND), laptop.restored(THIRD)
    intake = Intake()
    for bundle in (*sent, second.send("N3")):
        intake.take(bundle)
    assert intake.take(third.send("M3")).reason is SequenceReason.INCARNATION_FORKED
    assert intake.told("disputed") == {"N3", "M3"}


def test_second_laptop_that_claims_to_be_the_first_from_the_start_is_disputed() -> None:
    _, sent = stream(2)
    assert outcomes([*sent, Laptop(THIRD).send("M1")])[-1] == (Standing.DISPUTED, SequenceReason.INCARNATION_FORKED)


def test_incarnation_that_follows_one_nobody_knows_waits() -> None:
    _, sent = stream(2)
    stranger = stream(2, THIRD)[0].restored(SECOND)
    assert outcomes([*sent, stranger.send("N3")])[-1][0] is Standing.HELD


def test_restored_before_anything_was_sent_is_the_first() -> None:
    laptop = Laptop(FIRST)
    laptop.work()
    assert outcomes([laptop.restored(SECOND).send("N1")]) == [NEXT]


def test_gap_in_an_incarnation_that_is_the_first_counts_its_own_numbers_only() -> None:
    laptop = Laptop(FIRST)
    laptop.work()
    restored = laptop.restored(SECOND)
    sent = [restored.send(f"N{n}") for n in range(1, 4)]
    intake = Intake()
    intake.take(sent[0])
    assert intake.take(sent[2]).missing == (2,)


@pytest.mark.parametrize(
    "tamper",
    ["shortened", "rewritten", "begun anew"],
)
def test_journal_that_no_longer_holds_what_was_anchored_is_disputed(tamper: str) -> None:
    laptop, sent = stream(3)
    anchored = len(laptop.hashes)
    if tamper == "shortened":
        laptop.hashes = laptop.hashes[: anchored - 4]
    elif tamper == "rewritten":
        laptop.hashes = (*laptop.hashes[: anchored - 1], hash_of("another entry"))
    since = 1
    if tamper == "begun anew":
        laptop.work(5)
        since = anchored + 1
    last = laptop.send("4", since)
    assert outcomes([*sent, last])[-1] == (Standing.DISPUTED, SequenceReason.JOURNAL_DIFFERS)


def test_first_bundle_that_does_not_begin_at_the_first_entry_is_disputed() -> None:
    laptop = Laptop(FIRST)
    laptop.work()
    assert outcomes([laptop.send("1", since=2)]) == [(Standing.DISPUTED, SequenceReason.JOURNAL_DIFFERS)]


def test_restored_journal_must_hold_what_its_own_note_says() -> None:
    laptop, sent = stream(2)
    restored = laptop.restored(SECOND)
    assert restored.continues
    restored.continues = replace(restored.continues, journal_head=hash_of("another"))
    assert outcomes([*sent, restored.send("N3")])[-1] == (Standing.DISPUTED, SequenceReason.JOURNAL_DIFFERS)


def everything() -> list[Sent]:
    """A life with a fork, a restore behind the last bundle, two heirs of one backup and a cut journal."""
    laptop, sent = stream(2)
    clone = laptop.copy()
    sent += [laptop.send("3"), laptop.send("4"), clone.send("3c")]
    backup = laptop.copy()
    sent += [laptop.send("5"), laptop.send("6")]
    heir, rival = backup.restored(SECOND), backup.restored(THIRD)
    sent += [heir.send("N5"), heir.send("N6"), rival.send("M5")]
    heir.hashes = heir.hashes[:-2]
    sent.append(heir.send("N7"))
    return sent


@given(st.permutations(everything()))
@settings(max_examples=400, deadline=None)
def test_same_bundles_in_any_order_are_taken_and_disputed_alike(order: list[Sent]) -> None:
    in_order, shuffled = Intake(), Intake()
    for bundle in everything():
        in_order.take(bundle)
    for bundle in order:
        shuffled.take(bundle)
    assert shuffled.told("taken") == in_order.told("taken") == {bundle.name for bundle in order}
    assert shuffled.told("disputed") == in_order.told("disputed")


@given(st.permutations(everything()), st.sets(st.integers(0, 10)))
@settings(max_examples=400, deadline=None)
def test_with_bundles_missing_too_the_order_decides_nothing(order: list[Sent], lost: set[int]) -> None:
    names = {bundle.name for n, bundle in enumerate(everything()) if n not in lost}
    in_order, shuffled = Intake(), Intake()
    for bundle in everything():
        if bundle.name in names:
            in_order.take(bundle)
    for bundle in order:
        if bundle.name in names:
            shuffled.take(bundle)
    assert shuffled.told("taken") == in_order.told("taken")
    assert shuffled.told("disputed") == in_order.told("disputed")
    assert set(shuffled.waiting) == set(in_order.waiting)


def test_undisturbed_life_in_any_order_disputes_nothing() -> None:
    laptop, sent = stream(4)
    heir = laptop.restored(SECOND)
    sent += [heir.send("N5"), heir.send("N6")]
    for order in (sent[::-1], sent[1::2] + sent[::2]):
        intake = Intake()
        for bundle in order:
            intake.take(bundle)
        assert (len(intake.told("taken")), intake.told("disputed")) == (6, set())
