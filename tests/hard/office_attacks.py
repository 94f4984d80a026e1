"""Attacks of R17 that need a whole office: a broken generation, and the office handed over by somebody who left."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from desktop.bootstrap import Door
from desktop.errors import DeskError, NotTrusted, Obstacle
from tests.factory import enrol, make_office, make_secretariat


def broken_generations(room: Path, dice: random.Random, wrong: Counter[str], counts: Counter[str]) -> None:
    """A new generation that is broken, and the one before it whole beside it: nothing falls back to that one."""
    office = make_office(room / "broken")
    clerk = office.desk.people.add(name="Somebody", role="CLERK")
    with office.locked():
        shutil.copytree(office.folder / "vault" / "g1", room / "kept")
    office.desk.people.remove(clerk.user_id)
    office.lock()
    g1, g2 = (office.folder / "vault" / name for name in ("g1", "g2"))
    if not g1.exists():
        shutil.copytree(room / "kept", g1)
    whole = {path.name: path.read_bytes() for path in g2.iterdir()}
    older = {path.name: path.read_bytes() for path in (room / "kept").iterdir()}
    headers, database = ("key-header.a", "key-header.b"), "vault.db"
    spoilt: dict[str, dict[str, bytes | None]] = {
        "no vault": {database: None},
        "no headers": dict.fromkeys(headers, None),
        "empty headers": dict.fromkeys(headers, b""),
        "spoilt headers": {name: whole[name][:-1] + bytes([whole[name][-1] ^ 1]) for name in headers},
        "plain SQLite": {database: b"SQLite format 3\0" + bytes(4080)},
        "random bytes": {database: dice.randbytes(len(whole[database]))},
        "half a vault": {database: whole[database][: len(whole[database]) // 2]},
        "the vault before it": {database: older[database]},
        "the headers before it": {name: older[name] for name in headers},
        "an empty folder": dict.fromkeys((*headers, database), None),
    }
    before = {path.name: path.read_bytes() for path in g1.iterdir()}
    for name, files in spoilt.items():
        for file, content in {**whole, **files}.items():
            (g2 / file).unlink(missing_ok=True) if content is None else (g2 / file).write_bytes(content)
        try:
            Door(office.folder, office.clock).unlock(1, office.sentence).lock()
            wrong[f"broken generation: {name} opened"] += 1
        except DeskError:
            counts["broken generation refused"] += 1
        wrong[f"broken generation: {name}, the one before was touched"] += before != {
            path.name: path.read_bytes() for path in g1.iterdir()
        }
    for file, content in whole.items():
        (g2 / file).write_bytes(content)
    Door(office.folder, office.clock).unlock(1, office.sentence).lock()
    wrong["the one before is kept for ever"] += g1.exists()


def handed_over_first(room: Path, wrong: Counter[str], counts: Counter[str]) -> None:
    """Somebody who left with a copy of everything offers the office's new keys before the office does."""
    office, national = make_office(room / "first"), make_secretariat(room / "national")
    leaver = office.desk.people.add(name="Somebody", role="SUPERVISOR")
    helper = office.desk.people.add(name="Somebody", role="CLERK")
    enrol(office, national)
    with office.locked():
        shutil.copytree(office.folder, room / "copy")
    office.desk.people.remove(leaver.user_id)
    genuine = office.desk.enrolment.make_file("laptop 1")
    desk = Door(room / "copy", office.clock).unlock(leaver.desk_number, leaver.sentence or "")
    with_old_keys = desk.enrolment.make_file("laptop 1")
    desk.people.remove(helper.user_id)  # so that the copy has new keys of its own
    with_own_keys = desk.enrolment.make_file("laptop 1")
    desk.lock()
    offers = [(with_old_keys, genuine.digits), (with_own_keys, genuine.digits)]
    # The first two with the digits that the office itself reads out; the last one, whose key is gone by then, its own.
    for file, digits in (*offers, (genuine, genuine.digits), (with_old_keys, with_old_keys.digits)):
        try:
            package = national.desk.secretariat.enrol(file.content, digits).package
        except (NotTrusted, Obstacle):
            counts["handover refused"] += 1
            wrong["the office itself refused"] += file is genuine
        else:
            wrong["handed over by somebody who left"] += file is not genuine
            office.desk.enrolment.take_in(package)
    office.lock()
    national.lock()
