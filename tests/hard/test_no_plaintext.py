"""R13, small: planted words are typed, searched, lettered, sent and refused, and stand in no file the process wrote.

What is searched is not only what is left lying about: strace hands over every byte written to any file, so a temporary
file that was deleted again counts too. The letter is excepted: it is paper. The whole of R13, with the real window and
the raw blocks of the disk, is `bench/proof_plaintext.py`.
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import proof_plaintext
from bench.proof_plaintext import CONTROL, Ground, NotComplete, Walked, read_trace
from bench.proof_words import planted, search
from tests.factory import WORKBOOK

WORDS = planted(25)
words_in = search([*WORDS, CONTROL])


@dataclass(frozen=True)
class Traced:
    ground: Ground
    walk: Walked


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    beside = tmp_path_factory.mktemp("walk")
    ground = Ground(beside / "base", beside)
    ground.base.mkdir()
    ground.make()
    walk = proof_plaintext.services(ground, WORDS)
    assert walk.status == 0, walk.said.decode()
    return Traced(ground, walk)


def test_the_search_finds_what_it_is_there_to_find() -> None:
    for word in WORDS:
        for offset in range(5):
            around = b"x" * offset + word.encode() + b" and more"
            for data in (around, around.hex().encode(), base64.b64encode(around), gzip.compress(around)):
                assert words_in(b"before" + data) == {word}
        wide = word.encode("utf-16-le")
        assert words_in(wide) == words_in(base64.b64encode(b"x" + wide + b"yy")) == {word}
    assert not words_in(b"Kanari is a bird")
    assert not words_in(WORKBOOK)


def test_words_are_in_three_scripts() -> None:
    assert {"Latin" if word.isascii() else hex(ord(word[0]) >> 8) for word in WORDS} == {"Latin", "0x12", "0x6"}


@pytest.mark.parametrize(
    "line",
    [
        '7 write(3</a>, "\\x41"..., 9) = 9',
        "7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</a>, 0) = 0x7f",
        "7 copy_file_range(3</a>, NULL, 4</b>, NULL, 9, 0) = 9",
    ],
)
def test_a_record_that_leaves_something_out_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "trace").write_text(line + "\n")
    with pytest.raises(NotComplete):
        read_trace(tmp_path / "trace")


def test_the_witness_wrote_a_great_deal_and_the_control_word_was_found(traced: Traced) -> None:
    written, out = traced.walk.written, traced.ground.out
    assert {path for path, data in written.items() if CONTROL in words_in(data)} == {str(out / "control.txt")}
    for part in (
        "/office/vault/g1.tmp/vault.db",
        "/office/vault/g1/vault.db-wal",
        "/national/vault/g1/vault.db",
        ".rufaa",
    ):
        assert [path for path in written if part in path], part
    assert [path for path in written if traced.ground.is_paper(path)]
    assert sum(map(len, written.values())) > 1_000_000


def test_no_planted_word_was_written_to_any_file(traced: Traced) -> None:
    assert proof_plaintext.found_in(traced.ground, traced.walk, words_in) == {}


def test_no_planted_word_lies_in_any_file_that_is_left(traced: Traced) -> None:
    left = [path for path in traced.ground.out.rglob("*") if path.is_file()]
    assert len(left) > 10
    found = {str(path): words_in(path.read_bytes()) - {CONTROL} for path in left}
    assert {path: hits for path, hits in found.items() if hits} == {}
    assert [path for path in left if words_in(str(path).encode())] == []


def test_nothing_was_written_outside_the_folders_it_was_given(traced: Traced) -> None:
    allowed = (str(traced.ground.out), str(traced.ground.paper), "/dev/null", "/dev/tty")
    absolute = {str(traced.ground.out / path) for path in traced.walk.opened}  # an absolute path stays as it is
    assert [path for path in sorted(absolute) if not path.startswith(allowed)] == []
    assert [path for path in sorted(traced.walk.written) if not path.startswith(allowed)] == []
    for name in ("home", "tmp", "run"):
        assert list((traced.ground.base / name).rglob("*")) == []


def test_no_planted_word_was_said_or_logged(traced: Traced) -> None:
    assert traced.walk.said.count(b"[") > 5  # the failing commands did say their codes
    assert words_in(traced.walk.said) == set()
    logs = list(traced.ground.out.rglob("rufaa.log*"))
    assert logs
    for path in logs:
        assert words_in(path.read_bytes()) == set()
    assert b'"event": "fault"' in (traced.ground.out / "log" / "rufaa.log").read_bytes()
