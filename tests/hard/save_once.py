"""One process that unlocks a vault and saves one record: the victim of the kill sweep.

Called as `save_once.py FOLDER RECORD CASE`, with the sentence on standard input. It prints READY before the save, and the
revision and its hash after it: what was printed is acknowledged and must never be lost. It ends without closing the
vault, so that the save's own calls are the last ones it makes.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from desktop.bootstrap import Door
from tests.factory import draft_of


def main() -> None:
    folder, record_id, case_id = sys.argv[1:]
    desk = Door(Path(folder)).unlock(1, sys.stdin.readline().strip())
    draft = draft_of(desk.cases.open(case_id))
    assert draft.record_id == record_id
    os.write(1, b"READY\n")
    desk.cases.save(replace(draft, fields={**draft.fields, "surname": "Saved", "other_names": "Zawadi " * 20}))
    os.write(1, b"SAVED\n")
    os._exit(0)


if __name__ == "__main__":
    main()
