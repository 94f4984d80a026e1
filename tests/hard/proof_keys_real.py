"""R17 through the services, at the real cost of a guess: a desk's people and keys through random acts, some cut off.

Nothing is replaced but the instant at which the process ends: before the header, between its copies, before the note,
or just after the rename of a new generation. What was lost with it (a sentence that nobody read) is known to be lost.
After each act somebody who must get in does, somebody who must not does not; the journal verifies, and no change of
keys has changed a revision. Then the attacks that need a whole office: a broken generation beside the one before it,
and somebody who left and hands the office over first.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from desktop import vault_files, wordlists
from desktop.bootstrap import Door
from desktop.crypto.sheet import SheetKeys
from desktop.crypto.vaultkeys import unlock
from desktop.errors import DeskError, Obstacle, WrongSentence
from desktop.rules.records import RecordDraft
from desktop.services import access_lists, rotation
from desktop.vault_files import Generation
from tests.factory import Place, make_case, make_office, rows
from tests.hard.office_attacks import broken_generations, handed_over_first
from tests.hard.victims import small_laptop

ROLES = ("CLERK", "CASE_OFFICER", "SUPERVISOR")
_CUT = 0.2
_MOST_PEOPLE = 5
_WORD = "Kiambatisho"


class Cut(BaseException):
    """The process ended here."""


@dataclass(frozen=True)
class Known:
    """A person and the sentence they have; None where it went down with a process."""

    desk: int
    role: str
    sentence: str | None
    suspended: bool = False


@dataclass
class Office:
    """The office, who sits at it, and what is known of everybody."""

    place: Place
    dice: random.Random
    people: dict[str, Known]
    sheet: str
    seat: str
    void: list[tuple[int, str]] = field(default_factory=list)
    revisions: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def desk(self) -> Any:
        return self.place.desk

    def knows(self, user_id: str, one: Known | None) -> None:
        before = self.people.get(user_id)
        if before and before.sentence and (one is None or before.sentence != one.sentence):
            self.void.append((before.desk, before.sentence))
        if one is None:
            self.people.pop(user_id, None)
        else:
            self.people[user_id] = one

    def other(self, *, able: bool = False) -> str | None:
        found = [key for key, one in self.people.items() if key != self.seat and not (able and one.suspended)]
        return self.dice.choice(sorted(found, key=lambda key: self.people[key].desk)) if found else None

    def new_sheet(self) -> tuple[str, SheetKeys]:
        words = self.desk.sheets.offer()
        return words, self.desk.sheets.take(words)

    def sit(self) -> None:
        """Some supervisor whose sentence is known unlocks."""
        able = [key for key, one in self.people.items() if one.role == "SUPERVISOR" and not one.suspended]
        self.seat = self.dice.choice(sorted((k for k in able if self.people[k].sentence), key=self._desk))
        one = self.people[self.seat]
        self.place.desk = Door(self.place.folder, self.place.clock).unlock(one.desk, one.sentence or "")

    def _desk(self, user_id: str) -> int:
        return self.people[user_id].desk


# ------------------------------------------------------------------------------------------ acts
# Each does its act and returns what is true once it is done; it returns None where there is nobody to do it to. What it
# returns first is true too when the process ended before anybody read the answer.

Told = Callable[[], None]


def _add(office: Office, done: list[Told]) -> None:
    if len(office.people) < _MOST_PEOPLE:
        role = office.dice.choice(ROLES)
        made = office.desk.people.add(name="Somebody", role=role)
        done.append(lambda: office.knows(made.user_id, Known(made.desk_number, role, made.sentence)))


def _readmit(office: Office, done: list[Told]) -> None:
    if user_id := office.other():
        one = office.people[user_id]
        done.append(lambda: office.knows(user_id, replace(one, sentence=None, suspended=False)))
        made = office.desk.people.readmit(user_id)
        done.append(lambda: office.knows(user_id, replace(one, sentence=made.sentence, suspended=False)))


def _set_role(office: Office, done: list[Told]) -> None:
    if user_id := office.other(able=True):
        one, role = office.people[user_id], office.dice.choice(ROLES)
        keeps = "SUPERVISOR" not in (one.role, role) or one.role == role == "SUPERVISOR"
        if one.role == role == "SUPERVISOR":
            return
        done.append(lambda: office.knows(user_id, replace(one, role=role, sentence=one.sentence if keeps else None)))
        made = office.desk.people.set_role(user_id, role)
        sentence = one.sentence if keeps else made.sentence
        done.append(lambda: office.knows(user_id, replace(one, role=role, sentence=sentence)))


def _suspend(office: Office, done: list[Told]) -> None:
    if user_id := office.other():
        done.append(lambda: office.knows(user_id, replace(office.people[user_id], suspended=True)))
        office.desk.people.suspend(user_id)


def _remove(office: Office, done: list[Told]) -> None:
    if user_id := office.other():
        words, sheet = office.new_sheet() if office.dice.random() < 0.5 else (office.sheet, None)
        done.append(lambda: office.knows(user_id, None))
        done.append(lambda: setattr(office, "sheet", words))
        office.desk.people.remove(user_id, sheet=sheet)


def _may_know(office: Office, done: list[Told]) -> None:
    if user_id := office.other(able=True):
        one = office.people[user_id]
        done.append(lambda: office.knows(user_id, replace(one, sentence=None)))
        made = office.desk.people.may_know(user_id)
        done.append(lambda: office.knows(user_id, replace(one, sentence=made.sentence)))


def _may_know_mine(office: Office, done: list[Told]) -> None:
    own, sentence = office.people[office.seat], office.desk.people.offer_sentence()
    done.append(lambda: office.knows(office.seat, replace(own, sentence=sentence)))
    office.desk.people.may_know(office.seat, sentence=sentence)


def _change_sentence(office: Office, done: list[Told]) -> None:
    own, sentence = office.people[office.seat], office.desk.people.offer_sentence()
    done.append(lambda: office.knows(office.seat, replace(own, sentence=sentence)))
    office.desk.people.change_sentence(own.sentence or "", sentence)


def _renew_sheet(office: Office, done: list[Told]) -> None:
    words, sheet = office.new_sheet()
    done.append(lambda: setattr(office, "sheet", words))
    act = office.dice.choice((office.desk.sheets.renew, office.desk.sheets.renew_with_new_keys))
    act(sheet)


def _rename(office: Office, done: list[Told]) -> None:
    office.desk.people.rename(office.seat, name=f"Name {office.dice.random()}", title="", phone="")


def _seal_again(office: Office, done: list[Told]) -> None:
    office.desk.people.seal_again()


def _work(office: Office, done: list[Told]) -> None:
    make_case(office.place)
    office.desk.cases.create([RecordDraft("case", {"narrative": _WORD}), RecordDraft("person", {"first_name": "N"})])


def _recover(office: Office, done: list[Told]) -> None:
    office.desk.lock()
    recovery = Door(office.place.folder, office.place.clock).vaults.recover_with_sheet(office.sheet)
    try:
        able = [one.user_id for one in recovery.supervisors()]
        user_id, sentence = office.dice.choice(sorted(able, key=office._desk)), recovery.offer_sentence()
        done.append(lambda: office.knows(user_id, replace(office.people[user_id], sentence=sentence)))
        recovery.let_in(user_id, sentence)
    finally:
        recovery.close()


ACTS = (
    *(_add, _add, _add, _readmit, _readmit, _set_role, _suspend, _remove, _may_know, _may_know_mine),
    *(_change_sentence, _renew_sheet, _rename, _seal_again, _work, _recover),
)
CUTS = ("before the header", "between the copies", "before the note", "after the rename")


# ------------------------------------------------------------------------------------------ the walk


def measure(n: int) -> dict[str, object]:
    """Take so many steps at a real desk; `figure` counts what was not as it must be."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311  which acts, no secret
    wrong, counts = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name, small_laptop():
        office = _founded(Path(name) / "office", dice)
        try:
            for _ in range(n):
                _step(office, wrong, counts)
        finally:
            office.desk.lock()
        broken_generations(Path(name), dice, wrong, counts)
        handed_over_first(Path(name), wrong, counts)
    return {"figure": wrong.total(), "N": n, "seed": seed, "counts": dict(counts), "wrong": dict(+wrong)}


def _founded(folder: Path, dice: random.Random) -> Office:
    place = make_office(folder)
    words = place.desk.sheets.offer()
    place.desk.sheets.renew(place.desk.sheets.take(words))
    seat = place.desk.vault.user
    return Office(place, dice, {seat: Known(1, "SUPERVISOR", place.sentence)}, words, seat)


def _step(office: Office, wrong: Counter[str], counts: Counter[str]) -> None:
    act = office.dice.choice(ACTS)
    cut = office.dice.choice(CUTS) if office.dice.random() < _CUT else None
    before = vault_files.newest_generation(office.place.folder), _copies(office)
    done: list[Told] = []
    ended = False
    with _cut_off(cut):
        try:
            act(office, done)
        except Cut:
            ended = True
        except Obstacle as error:
            ended = error.code == "ROTATION_UNSURE"
            if not ended:
                raise
    name = act.__name__.strip("_").replace("_", " ")
    took = not ended or before != (vault_files.newest_generation(office.place.folder), _copies(office))
    counts[f"did: {name}"] += not ended
    if ended:
        counts[f"cut off {cut}"] += 1
        done = done[:1] if act is not _remove else done
    for told in done if took else ():
        told()
    with contextlib.suppress(DeskError):
        office.desk.lock()
    office.desk._keeper.release()
    _look(office, wrong, counts)
    office.sit()
    _catch_up(office)
    _check(office, wrong)


def _copies(office: Office) -> object:
    return vault_files.read_header_copies(vault_files.newest_generation(office.place.folder))


@contextmanager
def _cut_off(cut: str | None) -> Iterator[None]:
    """Let the process end at an instant of the next act that writes a header or a generation."""

    def header(generation: Generation, data: bytes) -> None:
        if cut == "between the copies":
            vault_files.replace_file(generation.header_copies[0], data)
        elif cut == "before the note":
            vault_files.write_header(generation, data)
        raise Cut

    def generation(data: Path, write: Callable[[Generation], None]) -> Generation:
        if cut != "after the rename":
            raise Cut
        vault_files.create_generation(data, write)
        raise Cut

    with ExitStack() as stack:
        if cut is not None:
            if cut != "after the rename":
                stack.enter_context(mock.patch.object(access_lists, "write_header", header))
            stack.enter_context(mock.patch.object(rotation, "create_generation", generation))
        yield


def _catch_up(office: Office) -> None:
    """Whoever was added when the process ended is listed, and nobody has their sentence."""
    for user in office.desk.vault.keys.access_list.users:
        if user.id not in office.people:
            office.people[user.id] = Known(user.desk_number, user.role, None)


def _look(office: Office, wrong: Counter[str], counts: Counter[str]) -> None:
    """Try the keys of somebody who must get in, and of somebody who must not."""
    copies = vault_files.read_header_copies(vault_files.newest_generation(office.place.folder))
    user_id = office.dice.choice(sorted(office.people, key=office._desk))
    one = office.people[user_id]
    if one.sentence is not None:
        counts["tried their own"] += 1
        try:
            opened = unlock(*copies, one.desk, one.sentence, wordlists.load())
            wrong["let in though suspended"] += one.suspended
            wrong["another person or role"] += (opened.user_id, opened.role) != (user_id, one.role)
        except WrongSentence:
            wrong["kept out"] += not one.suspended
    if office.void:
        desk, sentence = office.dice.choice(office.void)
        counts["tried an old one"] += 1
        with contextlib.suppress(WrongSentence):
            unlock(*copies, desk, sentence, wordlists.load())
            wrong["an old sentence opens"] += 1


def _check(office: Office, wrong: Counter[str]) -> None:
    """The journal verifies; no revision is another one than before; what is sealed reads."""
    wrong["journal"] += not office.desk.journal.verify_all().whole
    found = {(row["record_id"], row["rev"]): (row["hash"], row["body"]) for row in rows(office.desk.vault, "revision")}
    wrong["a revision changed"] += any(found.get(key) != kept for key, kept in office.revisions.items())
    office.revisions = found
    listed = {user.id: user for user in office.desk.vault.keys.access_list.users}
    wrong["other people listed"] += listed.keys() != office.people.keys()
    for case in office.desk.cases.list()[:1]:
        record = office.desk.cases.open(case.case_id, "PERSON_HERE").one("case")
        if record is not None:
            wrong["a sealed value"] += office.desk.cases.read_sealed(record.record_id).get("narrative") not in (
                *(None, _WORD),
            )
