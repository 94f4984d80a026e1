"""G3, G4, G6 and G15: what more cases cost at start, at each key of a search, and on disk."""

from __future__ import annotations

import ctypes
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event
from sqlcipher3 import _sqlite3, dbapi2

from bench.figures import ROUNDS, Pairs, Result, child, figure, p95, told, unlocked
from bench.full_offices import FullOffice, full_office
from bench.offices import SEED, MadeOffice, made_cases, make_office
from db.queries import cases as queries
from desktop import vault_files
from desktop.bootstrap import Desk

FEW, SOME, MANY, MILLION = 1000, 10_000, 100_000, 1_000_000
_TYPED_NAMES, _LONGEST = 60, 7
_CACHE_MISS = 8  # SQLITE_DBSTATUS_CACHE_MISS
_DRIVERS_HANDLE = 2 * ctypes.sizeof(ctypes.c_void_p)  # the driver's own connection follows Python's object head
_DATA_BYTES_A_CASE = 1600
_TABLES = ("record", "revision", "journal", "case_row", "assignment", "search_key", "referral_row")


def growth() -> Iterator[Result]:
    """G3: start, unlock without the key derivation, first list and memory, at 1k and at 100k in turn."""
    few, many = full_office(FEW).office, full_office(MANY).office
    yield from _grown("G3", few, many, MANY)


def million() -> Iterator[Result]:
    """G3 and G4 at a million cases, reported only. Lists and search keys alone are made: nothing else is read there."""
    with tempfile.TemporaryDirectory() as name:
        few, many = (make_office(Path(name) / f"{cases}", cases, {"screen": "cases"}) for cases in (FEW, MILLION))
        yield from _grown("G3-million", few, many, MILLION)
        with unlocked(many) as desk:
            typed = _typed()
            _search_all(desk, typed)
            taken: dict[str, list[float]] = {}
            for prefix, words in typed:
                taken.setdefault(prefix, []).append(_search(desk, words))
    slow = {prefix: p95(ms) for prefix, ms in taken.items()}
    yield {
        "goal": "G4-million",
        "figure": figure(max(slow.values())),
        "limit": 8,
        "N": len(typed),
        "cases": MILLION,
        "seed": SEED,
        "p95_ms": {prefix: figure(ms) for prefix, ms in sorted(slow.items())},
    }


def _grown(goal: str, few: MadeOffice, many: MadeOffice, cases: int) -> Iterator[Result]:
    figures: dict[str, Pairs] = {}
    for number in range(ROUNDS + 1):
        found = [_opened(told(made)) for made in (many, few)]
        for name in found[0] if number else ():
            pairs = figures.setdefault(name, Pairs([], []))
            pairs.ours.append(found[0][name])
            pairs.anchor.append(found[1][name])
    for name, pairs in figures.items():
        yield pairs.result(f"{goal}-{name}", 1.05, cases=cases, anchor_cases=FEW)


def _opened(given: dict[str, Any]) -> dict[str, float]:
    began = time.monotonic()
    said = child("open_and_list", given)
    started = (said["started"] - began) * 1000
    return {"start": started, "unlock": said["unlock_ms"], "memory": said["peak_mb"]}


def search() -> Iterator[Result]:
    """G4 and G6: every prefix length and two words, at 10k and at 100k key by key in turn."""
    with unlocked(full_office(SOME).office) as some, unlocked(full_office(MANY).office) as many:
        typed = _typed()
        for desk in (many, some):
            _search_all(desk, typed)
        taken: dict[str, tuple[list[float], list[float]]] = {}
        raw: dict[str, list[float]] = {}
        for name, words in typed:
            ours, smaller = taken.setdefault(name, ([], []))
            ours.append(_search(many, words))
            smaller.append(_search(some, words))
            raw.setdefault(name, []).append(_raw_search(many, words))
        yield _worst(taken, raw)
        yield _growth(taken)
        yield from _pages(many, typed)


def _typed() -> list[tuple[str, tuple[str, ...]]]:
    """Return what is typed, each with what it is called: prefixes of each length, and of both names."""
    made = made_cases(FEW)
    names = [next(made)["full_name"].lower().split() for _ in range(_TYPED_NAMES)]
    typed: list[tuple[str, tuple[str, ...]]] = [
        (f"{length}", (family[:length],)) for _, family in names for length in range(1, _LONGEST + 1)
    ]
    typed += [("two words", (given[:length], family[:length])) for given, family in names for length in (1, 2, 4)]
    random.Random(SEED).shuffle(typed)  # noqa: S311  an order, no secret
    return typed


def _search_all(desk: Desk, typed: list[tuple[str, tuple[str, ...]]]) -> None:
    """Warm the caches."""
    for _, words in typed:
        _search(desk, words)


def _search(desk: Desk, words: tuple[str, ...]) -> float:
    """Return the processor time of one search; the wall's p95 would be that of whatever else the machine does."""
    with desk.vault.reading() as session:
        began = time.process_time()
        queries.matching(session, desk.vault.user, words)
        return (time.process_time() - began) * 1000


def _raw_search(desk: Desk, words: tuple[str, ...]) -> float:
    """Run the same statements by the driver alone, which took part in no other way."""
    statements = _statements(desk, lambda: _search(desk, words))
    connection = _driver(desk)
    began = time.process_time()
    for statement, parameters in statements:
        connection.execute(statement, parameters).fetchall()
    return (time.process_time() - began) * 1000


def _statements(desk: Desk, act: Callable[[], object]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    engine = desk.vault.store.engine
    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return found


def _driver(desk: Desk) -> Any:
    with closing(desk.vault.store.engine.raw_connection()) as raw:
        return raw.driver_connection


def _worst(taken: dict[str, tuple[list[float], list[float]]], raw: dict[str, list[float]]) -> Result:
    slow = {name: p95(ours) for name, (ours, _) in taken.items()}
    worst = max(slow, key=lambda name: slow[name])
    anchor = p95(raw[worst])
    return {
        "goal": "G4",
        "figure": figure(slow[worst]),
        "anchor": figure(anchor),
        "ratio": figure(slow[worst] / anchor),
        "limit": 2,
        "N": sum(len(ours) for ours, _ in taken.values()),
        "cases": MANY,
        "seed": SEED,
        "worst": worst,
        "p95_ms": {name: figure(ms) for name, ms in sorted(slow.items())},
        "raw_p95_ms": {name: figure(p95(ms)) for name, ms in sorted(raw.items())},
    }


def _growth(taken: dict[str, tuple[list[float], list[float]]]) -> Result:
    grown = {name: p95(ours) / p95(smaller) for name, (ours, smaller) in taken.items()}
    every = [[ms for pair in taken.values() for ms in pair[side]] for side in (0, 1)]
    return {
        "goal": "G6",
        "figure": figure(p95(every[0])),
        "anchor": figure(p95(every[1])),
        "ratio": figure(p95(every[0]) / p95(every[1])),
        "limit": 1.5,
        "N": len(every[0]),
        "cases": MANY,
        "anchor_cases": SOME,
        "by_prefix": {name: figure(ratio) for name, ratio in sorted(grown.items())},
    }


def _pages(desk: Desk, typed: list[tuple[str, tuple[str, ...]]]) -> Iterator[Result]:
    """G4's pages: those that one key reads with nothing cached, beyond one way down each tree it goes through."""
    read = ctypes.CDLL(_sqlite3.__file__).sqlite3_db_status
    connection = _driver(desk)
    handle = ctypes.c_void_p.from_address(id(connection) + _DRIVERS_HANDLE)
    found, most = ctypes.c_int(), ctypes.c_int()
    counts = []
    for _, words in typed:
        statements = _statements(desk, partial(_search, desk, words))
        connection.execute("PRAGMA shrink_memory")
        read(handle, _CACHE_MISS, ctypes.byref(found), ctypes.byref(most), 1)
        for statement, parameters in statements:
            connection.execute(statement, parameters).fetchall()
        read(handle, _CACHE_MISS, ctypes.byref(found), ctypes.byref(most), 0)
        counts.append(float(found.value))
    connection.execute("PRAGMA shrink_memory")
    read(handle, _CACHE_MISS, ctypes.byref(found), ctypes.byref(most), 1)
    one = connection.execute("SELECT case_id FROM search_key LIMIT 1").fetchone()
    connection.execute("SELECT born FROM case_row WHERE case_id = ?", one).fetchall()
    read(handle, _CACHE_MISS, ctypes.byref(found), ctypes.byref(most), 0)
    beyond = [count - found.value for count in counts]
    yield {
        "goal": "G4-pages",
        "figure": figure(p95(beyond)),
        "limit": 5,
        "N": len(counts),
        "cases": MANY,
        "median": figure(median(beyond)),
        "depth": found.value,
    }


def size_on_disk() -> Iterator[Result]:
    """G15: the vault's file after VACUUM, a case; and the same file without encryption."""
    made = full_office(SOME)
    with tempfile.TemporaryDirectory() as name:
        copy = made.copy_to(Path(name) / "copy")
        path, key = database(copy)
        plain = Path(name) / "plain.db"
        with closing(opened(path, key)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
            connection.execute("SELECT sqlcipher_export('plain')").fetchall()
            connection.execute("DETACH DATABASE plain")
            rows = connection.execute("SELECT count(*) FROM case_row").fetchone()[0]
            held = {table: _held(connection, table) / rows for table in _TABLES}
            records = connection.execute("SELECT count(*) FROM record").fetchone()[0]
        ours, bare = os.path.getsize(path), os.path.getsize(plain)
    facts = {"N": rows, "records_a_case": figure(records / rows)}
    yield {
        "goal": "G15",
        "figure": figure(ours / rows),
        "limit": _DATA_BYTES_A_CASE,
        **facts,
        "content_bytes_a_case": {table: figure(held[table]) for table in _TABLES},
    }
    pair = {"figure": figure(ours / 1e6), "anchor": figure(bare / 1e6), "ratio": figure(ours / bare)}
    yield {"goal": "G15-plain", **pair, "limit": 1.08, **facts}


def _held(connection: Any, table: str) -> int:
    """Return the bytes of all values of a table, without what SQLite keeps them in."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    lengths = " + ".join(f"coalesce(length(CAST({column} AS BLOB)), 0)" for column in columns)
    return int(connection.execute(f"SELECT sum({lengths}) FROM {table}").fetchone()[0])  # noqa: S608  our own names


def database(made: FullOffice) -> tuple[Path, bytes]:
    """Return an office's vault file and the key of it."""
    with unlocked(made.office) as desk:
        return vault_files.newest_generation(made.office.folder).database, desk.vault.keys.dek


def opened(path: Path, key: bytes) -> Any:
    """Open a vault file by the driver alone, with what of the product's settings decides how fast it is."""
    connection = dbapi2.connect(str(path), isolation_level=None)
    for pragma in (
        f"key = \"x'{key.hex()}'\"",
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection
