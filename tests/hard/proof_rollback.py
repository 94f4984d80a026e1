"""R9: old pages, files, headers and folders of an office put back, and where that is noticed.

An office lives through states, each kept as its folder at rest; the last one stands, and a Secretariat holds what was
sent until then. SQLCipher takes an old page of the same file without a word: every page that is pasted in is checked to
be another one that its integrity check passes. What the page changed is read with another tool, so that it is known
whether anything of journal or revisions is another one: that must be noticed, by unlocking, by reading, by the check of
the journal or by the next bundle. The other tables are derived or a courtesy (threat-model 5.3); what of theirs was
noticed is counted and no goal. Files put back without the mark beside the vault are told by the mark. A whole folder,
mark and all, is shown by the line "Last saved", and by the next bundle where one was sent since: exactly that is
promised.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlcipher3 import dbapi2

from desktop.bootstrap import Desk, Door
from desktop.errors import DeskError, NotPermitted
from desktop.rules.records import RecordDraft
from desktop.services.intake import IntakeService
from tests.factory import (
    Place,
    change,
    consent,
    dek_of,
    enrol,
    make_case,
    make_office,
    make_provider,
    make_secretariat,
    send,
)
from tests.hard.one_transaction import Within, derived_once, gates_here, transaction, undone
from tests.hard.victims import MEMORY, small_laptop

PAGE = 4096
_STATES, _FEWEST_STATES = 12, 5
_PAGES_OF_A_STATE = 10  # fewer pages, fewer states
_KEPT = ("journal", "revision")
_HEADERS = ("key-header.a", "key-header.b")
_MARK = "journal-mark.json"


@dataclass(frozen=True)
class State:
    """The office at rest: its folder, the journal's last entry, and how many bundles were sent and lists signed."""

    folder: Path
    last: int
    sent: int
    lists: int
    edit: int

    @property
    def generation(self) -> Path:
        return self.folder / "vault" / "g1"


@dataclass
class Ground:
    """What happened so far. The last state is the genuine one."""

    states: list[State]
    place: Place
    national: Place
    dek: bytes
    room: Path

    @property
    def now(self) -> State:
        return self.states[-1]


@dataclass(frozen=True)
class Seen:
    """Where an old file was noticed: at unlock, use, check or next bundle, or nowhere; what line and mark say."""

    where: str
    code: str = ""
    line: int | None = None
    marked: bool = False


def measure(n: int) -> dict[str, object]:
    """Paste so many old pages and put every old file back; `figure` counts what was promised and not noticed."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311  which pages, no secret
    wrong, counts = Counter[str](), Counter[str]()
    with _ground(max(_FEWEST_STATES, min(_STATES, n // _PAGES_OF_A_STATE))) as ground:
        genuine = _rows(ground.now.generation / "vault.db", ground.dek)
        wrong["the genuine one noticed"] += _put(ground, {}) != Seen("nothing", line=ground.now.last)
        for number in range(n):
            _replay(ground, dice, genuine, wrong, counts, number)
        _files(ground, wrong, counts)
    wrong["no page of the journal was pasted in"] += n >= 50 and not counts["pages: journal or revisions changed"]
    return {
        "figure": wrong.total(),
        "N": n,
        "seed": seed,
        "counts": dict(counts),
        "wrong": dict(+wrong),
        "states": len(ground.states),
    }


def _replay(
    ground: Ground,
    dice: random.Random,
    genuine: dict[str, list[Any]],
    wrong: Counter[str],
    counts: Counter[str],
    number: int,
) -> None:
    """Paste one old page into the file that stands, and see where that is noticed."""
    now = (ground.now.generation / "vault.db").read_bytes()
    old, page = _other_page(ground, dice, now)
    pasted = now[: page * PAGE] + old + now[(page + 1) * PAGE :]
    trial = ground.room / f"page-{number}.db"
    trial.write_bytes(pasted)
    # The injector must bite: the cipher is content with the page, and it is another one.
    wrong["the cipher itself refused the page"] += not _passes_the_cipher(trial, ground.dek)
    rows = _rows(trial, ground.dek)
    trial.unlink()
    other = sorted(name for name in genuine.keys() | rows.keys() if rows.get(name) != genuine.get(name))
    seen = _put(ground, {"vault.db": pasted})
    counts[f"pages noticed by: {seen.where}"] += 1
    if set(other) & set(_KEPT):
        counts["pages: journal or revisions changed"] += 1
        wrong[f"journal or revisions changed unnoticed ({', '.join(other)})"] += seen.where == "nothing"
    elif seen.where == "nothing":
        counts[f"pages not noticed, of: {', '.join(other) or 'an index or nothing'}"] += 1
    if seen.where.startswith("a fault"):
        counts[f"faults: {seen.code}"] += 1


def _files(ground: Ground, wrong: Counter[str], counts: Counter[str]) -> None:
    """Put old vault, old header, both, and old folders back, from every state."""
    now = ground.now
    for old in ground.states[:-1]:
        database = {"vault.db": (old.generation / "vault.db").read_bytes()}
        headers = {name: (old.generation / name).read_bytes() for name in _HEADERS}
        # Formats, section 4: one list ahead of the note is a crash; two, or an edit behind it, is not.
        mark = (old.folder / _MARK).read_bytes()
        told = _put(ground, database | headers).marked
        counts["old pair without its mark: told by the mark"] += told
        wrong["an old pair without its mark is not told"] += old.last < now.last and not told
        seen = _put(ground, database, mark)
        counts[f"old vault noticed by: {seen.where}"] += 1
        _hold(seen, "unlock" if now.lists - old.lists > 1 else _told(old, now), "old vault", wrong)
        seen = _put(ground, headers, mark)
        counts[f"old header noticed by: {seen.where}"] += 1
        _hold(seen, "unlock" if old.edit < now.edit else "nothing", "old header", wrong)
        seen = _put(ground, database | headers, mark)
        counts[f"old pair noticed by: {seen.where}"] += 1
        _hold(seen, _told(old, now), "old pair", wrong)
        if seen.where != "unlock":
            wrong["the line does not show an old pair"] += seen.line != old.last
            counts["old pair: shown by the line"] += seen.line == old.last < now.last
        told = _put(ground, {}, above=old).marked
        wrong["an old folder above without its mark is not told"] += now.lists == old.lists and not told
        seen = _put(ground, {}, mark, above=old)
        counts[f"old folder with a higher number noticed by: {seen.where}"] += 1
        later = now.lists > old.lists
        _hold(seen, "unlock" if later else _told(old, now), "old folder with a higher number", wrong)


def _told(old: State, now: State) -> str:
    """The next bundle tells where the Secretariat holds a later one; else the line alone."""
    return "next bundle" if now.sent > old.sent else "nothing"


def _hold(seen: Seen, promised: str, what: str, wrong: Counter[str]) -> None:
    wrong[f"{what}: {promised} was promised, {seen.where} {seen.code}".strip()] += seen.where != promised


# ------------------------------------------------------------------------------------------ desk and Secretariat


def _put(ground: Ground, files: dict[str, bytes], mark: bytes | None = None, above: State | None = None) -> Seen:
    """Put files, and a mark, in the place of the genuine ones, or an old folder above; go through a day at the desk."""
    folder = ground.room / "trial"
    shutil.copytree(ground.now.folder, folder)
    try:
        for name, content in files.items():
            (folder / "vault" / "g1" / name).write_bytes(content)
        if mark is not None:
            (folder / _MARK).write_bytes(mark)
        if above is not None:
            shutil.copytree(above.generation, folder / "vault" / "g2")
        return _day(ground, folder)
    finally:
        shutil.rmtree(folder)


def _day(ground: Ground, folder: Path) -> Seen:
    step, line, marked = "unlock", None, False
    desk: Desk | None = None
    try:
        desk = Door(folder, ground.place.clock).unlock(1, ground.place.sentence)
        step = "use"
        last = desk.journal.last_saved()
        line, marked = last.n if last else None, desk.vault.mark_ahead is not None
        for row in desk.cases.list():
            with contextlib.suppress(NotPermitted):  # no more assigned: a courtesy of the program's
                desk.cases.open(row.case_id, "PERSON_HERE")
        step = "check"
        verdict = desk.journal.verify_all()
        if not verdict.whole:
            return Seen("check", verdict.found[0].code, line, marked)
        step = "use"
        make_case(_at(desk, ground.place))
        made = desk.exports.make()
        file = desk.exports.sealed_file(made.bundle_id)[1]
        step = "next bundle"
        with transaction(ground.national.desk.vault) as session, undone(session):
            taken = IntakeService(Within(ground.national.desk.vault, session)).receive(file)  # type: ignore[arg-type]
        return Seen("nothing" if taken.outcome == "RECEIVED" else step, taken.reason or "", line, marked)
    except DeskError as error:
        return Seen(step, f"{error.code} {error.facts.get('reason', '')}".strip(), line, marked)
    except Exception as error:  # noqa: BLE001  # rows and indexes that disagree
        return Seen("a fault without a sentence of its own", type(error).__name__, line, marked)
    finally:
        if desk is not None:
            with contextlib.suppress(Exception):
                desk.lock()


def _at(desk: Desk, place: Place) -> Place:
    return Place(place.folder, place.sentence, desk, place.clock)


# ------------------------------------------------------------------------------------------ another tool


@contextmanager
def _opened(path: Path, dek: bytes) -> Iterator[Any]:
    with closing(dbapi2.connect(str(path))) as connection:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{dek.hex()}'\"")
        yield connection


def _passes_the_cipher(path: Path, dek: bytes) -> bool:
    with _opened(path, dek) as connection:
        return not connection.execute("PRAGMA cipher_integrity_check").fetchall()


def _rows(path: Path, dek: bytes) -> dict[str, list[Any]]:
    """Every table's rows in no order; what cannot be read to its end is a table of its own kind."""
    found: dict[str, list[Any]] = {}
    with _opened(path, dek) as connection:
        try:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        except dbapi2.Error:
            return {"sqlite_master": ["malformed"]}
        for name in names:
            try:
                found[name] = sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))  # noqa: S608  own
            except dbapi2.Error:
                found[name] = ["malformed"]
    return found


def _other_page(ground: Ground, dice: random.Random, now: bytes) -> tuple[bytes, int]:
    """Draw an old page of the same file that says something else than what stands there now."""
    while True:
        before = (dice.choice(ground.states[:-1]).generation / "vault.db").read_bytes()
        page = dice.randrange(min(len(before), len(now)) // PAGE)
        old, new = (data[page * PAGE : (page + 1) * PAGE] for data in (before, now))
        if _plain(old, page, ground.dek) != _plain(new, page, ground.dek):
            return old, page


def _plain(page: bytes, number: int, dek: bytes) -> bytes:
    """Return a page in the clear: SQLCipher 4 as it comes, with the vector and the tag in the last 80 bytes."""
    decryptor = Cipher(algorithms.AES256(dek), modes.CBC(page[PAGE - 80 : PAGE - 64])).decryptor()
    return decryptor.update(page[0 if number else 16 : PAGE - 80]) + decryptor.finalize()


# ------------------------------------------------------------------------------------------ the ground


@contextmanager
def _ground(count: int) -> Iterator[Ground]:
    room = MEMORY if MEMORY.is_dir() else None
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(dir=room))
        stack.enter_context(small_laptop())
        stack.enter_context(derived_once())
        stack.enter_context(gates_here())
        office, national = make_office(Path(name) / "office"), make_secretariat(Path(name) / "national")
        stack.callback(national.lock)
        try:
            enrol(office, national)
            states = list(_states(office, national, Path(name), count))
        finally:
            office.lock()
        yield Ground(states, office, national, dek_of(office), Path(name))


def _states(office: Place, national: Place, room: Path, count: int) -> Iterator[State]:
    """Live, and keep what lies on the disk after every part of it."""
    sent = 0
    for number in range(count):
        keys = office.desk.vault.keys
        with office.locked():
            kept = room / f"state-{number}"
            shutil.copytree(office.folder, kept)
        with _opened(kept / "vault" / "g1" / "vault.db", keys.dek) as connection:
            last = connection.execute("SELECT max(n) FROM journal").fetchone()[0]
        yield State(kept, last, sent, keys.access_list.version, keys.header.edit)
        if number == count - 1:
            return  # the last one stands: nothing is sent after it
        _part(office, number)
        if number % 4 == 1:
            national.desk.intake.receive(send(office))
            sent += 1


def _part(office: Place, number: int) -> None:
    provider = make_provider(office)
    case_id = make_case(office, RecordDraft("exploitation_episode", {"exact_place": f"P{number}"}))
    change(office, case_id, surname=f"S{number}")
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
    office.desk.drafts.keep([RecordDraft("case", {"narrative": f"N{number}" * 50}, None, case_id)])
    if number % 3 == 0:
        office.desk.people.add(name=f"Person {number}", role="CLERK")
