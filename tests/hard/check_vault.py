"""Is this vault whole? A checker that shares no line with the program: sqlcipher3 and the formats page alone.

Called as `check_vault.py FILE`, with the 32-byte key in hex on standard input. It prints one JSON object: the results
of both integrity checks, the journal's length and whether its chain holds, and the newest revision of each record
with its hash. A vault that does not open makes it fail.
"""

from __future__ import annotations

import hashlib
import json
import sys

from sqlcipher3 import dbapi2

CHAIN = "SELECT n, previous, at, user, act, object, revision_hash, reason, hash FROM journal ORDER BY n"


def chain_holds(entries: list[tuple]) -> bool:  # type: ignore[type-arg]
    """Recompute every link: formats page, section 5."""
    head = bytes(32)
    for number, (n, previous, at, user, act, thing, revision, reason, kept) in enumerate(entries, start=1):
        parts = [b"rufaa-journal-v1", number.to_bytes(8, "big"), head, at.encode(), user.encode(), act.encode()]
        parts += [thing.encode(), revision or b"", (reason or "").encode()]
        head = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
        if (n, kept) != (number, head) or previous != (entries[number - 2][8] if number > 1 else bytes(32)):
            return False
    return True


def revisions_hold(database: dbapi2.Connection) -> bool:
    """Every revision's hash is that of its bytes, and stands in the journal: formats page, section 6."""
    told = {row[0] for row in database.execute("SELECT revision_hash FROM journal")}
    for kept, random, body in database.execute("SELECT hash, random, body FROM revision"):
        parts = [b"rufaa-revision-v1", random, body]
        made = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
        if made != kept or made not in told:
            return False
    return True


def check(path: str, key: str) -> dict[str, object]:
    """Open the file as a stranger with its key would, and say what stands in it."""
    database = dbapi2.connect(f"file:{path}?mode=rw", uri=True)
    database.execute("PRAGMA cipher_log_level = NONE")
    database.execute(f"PRAGMA key = \"x'{key}'\"")
    # NOTE: cipher_integrity_check reads the main file only: the log is written back first, or it cries wolf.
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    entries = database.execute(CHAIN).fetchall()
    newest = "SELECT r.id, r.rev, v.hash FROM record r JOIN revision v ON v.record_id = r.id AND v.rev = r.rev"
    return {
        "integrity": [row[0] for row in database.execute("PRAGMA integrity_check")],
        "cipher": [row[0] for row in database.execute("PRAGMA cipher_integrity_check")],
        "foreign": database.execute("PRAGMA foreign_key_check").fetchall(),
        "journal": len(entries),
        "chain": chain_holds(entries),
        "revisions": revisions_hold(database),
        "records": {row[0]: [row[1], row[2].hex()] for row in database.execute(newest)},
    }


if __name__ == "__main__":
    json.dump(check(sys.argv[1], sys.stdin.read().strip()), sys.stdout)
