"""The Secretariat's own set-up: roots, roster key set, intake and receipt keys, and the enrolment of devices."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import Secret
from db.models.secretariat import IncomingBundle
from db.models.secretariat import Trust as TrustRow
from desktop import VERSION, machine, wordlists
from desktop.bundles.enrolment import ENROLMENT_LABEL, ROOT_LABEL, digits, open_enrolment, same_digits
from desktop.bundles.frame import file_name
from desktop.bundles.roster import Device, Office, Recipient, Roster, Use, read_line, sign_roster
from desktop.bundles.trust import (
    KeySet,
    Package,
    Root,
    Trust,
    make_package,
    package_bytes,
    parse_package,
    payload_of_root,
    sign_keyset,
    sign_root,
    trust_of,
)
from desktop.clock import Clock, stamp
from desktop.crypto import kdf, sealing
from desktop.crypto.access_list import RecoveryKeys
from desktop.crypto.encoding import Malformed
from desktop.crypto.keyfile import KeyUse, make_key_file
from desktop.crypto.signing import public_bytes
from desktop.crypto.vaultkeys import NewVault
from desktop.crypto.words import generate_sentence
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.session import OpenVault
from desktop.services.vault import Created, VaultService, name_problems

ROSTER_KEY, RECEIPT_KEY, INTAKE_KEY = "ROSTER_SIGNING", "RECEIPT_SIGNING", "INTAKE_OPERATIONAL"
KEY_FILE_WORDS = 6
MAX_ROOTS = 16  # as many as a root document may name
KEYS_CHANGED = "KEYS_CHANGED"  # why earlier keys of a laptop are revoked
LOST = "LOST"  # a laptop that somebody reported; it stays lost
_ROOT_DAYS, _ROSTER_DAYS = 3652, 365


@dataclass(frozen=True)
class OfflineKey:
    """A key that leaves the laptop at once: its file goes on a stick of its own, its sentence on paper."""

    file_name: str
    content: bytes = field(repr=False)
    sentence: str = field(repr=False)
    use: KeyUse


@dataclass(frozen=True)
class Founded:
    """The new Secretariat: how to unlock it, the offline keys, and the root's digits for the telephone."""

    created: Created
    offline_keys: tuple[OfflineKey, ...]
    root_digits: str


@dataclass(frozen=True)
class Enrolled:
    """The answer to an enrolment file: the trust package for that device, and the digits to read out."""

    device: str
    office: str
    roster_version: int
    file_name: str
    package: bytes = field(repr=False)
    root_digits: str


def check_founding(keeper: VaultService, *, name: str, person: str, roots: int, threshold: int) -> None:
    """Let pass what a Secretariat can be founded with, where there is no vault yet.

    Raises:
        NotAccepted: A name is empty or too long, or the numbers of roots do not fit.
        Obstacle: VAULT_EXISTS.
    """
    problems = [*name_problems(name, "secretariat.name"), *name_problems(person, "secretariat.keeper")]
    if not 1 <= threshold <= roots <= MAX_ROOTS:
        problems.append(Problem("ROOTS_WRONG", "secretariat.threshold", limit=MAX_ROOTS))
    if problems:
        raise NotAccepted(tuple(problems))
    if keeper.status().exists:
        raise Obstacle("VAULT_EXISTS")


def found_secretariat(
    keeper: VaultService,
    clock: Clock,
    *,
    name: str,
    person: tuple[str, str, str],
    roots: int = 3,
    threshold: int = 2,
    practice: bool = False,
    recovery: RecoveryKeys | None = None,
    hand_out: Callable[[OfflineKey], object] = lambda _: None,
) -> Founded:
    """Make the Secretariat's vault with fresh roots, key set, roster and keys.

    The private halves of the roots and of the restricted intake are never stored in the vault: they exist only in the
    returned key files. One root with threshold 1 is for a pilot. `recovery` is what offices' recovery slots are to be
    sealed to, where custodians made it already. `hand_out` is given each key file before the vault comes into being:
    what it raises leaves no vault behind, so that no vault ever stands without its offline keys.

    Raises:
        NotAccepted: A name is empty or too long, or the numbers of roots do not fit.
        Obstacle: VAULT_EXISTS, or the disk refuses.
    """
    check_founding(keeper, name=name, person=person[0], roots=roots, threshold=threshold)
    now = clock.now()
    root_keys = [Ed25519PrivateKey.generate() for _ in range(roots)]
    roster_key, receipt_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    intake, restricted = sealing.generate_secret(), sealing.generate_secret()
    root = Root(
        version=1,
        name=name,
        keys=tuple(sorted(public_bytes(key) for key in root_keys)),
        threshold=threshold,
        practice=practice,
        issued_at=stamp(now),
        expires_at=stamp(now + timedelta(days=_ROOT_DAYS)),
        previous=None,
    )
    keyset = KeySet(
        version=1,
        root_version=1,
        roster_keys=(public_bytes(roster_key),),
        roster_threshold=1,
        release_keys=(),
        release_threshold=0,
        issued_at=stamp(now),
    )
    roster = Roster(
        version=1,
        keyset_version=1,
        practice=practice,
        devices=(),
        intake=(
            Recipient(Use.OPERATIONAL, sealing.public_key(intake), None),
            Recipient(Use.RESTRICTED, sealing.public_key(restricted), None),
            *((Recipient(Use.RECOVERY, recovery.x25519, recovery.ed25519),) if recovery else ()),
        ),
        receipt_keys=(public_bytes(receipt_key),),
        offices=(),
        min_app=VERSION,
        min_seal="age-x25519-1",
        issued_at=stamp(now),
        expires_at=stamp(now + timedelta(days=_ROSTER_DAYS)),
        previous=None,
    )
    # Exactly as many signatures as the threshold: with one root there may be no second.
    signers = root_keys[:threshold]
    envelope = sign_root(root, *signers)
    offline = [_offline(KeyUse.ROOT, key.private_bytes_raw()) for key in root_keys]
    offline.append(_offline(KeyUse.RESTRICTED, restricted))

    def fill(session: Session, _: NewVault) -> None:
        for secret_name, value in (
            (ROSTER_KEY, roster_key.private_bytes_raw()),
            (RECEIPT_KEY, receipt_key.private_bytes_raw()),
            (INTAKE_KEY, intake),
        ):
            session.add(Secret(name=secret_name, value=value, since=stamp(now)))
        session.add(
            TrustRow(
                roster_version=1,
                package=package_bytes(
                    Package((envelope,), sign_keyset(keyset, *signers), (sign_roster(roster, roster_key),))
                ),
                issued_at=stamp(now),
            )
        )
        session.flush()
        for key in offline:
            hand_out(key)

    created = keeper.create_secretariat(person, fill, practice=practice)
    return Founded(created, tuple(offline), digits(ROOT_LABEL, payload_of_root(envelope)))


def _offline(use: KeyUse, private: bytes) -> OfflineKey:
    words = wordlists.load()["en-1"]
    sentence = generate_sentence(words, KEY_FILE_WORDS, secrets.token_bytes)
    cost = kdf.cost_for(machine.total_memory_bytes())
    return OfflineKey(file_name("K"), make_key_file(use, private, sentence, words, cost=cost), sentence, use)


def packages_issued(session: Session) -> tuple[Package, ...]:
    """Return the trust documents of every roster version, the oldest first; each holds one roster."""
    return tuple(
        parse_package(body) for body in session.scalars(select(TrustRow.package).order_by(TrustRow.roster_version))
    )


def newest_package(session: Session) -> Package:
    """Return the trust documents of the highest roster version."""
    return parse_package(
        session.scalars(select(TrustRow.package).order_by(TrustRow.roster_version.desc()).limit(1)).one()
    )


def trust_now(session: Session, practice: bool) -> Trust:
    """Return the trust documents in force, verified."""
    return trust_of(newest_package(session), practice=practice)


def signing_key(session: Session, name: str) -> Ed25519PrivateKey:
    """Return one of the Secretariat's signing keys."""
    return Ed25519PrivateKey.from_private_bytes(
        session.execute(select(Secret.value).where(Secret.name == name)).scalar_one()
    )


def issue_roster(session: Session, vault: OpenVault, roster: Roster, **changes: Any) -> Roster:
    """Sign the roster that follows this one, with what changes in it, and return it."""
    now = vault.clock.now()
    following = replace(
        roster,
        version=roster.version + 1,
        previous=roster.payload_sha256,
        issued_at=stamp(now),
        expires_at=stamp(now + timedelta(days=_ROSTER_DAYS)),
        **changes,
    )
    signed = sign_roster(following, signing_key(session, ROSTER_KEY))
    newest = newest_package(session)
    session.add(
        TrustRow(
            roster_version=following.version,
            package=package_bytes(replace(newest, rosters=(signed,))),
            issued_at=stamp(now),
        )
    )
    session.flush()
    return following


class SecretariatService:
    """Enrolling offices' devices."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on the Secretariat's open vault."""
        self._vault = vault

    def enrol(self, content: bytes, typed_digits: str) -> Enrolled:
        """Enrol the device of an enrolment file, after its digits were heard by telephone and typed.

        The same file again gives a package of the roster in force, sealed anew. Where a laptop comes with new keys, the
        ones before are revoked in the same roster: whoever kept them signs nothing more than was taken already.

        Raises:
            NotTrusted: The file does not verify, is of the other kind (practice), DIGITS_DIFFER, its office code,
                keys or desk code are another's, or DEVICE_IS_LOST.
            Obstacle: DIGITS_INCOMPLETE.
        """
        self._vault.require("secretariat.enrol")
        opened = open_enrolment(content)
        same_digits(typed_digits, ENROLMENT_LABEL, opened.payload)
        enrolment = opened.enrolment
        if enrolment.practice != self._vault.practice:
            raise NotTrusted("PRACTICE_MISMATCH")
        with self._vault.writing() as session:
            roster = trust_now(session, self._vault.practice).roster
            if any(one.device == enrolment.device and one.revoked_reason == LOST for one in roster.devices):
                raise NotTrusted("DEVICE_IS_LOST")
            device = Device(
                device=enrolment.device,
                office=enrolment.office,
                county=enrolment.county,
                desk_code=enrolment.desk_code,
                label=enrolment.label,
                ed25519=enrolment.ed25519,
                x25519=enrolment.x25519,
                incarnation=enrolment.incarnation,
                valid_from=1,
                revoked_after=None,
                revoked_reason=None,
            )
            if device not in roster.devices:
                _refuse_clash(roster.devices, device)
                office = Office(enrolment.office, enrolment.county, enrolment.office_name)
                if any(other.code == office.code and other != office for other in roster.offices):
                    raise NotTrusted("OFFICE_DIFFERS")
                offices = {item.code: item for item in (*roster.offices, office)}
                issue_roster(
                    session,
                    self._vault,
                    roster,
                    devices=(*_before_revoked(session, roster.devices, device), device),
                    offices=tuple(offices[code] for code in sorted(offices)),
                )
                journal.append(
                    session, self._vault, Act.DEVICE_ENROLLED, device.device, revision_hash=enrolment.access_list
                )
            issued = packages_issued(session)
            newest = issued[-1]
            rosters = self._rosters_for(issued, device)
            package = make_package(roots=newest.roots, keyset=newest.keyset, rosters=rosters, recipient=device.x25519)
            roster = trust_now(session, self._vault.practice).roster
            journal.append(
                session, self._vault, Act.TRUST_PACKAGE_ISSUED, device.device, revision_hash=roster.payload_sha256
            )
        return Enrolled(
            device.device,
            device.office,
            roster.version,
            package.file_name,
            package.content,
            digits(ROOT_LABEL, payload_of_root(newest.roots[-1])),
        )

    def _rosters_for(self, issued: Sequence[Package], device: Device) -> tuple[bytes, ...]:
        """Return the rosters since the first that names the laptop: it may hold any of them, and follows the links."""
        since: list[bytes] = []
        for package in reversed(issued):
            listed = trust_of(package, practice=self._vault.practice).roster.devices
            if not any(other.device == device.device for other in listed):  # also by keys it had before
                break
            since.insert(0, package.rosters[-1])
        return tuple(since)

    def name_line(self, url: str, pin: str | None) -> int:
        """Have the next roster name where couriers go, and return its version.

        An office learns of it by its next trust package: `enrol` with its old file makes one.

        Raises:
            NotAccepted: LINE_WRONG, no https address, or a pin that is not the 64 hex digits of a SHA-256.
        """
        self._vault.require("secretariat.enrol")
        try:
            line = read_line({"pin": pin, "url": url})
        except Malformed:
            raise NotAccepted((Problem("LINE_WRONG", "secretariat.line"),), "LINE_WRONG") from None
        with self._vault.writing() as session:
            issued = issue_roster(session, self._vault, trust_now(session, self._vault.practice).roster, line=line)
            journal.append(session, self._vault, Act.LINE_NAMED, "", revision_hash=issued.payload_sha256)
        return issued.version

    def root_digits(self) -> str:
        """Return the digits of the root document, to be read out to an office that rings."""
        self._vault.require("secretariat.enrol")
        with self._vault.reading() as session:
            return digits(ROOT_LABEL, payload_of_root(newest_package(session).roots[-1]))


def _before_revoked(session: Session, devices: Sequence[Device], new: Device) -> tuple[Device, ...]:
    """Return the devices with earlier keys of the same laptop revoked after the last bundle taken from it."""
    taken = select(func.max(IncomingBundle.sequence)).where(
        IncomingBundle.device == new.device,
        IncomingBundle.incarnation == new.incarnation,
        IncomingBundle.taken.is_(True),
    )
    last = session.scalar(taken) or 0
    return tuple(
        replace(other, revoked_after=last, revoked_reason=KEYS_CHANGED)
        if other.device == new.device and other.revoked_after is None
        else other
        for other in devices
    )


def _refuse_clash(devices: Sequence[Device], new: Device) -> None:
    """Refuse a device whose key, id or desk code another one has; the same laptop may come with new keys."""
    for other in devices:
        place = (other.office, other.county, other.desk_code, other.incarnation)
        if other.device == new.device and place != (new.office, new.county, new.desk_code, new.incarnation):
            raise NotTrusted("DEVICE_KEY_TAKEN")
        if other.ed25519 == new.ed25519 or other.x25519 == new.x25519:
            raise NotTrusted("DEVICE_KEY_TAKEN")
        if other.device != new.device and (other.county, other.desk_code) == (new.county, new.desk_code):
            raise NotTrusted("DESK_CODE_TAKEN")
