"""What the self-test asks of storage on the machine at hand."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from db.engine import open_engine
from db.errors import WrongKey
from db.store import Store
from desktop.errors import NotTrusted


def probe_storage() -> str:
    """Make, close and reopen an encrypted file with a random key, and return the cipher's version.

    Raises:
        NotTrusted: VAULT_NOT_ENCRYPTED when the file is plain or another key opens it.
    """
    with tempfile.TemporaryDirectory() as name:
        path, key = Path(name) / "probe.db", os.urandom(32)
        store = Store(open_engine(path, key, create=True))
        with store.writing() as session:
            session.connection().exec_driver_sql("CREATE TABLE probe (x)")
            version = session.connection().exec_driver_sql("PRAGMA cipher_version").scalar_one()
        store.close()
        Store(open_engine(path, key)).close()
        if path.read_bytes().startswith(b"SQLite format 3"):
            raise NotTrusted("VAULT_NOT_ENCRYPTED")
        try:
            Store(open_engine(path, os.urandom(32))).close()
        except WrongKey:
            return str(version)
    raise NotTrusted("VAULT_NOT_ENCRYPTED")
