"""One process that unlocks a vault, saves one record and locks: the victim of the kill sweep.

Called as `save_once.py FOLDER CASE`, with the sentence on standard input. It prints READY before the save, SAVED after
it and CLOSED after locking: what was printed is acknowledged and must never be lost. Each word is one call of `write`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from desktop.bootstrap import Door
from tests.factory import draft_of


def main() -> None:
    """Unlock, save, lock."""
    folder, case_id = sys.argv[1:]
    desk = Door(Path(folder)).unlock(1, sys.stdin.readline().strip())
    draft = draft_of(desk.cases.open(case_id))
    os.write(1, b"READY\n")
    desk.cases.save(replace(draft, fields={**draft.fields, "surname": "Saved", "other_names": "Zawadi " * 20}))
    os.write(1, b"SAVED\n")
    desk.lock()
    os.write(1, b"CLOSED\n")
    os._exit(0)


if __name__ == "__main__":
    main()
