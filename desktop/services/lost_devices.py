"""A laptop is lost: what it had sent, as the Secretariat knows it, and the end of its keys (threat-model 5.5, L-60).

Nobody can say from here what was typed on it since its last bundle: that is said too, and not guessed. Once a laptop is
lost it stays lost: whoever brings it back begins with a new vault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.secretariat import IncomingBundle, ReceivedView
from desktop.bundles.roster import ROSTER_TYPE, Device, Roster, parse_roster
from desktop.crypto.signing import peek_payload
from desktop.errors import Obstacle
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.secretariat import LOST, issue_roster, newest_package, trust_now
from desktop.services.session import OpenVault
from desktop.workbooks.writer import csv_table

LIST_NAME = "lost-laptop.csv"
_HEADINGS = ("pseudonym", "records", "last_bundle", "received_at_utc")
_CASE = "case"


@dataclass(frozen=True)
class ListedDevice:
    """A laptop as the roster in force has it. `lost` was reported; `in_use`: one of its keys still counts."""

    device: str
    office: str
    office_name: str
    label: str
    desk_code: int
    lost: bool
    in_use: bool


@dataclass(frozen=True)
class HeldCase:
    """A case that a laptop had sent: no name, the pseudonym its office can look up."""

    pseudonym: str
    records: int
    last_bundle: int
    received_at: str


@dataclass(frozen=True)
class Held:
    """What a laptop had sent up to its last bundle taken in. `received_at` is empty where nothing ever came.

    `waiting`: bundles that lie here and were not taken in; `entries`: of its journal, known up to that bundle.
    """

    device: ListedDevice
    cases: tuple[HeldCase, ...] = field(repr=False)
    records: int
    bundles: int
    waiting: int
    last_bundle: int
    received_at: str
    entries: int


@dataclass(frozen=True)
class LostReport:
    """What the laptop had sent, and the roster that ends its keys."""

    held: Held
    roster_version: int


class LostDeviceService:
    """Listing what a laptop had sent, and revoking it."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on the Secretariat's open vault."""
        self._vault = vault

    def devices(self) -> tuple[ListedDevice, ...]:
        """Return every laptop of the roster in force, by office and desk code."""
        self._vault.require("secretariat.lost_device")
        with self._vault.reading() as session:
            return _listed(trust_now(session, self._vault.practice).roster)

    def of_office(self, office: str, device: str | None = None) -> ListedDevice:
        """Return an office's laptop by its id, or the only one it ever had.

        After a loss the one in use is the one that took its place: to ask again must not end that one's keys.

        Raises:
            Obstacle: DEVICE_UNKNOWN, or DEVICE_NOT_CHOSEN where the office has or had several.
        """
        listed = [one for one in self.devices() if one.office == office and device in (None, one.device)]
        if not listed:
            raise Obstacle("DEVICE_UNKNOWN")
        if len(listed) > 1:
            raise Obstacle("DEVICE_NOT_CHOSEN")
        return listed[0]

    def held(self, device: str) -> Held:
        """Return what a laptop had sent; journaled. Raises Obstacle DEVICE_UNKNOWN."""
        self._vault.require("secretariat.lost_device")
        with self._vault.writing() as session:
            found = _held(session, _one(trust_now(session, self._vault.practice).roster, device))
            journal.append(session, self._vault, Act.DEVICE_LISTED, device)
        return found

    def report(self, device: str) -> LostReport:
        """End every key of a lost laptop in the next roster, each after the last bundle taken in.

        Reported again it changes nothing and returns the list once more.

        Raises:
            Obstacle: DEVICE_UNKNOWN.
        """
        self._vault.require("secretariat.lost_device")
        with self._vault.writing() as session:
            roster = trust_now(session, self._vault.practice).roster
            listed = _one(roster, device)
            act = Act.DEVICE_LISTED
            if not listed.lost:
                act = Act.DEVICE_LOST
                entries = tuple(_ended(session, other) if other.device == device else other for other in roster.devices)
                roster = issue_roster(session, self._vault, roster, devices=entries)
            journal.append(session, self._vault, act, device, revision_hash=roster.payload_sha256)
            return LostReport(_held(session, _one(roster, device)), roster.version)


def is_lost(session: Session, device: str) -> bool:
    """Say whether a laptop was reported lost, by the roster the Secretariat issued last."""
    roster = parse_roster(peek_payload(newest_package(session).rosters[-1], ROSTER_TYPE))
    return any(one.device == device and one.revoked_reason == LOST for one in roster.devices)


def as_csv(held: Held) -> bytes:
    """Return the list of cases as a table for whoever has to tell the persons: pseudonyms and figures only."""
    lines = [(one.pseudonym, str(one.records), str(one.last_bundle), one.received_at) for one in held.cases]
    return csv_table(_HEADINGS, lines)


def _listed(roster: Roster) -> tuple[ListedDevice, ...]:
    names = {office.code: office.name for office in roster.offices}
    by_id: dict[str, list[Device]] = {}
    for entry in roster.devices:
        by_id.setdefault(entry.device, []).append(entry)
    listed = [
        ListedDevice(
            device=entries[-1].device,
            office=entries[-1].office,
            office_name=names[entries[-1].office],
            label=entries[-1].label,
            desk_code=entries[-1].desk_code,
            lost=any(entry.revoked_reason == LOST for entry in entries),
            in_use=any(entry.revoked_after is None for entry in entries),
        )
        for entries in by_id.values()
    ]
    return tuple(sorted(listed, key=lambda one: (one.office, one.desk_code)))


def _one(roster: Roster, device: str) -> ListedDevice:
    found = next((one for one in _listed(roster) if one.device == device), None)
    if found is None:
        raise Obstacle("DEVICE_UNKNOWN")
    return found


def _ended(session: Session, entry: Device) -> Device:
    """Return a key's entry as it stands once its laptop is lost; what was ended before keeps its number."""
    if entry.revoked_after is not None:
        return replace(entry, revoked_reason=LOST)
    taken = select(func.max(IncomingBundle.sequence)).where(
        IncomingBundle.device == entry.device,
        IncomingBundle.incarnation == entry.incarnation,
        IncomingBundle.taken.is_(True),
    )
    return replace(entry, revoked_after=session.scalar(taken) or 0, revoked_reason=LOST)


def _held(session: Session, listed: ListedDevice) -> Held:
    rows = session.execute(
        select(
            *(IncomingBundle.sha256, IncomingBundle.sequence, IncomingBundle.received_at),
            *(IncomingBundle.taken, IncomingBundle.journal_count),
        ).where(IncomingBundle.device == listed.device)
    ).all()
    taken = {row.sha256: row for row in rows if row.taken}
    last = max(taken.values(), key=lambda row: row.sequence, default=None)
    views = session.execute(
        select(
            *(ReceivedView.record_id, ReceivedView.case_id, ReceivedView.kind, ReceivedView.rev),
            *(ReceivedView.view, ReceivedView.bundle_sha256),
        ).where(ReceivedView.device == listed.device)
    ).all()
    return Held(
        device=listed,
        cases=_cases(views, {sha256: (row.sequence, row.received_at) for sha256, row in taken.items()}),
        records=len({row.record_id for row in views}),
        bundles=len(taken),
        waiting=len(rows) - len(taken),
        last_bundle=last.sequence if last else 0,
        received_at=last.received_at if last else "",
        entries=max((row.journal_count for row in taken.values()), default=0),
    )


def _cases(views: Sequence[Any], bundles: Mapping[bytes, tuple[int, str]]) -> tuple[HeldCase, ...]:
    """Return the cases by pseudonym; one whose own record never came is named by its id."""
    records: dict[str, set[str]] = {}
    last: dict[str, tuple[int, str]] = {}
    pseudonyms: dict[str, tuple[int, str]] = {}
    for row in views:
        case_id = row.case_id or ""
        if not case_id:
            continue
        records.setdefault(case_id, set()).add(row.record_id)
        last[case_id] = max(last.get(case_id, (0, "")), bundles.get(row.bundle_sha256, (0, "")))
        if row.kind == _CASE:
            said = (row.rev, str(json.loads(row.view).get("pseudonym", "")))
            pseudonyms[case_id] = max(pseudonyms.get(case_id, (0, "")), said)
    found = [
        HeldCase(pseudonyms.get(case_id, (0, ""))[1] or case_id, len(records[case_id]), *last[case_id])
        for case_id in records
    ]
    return tuple(sorted(found, key=lambda one: one.pseudonym))
