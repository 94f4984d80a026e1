"""R15: wrong sentences cost what the machine's profile says, wait as specified, and never lock anybody out.

One vault of a small laptop (64 MiB a guess), its real counter file and a clock that is moved on. The specification is
written out here once more (threat-model, attack 7), so that the program is not compared with itself. Beside the
guesses: no file of the data folder but the header leads to the key, nothing in the header is derived from a sentence
more cheaply than the profile, and a header that names another cost is refused before any memory is taken.
"""

from __future__ import annotations

import gc
import hashlib
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlcipher3 import dbapi2

from bench.child import peak_mb
from bench.proof_words import search
from db.models.base import JournalEntry
from desktop import machine, vault_files, wordlists
from desktop.bootstrap import Door
from desktop.crypto import slots
from desktop.crypto.header import MAGIC, serialise
from desktop.crypto.kdf import KDF_BOUNDS, KdfCost, KdfParameters, derive_key
from desktop.crypto.vaultkeys import Unlocked, unlock
from desktop.errors import DeskError, HeaderDamaged, Obstacle, WrongSentence
from desktop.services.vault import OfficeFacts

SEED = 15
_SMALL_LAPTOP_BYTES = 4_000_000_000
_PROFILE_KIB, _PASSES = 65_536, 3
_FREE, _LONGEST_S = 4, 300
_NEAR = 8  # every eighth guess has all words right but one
_HEADERS_KIB = (8, _PROFILE_KIB - 1, KDF_BOUNDS.most_memory_kib + 1, 64 * 1024 * 1024)
_MOST_TAKEN_MB = 8.0
_TIMED_KIB = (64 * 1024, 256 * 1024)
_LEAVES = {"dek", "sealed"}  # members of the header that hold something secret, sealed
_DIGEST_BYTES = 32
_NOON = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class _MovedClock:
    def __init__(self) -> None:
        self.instant = _NOON

    def now(self) -> datetime:
        return self.instant

    def move(self, seconds: int) -> None:
        self.instant += timedelta(seconds=seconds)


def measure(guesses: int) -> dict[str, object]:
    """Make so many wrong guesses and return the facts of R15; `figure` counts what was not as specified."""
    wrong = Counter[str]()
    with tempfile.TemporaryDirectory() as name, _small_laptop():
        clock = _MovedClock()
        door = Door(Path(name) / "office", clock)
        facts = OfficeFacts("030", "030-01", "An office (invented)", "", "", "A. Supervisor", "", "")
        sentence = door.vaults.create_office(facts).sentence
        at_rest = Path(name) / "at_rest"
        shutil.copytree(door.folder, at_rest)
        with _counted() as costs:
            waited_s = _guess(door, clock, sentence, guesses, wrong)
        wrong["cheap_guess"] += sum(cost != KdfCost(_PROFILE_KIB, _PASSES) for cost in costs)
        wrong["guesses_without_derivation"] += abs(len(costs) - guesses - 1)  # one more for the right sentence
        files = _only_the_header_counts(at_rest, sentence, wrong)
        taken = [_refused_cost_mb(at_rest, sentence, kib, wrong) for kib in _HEADERS_KIB]
    return {
        "figure": wrong.total(),
        "N": guesses,
        "seed": SEED,
        "wrong": dict(+wrong),
        "counts": {"derivations": len(costs), "seconds waited": waited_s},
        "files_of_the_folder": files,
        "refused_headers_kib": list(_HEADERS_KIB),
        "most_taken_by_a_refused_header_mb": max(taken),
        "one_guess_ms": {f"{kib // 1024} MiB": round(_one_guess_ms(kib)) for kib in _TIMED_KIB},
    }


def _guess(door: Door, clock: _MovedClock, sentence: str, guesses: int, wrong: Counter[str]) -> int:
    """Guess, each time a second too early first, and unlock at last; return how many seconds were to be waited."""
    chance = random.Random(SEED)  # noqa: S311  guesses, no secret
    words = wordlists.load()["en-1"].words
    right = sentence.split()
    before = _hashes(door.folder)
    waited = 0
    for number in range(1, guesses + 1):
        waited += _wait(door, clock, number - 1, sentence, wrong)
        guess = list(right) if number % _NEAR == 0 else chance.sample(words, len(right))
        guess[chance.randrange(len(right))] = chance.choice([word for word in words if word not in right])
        with _expected(WrongSentence, "WRONG_SENTENCE", wrong, "guess_not_refused"):
            door.unlock(1, " ".join(guess)).lock()
    held = json.loads((door.folder / "attempts.json").read_bytes())
    wrong["count"] += held.keys() != {"failures", "last"} or held["failures"] != guesses
    wrong["vault_changed"] += {name: _hashes(door.folder)[name] for name in before} != before
    waited += _wait(door, clock, guesses, sentence, wrong)
    desk = door.unlock(1, sentence)
    try:
        with desk.vault.reading() as session:
            reasons = session.scalars(select(JournalEntry.reason)).all()
    finally:
        desk.lock()
    wrong["not_journaled"] += f"AFTER_FAILURES_{guesses}" not in reasons
    wrong["still_counted"] += (door.folder / "attempts.json").exists()
    return waited


def _wait(door: Door, clock: _MovedClock, failures: int, sentence: str, wrong: Counter[str]) -> int:
    """Compare the wait with the specification, try too early even with the right sentence, and wait."""
    specified = 0 if failures <= _FREE else min(2 ** (failures - _FREE - 1), _LONGEST_S)
    wrong["wait_not_as_specified"] += door.vaults.status().wait_seconds != specified
    if specified:
        clock.move(specified - 1)
        with _expected(Obstacle, "WAIT_BEFORE_TRYING", wrong, "too_early_not_refused"):
            door.unlock(1, sentence).lock()
        clock.move(1)
    wrong["locked_out"] += door.vaults.status().wait_seconds != 0
    return specified


def _only_the_header_counts(folder: Path, sentence: str, wrong: Counter[str]) -> list[str]:
    """Walk every file of a data folder at rest; return their names."""
    generation = vault_files.newest_generation(folder)
    header = generation.header_copies[0].read_bytes()
    keys = _opened(header, sentence)
    if keys is None:
        wrong["not_opened"] += 1
        return []
    secrets = {"dek": keys.dek, "x25519": keys.x25519} | {public.hex(): half for public, half in keys.r.items()}
    finds = search([sentence])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        content = path.read_bytes()
        wrong["key_in_the_open"] += bool(finds(content))
        wrong["key_in_the_open"] += sum(key in content or key.hex().encode() in content for key in secrets.values())
        wrong["opens_as_a_passphrase"] += path == generation.database and _opens(path, sentence)
    # The header alone, in another place and without any file beside it, gives the same key.
    wrong["other_file_decides"] += getattr(_opened(header, sentence), "dek", b"") != keys.dek
    body = json.loads(header[len(MAGIC) + 4 : -2 * _DIGEST_BYTES])
    sealed = set(_sealed_members(body))
    wrong["unknown_secret"] += bool(sealed - {"user_slots.dek", "user_slots.sealed", "user_slots.r.sealed"})
    wrong["unknown_secret"] += "recovery_slots.sealed" not in set(_sealed_members(body, recovery=True))
    wrong["cheap_slot"] += sum(
        slot["kdf"]["memory_kib"] < _PROFILE_KIB or slot["kdf"]["passes"] < _PASSES for slot in body["user_slots"]
    )
    # Closed anew under the data key: the slot's sealed part decides, the recovery slots do not.
    slot = keys.header.user_slots[0]
    spoilt = replace(keys.header, user_slots=(replace(slot, sealed=slot.sealed[:-1] + bytes([slot.sealed[-1] ^ 1])),))
    wrong["opened_without_slot"] += _opened(serialise(spoilt, keys.dek), sentence) is not None
    bare = replace(keys.header, recovery_slots=())
    wrong["recovery_decides"] += getattr(_opened(serialise(bare, keys.dek), sentence), "dek", b"") != keys.dek
    return [path.relative_to(folder).as_posix() for path in files]


def _sealed_members(value: Any, path: str = "", *, recovery: bool = False) -> Iterator[str]:
    """Walk the names of whatever is sealed in a header; those of recovery slots only where they are asked for."""
    if isinstance(value, list):
        for item in value:
            yield from _sealed_members(item, path, recovery=recovery)
    elif isinstance(value, dict):
        for name, inner in value.items():
            below = f"{path}.{name}".lstrip(".")
            if name == "recovery_slots" and not recovery:
                continue
            if name in _LEAVES:
                yield below
            yield from _sealed_members(inner, below, recovery=recovery)


def _with(body: dict[str, Any], **changed: Any) -> bytes:
    """Return a header with other members, its digest right again, as somebody would who has no key."""
    new = json.dumps({**body, **changed}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    covered = MAGIC + len(new).to_bytes(4, "big") + new + bytes(_DIGEST_BYTES)
    return covered + hashlib.sha256(covered).digest()


def _refused_cost_mb(folder: Path, sentence: str, kib: int, wrong: Counter[str]) -> float:
    """Try a header whose slot names another cost, with its bounds and without; return the memory that was taken."""
    header = vault_files.newest_generation(folder).header_copies[0].read_bytes()
    body = json.loads(header[len(MAGIC) + 4 : -2 * _DIGEST_BYTES])
    for slot in body["user_slots"]:
        slot["kdf"]["memory_kib"] = kib
    bounds = {**body["kdf_bounds"], "memory_kib": sorted([kib, _PROFILE_KIB])}
    before = _fresh_peak_mb()
    _opened(header, sentence)
    wrong["meter_blind"] += peak_mb() - before < _PROFILE_KIB // 1024 - _MOST_TAKEN_MB  # an accepted one must show
    before = _fresh_peak_mb()
    with _counted() as costs:
        for changed in ({}, {"kdf_bounds": bounds}):
            data = _with(body, **changed)
            with _expected(HeaderDamaged, "HEADER_DAMAGED", wrong, "cost_not_refused"):
                unlock(data, data, 1, sentence, wordlists.load())
    wrong["derived_before_refusal"] += len(costs)
    taken = peak_mb() - before
    wrong["memory_taken"] += taken > _MOST_TAKEN_MB
    return round(taken, 1)


def _fresh_peak_mb() -> float:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): begin the peak anew
    return peak_mb()


def _opened(header: bytes, sentence: str) -> Unlocked | None:
    try:
        return unlock(header, header, 1, sentence, wordlists.load())
    except DeskError:
        return None


def _opens(database: Path, sentence: str) -> bool:
    """Say whether SQLCipher, left to derive a key from the sentence itself, opens the vault."""
    with closing(dbapi2.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = '{sentence}'")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except dbapi2.DatabaseError:
            return False
    return True


def _one_guess_ms(kib: int) -> float:
    began = time.perf_counter()
    derive_key("twelve words", KdfParameters(KdfCost(kib, _PASSES), bytes(16)), KDF_BOUNDS)
    return (time.perf_counter() - began) * 1000


def _hashes(folder: Path) -> dict[str, str]:
    """Return the digest of every file that a guess must leave alone."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", "attempts.json")
    }


@contextmanager
def _expected(kind: type[DeskError], code: str, wrong: Counter[str], name: str) -> Iterator[None]:
    """Count a block that ends in any other way than this refusal."""
    try:
        yield
    except DeskError as error:
        wrong[name] += not isinstance(error, kind) or error.code != code
    else:
        wrong[name] += 1


@contextmanager
def _counted() -> Iterator[list[KdfCost]]:
    """Collect the cost of every derivation that a slot asks for."""
    costs: list[KdfCost] = []
    derive: Callable[..., bytes] = vars(slots)["derive_key"]

    def counted(typed: str, parameters: KdfParameters, *rest: Any) -> bytes:
        costs.append(parameters.cost)
        return derive(typed, parameters, *rest)

    vars(slots)["derive_key"] = counted
    try:
        yield costs
    finally:
        vars(slots)["derive_key"] = derive


@contextmanager
def _small_laptop() -> Iterator[None]:
    real = machine.total_memory_bytes
    machine.total_memory_bytes = lambda: _SMALL_LAPTOP_BYTES
    try:
        yield
    finally:
        machine.total_memory_bytes = real
