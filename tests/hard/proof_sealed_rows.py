"""R18, what is real: a clerk's own keys, the data key and another tool find no sealed word in an office's vault.

N words are written wherever something is sealed: narratives, exact places, addresses, hidden addresses, drafts that
stay, are typed over, dropped or given up. A supervisor leaves, so that everything is sealed again in a new generation.
Then the clerk takes the folder home: at rest, and as a killed desk leaves it, with its log. Every page is deciphered by
hand, so that free pages, indexes and what a page held before count; every sealed file is tried with the clerk's key.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlcipher3 import dbapi2

from bench.proof_words import planted, search
from desktop import vault_files, wordlists
from desktop.bootstrap import Door
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import open_sealed
from desktop.crypto.vaultkeys import Unlocked, unlock
from desktop.errors import NotPermitted
from desktop.rules.records import RecordDraft
from tests.factory import Place, change, make_case, make_office, make_provider
from tests.hard.victims import MEMORY, small_laptop

PAGE, RESERVED, IV, SALT = 4096, 80, 16, 16  # SQLCipher 4 as it comes
FRAME, LOG_HEAD, FRAME_HEAD = 4096 + 24, 32, 24  # the log's, as SQLite's file format says
AGE = b"age-encryption.org/v1"
OPEN, OWN = "Kanariwazimaneno", "Kanarimwenyewe"
_WAYS = 7


@dataclass(frozen=True)
class Position:
    """What a clerk takes home, and what they do not have."""

    keys: Unlocked
    others: tuple[bytes, ...]
    folders: tuple[Path, ...]


def measure(n: int) -> dict[str, object]:
    """Plant so many words and look for them; `figure` counts words found, and what the search should have found."""
    words = planted(n)
    wrong, counts = Counter[str](), Counter[str]()
    room = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=room) as name, small_laptop():
        position = _position(Path(name), words)
        sought, control = search([*words, OWN]), search([OPEN])
        readable: set[str] = set()
        for folder in position.folders:
            found, seen_open = set[str](), 0
            for page in pages(folder, position.keys.dek):
                found |= sought(page)
                seen_open += bool(control(page))
                counts["pages"] += 1
            wrong["words in the clear"] += len(found)
            wrong["the search is blind"] += not seen_open
            readable |= _sealed_files(folder, position, words, wrong, counts)
        counts["words that others open"] = len(readable)
        wrong["planted and not sealed"] += len(set(_lasting(words)) - readable)
        counts["free pages"] = _free_pages(position.folders[0], position.keys.dek)
        wrong["no free page looked at"] += not counts["free pages"]
    return {
        "figure": wrong.total(),
        "N": n,
        "seed": "the words are numbered",
        "counts": dict(counts),
        "wrong": dict(+wrong),
    }


def _sealed_files(
    folder: Path, position: Position, words: list[str], wrong: Counter[str], counts: Counter[str]
) -> set[str]:
    """Try the clerk's key on every sealed file; return which words others find in them."""
    find, readable = search([*words, OWN]), set[str]()
    for table, user, value in values(folder, position.keys.dek):
        wrong["words in a row"] += len(find(value))
        if not value.startswith(AGE):
            continue
        counts["sealed files"] += 1
        by_clerk = _opened(value, position.keys.x25519)
        if by_clerk is not None:
            wrong["the clerk opens what is not theirs"] += (table, user) != ("draft", position.keys.user_id)
            wrong["the clerk reads a planted word"] += len(find(by_clerk) - {OWN})
            counts["the clerk's own drafts"] += 1
        for secret in position.others:
            readable |= find(_opened(value, secret) or b"")
    wrong["the clerk's own draft is not there"] += OWN not in readable
    return readable - {OWN}


def _opened(sealed: bytes, secret: bytes) -> bytes | None:
    try:
        return open_sealed(sealed, secret)
    except Malformed:
        return None


# ------------------------------------------------------------------------------------------ another tool


def pages(folder: Path, dek: bytes) -> Iterator[bytes]:
    """Every page of the file in the clear, the free ones too, and every page in its log."""
    for database in sorted(folder.glob("vault/g*/vault.db")):
        data = database.read_bytes()
        for start in range(0, len(data), PAGE):
            yield _in_the_clear(data[start : start + PAGE], dek, SALT if start == 0 else 0)
        log = database.with_name("vault.db-wal")
        frames = log.read_bytes()[LOG_HEAD:] if log.exists() else b""
        for start in range(0, len(frames) - FRAME + 1, FRAME):
            first = int.from_bytes(frames[start : start + 4], "big") == 1
            yield _in_the_clear(frames[start + FRAME_HEAD : start + FRAME], dek, SALT if first else 0)


def _in_the_clear(page: bytes, dek: bytes, salt: int) -> bytes:
    decryptor = Cipher(algorithms.AES256(dek), modes.CBC(page[PAGE - RESERVED : PAGE - RESERVED + IV])).decryptor()
    return decryptor.update(page[salt : PAGE - RESERVED]) + decryptor.finalize()


@contextmanager
def _connected(folder: Path, dek: bytes) -> Iterator[Any]:
    """A copy of the newest vault open under the data key: opening writes the log back."""
    newest = vault_files.newest_generation(folder).folder
    with tempfile.TemporaryDirectory(dir=folder) as name:
        shutil.copytree(newest, Path(name) / "g")
        connection = dbapi2.connect(str(Path(name) / "g" / "vault.db"))
        try:
            connection.execute(f"PRAGMA key = \"x'{dek.hex()}'\"")
            yield connection
        finally:
            connection.close()


def values(folder: Path, dek: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Every value of every table, by raw SQL: the table, the user of the row where it has one, and the bytes."""
    with _connected(folder, dek) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608  own names
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                user = str(row[columns.index("user")]) if "user" in columns else ""
                for value in row:
                    yield name, user, value if isinstance(value, bytes) else str(value).encode()


def _free_pages(folder: Path, dek: bytes) -> int:
    with _connected(folder, dek) as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


# ------------------------------------------------------------------------------------------ the office


def _position(room: Path, words: list[str]) -> Position:
    office = make_office(room / "office")
    clerk = office.desk.people.add(name="B. Clerk", role="CLERK")
    leaver = office.desk.people.add(name="C. Leaver", role="SUPERVISOR")
    half = len(words) // 2
    _plant(office, words, 0, half)
    office.desk.people.remove(leaver.user_id)
    office.desk.people.seal_again()
    _plant(office, words, half, len(words))
    _drop_drafts(office)
    # The supervisor's drafts from before the change of keys open with the supervisor's own key alone.
    others = (*office.desk.vault.sealed_private.values(), office.desk.vault.keys.x25519)
    office.lock()
    desk = Door(office.folder, office.clock).unlock(clerk.desk_number, clerk.sentence or "")
    case_id = desk.cases.create([RecordDraft("case", {"narrative": words[0]})])[0]
    desk.drafts.keep([RecordDraft("case", {"narrative": OWN})])
    record = desk.cases.open(case_id).one("case")
    with contextlib.suppress(NotPermitted):  # a clerk writes it and cannot read it back
        if record is not None and desk.cases.read_sealed(record.record_id):
            raise AssertionError("a clerk reads a narrative")
    killed = room / "killed"
    shutil.copytree(office.folder, killed)
    desk.lock()
    copies = vault_files.read_header_copies(vault_files.newest_generation(office.folder))
    keys = unlock(*copies, clerk.desk_number, clerk.sentence or "", wordlists.load())
    if keys.r:
        raise AssertionError("a clerk holds the sealed class")
    return Position(keys, others, (office.folder, killed))


def _lasting(words: list[str]) -> list[str]:
    """The words that stay somewhere in the office; the others were typed over or dropped."""
    return [word for number, word in enumerate(words) if number % _WAYS not in (5, 6)]


def _plant(office: Place, words: list[str], first: int, last: int) -> None:
    desk, case_id = office.desk, make_case(office, surname=OPEN)
    for number in range(first, last):
        word, way = words[number], number % _WAYS
        if way == 0:
            change(office, case_id, "case", narrative=word)
        elif way == 1:
            make_case(office, RecordDraft("exploitation_episode", {"exact_place": word}), surname=OPEN)
        elif way == 2:
            change(office, case_id, current_address=word)
        elif way == 3:
            make_provider(office, hidden_address=word, name=f"{OPEN} {number}")
        elif way == 4:
            kept = RecordDraft("recruitment", {"place_entered": word}, f"{number:032}", case_id)
            desk.drafts.keep([kept])
        elif way == 5:
            for said in (word * 9, "typed over"):
                desk.drafts.keep([RecordDraft("recruitment", {"place_entered": said}, f"{number:032}", case_id)])
        else:
            dropped = RecordDraft("recruitment", {"place_entered": word * 300}, f"{number:032}", case_id)
            desk.drafts.keep([dropped])
            desk.drafts.drop(dropped)


def _drop_drafts(office: Place) -> None:
    """Many drafts given up at once: their pages become free ones."""
    case_id = make_case(office)
    many = [RecordDraft("recruitment", {"place_entered": OWN * 300}, f"{n:030}xx", case_id) for n in range(40)]
    office.desk.drafts.keep(many)
    for draft in many:
        office.desk.drafts.drop(replace(draft))
