"""Recovery of an office, the Secretariat's side: whom to ring, what is compared, what must pass, the answer (5.2).

What a request is believed for: its lists hold every list that the Secretariat knows of this laptop, that of its last
bundle and that of its enrolment; the digits that the county's coordinator reads out are those of the file; and a day
has passed since, by its own record. Only then do two custodians open the recovery identity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.base import JournalEntry
from db.models.secretariat import CountyContact, IncomingBundle, RecoveryRequest
from desktop.bundles.enrolment import digits, same_digits
from desktop.bundles.recovery_files import REQUEST_LABEL, OpenedRequest, RecoveryAnswer, make_answer, open_request
from desktop.bundles.roster import Device, Recipient, Roster, Use
from desktop.clock import parse_stamp, stamp
from desktop.crypto import recovery_lists
from desktop.crypto.access_list import AccessList, Pin, VaultKind, read_list, sign_list, verify_chain
from desktop.crypto.encoding import Malformed, sha256_hex
from desktop.crypto.recovery import RecoveryIdentity, custodian_secret, open_share, read_public_file
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.secretariat import KEYS_CHANGED, issue_roster, trust_now
from desktop.services.session import OpenVault
from desktop.services.vault import name_problems

WAIT = timedelta(hours=24)
IDENTITY_LABEL = "rufaa-recovery-keys-v1"
_ID_DIGITS = 32  # of a file's hash, where the journal names an object


@dataclass(frozen=True)
class RequestSeen:
    """An office's request: whose laptop its lists say it is, whom to ring, and how far it has come.

    `phone` is the number on file of the county's coordinator, empty where there is none; the caller's own never counts.
    The three instants are as stored, None where it has not come so far; `answerable_at` is when the day has passed.
    """

    office: str
    office_name: str
    county: str
    label: str
    phone: str = field(repr=False)
    compared_at: str | None
    answerable_at: str | None
    answered_at: str | None


@dataclass(frozen=True)
class Answered:
    """The answer for the office, and the desk number at which it lets a fresh supervisor in."""

    office: str
    desk_number: int
    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class _Checked:
    """A request whose lists are the office's own, as far as the Secretariat knows them."""

    opened: OpenedRequest
    current: AccessList
    device: Device
    office_name: str


def identity_digits(public: bytes) -> str:
    """Return the 30 digits of a recovery identity's public file: made here, named there, they are the same."""
    return digits(IDENTITY_LABEL, public)


class NationalRecoveryService:
    """Helping an office back into its vault."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on the Secretariat's open vault."""
        self._vault = vault

    def name_identity(self, public: bytes) -> int:
        """Name a recovery identity in the roster in place of the one before, and return the roster's version.

        Offices seal to it once they took in a trust package of that roster or a later one.

        Raises:
            NotAccepted: RECOVERY_FILE_WRONG, this is no recovery identity's public file.
        """
        self._vault.require("secretariat.recover")
        try:
            keys = read_public_file(public)
        except Malformed:
            raise NotAccepted(
                (Problem("RECOVERY_FILE_WRONG", "secretariat.recovery"),), "RECOVERY_FILE_WRONG"
            ) from None
        named = Recipient(Use.RECOVERY, keys.x25519, keys.ed25519)
        with self._vault.writing() as session:
            roster = trust_now(session, self._vault.practice).roster
            if roster.recovery() == named:
                return roster.version
            others = tuple(other for other in roster.intake if other.use is not Use.RECOVERY)
            issued = issue_roster(session, self._vault, roster, intake=(*others, named))
            journal.append(
                session,
                self._vault,
                Act.RECOVERY_IDENTITY_NAMED,
                sha256_hex(public)[:_ID_DIGITS],
                revision_hash=issued.payload_sha256,
            )
        return issued.version

    def note_coordinator(self, county: str, phone: str) -> None:
        """Keep the telephone number of a county's coordinator, as the county's letter gives it.

        Raises:
            NotAccepted: VALUE_NOT_IN_LIST, or the number is empty, too long or holds signs nobody can see.
        """
        self._vault.require("secretariat.recover")
        problems = list(name_problems(phone, "coordinator.phone"))
        if county not in self._vault.catalogue.lists["counties"]:
            problems.append(Problem("VALUE_NOT_IN_LIST", "coordinator.county"))
        if problems:
            raise NotAccepted(tuple(problems))
        with self._vault.writing() as session:
            session.merge(CountyContact(county=county, phone=phone.strip(), noted_at=self._vault.now()))
            journal.append(session, self._vault, Act.COORDINATOR_NOTED, county)

    def look(self, content: bytes) -> RequestSeen:
        """Say whose request this is and how far it has come. Raises NotTrusted with the reason it is refused for."""
        self._vault.require("secretariat.recover")
        with self._refusals(content), self._vault.reading() as session:
            return _seen(session, self._check(session, content))

    def compare(self, content: bytes, typed_digits: str) -> RequestSeen:
        """Compare the digits that the county's coordinator read out; from then on the day runs.

        Raises:
            NotTrusted: The request is refused, or DIGITS_DIFFER.
            Obstacle: RECOVERY_NUMBER_MISSING, there is no number on file to ring; DIGITS_INCOMPLETE.
        """
        self._vault.require("secretariat.recover")
        with self._refusals(content), self._vault.writing() as session:
            checked = self._check(session, content)
            if session.get(CountyContact, checked.device.county) is None:
                raise Obstacle("RECOVERY_NUMBER_MISSING", county=checked.device.county)
            same_digits(typed_digits, REQUEST_LABEL, checked.opened.payload)
            sha256 = bytes.fromhex(checked.opened.sha256)
            if session.get(RecoveryRequest, sha256) is None:
                session.add(
                    RecoveryRequest(
                        sha256=sha256,
                        device=checked.device.device,
                        office=checked.device.office,
                        compared_at=self._vault.now(),
                        answered_at=None,
                    )
                )
                session.flush()
                journal.append(
                    session,
                    self._vault,
                    Act.RECOVERY_REQUEST_COMPARED,
                    checked.device.device,
                    revision_hash=checked.opened.sha256,
                )
            return _seen(session, checked)

    def answer(self, content: bytes, share: bytes, custodians: Sequence[bytes]) -> Answered:
        """Answer a request: two custodians' identity files open the recovery identity, in memory only.

        The same request gets the same list again, sealed anew.

        Raises:
            NotTrusted: The request is refused; RECOVERY_OTHER_IDENTITY, these custodians keep another identity than the
                one this office's vault knows; RECOVERY_SLOT_WRONG, its slot holds other keys than its list names.
            Obstacle: RECOVERY_NOT_COMPARED; RECOVERY_DAY_NOT_OVER with the hours left; RECOVERY_CUSTODIAN_WRONG, not
                an identity file; RECOVERY_SHARE_CLOSED, these two do not open this file.
        """
        self._vault.require("secretariat.recover")
        with self._refusals(content), self._vault.writing() as session:
            checked = self._check(session, content)
            row = session.get(RecoveryRequest, bytes.fromhex(checked.opened.sha256))
            if row is None:
                raise Obstacle("RECOVERY_NOT_COMPARED")
            passed = self._vault.clock.now() - parse_stamp(row.compared_at)
            if passed < WAIT:
                raise Obstacle("RECOVERY_DAY_NOT_OVER", hours=ceil((WAIT - passed).total_seconds() / 3600))
            identity = _opened(share, custodians, checked)
            request, current = checked.opened.request, checked.current
            try:
                held = recovery_lists.open_slot(identity, request.slot, current)
            except Malformed:
                raise NotTrusted("RECOVERY_SLOT_WRONG") from None
            following = recovery_lists.next_with(current, request.fresh)
            made = make_answer(
                RecoveryAnswer(
                    vault=request.vault,
                    request=checked.opened.sha256,
                    access_list=sign_list(following, identity.ed25519),
                    dek=held.dek,
                    r=held.r,
                    made_at=self._vault.now(),
                ),
                Ed25519PrivateKey.from_private_bytes(identity.ed25519),
                request.fresh.x25519,
            )
            row.answered_at = self._vault.now()
            session.flush()
            journal.append(
                session,
                self._vault,
                Act.RECOVERY_ANSWERED,
                checked.device.device,
                revision_hash=following.pin().sha256,
            )
        return Answered(checked.device.office, request.fresh.desk_number, made.file_name, made.content)

    def _check(self, session: Session, content: bytes) -> _Checked:
        """Let a request pass that is made by who holds the laptop's own header, as far as can be told."""
        opened = open_request(content)
        request = opened.request
        try:
            claimed = read_list(request.access_lists[-1]).device.code
            roster = trust_now(session, self._vault.practice).roster
            device = _listed(roster, claimed)
            pins = _pins(request.access_lists)
            anchors = _anchors(session, claimed)
            if not anchors or not anchors <= pins.keys():
                raise NotTrusted("RECOVERY_LIST_UNKNOWN")
            current = verify_chain(request.access_lists, pins[min(anchors)], request.vault)
            if current.kind is not VaultKind.OFFICE:
                raise Malformed("KIND")
        except Malformed:
            raise NotTrusted("RECOVERY_LISTS_WRONG") from None
        if current.practice != self._vault.practice:
            raise NotTrusted("PRACTICE_MISMATCH")
        if request.slot.keys != recovery_lists.secretariat_keys(current):
            raise NotTrusted("RECOVERY_SLOT_WRONG")
        try:
            recovery_lists.check_fresh(request.access_lists, request.fresh)
        except Malformed:
            raise NotTrusted("RECOVERY_KEYS_KNOWN") from None
        office = next(office for office in roster.offices if office.code == device.office)
        return _Checked(opened, current, device, office.name)

    @contextmanager
    def _refusals(self, content: bytes) -> Iterator[None]:
        """Journal what is refused: somebody tried it."""
        try:
            yield
        except NotTrusted as error:
            refused = sha256_hex(content)
            with self._vault.writing() as session:
                journal.append(
                    session,
                    self._vault,
                    Act.RECOVERY_REFUSED,
                    refused[:_ID_DIGITS],
                    revision_hash=refused,
                    reason=error.code,
                )
            raise


def _listed(roster: Roster, code: str) -> Device:
    """Return the laptop's present entry. Raises NotTrusted RECOVERY_DEVICE_UNKNOWN or RECOVERY_DEVICE_LOST."""
    entries = [device for device in roster.devices if device.device == code]
    if not entries:
        raise NotTrusted("RECOVERY_DEVICE_UNKNOWN")
    # Earlier keys of a laptop that got new ones are revoked too, and say nothing against it.
    present = [device for device in entries if device.revoked_after is None]
    if not present or any(device.revoked_reason not in (None, KEYS_CHANGED) for device in entries):
        raise NotTrusted("RECOVERY_DEVICE_LOST")
    return present[-1]


def _anchors(session: Session, device: str) -> set[str]:
    """Return the lists that an office's chain must hold: that of its last bundle, and that of its last enrolment."""
    bundle = session.scalars(
        select(IncomingBundle.access_list)
        .where(IncomingBundle.device == device, IncomingBundle.taken, IncomingBundle.disputed.is_(False))
        .order_by(IncomingBundle.sequence.desc())
        .limit(1)
    ).first()
    enrolled = session.scalars(
        select(JournalEntry.revision_hash)
        .where(JournalEntry.act == Act.DEVICE_ENROLLED.value, JournalEntry.object == device)
        .order_by(JournalEntry.n.desc())
        .limit(1)
    ).first()
    return {found.hex() for found in (bundle, enrolled) if found is not None}


def _pins(envelopes: Sequence[bytes]) -> dict[str, Pin]:
    """Return each list's pin by its hash. Nothing is verified by this."""
    pins = [read_list(envelope).pin() for envelope in envelopes]
    return {pin.sha256: pin for pin in pins}


def _opened(share: bytes, custodians: Sequence[bytes], checked: _Checked) -> RecoveryIdentity:
    try:
        keys = [custodian_secret(data) for data in custodians]
    except Malformed:
        raise Obstacle("RECOVERY_CUSTODIAN_WRONG") from None
    try:
        return open_share(share, keys, checked.opened.request.slot.keys)
    except Malformed as refusal:
        if str(refusal) in ("PURPOSE", "KEY"):
            raise NotTrusted("RECOVERY_OTHER_IDENTITY") from None
        raise Obstacle("RECOVERY_SHARE_CLOSED") from None


def _seen(session: Session, checked: _Checked) -> RequestSeen:
    row = session.get(RecoveryRequest, bytes.fromhex(checked.opened.sha256))
    contact = session.get(CountyContact, checked.device.county)
    return RequestSeen(
        office=checked.device.office,
        office_name=checked.office_name,
        county=checked.device.county,
        label=checked.device.label,
        phone=contact.phone if contact else "",
        compared_at=row.compared_at if row else None,
        answerable_at=stamp(parse_stamp(row.compared_at) + WAIT) if row else None,
        answered_at=row.answered_at if row else None,
    )
