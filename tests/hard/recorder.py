"""The recorder: what one traced life did to its folder, event by event.

strace stands at the kernel's door, so that no library's own way to it is missed, and shows every byte; it needs no
code of ours in the process. That it saw everything is proved by playing all of it back, which must give the very
folder (`tests.hard.disk.whole`). A call that changes files and is not modelled here stops the reading.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
# Whatever changes a file or a name, whether or not the program is known to use it.
MODELLED = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "lseek", "close", "rename", "unlink"),
    *("unlinkat", "mkdir", "rmdir", "copy_file_range", "sendfile"),
)
REFUSED = (
    *("open", "creat", "writev", "pwritev", "pwritev2", "truncate", "fallocate", "renameat", "renameat2", "link"),
    *("linkat", "symlink", "symlinkat", "mkdirat", "dup", "dup2", "dup3", "sync", "syncfs", "sync_file_range"),
)
TRACE = ["-e", f"trace={','.join(MODELLED + REFUSED)}", "-xx", "-y", "-s", "20000000"]

_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?(?: .*)?$")
_HANDLE = re.compile(r"(\d+|AT_FDCWD)<((?:[^>\\]|\\.)*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Written:
    """Bytes at a place of a file; `number` names the file for as long as it lives, whatever it is called."""

    number: int
    at: int
    data: bytes


@dataclass(frozen=True)
class Cut:
    """A file made so long."""

    number: int
    size: int


@dataclass(frozen=True)
class Named:
    """Names of one folder: given to a file or folder, or taken away. All of it in one step."""

    number: int
    names: dict[str, int | None]


@dataclass(frozen=True)
class Synced:
    """From here on what was done to this file or folder before is there."""

    number: int


@dataclass(frozen=True)
class Mark:
    """What the life said."""

    words: list[Any]


Event = Written | Cut | Named | Synced | Mark
ROOT = 0


@dataclass
class Recording:
    """A folder as it was, and everything that was then done to it, in order."""

    files: dict[int, bytes] = field(default_factory=dict)
    folders: dict[int, dict[str, int]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def recording(folder: Path) -> Recording:
    """The folder as it is now, before anything was traced."""
    made = Recording()

    def take(place: Path) -> int:
        number = len(made.files) + len(made.folders)
        if not place.is_dir():
            made.files[number] = place.read_bytes()
            return number
        made.folders[number] = {}
        for entry in sorted(place.iterdir()):
            made.folders[number][entry.name] = take(entry)
        return number

    take(folder)
    return made


class Reader:
    """Turns a trace into events."""

    def __init__(self, made: Recording, folder: Path) -> None:
        self._made = made
        self._folder = folder
        self._names = {number: dict(names) for number, names in made.folders.items()}
        self._next = len(made.files) + len(made.folders)
        self._handles: dict[int, tuple[int, int]] = {}  # handle -> file, place of the next plain write

    def read(self, trace: str) -> None:
        for line in trace.splitlines():
            called = _LINE.match(line)
            if called is None:
                if re.match(r"(\d+ +)?(---|\+\+\+)", line):
                    continue
                raise ValueError(f"not understood: {line[:120]}")
            name, words, result = called[1], called[2], int(called[3])
            if result < 0:
                continue
            if name in REFUSED:
                if any(str(self._folder) in _text(text) for text in re.findall(r'[<"]([^>"]*)[>"]', words)):
                    raise ValueError(f"not modelled: {line[:120]}")
                continue
            getattr(self, f"_{name}")(words, result, called[4])

    # -------------------------------------------------------------------------------------- places

    def _place(self, words: str, which: int = 0) -> tuple[int, str] | None:
        """The folder's number and the name that the path of a call means, or None outside of the folder."""
        at = _HANDLE.match(words)
        path = Path(_text(at[2]) if at else "/") / _text(_TEXT.findall(words)[which])
        if path == self._folder or not path.is_relative_to(self._folder):
            return None
        number = ROOT
        *above, name = path.relative_to(self._folder).parts
        for part in above:
            number = self._names[number][part]
        return number, name

    def _name(self, folder: int, names: dict[str, int | None]) -> None:
        self._made.events.append(Named(folder, names))
        for name, number in names.items():
            if number is None:
                self._names[folder].pop(name, None)
            else:
                self._names[folder][name] = number

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    def _handle(self, words: str) -> tuple[int, int] | None:
        found = _HANDLE.match(words)
        return self._handles.get(int(found[1])) if found and found[1].isdigit() else None

    # -------------------------------------------------------------------------------------- calls

    def _openat(self, words: str, result: int, _: str) -> None:
        self._handles.pop(result, None)
        path = Path(_text(_TEXT.findall(words)[0]))
        if path == self._folder:
            self._handles[result] = (ROOT, 0)
        place = self._place(words)
        if place is None:
            return
        folder, name = place
        number = self._names[folder].get(name)
        if number is None:
            assert "O_CREAT" in words, words
            number = self._new()
            self._name(folder, {name: number})
        elif "O_TRUNC" in words:
            self._made.events.append(Cut(number, 0))
        assert "O_APPEND" not in words or name == "lock", words
        self._handles[result] = (number, 0)

    def _close(self, words: str, _: int, __: str) -> None:
        found = _HANDLE.match(words)
        if found:
            self._handles.pop(int(found[1]), None)

    def _lseek(self, words: str, result: int, _: str) -> None:
        held = self._handle(words)
        if held:
            self._handles[int(words.split("<")[0])] = (held[0], result)

    def _write(self, words: str, result: int, _: str) -> None:
        (text,) = _TEXT.findall(words)
        data = bytes.fromhex(text.replace("\\x", ""))[:result]
        if "pipe:" in _text(_HANDLE.match(words)[2]) and data.startswith(b"["):  # type: ignore[index]
            self._made.events.append(Mark(json.loads(data)))
        held = self._handle(words)
        if held:
            self._made.events.append(Written(held[0], held[1], data))
            self._handles[int(words.split("<")[0])] = (held[0], held[1] + result)

    def _pwrite64(self, words: str, result: int, _: str) -> None:
        held = self._handle(words)
        if held:
            (text,) = _TEXT.findall(words)
            assert len(text) == 4 * result, "a write cut short"
            at = int(words.rsplit(", ", 1)[1])
            self._made.events.append(Written(held[0], at, bytes.fromhex(text.replace("\\x", ""))))

    def _fsync(self, words: str, _: int, __: str) -> None:
        held = self._handle(words)
        if held:
            self._made.events.append(Synced(held[0]))

    _fdatasync = _fsync

    def _ftruncate(self, words: str, _: int, __: str) -> None:
        held = self._handle(words)
        if held:
            self._made.events.append(Cut(held[0], int(words.rsplit(", ", 1)[1])))

    def _copied(self, source: int, target: int, result: int) -> None:
        """The kernel's own copy from file to file: its bytes are those of the source as it is now."""
        taken, given = self._handles.get(source), self._handles.get(target)
        if given is None:
            return
        assert taken is not None, "copied from outside of the folder"
        data = self._contents(taken[0])[taken[1] : taken[1] + result]
        assert len(data) == result
        self._made.events.append(Written(given[0], given[1], data))
        self._handles[source] = (taken[0], taken[1] + result)
        self._handles[target] = (given[0], given[1] + result)

    def _sendfile(self, words: str, result: int, _: str) -> None:
        handles = [int(found[0]) for found in _HANDLE.findall(words)]
        start = re.search(r"\[(\d+)\]", words)
        if start and handles[1] in self._handles:
            self._handles[handles[1]] = (self._handles[handles[1]][0], int(start[1]))
        self._copied(handles[1], handles[0], result)

    def _copy_file_range(self, words: str, result: int, _: str) -> None:
        handles = [int(found[0]) for found in _HANDLE.findall(words)]
        self._copied(handles[0], handles[1], result)

    def _contents(self, number: int) -> bytes:
        data = bytearray(self._made.files.get(number, b""))
        for event in self._made.events:
            if isinstance(event, Written | Cut) and event.number == number:
                apply(data, event)
        return bytes(data)

    def _rename(self, words: str, _: int, __: str) -> None:
        old, new = self._place(words, 0), self._place(words, 1)
        if old is None and new is None:
            return
        assert old is not None
        assert new is not None
        assert old[0] == new[0], "a rename across folders"
        self._name(old[0], {old[1]: None, new[1]: self._names[old[0]][old[1]]})

    def _unlink(self, words: str, _: int, __: str) -> None:
        place = self._place(words)
        if place:
            self._name(place[0], {place[1]: None})

    _unlinkat = _rmdir = _unlink

    def _mkdir(self, words: str, _: int, __: str) -> None:
        place = self._place(words)
        if place:
            number = self._new()
            self._made.folders[number] = {}
            self._names[number] = {}
            self._name(place[0], {place[1]: number})


def _text(shown: str) -> str:
    """A text as strace shows it under -xx."""
    return bytes.fromhex(shown.replace("\\x", "")).decode() if shown.startswith("\\x") else shown


def apply(data: bytearray, event: Written | Cut, sectors: set[int] | None = None) -> None:
    """Do to a file's bytes what an event did, or what those sectors of it did. A hole reads as zeros."""
    if isinstance(event, Cut):
        del data[event.size :]
        data.extend(bytes(event.size - len(data)))
        return
    for sector in sorted(sectors) if sectors is not None else [-1]:
        first, last = (event.at, event.at + len(event.data)) if sector < 0 else _bounds(event, sector)
        data.extend(bytes(max(0, last - len(data))))
        data[first:last] = event.data[first - event.at : last - event.at]


def _bounds(event: Written, sector: int) -> tuple[int, int]:
    return max(event.at, sector * SECTOR), min(event.at + len(event.data), (sector + 1) * SECTOR)


def sectors_of(event: Written) -> range:
    return range(event.at // SECTOR, (event.at + len(event.data) - 1) // SECTOR + 1)
