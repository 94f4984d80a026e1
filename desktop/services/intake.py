"""The Secretariat's intake: ordered gates, one transaction a bundle, a stored receipt (threat-model 5.6, 5.7)."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import Secret
from db.models.secretariat import IncomingBundle, IssuedReceipt, LedgerEntry, ReceivedView
from desktop.bundles.codes import ReasonCode, SequenceReason
from desktop.bundles.confined import open_and_verify_confined
from desktop.bundles.reader import VerifiedBundle, place_in_sequence
from desktop.bundles.receipt import Outcome, Receipt, Returned, ledger_hash, make_receipt
from desktop.bundles.records import view_hash
from desktop.bundles.roster import ROSTER_TYPE, Device, Roster
from desktop.bundles.sequence import Standing, link_of, next_sequence
from desktop.crypto.encoding import canonical_json, sha256_hex
from desktop.crypto.signing import peek_payload
from desktop.errors import NotTrusted, Obstacle
from desktop.rules.journal_chain import ZERO_HASH, Act
from desktop.rules.taken_out import TakenOut
from desktop.services import journal
from desktop.services.intake_rows import anchor_of, packed, state_of, still_missing, succession_of
from desktop.services.secretariat import INTAKE_KEY, RECEIPT_KEY, packages_issued, signing_key, trust_now
from desktop.services.session import OpenVault

_OUTCOMES = {
    Standing.NEXT: Outcome.RECEIVED,
    Standing.KNOWN: Outcome.RECEIVED,
    Standing.HELD: Outcome.HELD,
    Standing.DISPUTED: Outcome.DISPUTED,
}

_ID_DIGITS = 32  # of a file's hash, where the journal names an object
_MOST_AWAITED = 32  # bundles of a device by keys before its present one that wait to be named: anybody may bring some


@dataclass(frozen=True)
class Taken:
    """What became of one bundle, and the receipt that says so. `missing`: the numbers a held one waits for.

    `taken_out`: what its office says it took out by other ways since its bundle before.
    """

    bundle_sha256: str
    outcome: str
    reason: str | None
    missing: tuple[int, ...]
    records: int
    taken_out: TakenOut
    receipt_name: str
    receipt: bytes = field(repr=False)
    repeated: bool


@dataclass(frozen=True)
class ReceiptSummary:
    """One issued receipt in the list."""

    bundle_sha256: str
    device: str
    file_name: str
    issued_at: str


class IntakeService:
    """Taking bundles in."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on the Secretariat's open vault."""
        self._vault = vault

    def receive(self, content: bytes) -> Taken:
        """Verify a bundle through every gate and take it in, once.

        The same file again changes nothing and returns the stored receipt. A bundle that arrives early is held, and
        taken when what is missing has come.

        Raises:
            NotTrusted: A gate refused it; the code says which. Only the journal notes it, and no receipt is owed, since
                nobody known has signed it.
        """
        self._vault.require("secretariat.intake")
        try:
            return self._receive(content)
        except NotTrusted as error:
            with self._vault.writing() as session:
                refused = hashlib.sha256(content).hexdigest()
                journal.append(
                    session,
                    self._vault,
                    Act.BUNDLE_REFUSED,
                    refused[:_ID_DIGITS],
                    revision_hash=refused,
                    reason=error.code,
                )
            raise

    def _receive(self, content: bytes) -> Taken:
        sha256 = hashlib.sha256(content).digest()
        with self._vault.writing() as session:
            stored = _newest_receipt(session, sha256)
            roster = trust_now(session, self._vault.practice).roster
            if stored is not None:
                bundle = session.get_one(IncomingBundle, sha256)
                return _taken(bundle, stored, still_missing(session, roster, bundle), repeated=True)
            verified = self._verify(session, content, roster)
            awaited = _awaited(session, verified.opened.device.device)
            if verified.place.reason is SequenceReason.NEW_KEY_AWAITED and awaited >= _MOST_AWAITED:
                raise NotTrusted(ReasonCode.DEVICE_REVOKED)
            receipt = self._take(session, roster, content, verified)
            bundle = session.get_one(IncomingBundle, sha256)
            if bundle.taken or awaited:
                self._take_held(session, roster, bundle.device)
            return _taken(bundle, receipt, verified.place.missing, repeated=False)

    def _verify(self, session: Session, content: bytes, roster: Roster) -> VerifiedBundle:
        key = session.execute(select(Secret.value).where(Secret.name == INTAKE_KEY)).scalar_one()
        opened = open_and_verify_confined(
            content,
            intake_secrets=(key,),
            roster=roster,
            practice=self._vault.practice,
            known_rosters=_rosters_issued(session),
            successions=lambda device: succession_of(session, roster, device),
        )
        device = opened.manifest.device
        return place_in_sequence(opened, state_of(session, roster, device), succession_of(session, roster, device))

    def _take(self, session: Session, roster: Roster, content: bytes, verified: VerifiedBundle) -> IssuedReceipt:
        """Write bundle, views, ledger entry and receipt: the whole of one decision, in the caller's transaction."""
        manifest, place = verified.opened.manifest, verified.place
        link = link_of(manifest, verified.opened.file_sha256, place.standing)
        sha256 = bytes.fromhex(link.file_sha256)
        outcome = _OUTCOMES[place.standing]
        bundle = session.get(IncomingBundle, sha256) or IncomingBundle(
            sha256=sha256,
            id=manifest.bundle,
            device=manifest.device,
            incarnation=manifest.incarnation,
            sequence=manifest.sequence,
            previous_bundle=bytes.fromhex(link.previous_bundle) if link.previous_bundle else None,
            previous_incarnation=packed(link.previous_incarnation),
            journal_count=link.journal_count,
            journal_head=bytes.fromhex(link.journal_head),
            access_list=bytes.fromhex(manifest.access_list),
            signer=verified.opened.device.ed25519,
            sealed_file=content,
            out_cases=manifest.taken_out.cases,
            out_letters=manifest.taken_out.letters,
            out_tables=manifest.taken_out.tables,
            received_at=self._vault.now(),
        )
        bundle.outcome, bundle.reason = outcome.value, place.reason.value if place.reason else None
        bundle.taken, bundle.disputed = link.taken, link.disputed
        bundle.records = len(verified.opened.contents.records) if link.taken else 0
        session.add(bundle)
        session.flush()
        if link.taken:
            self._store_views(session, verified, sha256)
        for other in place.also_disputed:
            self._cast_doubt(session, roster, session.get_one(IncomingBundle, bytes.fromhex(other)), bundle.reason)
        return self._answer(session, roster, verified, outcome, bundle)

    def _cast_doubt(self, session: Session, roster: Roster, bundle: IncomingBundle, reason: str | None) -> None:
        """Flag a bundle taken earlier, and answer it once more: the office must learn of it."""
        bundle.disputed = True
        bundle.outcome, bundle.reason = Outcome.DISPUTED.value, reason
        session.flush()
        # A bundle whose keys have gone since stays flagged without a new receipt.
        with contextlib.suppress(NotTrusted, Obstacle):
            verified = self._verify(session, bundle.sealed_file, roster)
            self._answer(session, roster, verified, Outcome.DISPUTED, bundle)

    def _store_views(self, session: Session, verified: VerifiedBundle, sha256: bytes) -> None:
        for received in verified.opened.contents.records:
            line = received.record
            key = (verified.opened.manifest.device, line.id, line.rev, bytes.fromhex(view_hash(line)))
            if session.get(ReceivedView, key) is None:
                session.add(
                    ReceivedView(
                        device=key[0],
                        record_id=line.id,
                        rev=line.rev,
                        view_hash=key[3],
                        kind=line.kind,
                        case_id=line.case,
                        parent=bytes.fromhex(line.parent) if line.parent else None,
                        view=canonical_json(dict(line.view)),
                        void=line.void,
                        bundle_sha256=sha256,
                    )
                )
        session.flush()

    def _answer(
        self, session: Session, roster: Roster, verified: VerifiedBundle, outcome: Outcome, bundle: IncomingBundle
    ) -> IssuedReceipt:
        opened, manifest = verified.opened, verified.opened.manifest
        state = state_of(session, roster, manifest.device)
        last = session.scalars(select(LedgerEntry).order_by(LedgerEntry.n.desc()).limit(1)).first()
        ledger_head = last.hash.hex() if last else ZERO_HASH
        receipt = Receipt(
            bundle=manifest.bundle,
            bundle_sha256=opened.file_sha256,
            device=manifest.device,
            incarnation=manifest.incarnation,
            journal=anchor_of(session, manifest.device, manifest.incarnation),
            ledger_head=ledger_head,
            min_app=roster.min_app,
            missing=verified.place.missing,
            next_sequence=next_sequence(state, manifest.incarnation),
            outcome=outcome,
            practice=self._vault.practice,
            reason=bundle.reason,
            received_at=bundle.received_at,
            returned=tuple(
                Returned(item.line_number, item.id, item.rev, item.reason) for item in opened.contents.set_aside
            ),
            roster_version=roster.version,
            sequence=manifest.sequence,
            taken=bundle.records,
        )
        made = make_receipt(receipt, signing_key(session, RECEIPT_KEY), _present(roster, opened.device).x25519)
        number = (last.n if last else 0) + 1
        session.add(
            LedgerEntry(
                n=number,
                previous=bytes.fromhex(ledger_head),
                bundle_sha256=bundle.sha256,
                receipt_sha256=bytes.fromhex(made.payload_sha256),
                hash=bytes.fromhex(ledger_hash(number, ledger_head, opened.file_sha256, made.payload_sha256)),
            )
        )
        issued = IssuedReceipt(
            n=number,
            bundle_sha256=bundle.sha256,
            device=manifest.device,
            file_name=made.file_name,
            sealed_file=made.content,
            issued_at=self._vault.now(),
        )
        session.add(issued)
        journal.append(
            session,
            self._vault,
            Act.BUNDLE_TAKEN_IN,
            manifest.bundle,
            revision_hash=opened.file_sha256,
            reason=outcome.value,
        )
        return issued

    def _take_held(self, session: Session, roster: Roster, device: str) -> None:
        """Open the held bundles of a device again until none of them moves."""
        moved = True
        while moved:
            moved = False
            held = session.scalars(
                select(IncomingBundle)
                .where(IncomingBundle.device == device, IncomingBundle.outcome == Outcome.HELD.value)
                .order_by(IncomingBundle.sequence)
            ).all()
            for bundle in held:
                try:
                    verified = self._verify(session, bundle.sealed_file, roster)
                except (NotTrusted, Obstacle) as error:
                    # A device revoked since, or an intake key gone: this one stays, and keeps no other out.
                    bundle.reason = error.code
                    continue
                if verified.place.standing in (Standing.NEXT, Standing.DISPUTED):
                    self._take(session, roster, bundle.sealed_file, verified)
                    moved = True
                    break
                bundle.reason = verified.place.reason.value if verified.place.reason else None

    def receipts(self) -> tuple[ReceiptSummary, ...]:
        """Return every receipt issued, the newest first."""
        self._vault.require("secretariat.receipts")
        with self._vault.reading() as session:
            rows = session.scalars(select(IssuedReceipt).order_by(IssuedReceipt.n.desc())).all()
            return tuple(ReceiptSummary(r.bundle_sha256.hex(), r.device, r.file_name, r.issued_at) for r in rows)

    def receipt_file(self, file_name: str) -> bytes | None:
        """Return the bytes of an issued receipt, or None."""
        self._vault.require("secretariat.receipts")
        with self._vault.writing() as session:
            issued = session.scalars(select(IssuedReceipt).where(IssuedReceipt.file_name == file_name)).first()
            if issued is None:
                return None
            journal.append(session, self._vault, Act.RECEIPT_FILE_WRITTEN, issued.bundle_sha256.hex()[:_ID_DIGITS])
            return issued.sealed_file

    def receipts_to_lay_out(self, lying: Mapping[str, str]) -> Mapping[str, bytes]:
        """Return by the bundle's SHA-256 the newest receipts that do not lie ready for couriers yet.

        `lying` says what does: the SHA-256 of each file by its name, which is the bundle's.
        """
        self._vault.require("secretariat.receipts")
        with self._vault.writing() as session:
            newest: dict[str, bytes] = {}
            for issued in session.scalars(select(IssuedReceipt).order_by(IssuedReceipt.n)):
                newest[issued.bundle_sha256.hex()] = issued.sealed_file
            wanted = {name: content for name, content in newest.items() if lying.get(name) != sha256_hex(content)}
            for name in wanted:
                journal.append(session, self._vault, Act.RECEIPT_FILE_WRITTEN, name[:_ID_DIGITS], reason="LINE")
        return wanted

    def counts(self) -> tuple[int, int]:
        """Return how many bundles are kept and how many cases their taken records name."""
        with self._vault.reading() as session:
            bundles = session.scalar(select(func.count()).select_from(IncomingBundle)) or 0
            cases = session.scalar(select(func.count(func.distinct(ReceivedView.case_id)))) or 0
            return bundles, cases


def _rosters_issued(session: Session) -> dict[int, str]:
    """Return the hash of each roster version ever issued: an office may go by an older one."""
    payloads = (peek_payload(package.rosters[-1], ROSTER_TYPE) for package in packages_issued(session))
    return {version: sha256_hex(payload) for version, payload in enumerate(payloads, start=1)}


def _awaited(session: Session, device: str) -> int:
    """Return how many bundles of a device wait for its present key to name them."""
    query = select(func.count()).where(
        IncomingBundle.device == device,
        IncomingBundle.outcome == Outcome.HELD.value,
        IncomingBundle.reason == SequenceReason.NEW_KEY_AWAITED.value,
    )
    return session.scalar(query) or 0


def _present(roster: Roster, device: Device) -> Device:
    """Return the entry of the same laptop by the key it has now: whoever kept an earlier key reads no receipt."""
    now = (other for other in roster.devices if other.device == device.device and other.revoked_after is None)
    return next(now, device)


def _newest_receipt(session: Session, sha256: bytes) -> IssuedReceipt | None:
    return session.scalars(
        select(IssuedReceipt).where(IssuedReceipt.bundle_sha256 == sha256).order_by(IssuedReceipt.n.desc()).limit(1)
    ).first()


def _taken(bundle: IncomingBundle, receipt: IssuedReceipt, missing: tuple[int, ...], *, repeated: bool) -> Taken:
    return Taken(
        bundle.sha256.hex(),
        bundle.outcome,
        bundle.reason,
        missing,
        bundle.records,
        TakenOut(bundle.out_cases, bundle.out_letters, bundle.out_tables),
        receipt.file_name,
        receipt.sealed_file,
        repeated,
    )
