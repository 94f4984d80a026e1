"""The kept bundles of one device, as the rules of the sequence and of its keys see them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from db.models.secretariat import IncomingBundle
from desktop.bundles.manifest import PreviousIncarnation
from desktop.bundles.receipt import JournalMark
from desktop.bundles.roster import Roster
from desktop.bundles.sequence import Link, SequenceState, judge
from desktop.bundles.succession import Heritage, Sent, Succession, succession
from desktop.crypto.encoding import canonical_json
from desktop.rules.journal_chain import ZERO_HASH, HashRun

_KNOWN = (
    *(IncomingBundle.sha256, IncomingBundle.incarnation, IncomingBundle.sequence, IncomingBundle.previous_bundle),
    *(IncomingBundle.previous_incarnation, IncomingBundle.journal_count, IncomingBundle.journal_head),
    *(IncomingBundle.taken, IncomingBundle.disputed, IncomingBundle.signer),
)


def succession_of(session: Session, roster: Roster, device: str) -> Succession:
    """Return what the present key of a device says of the bundles its earlier keys signed."""
    return _succession(_rows(session, device), roster, device)


def _succession(rows: Iterable[Row[Any]], roster: Roster, device: str) -> Succession:
    in_force = {other.ed25519 for other in roster.devices if other.device == device and other.revoked_after is None}
    return succession(
        (
            Sent(row.sha256.hex(), row.sequence, _hex(row.previous_bundle), in_force=row.signer in in_force)
            for row in rows
        ),
        has_heir=bool(in_force),
    )


def state_of(session: Session, roster: Roster, device: str) -> SequenceState:
    """Return the bundles of a device that count in its sequence.

    What waits under a revoked key and is named by none in force is not among them: it must not look like a bundle that
    came, or the office would not be asked for the genuine one.
    """
    rows = _rows(session, device)
    chain = _succession(rows, roster, device)
    revoked = {other.ed25519 for other in roster.devices if other.revoked_after is not None}
    return SequenceState(
        tuple(
            Link(
                file_sha256=row.sha256.hex(),
                incarnation=row.incarnation,
                sequence=row.sequence,
                previous_bundle=_hex(row.previous_bundle),
                previous_incarnation=_unpacked(row.previous_incarnation),
                journal_count=row.journal_count,
                journal_head=row.journal_head.hex(),
                taken=row.taken,
                disputed=row.disputed,
            )
            for row in rows
            if row.taken
            or row.signer not in revoked
            or chain.heritage(row.sequence, row.sha256.hex()) is Heritage.NAMED
        )
    )


def still_missing(session: Session, roster: Roster, bundle: IncomingBundle) -> tuple[int, ...]:
    """Return the numbers a kept bundle waits for today; none once it was taken."""
    if bundle.taken:
        return ()
    state = state_of(session, roster, bundle.device)
    own = next((link for link in state.links if link.file_sha256 == bundle.sha256.hex()), None)
    # What is not there yet does not depend on its journal.
    return judge(own, HashRun(1, ()), state).missing if own else ()


def anchor_of(session: Session, device: str, incarnation: str) -> JournalMark:
    """Return the highest journal entry that a taken bundle of this incarnation anchors."""
    row = session.scalars(
        select(IncomingBundle)
        .where(IncomingBundle.device == device, IncomingBundle.incarnation == incarnation, IncomingBundle.taken)
        .order_by(IncomingBundle.journal_count.desc())
        .limit(1)
    ).first()
    return JournalMark(row.journal_count, row.journal_head.hex()) if row else JournalMark(0, ZERO_HASH)


def _rows(session: Session, device: str) -> list[Row[Any]]:
    """Return what is known of the bundles of a device; the sealed files stay where they are."""
    return list(session.execute(select(*_KNOWN).where(IncomingBundle.device == device)))


def _hex(value: bytes | None) -> str | None:
    return value.hex() if value else None


def packed(value: PreviousIncarnation | None) -> str | None:
    """Return a previous incarnation as its row keeps it."""
    return None if value is None else canonical_json(asdict(value)).decode()


def _unpacked(text: str | None) -> PreviousIncarnation | None:
    return None if text is None else PreviousIncarnation(**json.loads(text))
