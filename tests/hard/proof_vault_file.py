"""R8 for the vault file: pages flipped, swapped and cut off, and something else in the file's place.

SQLCipher's own check must name exactly the pages that were touched, and the program must not read through one that
holds a row. Where a page holds none (an index, a free page) nobody who reads rows sees it. N: how many pages.
"""

from __future__ import annotations

import contextlib
import random
import re
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import text
from sqlcipher3 import dbapi2

from db.engine import open_engine
from db.store import Store
from desktop.bootstrap import Door
from desktop.errors import DeskError
from desktop.services.session import desk_errors
from tests.factory import dek_of, make_case, make_office
from tests.hard.one_transaction import derived_once
from tests.hard.proof_header import BLOCK, Tally, swapped
from tests.hard.victims import MEMORY, small_laptop

_PAGES_AT_ONCE = 200
_PAGES_READ = 20  # of so many one is read by the program as well, by itself
_NAMED = re.compile(r"page (\d+)")


def measure(n: int) -> dict[str, object]:
    """Touch so many pages, three bytes each; `figure` counts what was not seen, accepted, or not refused properly."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311  which bytes, no secret
    tally = Tally()
    with _vault(n) as vault:
        _pages(vault, n, dice, tally)
        _replaced(vault, dice, tally)
    return {
        "figure": tally.wrong.total(),
        "N": tally.counts["vault page flipped: seen"],
        "seed": seed,
        "counts": dict(tally.counts),
        "wrong": dict(+tally.wrong),
    }


@dataclass(frozen=True)
class Vault:
    """An office at rest whose file has so many pages, and room beside it."""

    folder: Path
    sentence: str
    dek: bytes
    room: Path

    @property
    def database(self) -> Path:
        return self.folder / "vault" / "g1" / "vault.db"


@contextlib.contextmanager
def _vault(pages: int) -> Iterator[Vault]:
    room = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=room) as name, small_laptop(), derived_once():
        office = make_office(Path(name) / "office")
        make_case(office)
        filler = "INSERT INTO draft (user, key, case_id, sealed, at) VALUES ('u', :key, NULL, :sealed, '')"
        with office.desk.vault.writing() as session:
            session.execute(text(filler), [{"key": f"{at:08}", "sealed": bytes(3500)} for at in range(pages)])
        office.lock()
        yield Vault(office.folder, office.sentence, dek_of(office), Path(name))


def _pages(vault: Vault, n: int, dice: random.Random, tally: Tally) -> None:
    """Flip a byte in each page: in its content, in its vector, in its tag; the cipher names exactly those pages."""
    good = vault.database.read_bytes()
    total = len(good) // BLOCK
    chosen = dice.sample(range(total), min(n, total))
    regions = ((16, BLOCK - 80), (BLOCK - 80, BLOCK - 64), (BLOCK - 64, BLOCK))
    tally.wrong["the cipher cries wolf"] += bool(_named(good, vault))
    for first in range(0, len(chosen), _PAGES_AT_ONCE):
        some = chosen[first : first + _PAGES_AT_ONCE]
        for low, high in regions:
            spoilt = bytearray(good)
            for page in some:
                spoilt[page * BLOCK + dice.randrange(low, high)] ^= 1 << dice.randrange(8)
            _hold("vault page flipped", bytes(spoilt), set(some), vault, tally)
        shuffled = some[: len(some) // 2 * 2]
        spoilt = bytearray(good)
        for one, other in zip(shuffled[::2], shuffled[1::2], strict=True):
            one, other = sorted((one, other))
            spoilt[:] = swapped(bytes(spoilt), one * BLOCK, other * BLOCK)
        _hold("vault page swapped", bytes(spoilt), set(shuffled), vault, tally)
    for page in [*chosen[::_PAGES_READ], 0]:
        at = page * BLOCK + dice.randrange(16, BLOCK)
        flipped = good[:at] + bytes([good[at] ^ 1 << dice.randrange(8)]) + good[at + 1 :]
        _read("vault page flipped, read to the end", flipped, vault, tally, must=page == 0)
    for _ in range(max(5, n // 100)):
        length = dice.choice((dice.randrange(1, total) * BLOCK, dice.randrange(len(good))))
        _read("vault cut off, read to the end", good[:length], vault, tally, must=True)


def _hold(what: str, data: bytes, touched: set[int], vault: Vault, tally: Tally) -> None:
    named = _named(data, vault)
    tally.wrong[f"{what}: not seen"] += len(touched - named)
    if 0 not in touched:  # the first one holds the salt of all
        tally.wrong[f"{what}: another one named"] += len(named - touched)
    tally.counts[f"{what}: seen"] += len(touched & named)


def _named(data: bytes, vault: Vault) -> set[int]:
    """Return the pages, from 0, that the cipher's own check names in a file; all of them where it does not open."""
    path = vault.room / "checked.db"
    path.write_bytes(data)
    with closing(dbapi2.connect(str(path))) as connection:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{vault.dek.hex()}'\"")
        found = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    return {int(match.group(1)) - 1 for (line,) in found if (match := _NAMED.search(line))}


def _read(what: str, data: bytes, vault: Vault, tally: Tally, *, must: bool) -> None:
    """Read every row of every table as the program reads; pages that hold none are seen by nobody who reads rows."""
    path = vault.room / "read.db"
    path.write_bytes(data)
    try:
        with desk_errors():
            store = Store(open_engine(path, vault.dek))
            try:
                with store.reading() as session:
                    for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all():
                        session.execute(text(f'SELECT * FROM "{name}"')).all()  # noqa: S608  own names
            finally:
                store.close()
    except DeskError:
        tally.counts[f"{what}: refused"] += 1
    except Exception as error:  # noqa: BLE001  # a crash is what is looked for
        tally.wrong[f"{what}: {type(error).__name__}"] += 1
    else:
        tally.wrong[f"{what}: accepted"] += must
        tally.counts[f"{what}: no row lies there"] += 1
    for left in vault.room.glob("read.db*"):
        left.unlink()


def _replaced(vault: Vault, dice: random.Random, tally: Tally) -> None:
    """Something else in the place of the vault file, header and sentence genuine: the door stays shut."""
    good = vault.database.read_bytes()
    plain, other = vault.room / "plain.db", vault.room / "other.db"
    with closing(sqlite3.connect(plain)) as connection:
        connection.execute("CREATE TABLE journal (n)")
        connection.commit()
    with closing(dbapi2.connect(str(other))) as connection:
        connection.execute(f"PRAGMA key = \"x'{dice.randbytes(32).hex()}'\"")
        connection.execute("CREATE TABLE journal (n)")
        connection.commit()
    with closing(dbapi2.connect(str(vault.room / "hollow.db"))) as connection:
        connection.execute(f"PRAGMA key = \"x'{vault.dek.hex()}'\"")
        connection.execute("CREATE TABLE journal (n)")
        connection.commit()
    wanted = {
        "plain SQLite": (plain.read_bytes(), "VAULT_NOT_ENCRYPTED"),
        "plain SQLite's first bytes": (b"SQLite format 3\0" + good[16:], "VAULT_NOT_ENCRYPTED"),
        "another key's file": (other.read_bytes(), "VAULT_DAMAGED"),
        "an empty vault under the right key": ((vault.room / "hollow.db").read_bytes(), "VAULT_DAMAGED"),
        "nothing in it": (b"", "VAULT_DAMAGED"),
        "zeros": (bytes(len(good)), "VAULT_DAMAGED"),
        "random bytes": (dice.randbytes(len(good)), "VAULT_DAMAGED"),
        "the first page only": (good[:BLOCK], "VAULT_DAMAGED"),
    }
    for name, (data, code) in wanted.items():
        folder = vault.room / "replaced"
        shutil.copytree(vault.folder, folder)
        replace(vault, folder=folder).database.write_bytes(data)
        try:
            Door(folder).unlock(1, vault.sentence).lock()
            tally.wrong[f"vault replaced by {name}: accepted"] += 1
        except DeskError as error:
            tally.wrong[f"vault replaced by {name}: {error.code}"] += error.code != code
            tally.counts["vault replaced: refused"] += 1
        except Exception as error:  # noqa: BLE001  # a crash is what is looked for
            tally.wrong[f"vault replaced by {name}: {type(error).__name__}"] += 1
        shutil.rmtree(folder)
