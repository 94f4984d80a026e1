"""R13: planted words are typed, searched, printed, sent, refused, killed and locked, and stand in no file.

Three processes run under strace: the services and commands (`tests/hard/canary_walk.py`), and the real window twice
(`tests/hard/canary_window.py`), once locked and once killed. strace hands over every byte written to any file, so a
temporary file that was deleted again counts too. Where a file system can be mounted, all of it happens on an ext4 image
of its own, whose raw blocks are searched after everything was deleted. Letters are paper and lie elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from bench.locks import descendants
from bench.proof_words import invented, planted, search

SEED = "none: the words and the walk are fixed"
CONTROL = invented(9999)
LEAST_WORDS = 20
_ROOT = Path(__file__).resolve().parents[1]
_WALKS = _ROOT / "tests" / "hard"
_WORKBOOK = _ROOT / "tests" / "data" / "htcds-2.0-filled.xlsx"
_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
_OTHERS = ("openat", "open", "creat", "rename", "renameat", "renameat2", "mmap", "sendfile", "copy_file_range")
_CALLS = ",".join((*_WRITES, *_OTHERS))
_PLACE = re.compile(r"\d+ +\w+\(\d+<([^>]*)>")
_CALL = re.compile(r"\d+ +(\w+)\(")
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_ANYWHERE = re.compile(r'"([^"]*)"')
_NOT_FILES = ("pipe:", "socket:", "/dev/", "anon_inode:")
_LONGEST_S = 1200.0
_SEEN_S = 4.0
_IMAGE_MB = 512


Find = Callable[[bytes], set[str]]


class NotComplete(Exception):
    """The record of strace leaves something out, so that the search would prove nothing."""


@dataclass(frozen=True)
class Walked:
    """A traced process: what it wrote where, what it opened for writing, what it said, how it ended."""

    written: Mapping[str, bytes]
    opened: frozenset[str]
    said: bytes
    status: int


@dataclass(frozen=True)
class Ground:
    """Where a walk takes place: what it may write, what its system gives it; beside it the paper, and what it reads."""

    base: Path
    beside: Path

    @property
    def paper(self) -> Path:
        """Where letters go."""
        return self.beside / "paper"

    @property
    def out(self) -> Path:
        """The folder that the program may write to."""
        return self.base / "out"

    def make(self) -> None:
        """Make the folders, those of a person among them."""
        for name in ("out", "home", "tmp", "run"):
            (self.base / name).mkdir(mode=0o700)
        for name in ("paper", "given"):
            (self.beside / name).mkdir()

    def around(self) -> dict[str, str]:
        """Return the environment of a person who has nothing but this ground."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
        own = {"HOME": "home", "TMPDIR": "tmp", "XDG_RUNTIME_DIR": "run"}
        folders = {name: str(self.base / folder) for name, folder in own.items()}
        return (
            kept
            | folders
            | {
                "PYTHONPATH": str(_ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "QT_QPA_PLATFORM": "offscreen",
            }
        )

    def is_paper(self, path: str) -> bool:
        """Say whether a file is a letter, which is read by people."""
        return path.startswith(f"{self.paper}/")


def measure(count: int) -> dict[str, object]:
    """Plant so many words and return the facts of R13; `figure` counts the files in which one was found."""
    words = planted(max(count, LEAST_WORDS))
    finds = search([*words, CONTROL])
    hits: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name, _image(Path(name)) as (base, image):
        ground = Ground(base, Path(name))
        ground.make()
        walks = {"services": services(ground, words)}
        walks |= {f"window {end}": window(ground, words, end) for end in ("locked", "killed")}
        for walk, walked in walks.items():
            hits |= {f"{walk}: {path}": found for path, found in found_in(ground, walked, finds).items()}
        left = {str(path): finds(path.read_bytes()) for path in base.rglob("*") if path.is_file()}
        hits |= {path: sorted(found - {CONTROL}) for path, found in left.items() if found - {CONTROL}}
        control = [str(path) for path in (*left, *walks["services"].written) if path.endswith("/control.txt")]
        raw = _raw(base, image, finds) if image else None
    done = {walk: _done(walked.said) for walk, walked in walks.items() if walk != "services"}
    idle = [walk for walk, did in done.items() if not did or not all(did.values())]
    bad = {walk: walked.status for walk, walked in walks.items() if walked.status not in (0, -signal.SIGKILL)}
    blind = len(control) != 2 or not all(finds(CONTROL.encode()) for _ in control) or (raw is not None and not raw[1])
    return {
        "figure": len(hits) + len(bad) + len(idle) + blind + (bool(raw[0]) if raw else 0),
        "N": len(words),
        "seed": SEED,
        "hits": hits,
        "walks_that_broke": bad,
        "windows_did": done,
        "search_blind": blind,
        "counts": {
            "files written": sum(len(walked.written) for walked in walks.values()),
            "bytes written": sum(len(data) for walked in walks.values() for data in walked.written.values()),
            "files left": len(left),
            "bytes of the raw disk": _IMAGE_MB << 20 if raw else 0,
        },
        "raw_device": "not run" if raw is None else sorted(raw[0]),
    }


def _done(said: bytes) -> dict[str, int]:
    """Return how much a window's walk typed, kept as drafts and printed; nothing where it did not get to its end."""
    with contextlib.suppress(ValueError):
        found = json.loads(said.decode(errors="replace").strip().rpartition("\n")[2])
        return found if isinstance(found, dict) else {}
    return {}


def services(ground: Ground, words: list[str]) -> Walked:
    """Run the services and the commands on planted words."""
    given = json.dumps({"words": words, "control": CONTROL, **_workbooks(ground.beside / "given", words)})
    return _traced(ground, "canary_walk.py", [str(ground.out), str(ground.paper)], given)


def window(ground: Ground, words: list[str], end: str) -> Walked:
    """Type planted words into every screen of the real window, which is locked or killed at the end."""
    given = json.dumps({"words": words, "end": end})
    return _traced(ground, "canary_window.py", [str(ground.out / end), str(ground.paper)], given)


def found_in(ground: Ground, walked: Walked, finds: Find) -> dict[str, list[str]]:
    """Return the planted words by the file that they were written to, and by what was said."""
    places = {path: data for path, data in walked.written.items() if not ground.is_paper(path)}
    found = {path: finds(data) - {CONTROL} for path, data in {**places, "outputs": walked.said}.items()}
    return {path: sorted(hits) for path, hits in found.items() if hits}


def _traced(ground: Ground, program: str, arguments: list[str], given: str) -> Walked:
    with tempfile.TemporaryDirectory() as name:  # the record and what was said, off the ground
        trace, said = Path(name) / "trace", Path(name) / "said"
        command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", f"trace={_CALLS}"]
        with said.open("wb") as output:
            child = subprocess.Popen(
                [*command, "-o", str(trace), sys.executable, str(_WALKS / program), *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=ground.around(),
                cwd=ground.out,
            )
            if child.stdin is not None:
                child.stdin.write(given.encode())
                child.stdin.close()
            _end_what_follows(child)
        written, opened = read_trace(trace)
        written.pop(str(said), None)  # searched as what was said
        return Walked(written, frozenset(opened), said.read_bytes(), child.returncode)


def _end_what_follows(child: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a traced process; a program that was put in its place is looked at and then killed."""
    until = time.monotonic() + _LONGEST_S
    while child.poll() is None and time.monotonic() < until:
        for pid in descendants(child.pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if b"\0-m\0ui\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    time.sleep(_SEEN_S)
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
    child.kill()
    child.wait()


def read_trace(trace: Path) -> tuple[dict[str, bytes], set[str]]:
    """Return path -> every byte written to it, and the paths opened for writing.

    Raises:
        NotComplete: Something was written in a way that strace does not show.
    """
    written: dict[str, bytearray] = defaultdict(bytearray)
    opened: set[str] = set()
    with trace.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            call = _CALL.match(line)
            if call is None or " = -1 " in line:
                continue
            name = call.group(1)
            if name in _WRITES:
                place = _PLACE.match(line)
                path = _text(place.group(1)) if place else "unknown"
                if path.startswith(_NOT_FILES):
                    continue
                for shown, cut in _QUOTED.findall(line):
                    if cut:
                        raise NotComplete(name)
                    written[path] += bytes.fromhex(shown.replace("\\x", ""))
            elif name in ("openat", "open", "creat"):
                if re.search(r"O_WRONLY|O_RDWR|O_CREAT", line):
                    opened.add(_text(_ANYWHERE.findall(line)[0]))
            elif name == "mmap":
                # A file changed through memory would escape this search.
                if "MAP_SHARED" in line and "PROT_WRITE" in line and "</" in _text(line):
                    raise NotComplete(name)
            elif name in ("sendfile", "copy_file_range"):
                raise NotComplete(name)
    return {path: bytes(data) for path, data in written.items()}, opened


def _text(shown: str) -> str:
    """Return a path as strace shows it under -xx."""
    return bytes.fromhex(shown.replace("\\x", "")).decode() if shown.startswith("\\x") else shown


def _workbooks(folder: Path, words: list[str]) -> dict[str, str]:
    """A good workbook with planted names, the same cut short, the same with macros, and a file of a telling name."""
    book = openpyxl.load_workbook(io.BytesIO(_WORKBOOK.read_bytes()))
    sheet = book["Sheet1"]
    for row, word in enumerate(words[:LEAST_WORDS], start=3):
        sheet[f"E{row}"] = word
    good, named = folder / "workbook.xlsx", folder / f"{words[18]}.rufaa"
    book.save(good)
    (folder / "damaged.xlsx").write_bytes(good.read_bytes()[:-500])
    (folder / "macros.xlsx").write_bytes(good.read_bytes())
    with zipfile.ZipFile(folder / "macros.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", words[18])
    named.write_text(words[18])
    paths = {"workbook": good, "damaged": folder / "damaged.xlsx", "macros": folder / "macros.xlsx", "named": named}
    return {name: str(path) for name, path in paths.items()}


@contextlib.contextmanager
def _image(folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """Yield a folder on an ext4 image of its own, and the image; a plain folder where none can be mounted."""
    image, place = folder / "image", folder / "ground"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(_IMAGE_MB << 20)
    mounted = (
        os.geteuid() == 0
        and shutil.which("mkfs.ext4") is not None
        and _succeeds("mkfs.ext4", "-q", str(image))
        and _succeeds("mount", "-o", "loop,nodiscard", str(image), str(place))
    )
    base = place / "base"
    base.mkdir()
    try:
        yield base, image if mounted else None
    finally:
        if mounted:
            _succeeds("umount", str(place))


def _raw(base: Path, image: Path, finds: Find) -> tuple[set[str], bool]:
    """Delete everything, and return the words in the raw blocks, and whether the deleted control is among them."""
    os.sync()
    for folder in base.iterdir():
        shutil.rmtree(folder)
    os.sync()
    found: set[str] = set()
    piece, overlap = 1 << 24, 1 << 10
    with image.open("rb") as blocks:
        for at in range(0, _IMAGE_MB << 20, piece):
            blocks.seek(at)
            if (content := blocks.read(piece + overlap)).strip(b"\0"):
                found |= finds(content)
    return found - {CONTROL}, CONTROL in found


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
