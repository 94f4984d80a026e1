"""Complete made-up offices for the measurements: every table of so many cases, and the Secretariat they send to.

The practice office is the mould: its cases were written by the services themselves, and each made case is one of them
with other ids, numbers, names and instants, in the same encodings and under a journal whose chain holds. Whoever wants
an office gets the one kept under `build/bench-offices`, made once for each schema and generator.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import random
import shutil
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.offices import SEED, MadeOffice, made_cases
from db import schema
from db.models import base, office
from db.models.base import Base, JournalEntry
from db.models.office import Assignment, CaseRow, Record, ReferralRow, Revision, SearchKey
from desktop import machine
from desktop.bootstrap import Desk, Door
from desktop.bundles.records import parse_revision, revision_bytes, revision_hash
from desktop.clock import SystemClock, parse_stamp, stamp
from desktop.crypto.encoding import canonical_json
from desktop.rules.journal_chain import Act, Entry, next_entry
from desktop.rules.names import name_keys
from desktop.rules.records import Value
from desktop.services.case_rows import digits
from desktop.services.journal import head
from desktop.services.practice import consent, make_practice
from desktop.services.sealed import seal_fields

SMALL_MACHINE_BYTES = 4_000_000_000  # the key derivation of a small laptop: 64 MiB
_KEPT = Path(__file__).resolve().parents[1] / "build" / "bench-offices"
_SENTENCES = "practice.json"
_BATCH_CASES = 500
_WITH_REFERRAL = 20  # of the mould's 40 cases
_REFERRAL: dict[str, Value] = {
    "services": ("MEDICAL", "MENTAL_HEALTH"),
    "reason": "SERVICE",
    "urgency": "URGENT",
    "reason_short": "Needs a check by a nurse and somebody to talk to.",
    "risk_note": "Please do not call any number but ours.",
}
_NARRATIVE = "She was met at the bus station and taken to a house where her papers were kept. " * 6


@dataclass(frozen=True)
class FullOffice:
    """A complete office and its Secretariat on disk. Whoever writes takes a copy."""

    folder: Path
    cases: int

    @property
    def office(self) -> MadeOffice:
        """The office's vault."""
        return self._vault("office")

    @property
    def secretariat(self) -> MadeOffice:
        """The vault it sends to."""
        return self._vault("secretariat")

    def copy_to(self, folder: Path) -> FullOffice:
        """Return a copy that may be written to."""
        shutil.copytree(self.folder, folder)
        return FullOffice(folder, self.cases)

    def _vault(self, name: str) -> MadeOffice:
        sentences = json.loads((self.folder / "practice" / _SENTENCES).read_text(encoding="utf-8"))
        return MadeOffice(self.folder / "practice" / name, sentences[name])


@dataclass(frozen=True)
class _Mould:
    """One case of the practice office: what to put elsewhere in its revisions, and its rows."""

    case_id: str
    case_ref: str
    pseudonym: str
    row: dict[str, Any]
    revisions: tuple[tuple[str, str, bytes], ...] = field(repr=False)  # record id, kind, body
    referrals: tuple[dict[str, Any], ...] = field(repr=False)


def full_office(cases: int) -> FullOffice:
    """Return the office of so many cases, made now if it is not kept."""
    folder = _KEPT / f"{cases}-{_fingerprint()}"
    if not folder.exists():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        vars(machine)["total_memory_bytes"] = lambda: SMALL_MACHINE_BYTES
        make_practice(partial)
        made = FullOffice(partial, cases).office
        desk = Door(made.folder).unlock(1, made.sentence)
        try:
            _refer(desk)
            _fill(desk, cases)
        finally:
            desk.lock()
        partial.rename(folder)
    return FullOffice(folder, cases)


@cache
def _fingerprint() -> str:
    """Return what a kept office depends on: the tables, this generator, and the one of the lists."""
    parts: tuple[Any, ...] = (schema, base, office, made_cases, sys.modules[__name__])
    return hashlib.sha256("".join(inspect.getsource(part) for part in parts).encode()).hexdigest()[:12]


def _refer(desk: Desk) -> None:
    """Ask for consent and begin a referral in some cases of the practice office."""
    provider = desk.directory.list()[0].record_id
    explained = [code.code for code in desk.vault.catalogue.lists["explained_items"].codes]
    for case in desk.cases.list()[:_WITH_REFERRAL]:
        desk.consents.record(case.case_id, consent(SystemClock(), provider, "SWA", explained))
        desk.referrals.create(case.case_id, {**_REFERRAL, "to_provider": provider})


def _fill(desk: Desk, cases: int) -> None:
    """Write so many cases in batches; the mould's own cases stay beside them."""
    with desk.vault.reading() as session:
        session.connection().exec_driver_sql("PRAGMA cache_size = -400000")
        moulds = _moulds(session)
    chance = random.Random(SEED)  # noqa: S311  made-up cases, no secret
    made = zip(made_cases(cases), _in_turn(moulds), strict=False)
    while batch := list(islice(made, _BATCH_CASES)):
        with desk.vault.writing() as session:
            _write(session, desk, batch, chance)


def _in_turn(moulds: list[_Mould]) -> Iterator[_Mould]:
    while True:
        yield from moulds


def _moulds(session: Session) -> list[_Mould]:
    found = []
    for row in session.scalars(select(CaseRow).order_by(CaseRow.case_ref)):
        standing = session.execute(
            select(Record.id, Record.kind, Revision.body)
            .join(Revision, (Revision.record_id == Record.id) & (Revision.rev == Record.rev))
            .where(Record.case_id == row.case_id)
            .order_by(Record.kind, Record.id)
        )
        found.append(
            _Mould(
                row.case_id,
                row.case_ref,
                row.pseudonym,
                _columns(row),
                tuple((record_id, kind, _first_revision(body)) for record_id, kind, body in standing),
                tuple(
                    _columns(item)
                    for item in session.scalars(select(ReferralRow).where(ReferralRow.case_id == row.case_id))
                ),
            )
        )
    return found


def _columns(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def _first_revision(body: bytes) -> bytes:
    """Return a revision as if nothing had been before it, without sealed values: those of a case are sealed anew."""
    return revision_bytes(replace(parse_revision(body), rev=1, parent=None, sealed=None))


def _write(session: Session, desk: Desk, batch: list[tuple[dict[str, Any], _Mould]], chance: random.Random) -> None:
    rows: dict[type[Base], list[dict[str, Any]]] = {
        model: [] for model in (Record, Revision, JournalEntry, CaseRow, Assignment, SearchKey, ReferralRow)
    }
    last = head(session)
    entry = Entry(last.count, "", "", "", "", "", None, None, last.hash)
    for made, mould in batch:
        phone = f"+2547{chance.randrange(10**8):08d}"
        ids = {old: str(uuid.UUID(int=chance.getrandbits(128), version=4)) for old, _, _ in mould.revisions}
        for old, kind, body in mould.revisions:
            revision = _revision(desk, kind, ids[old], _turned(body, ids, mould, made, phone), chance)
            rows[Revision].append(revision)
            act = Act.CASE_CREATED if kind == "case" else Act.RECORD_SAVED
            hashed, at = revision["hash"], made["touched_at"]
            entry = next_entry(entry, at=at, user=desk.vault.user, act=act, object=ids[old], revision_hash=hashed.hex())
            chained = {"previous": bytes.fromhex(entry.previous), "hash": bytes.fromhex(entry.hash)}
            rows[JournalEntry].append({**vars(entry), **chained, "revision_hash": hashed})
            standing = {"rev": 1, "sent_rev": 1, "unsent": False, "void": None}
            rows[Record].append({"id": ids[old], "kind": kind, "case_id": made["case_id"], **standing})
        rows[CaseRow].append({**mould.row, **made})
        whose = {"case_id": made["case_id"], "user": desk.vault.user, "since": made["touched_at"]}
        rows[Assignment].append(whose)
        numbers = (digits(made["case_ref"]), digits(phone), "0" + phone.removeprefix("+254"))
        keys = {*name_keys(made["full_name"]), *numbers}
        rows[SearchKey] += [{"key": key, "case_id": made["case_id"]} for key in sorted(keys)]
        rows[ReferralRow] += [_referral(item, ids, mould, made) for item in mould.referrals]
    for model, values in rows.items():
        if values:
            session.execute(insert(model), values)


def _turned(body: bytes, ids: dict[str, str], mould: _Mould, made: dict[str, Any], phone: str) -> dict[str, Any]:
    """Return a revision of the mould as one of the made case's: other ids, numbers, name and instant."""
    turned = {**ids, **{vars(mould)[name]: made[name] for name in ("case_id", "case_ref", "pseudonym")}}
    for was, now in turned.items():
        body = body.replace(was.encode(), now.encode())
    content: dict[str, Any] = json.loads(body)
    given, family = made["full_name"].split()
    values = {"first_name": given, "surname": family, "phone": phone}
    content["at"] = made["touched_at"]
    content["fields"] |= {name: value for name, value in values.items() if name in content["fields"]}
    return content


def _revision(desk: Desk, kind: str, record_id: str, content: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    sealed: bytes | None = None
    if kind == "case":
        sealed, note = seal_fields(desk.vault, content["case"], record_id, 1, {"narrative": _NARRATIVE})
        content["sealed"] = note and {"commit": note.commit, "names": note.names, "vault": note.vault}
    body, salt = canonical_json(content), chance.randbytes(32)
    made = bytes.fromhex(revision_hash(salt, body))
    return {"record_id": record_id, "rev": 1, "hash": made, "body": body, "random": salt, "sealed": sealed}


def _referral(item: dict[str, Any], ids: dict[str, str], mould: _Mould, made: dict[str, Any]) -> dict[str, Any]:
    return {
        **item,
        "referral_id": ids[item["referral_id"]],
        "case_id": made["case_id"],
        "referral_no": item["referral_no"].replace(mould.case_ref, made["case_ref"]),
        "due_at": stamp(parse_stamp(made["touched_at"]) + timedelta(hours=24)),
    }
