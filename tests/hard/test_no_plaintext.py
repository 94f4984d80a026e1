"""R13, small: planted words are typed, searched, lettered, sent and refused, and stand in no file the process wrote.

What is searched is not only what is left lying about: strace hands over every byte written to any file, so a temporary
file that was deleted again counts too. The letter is excepted: it is paper.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from tests.factory import WORKBOOK

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CALLS = (
    "write,pwrite64,writev,pwritev,pwritev2,openat,open,creat,rename,renameat,renameat2,mmap,sendfile,copy_file_range"
)
LETTERS = "abcdefghijklmnop"


def invented(number: int) -> str:
    """A word of 16 letters that nobody else writes."""
    return "Kanari" + "".join(LETTERS[int(digit, 16)] for digit in hashlib.sha256(b"%d" % number).hexdigest()[:10])


WORDS = [invented(number) for number in range(20)]
CONTROL = invented(99)


def spellings(word: str) -> set[bytes]:
    """A word as it could stand in a file: in two encodings, folded, in hex, and in Base64 at each offset."""
    found = set()
    for form in (word, word.lower(), word.upper()):
        raw = form.encode()
        for data in (raw, form.encode("utf-16-le")):
            found |= {data, data.hex().encode(), data.hex().upper().encode()}
            for offset in range(3):
                whole = base64.b64encode(bytes(offset) + data)
                # The first and last signs also depend on the neighbours, so they are left out.
                found.add(whole[(8 * offset + 5) // 6 : 4 * ((offset + len(data)) // 3)])
    return found


ALL = {spelling: word for word in (*WORDS, CONTROL) for spelling in spellings(word)}
ANY = re.compile(b"|".join(re.escape(spelling) for spelling in sorted(ALL)))


def words_in(data: bytes) -> set[str]:
    return {ALL[hit] for hit in ANY.findall(data)}


@dataclass(frozen=True)
class Walked:
    """The traced walk: where it could write, what it wrote where, what it opened for writing, what it said."""

    folder: Path
    written: dict[str, bytes]
    opened: set[str]
    said: bytes
    home: Path
    temporary: Path


def workbooks(folder: Path) -> dict[str, str]:
    """A good workbook with planted names, the same cut short, the same with macros, and a file of a telling name."""
    book = openpyxl.load_workbook(io.BytesIO(WORKBOOK))
    sheet = book["Sheet1"]
    for row, word in enumerate(WORDS, start=3):
        sheet[f"E{row}"] = word
    good, named = folder / "workbook.xlsx", folder / f"{WORDS[18]}.rufaa"
    book.save(good)
    (folder / "damaged.xlsx").write_bytes(good.read_bytes()[:-500])
    (folder / "macros.xlsx").write_bytes(good.read_bytes())
    with zipfile.ZipFile(folder / "macros.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", WORDS[18])
    named.write_text(WORDS[18])
    paths = {"workbook": good, "damaged": folder / "damaged.xlsx", "macros": folder / "macros.xlsx", "named": named}
    return {name: str(path) for name, path in paths.items()}


def text_of(shown: str) -> str:
    """A path as strace shows it under -xx."""
    return bytes.fromhex(shown.replace("\\x", "")).decode() if shown.startswith("\\x") else shown


def read_trace(trace: Path) -> tuple[dict[str, bytes], set[str]]:
    """Return path -> every byte written to it, and the paths opened for writing."""
    written: dict[str, bytearray] = defaultdict(bytearray)
    opened: set[str] = set()
    quoted = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
    for line in trace.read_text(encoding="ascii", errors="replace").splitlines():
        call = re.match(r"\d+ +(\w+)\(", line)
        if call is None or " = -1 " in line:
            continue
        name = call.group(1)
        if name in ("write", "pwrite64", "writev", "pwritev", "pwritev2"):
            place = re.match(r"\d+ +\w+\(\d+<([^>]*)>", line)
            assert place is not None, line[:100]
            path = text_of(place.group(1))
            if path.startswith(("pipe:", "socket:", "/dev/")):
                continue
            for shown, cut in quoted.findall(line):
                assert not cut, path
                written[path] += bytes.fromhex(shown.replace("\\x", ""))
        elif name in ("openat", "open", "creat"):
            if re.search(r"O_WRONLY|O_RDWR|O_CREAT", line):
                opened.add(text_of(quoted.findall(line)[0][0] and re.findall(r'"([^"]*)"', line)[0]))
        elif name == "mmap":
            # A file changed through memory would escape this search.
            assert not ("MAP_SHARED" in line and "PROT_WRITE" in line and "</" in text_of(line)), line[:200]
        elif name in ("sendfile", "copy_file_range"):
            raise AssertionError(line[:200])
    return {path: bytes(data) for path, data in written.items()}, opened


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    base = tmp_path_factory.mktemp("walk")
    out, home, temporary, given = (base / name for name in ("out", "home", "tmp", "given"))
    for folder in (out, home, temporary, given):
        folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment |= {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    trace = base / "trace"
    command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", f"trace={CALLS}"]
    ended = subprocess.run(
        [*command, "-o", str(trace), sys.executable, str(HERE / "canary_walk.py"), str(out)],
        input=json.dumps({"words": WORDS, "control": CONTROL, **workbooks(given)}).encode(),
        capture_output=True,
        env=environment,
        cwd=out,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    written, opened = read_trace(trace)
    trace.unlink()
    return Walked(base, written, opened, ended.stdout + ended.stderr, home, temporary)


def is_paper(path: str) -> bool:
    return re.fullmatch(r".*/out/L-[0-9A-Z]{10}\.pdf(\.partial)?", path) is not None


def test_the_search_finds_what_it_is_there_to_find() -> None:
    for word in WORDS:
        for offset in range(5):
            around = b"x" * offset + word.encode() + b" and more"
            for data in (around, around.hex().encode(), base64.b64encode(around), base64.urlsafe_b64encode(around)):
                assert words_in(data) == {word}
        assert words_in(word.encode("utf-16-le")) == {word}
    assert not words_in(WORKBOOK)


def test_the_witness_wrote_a_great_deal_and_the_control_word_was_found(walked: Walked) -> None:
    control = str(walked.folder / "out" / "control.txt")
    assert {path for path, data in walked.written.items() if CONTROL in words_in(data)} == {control}
    for part in (
        "/office/vault/g1.tmp/vault.db",
        "/office/vault/g1/vault.db-wal",
        "/national/vault/g1/vault.db",
        ".rufaa",
    ):
        assert [path for path in walked.written if part in path], part
    assert [path for path in walked.written if is_paper(path)]
    assert sum(map(len, walked.written.values())) > 1_000_000


def test_no_planted_word_was_written_to_any_file(walked: Walked) -> None:
    found = {path: hits for path, data in walked.written.items() if not is_paper(path) and (hits := words_in(data))}
    assert {path: hits - {CONTROL} for path, hits in found.items() if hits - {CONTROL}} == {}


def test_no_planted_word_lies_in_any_file_that_is_left(walked: Walked) -> None:
    left = [path for path in (walked.folder / "out").rglob("*") if path.is_file()]
    assert len(left) > 10
    found = {str(path): words_in(path.read_bytes()) - {CONTROL} for path in left if not is_paper(str(path))}
    assert {path: hits for path, hits in found.items() if hits} == {}
    assert [path for path in left if words_in(str(path).encode())] == []


def test_nothing_was_written_outside_the_folders_it_was_given(walked: Walked) -> None:
    allowed = (str(walked.folder / "out"), "/dev/null", "/dev/tty")
    absolute = {str(walked.folder / "out" / path) for path in walked.opened}  # an absolute path stays as it is
    assert [path for path in sorted(absolute) if not path.startswith(allowed)] == []
    assert [path for path in sorted(walked.written) if not path.startswith(allowed)] == []
    assert list(walked.home.rglob("*")) == list(walked.temporary.rglob("*")) == []


def test_no_planted_word_was_said_or_logged(walked: Walked) -> None:
    assert walked.said.count(b"[") > 5  # the failing commands did say their codes
    assert words_in(walked.said) == set()
    logs = list((walked.folder / "out").rglob("rufaa.log*"))
    assert logs
    for path in logs:
        assert words_in(path.read_bytes()) == set()
    assert b'"event": "fault"' in (walked.folder / "out" / "log" / "rufaa.log").read_bytes()
