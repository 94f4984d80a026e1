"""What R14 takes for memory of a process's own, and for something that stood in the way of a lock."""

from __future__ import annotations

import pytest

from bench.locks import _met, _own_memory, _way

_HEAD = "{extent} {rights} 00000000 fe:00 {inode} {name}\n"
_FACTS = "Size: 12 kB\nRss: {rss} kB\nAnonymous: {anonymous} kB\nSwap: {swap} kB\nVmFlags: rd\n"


def part(extent: str, rights: str, inode: int, name: str, *, rss: int, anonymous: int, swap: int = 0) -> str:
    head = _HEAD.format(extent=extent, rights=rights, inode=inode, name=name)
    return head + _FACTS.format(rss=rss, anonymous=anonymous, swap=swap)


def test_what_was_never_touched_and_what_is_a_files_own_is_left_out_and_nothing_else() -> None:
    smaps = "".join(
        [
            part("1000-2000", "rw-p", 0, "[heap]", rss=4, anonymous=4),
            part("2000-3000", "rw-p", 0, "", rss=0, anonymous=0),
            part("3000-4000", "r-xp", 7, "/lib/a.so", rss=4, anonymous=0),
            part("4000-5000", "r--p", 7, "/lib/a.so", rss=4, anonymous=4),
            part("5000-6000", "rw-s", 9, "/memfd:x", rss=4, anonymous=0),
            part("6000-7000", "rw-p", 0, "", rss=0, anonymous=0, swap=4),
            part("7000-8000", "---p", 0, "", rss=4, anonymous=4),
            part("8000-9000", "r--p", 0, "[vvar]", rss=4, anonymous=4),
        ]
    )
    assert [start for start, _ in _own_memory(smaps)] == [0x1000, 0x4000, 0x5000, 0x6000]


@pytest.mark.parametrize(
    ("trace", "met"),
    [
        ("9 100.0 fsync(6 <unfinished ...>\n7 101.9 execve(\"/a\"\n9 106.0 <... fsync resumed>) = 0\n", (True, False)),
        ("9 100.0 fsync(6 <unfinished ...>\n7 105.9 execve(\"/a\"\n", (True, True)),
        ("9 100.0 fsync(6 <unfinished ...>\n9 106.0 <... fsync resumed>) = 0\n7 106.9 execve(\"/a\"\n", (False, False)),
        ("7 101.9 execve(\"/a\"\n", (False, False)),
        ("", (False, True)),
    ],
)  # fmt: skip
def test_a_lane_counts_as_stuck_only_while_its_sync_lasts(trace: str, met: tuple[bool, bool]) -> None:
    assert _met("lane stuck", trace) == met


def test_an_exec_counts_as_refused_only_when_it_was() -> None:
    assert _met("exec refused", '7 101.9 execve("/a") = -1 EACCES (Permission denied) (INJECTED)\n') == (True, False)
    assert _met("exec refused", '7 101.9 execve("/a") = 0\n')[0] is False


def test_most_locks_meet_nothing() -> None:
    ways = [_way(number) for number in range(1, 36)]
    assert {way: ways.count(way) for way in ways} == {"plain": 24, "lane stuck": 6, "exec refused": 5}
