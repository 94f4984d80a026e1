"""A disk that lies until it is synced: what a power cut may leave of a recorded life.

The model is harsher than most disks. Until its file is synced each 512-byte sector of a write may be there or not, in
any order, and a file's length with it; until its folder is synced each new name, removed name and rename may be there
or not. A synced file without a synced name is gone. Only a rename by itself is one step. A file is its number, not its
name: where a removal is lost and the name is given again, the old bytes are still the old file's.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hard.recorder import ROOT, Mark, Named, Recording, Synced, Written, apply, sectors_of
from tests.hard.victims import Ended

Choice = Callable[[int], set[int] | None]


@dataclass(frozen=True)
class State:
    """What a cut left: every file below the folder, the marks made before it, and in which ways something was lost."""

    files: dict[str, bytes]
    places: tuple[str, ...]
    ended: Ended
    lost: frozenset[str]

    @property
    def digest(self) -> bytes:
        """Tell two states apart; what was said belongs to it."""
        made = hashlib.sha256(repr((self.places, self.ended.marks)).encode())
        for name, data in sorted(self.files.items()):
            made.update(f"{name}\0{len(data)}\0".encode() + data)
        return made.digest()

    def write(self, folder: Path) -> None:
        folder.mkdir()
        for place in self.places:
            (folder / place).mkdir()
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


def whole(made: Recording) -> State:
    """The folder when nothing is lost."""
    return _state(made, len(made.events), lambda _: None)


def cut(made: Recording, chance: random.Random) -> State:
    """What a power cut at a random instant leaves, by one of five ways to lose."""
    until = chance.randint(0, len(made.events))
    way = chance.choice(("everything", "sectors", "sectors", "last torn", "only last"))
    kept = chance.choice((0.1, 0.5, 0.9))
    synced = _synced(made, until)
    pending = [
        place
        for place in range(until)
        if not isinstance(event := made.events[place], Synced | Mark) and place > synced.get(event.number, -1)
    ]

    def choose(place: int) -> set[int] | None:
        event = made.events[place]
        is_last = place == pending[-1]
        torn = isinstance(event, Written) and (way == "sectors" or (way == "last torn" and is_last))
        if torn:
            assert isinstance(event, Written)
            return {sector for sector in sectors_of(event) if chance.random() < kept}
        stays = {"everything": False, "sectors": chance.random() < kept, "last torn": not is_last, "only last": is_last}
        return None if stays[way] else set()

    return _state(made, until, choose)


def _synced(made: Recording, until: int) -> dict[int, int]:
    """The place of each file's last sync before the cut."""
    return {event.number: place for place, event in enumerate(made.events[:until]) if isinstance(event, Synced)}


def _state(made: Recording, until: int, choose: Choice) -> State:
    """Play the events before a cut; `choose` says of one not synced which sectors stay: None all, an empty set none."""
    synced = _synced(made, until)
    files = {number: bytearray(data) for number, data in made.files.items()}
    folders = {number: dict(names) for number, names in made.folders.items()}
    marks, lost = [], set[str]()
    for place, event in enumerate(made.events[:until]):
        if isinstance(event, Mark):
            marks.append(event.words)
        elif not isinstance(event, Synced):
            is_pending = place > synced.get(event.number, -1)
            stays = choose(place) if is_pending else None
            lost |= {"reordered"} if lost and is_pending and stays != set() else set()
            if isinstance(event, Named):
                lost |= set() if stays is None else {"name lost"}
                for name, number in event.names.items() if stays is None else ():
                    if number is None:
                        folders[event.number].pop(name, None)
                    else:
                        folders[event.number][name] = number
            else:
                is_full = stays is None or (isinstance(event, Written) and stays == set(sectors_of(event)))
                lost |= set() if is_full else {"write torn" if stays else "write lost"}
                if stays is None or isinstance(event, Written):
                    apply(files.setdefault(event.number, bytearray()), event, stays)
    found: dict[str, bytes] = {}
    places: list[str] = []

    def walk(number: int, above: str) -> None:
        for name, below in sorted(folders[number].items()):
            if below in folders:
                places.append(f"{above}{name}")
                walk(below, f"{above}{name}/")
            else:
                found[f"{above}{name}"] = bytes(files.get(below, b""))

    walk(ROOT, "")
    return State(found, tuple(places), Ended(marks, True), frozenset(lost))


def on_disk(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name from there."""
    return {
        os.fspath(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
