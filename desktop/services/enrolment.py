"""The office's side of trust: the enrolment file, the trust package that answers it, the roster in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import LargeBinary, cast, delete, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from db.models.base import Secret
from db.models.office import OutgoingBundle, TakenRoster
from desktop import VERSION
from desktop.bundles import members
from desktop.bundles.codes import TrustReason
from desktop.bundles.enrolment import ENROLMENT_LABEL, ROOT_LABEL, Enrolment, digits, make_enrolment, same_digits
from desktop.bundles.roster import Device, Roster, Use
from desktop.bundles.trust import (
    Trust,
    open_package,
    package_bytes,
    parse_package,
    payload_of_root,
    trust_of,
    verify_package,
)
from desktop.clock import Clock, stamp
from desktop.crypto.access_list import read_list
from desktop.crypto.encoding import Malformed, sha256_hex
from desktop.crypto.sealing import public_key
from desktop.crypto.signing import public_bytes
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.rules.states import BundleState
from desktop.services import journal, records, sealed
from desktop.services.access_lists import changing, pin_root
from desktop.services.recovery_keys import name_recovery_keys
from desktop.services.session import OpenVault

DEVICE_SIGNING_KEY = "DEVICE_SIGNING"
DEVICE_RECEIVING_KEY = "DEVICE_RECEIVING"
_RETIRED_KEYS = f"{DEVICE_RECEIVING_KEY}_"  # and the key generation they were made in
_RETIRED_NAME = re.compile(rf"{_RETIRED_KEYS}G([0-9]{{1,10}})", re.ASCII)
_RETIRED_DAYS = 366


@dataclass(frozen=True)
class EnrolmentFile:
    """The file for the Secretariat, and the digits the officer reads out when it rings back."""

    file_name: str
    content: bytes = field(repr=False)
    digits: str


def secret(session: Session, name: str) -> bytes:
    """Return a private key kept in the vault."""
    return session.execute(select(Secret.value).where(Secret.name == name)).scalar_one()


def device_signing_key(session: Session) -> Ed25519PrivateKey:
    """Return this device's signing key."""
    return Ed25519PrivateKey.from_private_bytes(secret(session, DEVICE_SIGNING_KEY))


def receiving_keys(session: Session) -> tuple[bytes, ...]:
    """Return the private keys that receipts may be sealed to: the device's own, then those from before it changed."""
    retired = select(Secret.value).where(Secret.name.startswith(_RETIRED_KEYS, autoescape=True))
    return (secret(session, DEVICE_RECEIVING_KEY), *session.scalars(retired.order_by(Secret.since.desc())))


def change_device_keys(session: Session, clock: Clock, ed25519: bytes, x25519: bytes, old_generation: int) -> None:
    """Give this device new keys. The old signing key is gone; the old receiving key stays for receipts, a year at most.

    Until a roster names the new keys the device is not enrolled with them (threat-model 5.5).
    """
    now = clock.now()
    too_old = stamp(now - timedelta(days=_RETIRED_DAYS))
    session.execute(
        delete(Secret).where(Secret.name.startswith(_RETIRED_KEYS, autoescape=True), Secret.since < too_old)
    )
    signing = session.get_one(Secret, DEVICE_SIGNING_KEY)
    receiving = session.get_one(Secret, DEVICE_RECEIVING_KEY)
    # Merged: a row of that name that somebody planted must not stop who makes the new keys.
    session.merge(Secret(name=f"{_RETIRED_KEYS}G{old_generation}", value=receiving.value, since=stamp(now)))
    signing.value, signing.since = ed25519, stamp(now)
    receiving.value, receiving.since = x25519, stamp(now)
    session.flush()


def drop_retired_keys(session: Session, vault: OpenVault) -> tuple[int, ...]:
    """Drop receiving keys from before the keys changed that no receipt needs any more; return their key generations.

    A key goes a year after it was retired; sooner once the Secretariat seals to the present one and has answered every
    bundle that was made while the key was in use.
    """
    query = select(cast(Secret.name, LargeBinary), cast(Secret.since, LargeBinary))
    rows = session.execute(query.where(Secret.name.startswith(_RETIRED_KEYS, autoescape=True))).all()
    if not rows:
        return ()
    too_old = stamp(vault.clock.now() - timedelta(days=_RETIRED_DAYS))
    lists = [read_list(envelope) for envelope in vault.keys.header.access_lists]
    waiting = session.scalar(
        select(func.min(OutgoingBundle.list_version)).where(
            OutgoingBundle.state.in_([BundleState.MADE.value, BundleState.HANDED_OVER.value])
        )
    )
    known = _is_listed(session, vault)
    dropped = []
    for written, since in rows:
        match = _RETIRED_NAME.fullmatch(name := written.decode("utf-8", "replace"))
        if match is None:  # planted by somebody, and no key that we made
            continue
        generation = int(match[1])
        last = max((item.version for item in lists if item.key_generation <= generation), default=0)
        answered = known and (waiting is None or waiting > last)
        if since.decode("utf-8", "replace") < too_old or answered:
            session.execute(delete(Secret).where(Secret.name == name))
            dropped.append(generation)
    return tuple(sorted(dropped))


def _is_listed(session: Session, vault: OpenVault) -> bool:
    """Say whether the roster in force names this device by its present keys."""
    try:
        trust = trust_in_force(session, vault)
    except NotTrusted:
        return False
    return trust is not None and _own_entry(session, trust.roster) is not None


def trust_in_force(session: Session, vault: OpenVault) -> Trust | None:
    """Return the verified trust documents of the highest roster version, or None before enrolment.

    They are verified again each time, from the root that the signed access list names: a row of the database alone
    proves nothing, since whoever holds the data key can write it.

    Raises:
        NotTrusted: They do not verify, or begin at another root (ROOT_NOT_OURS).
    """
    content = type_coerce(TakenRoster.package, NullType())  # as it stands there
    row = session.execute(select(content.label("package")).order_by(TakenRoster.version.desc()).limit(1)).first()
    if row is None:
        return None
    try:
        if not isinstance(row.package, bytes):
            raise Malformed("TYPE")
        package = parse_package(row.package)
        first_root = root_sha256(package.roots[0])
    except Malformed:  # somebody wrote another thing there: it may stop sending, never entry
        raise NotTrusted(TrustReason.PACKAGE_WRONG) from None
    if first_root != vault.keys.access_list.root:
        raise NotTrusted("ROOT_NOT_OURS")
    return trust_of(package, practice=vault.practice)


def roster_in_force(session: Session, vault: OpenVault) -> Roster:
    """Return the roster in force. Raises Obstacle OFFICE_NOT_ENROLLED, NotTrusted as `trust_in_force`."""
    trust = trust_in_force(session, vault)
    if trust is None:
        raise Obstacle("OFFICE_NOT_ENROLLED")
    return trust.roster


def roster_for_sending(session: Session, vault: OpenVault) -> Roster:
    """Return the roster in force, which must know this device by its present keys.

    Raises:
        Obstacle: OFFICE_NOT_ENROLLED; HANDOVER_DUE, the keys changed since.
        NotTrusted: As `trust_in_force`.
    """
    roster = roster_in_force(session, vault)
    if _own_entry(session, roster) is None:
        raise Obstacle("HANDOVER_DUE")
    return roster


def _own_entry(session: Session, roster: Roster) -> Device | None:
    return roster.device_of_key(public_bytes(device_signing_key(session)))


def root_sha256(envelope: bytes) -> str:
    """Return the SHA-256 of a root document's payload: what an access list names."""
    return sha256_hex(payload_of_root(envelope))


def check_label(reads: Callable[[str], str], written: str, where: str) -> None:
    """Let pass what an enrolment file can carry. Raises NotAccepted LABEL_WRONG at the field `where`."""
    try:
        reads(written)
    except Malformed:
        raise NotAccepted((Problem("LABEL_WRONG", where),)) from None


class EnrolmentService:
    """Enrolling this device with the Secretariat."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def handover_due(self) -> bool:
        """Say whether this device's keys changed since the Secretariat listed it.

        Until it is enrolled anew nothing can be sent, and there the old key still counts.
        """
        with self._vault.reading() as session:
            try:
                trust = trust_in_force(session, self._vault)
            except NotTrusted:  # told to whoever sends
                return False
            return trust is not None and _own_entry(session, trust.roster) is None

    def make_file(self, label: str) -> EnrolmentFile:
        """Return this device's enrolment file. `label` tells laptops of one office apart; no person's name.

        Raises:
            NotAccepted: The label is empty, too long, or holds signs nobody can see.
        """
        self._vault.require("office.enrol")
        check_label(members.text, label, "office.label")
        with self._vault.writing() as session:
            office = records.office(session)
            key = device_signing_key(session)
            made = make_enrolment(
                Enrolment(
                    access_list=self._vault.list_sha256,
                    app_version=VERSION,
                    county=office.county,
                    desk_code=int(office.desk_code),
                    device=office.device,
                    ed25519=public_bytes(key),
                    incarnation=office.incarnation,
                    label=label,
                    made_at=self._vault.now(),
                    office=office.code,
                    office_name=office.name,
                    practice=self._vault.practice,
                    vault=self._vault.vault.hex(),
                    x25519=public_key(secret(session, DEVICE_RECEIVING_KEY)),
                ),
                key,
            )
            journal.append(session, self._vault, Act.ENROLMENT_FILE_MADE, office.device)
        return EnrolmentFile(made.file_name, made.content, digits(ENROLMENT_LABEL, made.payload))

    def take_in(self, content: bytes, typed_digits: str | None = None) -> Outcome:
        """Take in a trust package.

        The first one counts only after the digits of its root document, heard by telephone, were typed and agree;
        later ones are verified from the trust already held.

        Raises:
            Obstacle: ROOT_DIGITS_NEEDED, DIGITS_INCOMPLETE.
            NotTrusted: The package does not verify, is older than the one in force, or DIGITS_DIFFER.
        """
        self._vault.require("office.enrol")
        with changing(self._vault) as session:
            package = open_package(content, (secret(session, DEVICE_RECEIVING_KEY),))
            known = trust_in_force(session, self._vault)
            trust = verify_package(package, known, practice=self._vault.practice)
            if known is None:
                if typed_digits is None:
                    raise Obstacle("ROOT_DIGITS_NEEDED")
                same_digits(typed_digits, ROOT_LABEL, payload_of_root(package.roots[-1]))
            office = records.office(session)
            own = _own_entry(session, trust.roster)
            if own is None or own.device != office.device:
                raise NotTrusted("ROSTER_WITHOUT_US")
            first_root = root_sha256(package.roots[0])
            if self._vault.keys.access_list.root is None:
                pin_root(session, self._vault, first_root)
            elif self._vault.keys.access_list.root != first_root:
                raise NotTrusted("ROOT_NOT_OURS")
            restricted = restricted_recipients(trust.roster)
            if restricted != self._vault.restricted_recipients:
                sealed.seal_again(session, self._vault, restricted)
            if known is None or trust.roster.version > known.roster.version:
                session.add(
                    TakenRoster(
                        version=trust.roster.version,
                        package=package_bytes(replace(package, rosters=package.rosters[-1:])),
                        taken_at=self._vault.now(),
                    )
                )
            act = Act.ENROLLED if known is None else Act.ROSTER_TAKEN_IN
            journal.append(session, self._vault, act, office.device, revision_hash=trust.roster.payload_sha256)
        self._vault.restricted_recipients = restricted
        name_recovery_keys(self._vault, trust.roster)
        return Outcome((), 0, frozenset({Topic.OFFICE}))


def restricted_recipients(roster: Roster) -> tuple[bytes, ...]:
    """Return the keys of the restricted intake: sealed values are sealed to them too."""
    return roster.recipients(Use.RESTRICTED)


def restricted_if_known(session: Session, vault: OpenVault) -> tuple[bytes, ...] | None:
    """Return whom sealed values are sealed to besides `R`, none before enrolment; None where trust does not verify."""
    try:
        trust = trust_in_force(session, vault)
    except NotTrusted:
        return None
    if trust is None:  # a row that is gone says nothing: the signed list does
        return () if vault.keys.access_list.root is None else None
    return restricted_recipients(trust.roster)
