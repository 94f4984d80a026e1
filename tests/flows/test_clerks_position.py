"""R18, what is real: a clerk with other tools, the data key and own keys finds no sealed word anywhere in the file.

Roles and hidden cases are a courtesy of the program; this is not. The file is read page by page with an own
decipherer, so that free pages and what an index or a full page left behind count as well as rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlcipher3 import dbapi2

from desktop import vault_files, wordlists
from desktop.bootstrap import Desk, Door
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import open_sealed
from desktop.crypto.vaultkeys import unlock
from desktop.rules.records import RecordDraft
from tests.factory import Place, change, consent, make_case, make_office, make_provider, refer

PAGE, RESERVED, IV, SALT = 4096, 80, 16, 16  # SQLCipher 4 as it comes
SEALED = ("Sirinarrative", "Siriplace", "Siriaddress", "Sirihidden", "Siridraft", "Sirichanged", "Siridropped")
OPEN = "Wazisurname"
OWN = "Mwenyewe"
AGE = b"age-encryption.org/v1"


@dataclass(frozen=True)
class Position:
    """What a clerk takes home: the file, the data key, the own private key; and the sealed class's, as a control."""

    database: Path
    dek: bytes
    own: bytes
    user: str
    sealed_class: list[bytes]


def at_work(place: Place) -> None:
    """Sealed values in every kind that has them, drafts kept, changed and dropped, and a letter."""
    desk = place.desk
    episode = {"exploitation_type": "FORCED_LABOUR", "exact_place": SEALED[1]}
    case_id = make_case(place, RecordDraft("exploitation_episode", episode), surname=OPEN, current_address=SEALED[2])
    change(place, case_id, "case", narrative=SEALED[0])
    provider = make_provider(place, hidden_address=SEALED[3])
    consent(place, case_id, "SHARE_PROVIDER", recipient=provider)
    desk.referrals.issue_letter(refer(place, case_id, provider), "en")
    for word in SEALED[4:6]:  # the second stands where the first stood
        desk.drafts.keep([RecordDraft("case", {"narrative": word * 40}, None, case_id)])
    dropped = [RecordDraft("recruitment", {"place_entered": SEALED[6] * 300}, f"{n:032}", case_id) for n in range(40)]
    desk.drafts.keep(dropped)
    for draft in dropped:
        desk.drafts.drop(draft)
    change(place, case_id, "case", narrative=f"{SEALED[0]} again")


@pytest.fixture(scope="module")
def position(tmp_path_factory: pytest.TempPathFactory) -> Position:
    place = make_office(tmp_path_factory.mktemp("clerk") / "data")
    at_work(place)
    clerk = place.desk.people.add(name="B. Clerk", role="CLERK")
    sealed_class = list(place.desk.vault.sealed_private.values())
    place.lock()
    own = Door(place.folder, place.clock).unlock(clerk.desk_number, clerk.sentence or "")
    user = typed_by_the_clerk(own)
    own.lock()
    generation = vault_files.newest_generation(place.folder)
    keys = unlock(
        *vault_files.read_header_copies(generation), clerk.desk_number, clerk.sentence or "", wordlists.load()
    )
    assert keys.r == {}
    return Position(generation.database, bytes(keys.dek), keys.x25519, user, sealed_class)


def typed_by_the_clerk(desk: Desk) -> str:
    """A clerk's own unsaved work and own new case, whose narrative they may write and not read back."""
    desk.cases.create([RecordDraft("case", {"narrative": SEALED[0]})])
    desk.drafts.keep([RecordDraft("case", {"narrative": OWN})])
    assert desk.vault.sealed_private == {}
    return desk.vault.user


def pages(position: Position) -> list[bytes]:
    """Every page of the file in the clear, the free ones too."""
    data, found = position.database.read_bytes(), []
    assert len(data) % PAGE == 0
    for start in range(0, len(data), PAGE):
        page = data[start : start + PAGE]
        content, iv = page[: PAGE - RESERVED], page[PAGE - RESERVED : PAGE - RESERVED + IV]
        if start == 0:
            content = content[SALT:]
        decryptor = Cipher(algorithms.AES256(position.dek), modes.CBC(iv)).decryptor()
        found.append(decryptor.update(content) + decryptor.finalize())
    return found


def opened(position: Position) -> dbapi2.Connection:
    connection = dbapi2.connect(str(position.database))
    connection.execute(f"PRAGMA key = \"x'{position.dek.hex()}'\"")
    return connection


def blobs(position: Position) -> list[tuple[str, str, bytes]]:
    """Every value of every table: the table, the user of the row where it has one, and the bytes."""
    connection, found = opened(position), []
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        cursor = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608  our own names
        columns = [column[0] for column in cursor.description]
        for row in cursor:
            user = str(row[columns.index("user")]) if "user" in columns else ""
            found += [(name, user, value if isinstance(value, bytes) else str(value).encode()) for value in row]
    connection.close()
    return found


def test_the_pages_are_read_whole_and_some_of_them_are_free(position: Position) -> None:
    everything = b"".join(pages(position))
    assert everything.count(OPEN.encode()) > 0  # what is open is there to be read: the search finds what there is
    connection = opened(position)
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    assert connection.execute("PRAGMA page_count").fetchone()[0] == len(pages(position))
    connection.close()
    assert free > 10


@pytest.mark.parametrize("word", [*SEALED, OWN])
def test_no_sealed_word_stands_in_a_table_an_index_or_a_free_page(position: Position, word: str) -> None:
    everything = b"".join(pages(position))
    for form in (word, word.lower(), word.upper()):
        for data in (form.encode(), form.encode("utf-16-le"), form.encode().hex().encode()):
            assert data not in everything
    assert not any(word.lower().encode() in value.lower() for _, _, value in blobs(position))


def test_the_clerks_keys_open_own_drafts_and_nothing_else_that_is_sealed(position: Position) -> None:
    sealed = [(name, user, value) for name, user, value in blobs(position) if value.startswith(AGE)]
    assert {name for name, _, _ in sealed} >= {"revision", "draft"}
    read = []
    for name, user, value in sealed:
        try:
            text = open_sealed(value, position.own)
        except Malformed:
            assert (name, user) != ("draft", position.user)
            continue
        assert (name, user) == ("draft", position.user)
        read.append(text)
    assert [OWN.encode() in text for text in read] == [True]


def test_the_sealed_class_opens_what_the_clerk_cannot(position: Position) -> None:
    texts = b""
    for _, _, value in blobs(position):
        if value.startswith(AGE):
            texts += b"".join(filter(None, (_with(secret, value) for secret in position.sealed_class)))
    for word in (*SEALED[:4], SEALED[5], OWN):
        assert word.encode() in texts, word


def _with(secret: bytes, sealed: bytes) -> bytes:
    try:
        return open_sealed(sealed, secret)
    except Malformed:
        return b""
