"""G7 and G8: one durable save through the service, beside its own statements by the driver alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.figures import Pairs, Result, figure, syncs_and_bytes, told, unlocked
from bench.full_offices import full_office
from bench.storage import MANY, SOME, database, opened
from desktop.bootstrap import Desk
from desktop.rules.records import RecordDraft, Value

_SAVES = 70
_TRACED = 20
_MOST_WRITTEN_KIB = 48
_NOTE = "Visited on Tuesday; she asked for a change of clothes and for a call to her aunt. "

Statement = tuple[str, Any, bool]


def person_edit(desk: Desk, case_id: str, number: int) -> RecordDraft:
    """Return a change of a person's record: the list row and the search keys follow it."""
    return _edit(desk, case_id, "person", {"languages": ("SWA",), "children_count": number % 7})


def note_edit(desk: Desk, case_id: str, number: int) -> RecordDraft:
    """Return a longer note of a case; it is of the sealed class."""
    return _edit(desk, case_id, "case", {"narrative": _NOTE * 8 + str(number)})


EDITS: dict[str, Callable[[Desk, str, int], RecordDraft]] = {"person": person_edit, "note": note_edit}


def _edit(desk: Desk, case_id: str, kind: str, changed: dict[str, Value]) -> RecordDraft:
    record = desk.cases.open(case_id).one(kind)
    if record is None:
        raise LookupError(kind)
    return RecordDraft(kind, {**record.fields, **changed}, record.record_id, case_id, record.revision)


def measure_save() -> Iterator[Result]:
    """G7: saves of the service, and after each the same statements on a copy of the same file, by the driver alone."""
    with tempfile.TemporaryDirectory() as name:
        ours = full_office(MANY).copy_to(Path(name) / "ours")
        other = full_office(MANY).copy_to(Path(name) / "other")
        path, key = database(other)
        with unlocked(ours.office) as desk, closing(opened(path, key)) as connection:
            drafts = [person_edit(desk, case_id, n) for n, case_id in enumerate(_some_cases(desk, _SAVES))]
            pairs = Pairs([], [])
            for draft in drafts:
                statements, taken = _saved(desk, draft)
                pairs.ours.append(taken)
                pairs.anchor.append(_replayed(connection, statements))
        yield pairs.result("G7", 1.5, cases=MANY, statements=len(statements))


def _some_cases(desk: Desk, count: int) -> list[str]:
    """Return cases that lie far from each other."""
    with desk.vault.reading() as session:
        found = session.connection().exec_driver_sql(
            "SELECT DISTINCT case_id FROM search_key WHERE key >= 'a' AND key < 'w' ORDER BY key"
        )
        every = list(islice((str(row[0]) for row in found), 0, None))
    return every[:: len(every) // count][:count]


def _saved(desk: Desk, draft: RecordDraft) -> tuple[list[Statement], float]:
    statements: list[Statement] = []

    def note(_c: object, _u: object, text: str, parameters: Any, _x: object, many: bool) -> None:
        statements.append((text, parameters, many))

    engine = desk.vault.store.engine
    event.listen(engine, "before_cursor_execute", note)
    began = time.perf_counter()
    desk.cases.save(draft)
    taken = (time.perf_counter() - began) * 1000
    event.remove(engine, "before_cursor_execute", note)
    return statements, taken


def _replayed(connection: Any, statements: list[Statement]) -> float:
    began = time.perf_counter()
    for text, parameters, many in statements:
        run = connection.executemany if many else connection.execute
        run(text, parameters or ()).fetchall()
    connection.execute("COMMIT")
    return (time.perf_counter() - began) * 1000


def count_writes() -> Iterator[Result]:
    """G7's syncs and G8's bytes, counted by strace over saves of other cases."""
    with tempfile.TemporaryDirectory() as name:
        copy = full_office(SOME).copy_to(Path(name) / "copy")
        with unlocked(copy.office) as desk:
            cases = _some_cases(desk, _TRACED + 1)
        saved = syncs_and_bytes("save_between_marks", told(copy.office, edit="person", cases=cases))
        noted = syncs_and_bytes("save_between_marks", told(copy.office, edit="note", cases=cases))
    facts = {"N": _TRACED, "cases": SOME}
    if saved is None or noted is None:
        yield {"goal": "G7-syncs", "figure": "not run", "limit": 1, **facts}
        yield {"goal": "G8", "figure": "not run", "limit": _MOST_WRITTEN_KIB, **facts}
        return
    yield {"goal": "G7-syncs", "figure": figure(saved[0] / _TRACED), "limit": 1, **facts}
    written = {"figure": figure(noted[1] / _TRACED / 1024), "person_kib": figure(saved[1] / _TRACED / 1024)}
    yield {"goal": "G8", **written, "limit": _MOST_WRITTEN_KIB, **facts}
