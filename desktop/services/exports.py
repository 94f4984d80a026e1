"""Bundles: say what will leave, make and seal it, note that it was handed over (threat-model 5.6)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.models.office import CaseRow, ExportedView, Office, OutgoingBundle, Record, Revision
from db.queries import visible
from desktop import VERSION
from desktop.bundles.manifest import Identity, RosterMark
from desktop.bundles.records import RecordLine, line_bytes, parse_revision, record_line
from desktop.bundles.roster import Roster, Use
from desktop.bundles.writer import BundleFacts, MadeBundle, SealedItem, make_bundle
from desktop.clock import today
from desktop.errors import Obstacle
from desktop.rules.access import is_restricted
from desktop.rules.consent import may_send_identity
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic, Value, encode_fields
from desktop.rules.states import BundleState, next_bundle_state
from desktop.rules.views import identified_view, pseudonymous_view
from desktop.services import journal, records, taken_out
from desktop.services.consents import rows_of
from desktop.services.enrolment import device_signing_key, roster_for_sending
from desktop.services.records import StoredRecord
from desktop.services.sealed import sealed_as_it_stands
from desktop.services.session import OpenVault

MAX_RECORDS = 10_000  # what one bundle's making holds in memory at once
ROOM_BYTES = 40 * 1024 * 1024  # of the 64 MiB a bundle may hold; larger sets become a chain of bundles


@dataclass(frozen=True)
class WhatLeaves:
    """What the next bundle would carry, in figures, and which fields of each kind."""

    cases: int
    records: Mapping[str, int]
    fields: Mapping[str, tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True)
class SealedBundle:
    """A bundle ready to hand over. `used_bytes` is what it holds before the padding that hides its size.

    `roster_expired`: nothing stops for it, but the office should ask for a newer trust package.
    """

    bundle_id: str
    file_name: str
    sequence: int
    sha256: str
    size_bytes: int
    used_bytes: int
    cases: int
    records: int
    roster_expired: bool


@dataclass(frozen=True)
class BundleSummary:
    """Where one bundle stands."""

    bundle_id: str
    file_name: str
    sequence: int
    sha256: str
    size_bytes: int
    state: BundleState
    made_at: str
    answered_at: str | None
    reason: str | None
    cases: int
    records: int


@dataclass(frozen=True)
class _Going:
    """One record of a bundle in the making."""

    record: Record
    line: RecordLine
    sealed: tuple[SealedItem, ...]


@dataclass(frozen=True)
class _Case:
    """What every record of a case needs to know of it; `named`: this bundle may carry the person's identity."""

    records: Mapping[str, StoredRecord]
    was_child: bool
    opened_on: date | None
    named: bool


class ExportService:
    """Making bundles for the Secretariat."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def what_leaves(self) -> WhatLeaves:
        """Return what a pseudonymous bundle made now would carry."""
        self._vault.require("bundle.make")
        with self._vault.reading() as session:
            kinds: Counter[str] = Counter()
            cases: set[str] = set()
            for record in _unsent(session):
                kinds[record.kind] += 1
                if record.case_id:
                    cases.add(record.case_id)
        fields = {
            kind: tuple(item.name for item in self._vault.catalogue.forms[kind].fields if item.out.value == "P")
            for kind in kinds
        }
        return WhatLeaves(len(cases), dict(kinds), fields)

    def make(self, identity: Identity = Identity.PSEUDONYMOUS) -> SealedBundle:
        """Make, sign and seal a bundle of everything changed since the last one.

        An identified bundle carries the identity only of persons whose consent or recorded basis allows it; the
        others travel under their pseudonyms in the same bundle.

        Raises:
            Obstacle: OFFICE_NOT_ENROLLED, HANDOVER_DUE, or NOTHING_TO_SEND.
        """
        self._vault.require("bundle.make")
        self._vault.require_recovered()
        with self._vault.writing() as session:
            roster = roster_for_sending(session, self._vault)
            office = records.office(session)
            going = self._going(session, _unsent(session), identity)
            if not going:
                raise Obstacle("NOTHING_TO_SEND")
            bundle_id = str(uuid.uuid4())
            head = journal.head(session)
            # Cut off below its anchor the journal goes out as it stands: that tells the Secretariat.
            run = journal.run_from(session, max(1, min(office.anchored_count, head.count)))
            made = make_bundle(
                self._facts(office, roster, bundle_id, identity),
                records=[item.line for item in going],
                journal=run,
                sealed=[value for item in going for value in item.sealed],
                lists=self._vault.lists_after(office.receipted_list),
                signing_key=device_signing_key(session),
                recipients=roster.recipients(Use.OPERATIONAL),
            )
            cases = len({item.line.case for item in going if item.line.case})
            self._keep(session, office, made, head, [item.record for item in going], cases)
        return SealedBundle(
            bundle_id,
            made.file_name,
            made.manifest.sequence,
            made.sha256,
            len(made.content),
            made.used_bytes,
            cases,
            len(going),
            roster.expires_at < self._vault.now(),
        )

    def _facts(self, office: Office, roster: Roster, bundle_id: str, identity: Identity) -> BundleFacts:
        return BundleFacts(
            access_list=self._vault.list_sha256,
            app_version=VERSION,
            bundle=bundle_id,
            device=office.device,
            identity=identity,
            incarnation=office.incarnation,
            made_at=self._vault.now(),
            office=office.code,
            practice=self._vault.practice,
            previous_bundle=office.last_bundle.hex() if office.last_bundle else None,
            previous_incarnation=None,
            roster=RosterMark(roster.payload_sha256, roster.version),
            sequence=office.sequence + 1,
            taken_out=taken_out.since_last_bundle(office),
        )

    def _going(self, session: Session, unsent: Iterable[Record], identity: Identity) -> list[_Going]:
        """Return what goes into one bundle; what has no room waits for the next, what was altered does not go."""
        day = today(self._vault.clock)
        going: list[_Going] = []
        room = ROOM_BYTES
        for case_id, of_case in groupby(unsent, key=lambda record: record.case_id or ""):
            case = _case(records.of_case(session, self._vault, case_id), day, identity)
            sealed = self._sealed_since(session, case_id)
            for record in of_case:
                standing = case.records.get(record.id) or records.load(session, self._vault, record.id)
                if standing.altered or standing.source is None:
                    continue
                fields = dict(standing.fields)
                if record.kind == "person":
                    fields["was_child"] = case.was_child
                view = self._view(record.kind, fields, day, case.opened_on, case.named)
                line = record_line(standing.source, view)
                items = tuple(sealed.get(record.id, ()))
                room -= len(line_bytes(line)) + sum(len(item.content) for item in items)
                if room < 0 and going:
                    return going
                going.append(_Going(record, line, items))
        return going

    def _sealed_since(self, session: Session, case_id: str) -> Mapping[str, list[SealedItem]]:
        """Return by record the sealed values of every revision since it was last sent, for the restricted intake."""
        found: dict[str, list[SealedItem]] = {}
        if not self._vault.restricted_recipients:
            return found
        rows = session.execute(
            select(Revision.record_id, Revision.rev, Revision.body, sealed_as_it_stands())
            .join(Record, Record.id == Revision.record_id)
            .where(Record.case_id == case_id, Revision.rev > Record.sent_rev, Revision.sealed.is_not(None))
            .order_by(Revision.record_id, Revision.rev)
        )
        for record_id, rev, body, content in rows:
            note = parse_revision(body).sealed
            if note is not None and isinstance(content, bytes):
                item = SealedItem(record_id, rev, note.commit, note.vault, content)
                found.setdefault(record_id, []).append(item)
        return found

    def _view(
        self, kind: str, fields: Mapping[str, Value], day: date, opened: date | None, named: bool
    ) -> dict[str, object]:
        form = self._vault.catalogue.forms[kind]
        if named:
            return encode_fields(identified_view(form, fields, day, opened=opened))
        return encode_fields(pseudonymous_view(form, fields, day, self._vault.catalogue.age_groups, opened=opened))

    def _keep(
        self,
        session: Session,
        office: Office,
        made: MadeBundle,
        head: journal.Head,
        sent: Iterable[Record],
        cases: int,
    ) -> None:
        session.add(
            OutgoingBundle(
                id=made.manifest.bundle,
                sequence=made.manifest.sequence,
                file_name=made.file_name,
                sha256=bytes.fromhex(made.sha256),
                sealed_file=made.content,
                identity=made.manifest.identity.value,
                records=len(made.views),
                cases=cases,
                journal_count=head.count,
                journal_head=bytes.fromhex(head.hash),
                list_version=self._vault.list_version,
                state=BundleState.MADE.value,
                made_at=made.manifest.made_at,
            )
        )
        session.flush()
        session.execute(
            insert(ExportedView),
            [
                {
                    "bundle_id": made.manifest.bundle,
                    "record_id": view.id,
                    "rev": view.rev,
                    "view_hash": bytes.fromhex(view.view_hash),
                }
                for view in made.views
            ],
        )
        for record in sent:
            record.sent_rev, record.unsent = record.rev, False
        office.sequence = made.manifest.sequence
        office.last_bundle = bytes.fromhex(made.sha256)
        taken_out.begin_anew(office)
        journal.append(session, self._vault, Act.BUNDLE_MADE, made.manifest.bundle, revision_hash=made.manifest_sha256)

    def sealed_file(self, bundle_id: str) -> tuple[str, bytes]:
        """Return a bundle's file name and bytes, to be written to a stick as often as needed."""
        self._vault.require("bundle.hand_over")
        with self._vault.reading() as session:
            bundle = _bundle(session, bundle_id)
            return bundle.file_name, bundle.sealed_file

    def hand_over(self, bundle_id: str) -> Outcome:
        """Note that a bundle was given to a carrier or the courier. Only a receipt moves it further."""
        self._vault.require("bundle.hand_over")
        with self._vault.writing() as session:
            bundle = _bundle(session, bundle_id)
            bundle.state = next_bundle_state(BundleState(bundle.state), BundleState.HANDED_OVER).value
            bundle.handed_over_at = self._vault.now()
            journal.append(session, self._vault, Act.BUNDLE_HANDED_OVER, bundle_id)
        return Outcome((bundle_id,), 0, frozenset({Topic.BUNDLES}))

    def list(self) -> tuple[BundleSummary, ...]:
        """Return every bundle of this device, the newest first."""
        self._vault.require("bundle.list")
        row = OutgoingBundle
        query = select(  # column by column: the sealed files stay where they are
            *(row.id, row.file_name, row.sequence, row.sha256, func.length(row.sealed_file), row.state),
            *(row.made_at, row.answered_at, row.reason, row.cases, row.records),
        ).order_by(row.sequence.desc())
        with self._vault.reading() as session:
            return tuple(
                BundleSummary(key, name, number, sha256.hex(), size, BundleState(state), *rest)
                for key, name, number, sha256, size, state, *rest in session.execute(query)
            )

    def never_handed_over(self) -> tuple[BundleSummary, ...]:
        """Return the bundles that were made and did not reach any carrier, the oldest first."""
        return tuple(bundle for bundle in reversed(self.list()) if bundle.state is BundleState.MADE)

    def numbered(self, sequence: int) -> BundleSummary:
        """Return the bundle of a number. Raises Obstacle BUNDLE_UNKNOWN."""
        for bundle in self.list():
            if bundle.sequence == sequence:
                return bundle
        raise Obstacle("BUNDLE_UNKNOWN")

    def drafts(self) -> int:
        """Return how many cases are still drafts, which no bundle carries; hidden ones are not counted."""
        self._vault.require("bundle.list")
        with self._vault.reading() as session:
            return visible.count(session, self._vault.user, CaseRow.status == "DRAFT")


def _unsent(session: Session) -> list[Record]:
    """Return the records to send, cases still in draft left out, in an order that keeps a case together."""
    query = (
        select(Record)
        .join(CaseRow, CaseRow.case_id == Record.case_id)
        .where(Record.unsent, CaseRow.status != "DRAFT")
        .order_by(Record.case_id, Record.id)
        .limit(MAX_RECORDS)
    )
    return list(session.scalars(query))


def _case(found: tuple[StoredRecord, ...], day: date, identity: Identity) -> _Case:
    return _Case(
        records={item.record_id: item for item in found},
        was_child=records.was_child_in(found, day),
        opened_on=records.opened_on(found),
        named=identity is Identity.IDENTIFIED
        and not any(is_restricted(item.fields) for item in found if item.kind == "case")  # its totals are anonymous
        and may_send_identity(rows_of(found), is_child=records.is_child_in(found, day)),
    )


def _bundle(session: Session, bundle_id: str) -> OutgoingBundle:
    bundle = session.get(OutgoingBundle, bundle_id)
    if bundle is None:
        raise Obstacle("BUNDLE_UNKNOWN")
    return bundle
