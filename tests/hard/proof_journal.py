"""R19: an insider with the data key rewrites the journal in every way and puts the chain right again as far as it goes.

What must be noticed is worked out here anew, with the hash of formats section 5 and no line of the program's: a chain
that does not fit, or another head where the office keeps its anchor, is told by the check on the spot; another head
where the Secretariat anchored it is told by the receipt that is still to come, and by the next bundle. The edits happen
in one transaction that is rolled back to its beginning after each; the services run in it as they run at a desk.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from desktop.errors import DeskError
from desktop.services.exports import ExportService
from desktop.services.intake import IntakeService
from desktop.services.journal import JournalService
from desktop.services.receipts import ReceiptService
from desktop.services.session import OpenVault
from tests.factory import Place, change, consent, enrol, make_case, make_office, make_provider, make_secretariat, refer
from tests.factory import send as sent
from tests.hard.one_transaction import Within, derived_once, gates_here, transaction, undone
from tests.hard.victims import MEMORY, small_laptop

LONGEST_S = 10.0
_ENTRIES_OF_A_BATCH = 20_000
_COLUMNS = ("n", "previous", "at", "user", "act", "object", "revision_hash", "reason", "hash")
_TRIGGERS = ("journal_no_update", "journal_no_delete")
_READS = ("CASE_VIEWED", "SEARCHED", "NAMES_SHOWN", "LETTER_VIEWED", "UNLOCKED")  # what an insider would take out

Row = dict[str, Any]
Rows = list[Row]


@dataclass
class Ground:
    """An enrolled office with a tail behind each anchor, its Secretariat, and a receipt that is still to come."""

    office: OpenVault
    national: OpenVault
    rows: Rows
    anchored: int
    handed_over: int
    receipt: bytes


@dataclass
class Desks:
    """Both vaults within one open transaction each; `at_…` is what the services are given for them."""

    office: Session
    national: Session
    at_office: Any
    at_national: Any


def measure(n: int) -> dict[str, object]:
    """Make so many edits; `figure` counts those that had to be seen and were not."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311  which edits, no secret
    wrong, counts = Counter[str](), Counter[str]()
    with _ground() as ground, _desks(ground) as desks:
        wrong["found in the genuine one"] += _seen_here(desks) != set()
        for _ in range(2):  # twice: what is undone leaves no trace
            wrong["the genuine one refused"] += _seen_later(ground, desks) != {}
        for _ in range(n):
            name = dice.choice(list(EDITS))
            with undone(desks.office):
                _edit(ground, desks, name, dice, wrong, counts)
    for name in EDITS if n >= len(EDITS) * 30 else ():
        wrong["edit never made"] += not any(counted.startswith(f"{name}:") for counted in counts)
    counts = +counts
    return {
        "figure": wrong.total(),
        "N": n,
        "seed": seed,
        "counts": dict(counts),
        "wrong": dict(+wrong),
        "entries": len(ground.rows),
        "anchored": ground.anchored,
        "handed_over": ground.handed_over,
    }


def _edit(
    ground: Ground, desks: Desks, name: str, dice: random.Random, wrong: Counter[str], counts: Counter[str]
) -> None:
    rows = EDITS[name]([dict(row) for row in ground.rows], dice)
    if rows == ground.rows:
        counts["changed nothing"] += 1
        return
    hides = dice.random() < 0.5
    _write(desks.office, rows)
    if hides:
        _move_anchor(desks.office, rows, ground.anchored, dice)
    broken = first_break(rows)
    here = broken is not None or (not hides and differs(rows, ground.rows, ground.anchored))
    later = differs(rows, ground.rows, ground.handed_over)
    seen = _seen_here(desks)
    told = _seen_later(ground, desks) if later else {}
    wrong[f"{name}: not seen by the check"] += here and not seen
    wrong[f"{name}: not seen by verify"] += broken is not None and "verify" not in seen
    counts.update(f"told by the {where}: {code}" for where, code in told.items())
    for where in ("receipt", "next bundle") if later else ():
        wrong[f"{name}: not seen by the {where}"] += where not in told
    if here or later:
        counts[f"{name}: seen {'on the spot' if here else 'at the Secretariat'}"] += 1
    else:
        counts[f"{name}: younger than every anchor, {'seen all the same' if seen else 'not seen'}"] += 1


# ------------------------------------------------------------------------------------------ the edits


def changed(rows: Rows, dice: random.Random) -> Rows:
    row, column = dice.choice(rows), dice.choice(_COLUMNS[1:])
    before = row[column]
    if isinstance(before, bytes):
        at = dice.randrange(len(before))
        row[column] = before[:at] + bytes([before[at] ^ 1 << dice.randrange(8)]) + before[at + 1 :]
    else:
        row[column] = dice.choice([f"{before}x", "", "é", dice.choice(rows)[column] or "X", 7])
        row[column] = f"{before}y" if row[column] == before else row[column]
    return rows


def deleted(rows: Rows, dice: random.Random) -> Rows:
    del rows[dice.randrange(len(rows) - 1)]
    return rows


def deleted_and_renumbered(rows: Rows, dice: random.Random) -> Rows:
    return _renumbered(deleted(rows, dice))


def inserted(rows: Rows, dice: random.Random) -> Rows:
    at = dice.randrange(len(rows))
    rows.insert(at, {**dice.choice(rows), "act": "SEARCHED"})
    return _renumbered(rows)


def swapped(rows: Rows, dice: random.Random) -> Rows:
    one, other = dice.sample(range(len(rows)), 2)
    rows[one], rows[other] = {**rows[other], "n": rows[one]["n"]}, {**rows[one], "n": rows[other]["n"]}
    return rows


def tail_cut_off(rows: Rows, dice: random.Random) -> Rows:
    return rows[: dice.randrange(1, len(rows))]


def tail_cut_off_and_grown_again(rows: Rows, dice: random.Random) -> Rows:
    """As long as before: everything that names a revision stays, the rest says something harmless."""
    at = dice.randrange(len(rows))
    for row in rows[at:]:
        if row["revision_hash"] is None:
            row.update(act="SEARCHED", object="", reason=None)
    return chained(rows, at)


def changed_and_chained(rows: Rows, dice: random.Random) -> Rows:
    at = dice.randrange(len(rows))
    column = dice.choice(("at", "user", "reason"))
    rows[at][column] = {"at": "2026-11-25T05:59:59.000Z", "user": rows[0]["object"], "reason": "X"}[column]
    return chained(rows, at)


def looks_taken_out_and_chained(rows: Rows, dice: random.Random) -> Rows:
    """The likeliest one: nobody ever looked at these cases."""
    looks = [at for at, row in enumerate(rows) if row["act"] in _READS]
    gone = set(dice.sample(looks, dice.randint(1, 3)))
    return chained(_renumbered([row for at, row in enumerate(rows) if at not in gone]), min(gone))


def inserted_and_chained(rows: Rows, dice: random.Random) -> Rows:
    at = dice.randrange(len(rows))
    rows.insert(at, {**dice.choice(rows), "act": "CASE_VIEWED", "revision_hash": None})
    return chained(_renumbered(rows), at)


EDITS: dict[str, Callable[[Rows, random.Random], Rows]] = {
    edit.__name__.replace("_", " "): edit
    for edit in (
        *(changed, deleted, deleted_and_renumbered, inserted, swapped, tail_cut_off, tail_cut_off_and_grown_again),
        *(changed_and_chained, looks_taken_out_and_chained, inserted_and_chained),
    )
}


# ------------------------------------------------------------------------------------------ the oracle


def hashed(row: Row) -> bytes:
    """Formats, section 5: SHA-256 over label, number, predecessor's hash and what it says, each behind its length."""
    said = (row["at"], row["user"], row["act"], row["object"])
    parts = (
        b"rufaa-journal-v1",
        row["n"].to_bytes(8, "big"),
        row["previous"],
        *(value.encode("ascii") for value in said),
        row["revision_hash"] or b"",
        (row["reason"] or "").encode("ascii"),
    )
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def first_break(rows: Rows) -> int | None:
    """Return the number at which the chain does not go on, None where it is whole."""
    previous = bytes(32)
    for number, row in enumerate(rows, start=1):
        try:
            fits = row["n"] == number and row["previous"] == previous and row["hash"] == hashed(row)
            fits = fits and row["reason"] != ""  # no entry has one: none is NULL
        except (AttributeError, TypeError, ValueError):
            fits = False
        if not fits:
            return number
        previous = row["hash"]
    return None


def differs(rows: Rows, genuine: Rows, number: int) -> bool:
    """Say whether an entry that somebody else knows the hash of is another one now, or gone."""
    return bool({row["n"]: row["hash"] for row in rows}.get(number) != genuine[number - 1]["hash"])


def chained(rows: Rows, start: int) -> Rows:
    """Put the chain right from a place on, as only a holder of the data key can write it."""
    for at in range(start, len(rows)):
        rows[at]["previous"] = rows[at - 1]["hash"] if at else bytes(32)
        rows[at]["hash"] = hashed(rows[at])
    return rows


def _renumbered(rows: Rows) -> Rows:
    return [{**row, "n": number} for number, row in enumerate(rows, start=1)]


# ------------------------------------------------------------------------------------------ what the program sees


def _seen_here(desks: Desks) -> set[str]:
    """Return which of the program's two ways to look at the journal find anything grave."""
    service, seen = JournalService(desks.at_office), set()
    if not service.verify_all().whole:
        seen.add("check")
    try:
        service.verify()
    except DeskError:
        seen.add("verify")
    return seen


def _seen_later(ground: Ground, desks: Desks) -> dict[str, str]:
    """Return what the receipt to come and the next bundle say against the journal as it stands."""
    told = {}
    with undone(desks.office):
        try:
            ReceiptService(desks.at_office).take_in(ground.receipt)
        except DeskError as error:
            told["receipt"] = error.code
    with undone(desks.office), undone(desks.national):
        try:
            exports = ExportService(desks.at_office)
            taken = IntakeService(desks.at_national).receive(exports.sealed_file(exports.make().bundle_id)[1])
            if taken.outcome == "DISPUTED":
                told["next bundle"] = str(taken.reason)
        except DeskError as error:
            told["next bundle"] = error.code
    return told


# ------------------------------------------------------------------------------------------ the ground


@contextmanager
def _ground() -> Iterator[Ground]:
    room = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=room) as name, small_laptop(), derived_once():
        office, national = make_office(Path(name) / "office"), make_secretariat(Path(name) / "national")
        try:
            enrol(office, national)
            _work(office)
            office.desk.receipts.take_in(national.desk.intake.receive(sent(office)).receipt)
            with office.desk.vault.reading() as session:
                anchored = int(session.execute(text("SELECT anchored_count FROM office")).scalar_one())
            _work(office)
            taken = national.desk.intake.receive(sent(office))
            with national.desk.vault.reading() as session:
                handed_over = int(session.execute(text("SELECT max(journal_count) FROM incoming_bundle")).scalar_one())
            _work(office)
            rows = _rows(office.desk.vault)
            yield Ground(office.desk.vault, national.desk.vault, rows, anchored, handed_over, taken.receipt)
        finally:
            office.lock()
            national.lock()


def _work(office: Place) -> None:
    provider = make_provider(office)
    for number in range(3):
        case_id = make_case(office, first_name=f"N{number}")
        change(office, case_id, surname=f"S{number}")
        consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
        office.desk.referrals.issue_letter(refer(office, case_id, provider), "en")
        office.desk.cases.open(case_id)
        office.reopen()


def _rows(vault: OpenVault) -> Rows:
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with vault.reading() as session:
        found = session.execute(text(f"SELECT {names} FROM journal ORDER BY n"))  # noqa: S608  own names
        return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


def _write(session: Session, rows: Rows) -> None:
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    values = ", ".join(f":{name}" for name in _COLUMNS)
    session.execute(text("DELETE FROM journal"))
    session.execute(text(f"INSERT INTO journal ({names}) VALUES ({values})"), rows)  # noqa: S608  own names


def _move_anchor(session: Session, rows: Rows, anchored: int, dice: random.Random) -> None:
    """Let the office believe that what stands there now is what the Secretariat anchored, or that nothing is."""
    held = {row["n"]: row["hash"] for row in rows}
    head = held.get(anchored) if dice.random() < 0.5 else None
    count = anchored if isinstance(head, bytes) else 0
    session.execute(
        text("UPDATE office SET anchored_count = :count, anchored_head = :head"),
        {"count": count, "head": head if count else None},
    )


@contextmanager
def _desks(ground: Ground) -> Iterator[Desks]:
    """The triggers out of the insider's way, and the Secretariat's gates without the child that confines them."""
    with gates_here(), transaction(ground.office) as office, transaction(ground.national) as national:
        for name in _TRIGGERS:
            office.execute(text(f"DROP TRIGGER {name}"))
        yield Desks(office, national, Within(ground.office, office), Within(ground.national, national))


# ------------------------------------------------------------------------------------------ how long it takes


def measure_speed(n: int) -> dict[str, object]:
    """Verify a journal of so many entries; `figure` is 1 where it took more than ten seconds of this processor."""
    with tempfile.TemporaryDirectory() as name, small_laptop():
        office = make_office(Path(name) / "office")
        try:
            _grown(office, n)
            began, processor = time.monotonic(), time.process_time()
            entries = office.desk.journal.verify()
            took_s, processor_s = time.monotonic() - began, time.process_time() - processor
        finally:
            office.lock()
    return {
        "figure": int(processor_s > LONGEST_S or entries < n),
        "N": entries,
        "seconds": round(took_s, 2),
        "processor_seconds": round(processor_s, 2),
        "counts": {},
    }


def _grown(office: Place, n: int) -> None:
    vault = office.desk.vault
    last = _rows(vault)[-1]
    while last["n"] < n:
        batch: Rows = []
        for _ in range(min(_ENTRIES_OF_A_BATCH, n - last["n"])):
            last = {**last, "n": last["n"] + 1, "previous": last["hash"], "act": "SEARCHED", "object": ""}
            last["hash"] = hashed(last)
            batch.append(last)
        names, values = ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join(f":{name}" for name in _COLUMNS)
        with vault.writing() as session:
            session.execute(text(f"INSERT INTO journal ({names}) VALUES ({values})"), batch)  # noqa: S608  own names
