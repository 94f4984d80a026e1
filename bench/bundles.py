"""G10 and G11: making, sealing and opening bundles beside the programs one would pipe together instead."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bench.figures import ROUNDS, Pairs, Result, child, figure, in_turn, told, unlocked
from bench.full_offices import FullOffice, full_office
from bench.storage import FEW, SOME, database, opened
from db.models.base import Secret
from desktop.bootstrap import Desk
from desktop.bundles import contents, frame, reader
from desktop.bundles.manifest import PAYLOAD_TYPE, RECORDS, manifest_bytes
from desktop.bundles.reader import OpenedBundle
from desktop.bundles.roster import Roster, Use
from desktop.bundles.writer import BUNDLE_MAGIC
from desktop.crypto.sealing import age_identity, age_recipient, public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted, Obstacle
from desktop.services.enrolment import roster_in_force
from desktop.services.exports import SealedBundle
from desktop.services.secretariat import INTAKE_KEY, trust_now

_TOOLS = ("age", "zstd", "gpg", "zip", "b2sum")
_UNSENT = (
    "UPDATE record SET unsent = 1, sent_rev = 0 WHERE case_id IS NOT NULL",
    "DELETE FROM exported_view",
    "DELETE FROM outgoing_bundle",
)
_STANDING = (
    "SELECT record.id, kind, case_id, record.rev, body, hash FROM record"
    " JOIN revision ON record_id = record.id AND revision.rev = record.rev WHERE unsent = 1 ORDER BY case_id, record.id"
)
_PLACES = {"start": 0.01, "middle": 0.5, "end": 0.999}


def seal_all(desk: Desk) -> list[SealedBundle]:
    """Make every record that is not sent into bundles, as many as it takes."""
    made = []
    while True:
        try:
            made.append(desk.exports.make())
        except Obstacle as done:
            if done.code != "NOTHING_TO_SEND":
                raise
            return made


def unsend(made: FullOffice) -> None:
    """Let nothing have been sent."""
    path, key = database(made)
    with closing(opened(path, key)) as connection:
        for statement in _UNSENT:
            connection.execute(statement)


def measure_making() -> Iterator[Result]:
    """G10: an office of 1k made into bundles; against SELECT, serialise, `zstd -3 | age`; and against zip and gpg."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        yield {"goal": "G10", "figure": "not run", "limit": 1.3, "missing": missing}
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few = full_office(FEW).copy_to(folder / "few")
        unsend(few)
        other = few.copy_to(folder / "other")
        path, key = database(other)
        with unlocked(few.office) as desk, closing(opened(path, key)) as connection:
            with desk.vault.reading() as session:
                recipient = age_recipient(roster_in_force(session, desk.vault).recipients(Use.OPERATIONAL)[0])

            def ours() -> float:
                began = time.perf_counter()
                seal_all(desk)
                taken = time.perf_counter() - began
                with desk.vault.writing() as session:
                    for statement in _UNSENT:
                        session.connection().exec_driver_sql(statement)
                return taken

            zipped: list[float] = []

            def piped_then_zipped() -> float:
                taken = _piped(connection, recipient, folder / "piped.age")
                zipped.append(_zipped(folder))
                return taken

            pairs = in_turn(ours, piped_then_zipped)
        facts = {"cases": FEW, "records": _records(few)}
        yield pairs.result("G10", 1.3, **facts)
        yield Pairs(pairs.ours, zipped[1:]).faster("G10-gpg", 5, **facts)


def _records(made: FullOffice) -> int:
    path, key = database(made)
    with closing(opened(path, key)) as connection:
        return int(connection.execute("SELECT count(*) FROM record").fetchone()[0])


def _piped(connection: Any, recipient: str, target: Path) -> float:
    """Select, serialise and pipe: what somebody would write who needs no views, no manifest, no journal."""
    began = time.perf_counter()
    lines = []
    for record_id, kind, case_id, rev, body, hashed in connection.execute(_STANDING):
        fields = json.loads(body)["fields"]
        line = {"id": record_id, "kind": kind, "case": case_id, "rev": rev, "hash": hashed.hex(), "fields": fields}
        lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    plain = ("\n".join(lines) + "\n").encode()
    target.with_suffix(".jsonl").write_bytes(plain)
    _run(f"zstd -q -3 -c | age -r {recipient} -o {target}", plain)
    return time.perf_counter() - began


def _zipped(folder: Path) -> float:
    """Pack the same lines by zip and gpg, from the file they lie in."""
    source, packed = folder / "piped.jsonl", folder / "piped.zip"
    home = folder / "gnupg"
    home.mkdir(mode=0o700, exist_ok=True)
    packed.unlink(missing_ok=True)
    began = time.perf_counter()
    gpg = f"gpg --homedir {home} --batch --yes --pinentry-mode loopback --passphrase practice --compress-algo none"
    _run(f"zip -q -6 {packed} {source} && {gpg} -o {packed}.gpg -c {packed}", b"")
    return time.perf_counter() - began


def _run(pipe: str, given: bytes) -> None:
    subprocess.run(
        ["/bin/sh", "-c", pipe], input=given, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def measure_memory() -> Iterator[Result]:
    """G10: the peak while 1k and while 10k cases are made into bundles."""
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        for cases in (SOME, FEW):
            copy = full_office(cases).copy_to(Path(name) / str(cases))
            unsend(copy)
            peaks.append(child("seal_memory", told(copy.office)))
    many, few = peaks
    most = 1.1 * few["peak_mb"] + 8
    yield {
        "goal": "G10-memory",
        "figure": figure(many["peak_mb"]),
        "anchor": figure(few["peak_mb"]),
        "ratio": figure(many["peak_mb"] / few["peak_mb"]),
        "limit": figure(most),
        "N": 1,
        "cases": SOME,
        "anchor_cases": FEW,
        "bundles": many["bundles"],
    }


@dataclass(frozen=True)
class _Intake:
    """A bundle, and what the Secretariat opens it with."""

    content: bytes
    secret: bytes
    roster: Roster

    def open(self, content: bytes) -> OpenedBundle:
        return reader.open_and_verify(content, intake_secrets=(self.secret,), roster=self.roster, practice=True)


def measure_opening() -> Iterator[Result]:
    """G11: every gate of a bundle of 1k cases, against `b2sum`, `age -d`, `zstd -d`; and what is refused, and when."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = full_office(FEW).copy_to(folder / "few")
        unsend(copy)
        with unlocked(copy.office) as desk:
            first = seal_all(desk)[0]
            content = desk.exports.sealed_file(first.bundle_id)[1]
        with unlocked(copy.secretariat) as national, national.vault.reading() as session:
            secret = session.execute(select(Secret.value).where(Secret.name == INTAKE_KEY)).scalar_one()
            intake = _Intake(content, secret, trust_now(session, True).roster)
    opened_bundle = intake.open(content)
    if all(map(shutil.which, _TOOLS)):
        yield _verified_beside_pipe(intake, opened_bundle)
    yield from _refused(intake, opened_bundle)


def _verified_beside_pipe(intake: _Intake, made: OpenedBundle) -> Result:
    """Count hash, decryption, signature and decompression; reading the lines afterwards is told beside it."""
    plain = reader.decrypt(reader.receive(intake.content), (intake.secret,)).plaintext
    entry = next(item for item in made.manifest.entries if item.name == RECORDS)
    reading: list[float] = []
    read_contents = contents.read_contents

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        found = read_contents(*arguments)
        reading.append(time.perf_counter() - began)
        return found

    with tempfile.TemporaryDirectory() as name, patch.object(reader, "read_contents", timed):
        folder = Path(name)
        identity, sealed, file = folder / "identity", folder / "records.age", folder / "bundle"
        identity.write_text(age_identity(intake.secret) + "\n", encoding="ascii")
        start = len(frame.frame(BUNDLE_MAGIC, frame.unframe(BUNDLE_MAGIC, plain)[0]))
        padded = plain[start : start + entry.stored]
        # The anchor's file is as long as the bundle: an equal frame of records, then what fills it, as a frame to skip.
        fill = len(plain) - len(padded) - 8
        skipped = (0x184D2A50).to_bytes(4, "little") + fill.to_bytes(4, "little") + bytes(fill)
        sealed.write_bytes(seal(padded + skipped, public_key(intake.secret)))
        file.write_bytes(intake.content)

        def ours() -> float:
            began = time.perf_counter()
            intake.open(file.read_bytes())
            return time.perf_counter() - began - reading[-1]

        def anchor() -> float:
            began = time.perf_counter()
            _run(f"b2sum {file} && age -d -i {identity} {sealed} | zstd -q -d -c > {folder / 'plain'}", b"")
            return time.perf_counter() - began

        pairs = in_turn(ours, anchor)
        assert (folder / "plain").stat().st_size == entry.plain  # noqa: S101  the anchor did the same work
    facts = {"bytes": len(intake.content), "records": len(made.contents.records)}
    return pairs.result("G11", 1.3, **facts, reading_lines_s=figure(median(reading)))


def _refused(intake: _Intake, made: OpenedBundle) -> Iterator[Result]:
    """Refuse a byte changed at each place, and a bundle whole but for its signature; count the rows read before."""
    rows: list[object] = []
    with ExitStack() as stack:
        stack.enter_context(patch.object(reader, "read_contents", lambda *read: rows.append(read)))
        for place in _PLACES.values():
            changed = bytearray(intake.content)
            changed[int(len(changed) * place)] ^= 1
            _must_refuse(intake, bytes(changed))
        taken = [_signature_refused(intake, made) for _ in range(ROUNDS)]
    yield {"goal": "G11-rows", "figure": len(rows), "limit": 0, "N": len(_PLACES) + ROUNDS, "places": sorted(_PLACES)}
    yield {"goal": "G11-refusal", "figure": figure(median(taken)), "limit": 1, "N": ROUNDS}


def _must_refuse(intake: _Intake, content: bytes) -> None:
    try:
        intake.open(content)
    except NotTrusted:
        return
    raise AssertionError("a changed byte was let through")


def _signature_refused(intake: _Intake, made: OpenedBundle) -> float:
    """Sign the same manifest by a key of nobody, and return how long the gate of the signature took, in ms."""
    envelope = sign_envelope(PAYLOAD_TYPE, manifest_bytes(made.manifest), Ed25519PrivateKey.generate())
    content = seal(frame.frame(BUNDLE_MAGIC, envelope), public_key(intake.secret))
    framed = reader.unframe(reader.decrypt(reader.receive(content), (intake.secret,)))
    began = time.perf_counter()
    try:
        reader.verify_signature(framed, intake.roster)
    except NotTrusted:
        return (time.perf_counter() - began) * 1000
    raise AssertionError("a signature of nobody was let through")
