"""The roster: which devices may send, to which keys they seal, which keys sign receipts (docs/formats.md section 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import members as m
from desktop.crypto.encoding import JSONValue, Malformed, canonical_json, sha256_hex
from desktop.crypto.signing import MAX_ENVELOPE_BYTES, sign_envelope

ROSTER_TYPE = "application/vnd.rufaa.roster.v1+json"
MIN_SEAL = "age-x25519-1"
LOWEST_DESK_CODE, HIGHEST_DESK_CODE = 100, 999
MAX_DEVICES = 2000
MAX_OFFICES = 1000
_MAX_KEYS = 16
_MEMBERS = frozenset(
    (
        "devices",
        "expires_at",
        "intake",
        "issued_at",
        "keyset_version",
        "min_app",
        "min_seal",
        "offices",
        "practice",
        "previous",
        "receipt_keys",
        "version",
    )
)
_DEVICE_MEMBERS = frozenset(
    (
        "county",
        "desk_code",
        "device",
        "ed25519",
        "incarnation",
        "label",
        "office",
        "revoked_after",
        "revoked_reason",
        "valid_from",
        "x25519",
    )
)


class NewerRoster(Malformed):
    """The roster asks for a way of sealing that this program does not know."""


class Use(StrEnum):
    """What an intake key opens: every bundle, sealed values, or vaults in recovery."""

    OPERATIONAL = "OPERATIONAL"
    RESTRICTED = "RESTRICTED"
    RECOVERY = "RECOVERY"


@dataclass(frozen=True)
class Device:
    """One key pair of one laptop.

    `incarnation` is the one it was enrolled with; after a restore the Secretariat lists the new one. Once revoked,
    only bundles of that incarnation count, up to `revoked_after`. Both that and `valid_from` are sequence numbers.
    """

    device: str
    office: str
    county: str
    desk_code: int
    label: str
    ed25519: bytes
    x25519: bytes
    incarnation: str
    valid_from: int
    revoked_after: int | None
    revoked_reason: str | None


@dataclass(frozen=True)
class Recipient:
    """An intake key; a recovery recipient has a signing key as well."""

    use: Use
    x25519: bytes
    ed25519: bytes | None


@dataclass(frozen=True)
class Office:
    """An office by code, county and name."""

    code: str
    county: str
    name: str


@dataclass(frozen=True)
class Line:
    """Where couriers bring bundles and find receipts.

    `pin` is the SHA-256 of the server's public key (SubjectPublicKeyInfo); None: the authorities the system trusts.
    """

    url: str
    pin: bytes | None


@dataclass(frozen=True)
class Roster:
    """The signed list of devices, intake keys, receipt keys and offices."""

    version: int
    keyset_version: int
    practice: bool
    devices: tuple[Device, ...] = field(repr=False)
    intake: tuple[Recipient, ...]
    receipt_keys: tuple[bytes, ...]
    offices: tuple[Office, ...] = field(repr=False)
    min_app: str
    min_seal: str
    issued_at: str
    expires_at: str
    previous: str | None
    line: Line | None = None

    @cached_property
    def payload_sha256(self) -> str:
        """SHA-256 of the payload: what the next roster and every manifest name."""
        return sha256_hex(roster_payload(self))

    def device_of_key(self, ed25519: bytes) -> Device | None:
        """Return the device whose signing key this is."""
        return next((device for device in self.devices if device.ed25519 == ed25519), None)

    def recipients(self, use: Use) -> tuple[bytes, ...]:
        """Return the X25519 keys of one use."""
        return tuple(key.x25519 for key in self.intake if key.use is use)

    def recovery(self) -> Recipient | None:
        """Return the recovery recipient: the last one listed that can sign as well."""
        named = [key for key in self.intake if key.use is Use.RECOVERY and key.ed25519 is not None]
        return named[-1] if named else None


def roster_payload(roster: Roster) -> bytes:
    """Return the canonical payload. Raises Malformed for what `parse_roster` would refuse."""
    body = canonical_json(
        {
            "devices": [_device_json(device) for device in roster.devices],
            "expires_at": roster.expires_at,
            "intake": [
                {"ed25519": key.ed25519.hex() if key.ed25519 else None, "use": key.use, "x25519": key.x25519.hex()}
                for key in roster.intake
            ],
            "issued_at": roster.issued_at,
            "keyset_version": roster.keyset_version,
            **_line_json(roster.line),
            "min_app": roster.min_app,
            "min_seal": roster.min_seal,
            "offices": [{"code": o.code, "county": o.county, "name": o.name} for o in roster.offices],
            "practice": roster.practice,
            "previous": roster.previous,
            "receipt_keys": [key.hex() for key in roster.receipt_keys],
            "version": roster.version,
        }
    )
    parse_roster(body)
    return body


def _line_json(line: Line | None) -> dict[str, JSONValue]:
    """Return the one member that may be absent: nothing is said of a line where there is none."""
    return {} if line is None else {"line": {"pin": line.pin.hex() if line.pin else None, "url": line.url}}


def _device_json(device: Device) -> JSONValue:
    return {
        "county": device.county,
        "desk_code": device.desk_code,
        "device": device.device,
        "ed25519": device.ed25519.hex(),
        "incarnation": device.incarnation,
        "label": device.label,
        "office": device.office,
        "revoked_after": device.revoked_after,
        "revoked_reason": device.revoked_reason,
        "valid_from": device.valid_from,
        "x25519": device.x25519.hex(),
    }


def sign_roster(roster: Roster, *keys: Ed25519PrivateKey) -> bytes:
    """Return the envelope of a roster, signed by the key set's roster keys."""
    return sign_envelope(ROSTER_TYPE, roster_payload(roster), *keys)


def parse_roster(payload: bytes) -> Roster:
    """Read a roster's payload; its signature is `trust.verify_rosters`' matter.

    Raises:
        NewerRoster: Its `min_seal` is another than ours.
        Malformed: Anything else.
    """
    value = m.document(payload, MAX_ENVELOPE_BYTES)
    # Before the strict reading: what else a newer roster holds is not ours to judge.
    if isinstance(value, dict) and m.code(value.get("min_seal")) != MIN_SEAL:
        raise NewerRoster("NEWER")
    line = isinstance(value, dict) and "line" in value
    found = m.members(value, _MEMBERS | {"line"} if line else _MEMBERS)
    version = m.positive(found["version"])
    previous = m.optional(found["previous"], m.digest)
    if (previous is None) != (version == 1):
        raise Malformed("MEMBER")
    roster = Roster(
        version=version,
        keyset_version=m.positive(found["keyset_version"]),
        practice=m.truth(found["practice"]),
        devices=m.several(found["devices"], _device, 0, MAX_DEVICES),
        intake=m.several(found["intake"], _recipient, 1, _MAX_KEYS),
        receipt_keys=m.distinct(m.several(found["receipt_keys"], m.signing_key, 1, _MAX_KEYS)),
        offices=m.several(found["offices"], _office, 0, MAX_OFFICES),
        min_app=m.version(found["min_app"]),
        min_seal=MIN_SEAL,
        issued_at=m.moment(found["issued_at"]),
        expires_at=m.moment(found["expires_at"]),
        previous=previous,
        line=read_line(found["line"]) if line else None,
    )
    _check_whole(roster)
    return roster


def _device(value: JSONValue) -> Device:
    found = m.members(value, _DEVICE_MEMBERS)
    revoked_after = m.optional(found["revoked_after"], m.whole)
    revoked_reason = m.optional(found["revoked_reason"], m.code)
    if (revoked_after is None) != (revoked_reason is None):
        raise Malformed("MEMBER")
    return Device(
        device=m.hex_id(found["device"]),
        office=m.code(found["office"]),
        county=m.county(found["county"]),
        desk_code=m.whole(found["desk_code"], LOWEST_DESK_CODE, HIGHEST_DESK_CODE),
        label=m.text(found["label"]),
        ed25519=m.signing_key(found["ed25519"]),
        x25519=m.sealing_key(found["x25519"]),
        incarnation=m.hex_id(found["incarnation"]),
        valid_from=m.positive(found["valid_from"]),
        revoked_after=revoked_after,
        revoked_reason=revoked_reason,
    )


def read_line(value: JSONValue) -> Line:
    """Read the member `line`. Raises Malformed."""
    found = m.members(value, frozenset(("pin", "url")))
    pin = m.optional(found["pin"], m.digest)
    return Line(m.address(found["url"]), bytes.fromhex(pin) if pin else None)


def _recipient(value: JSONValue) -> Recipient:
    found = m.members(value, frozenset(("ed25519", "use", "x25519")))
    return Recipient(
        use=m.one_of(found["use"], Use),
        x25519=m.sealing_key(found["x25519"]),
        ed25519=m.optional(found["ed25519"], m.signing_key),
    )


def _office(value: JSONValue) -> Office:
    found = m.members(value, frozenset(("code", "county", "name")))
    return Office(m.code(found["code"]), m.county(found["county"]), m.text(found["name"]))


def _check_whole(roster: Roster) -> None:
    """Check what holds between the members.

    One signing key is one device; a device sits in a listed office of its county; a desk code belongs to one device.
    """
    m.distinct(tuple(device.ed25519 for device in roster.devices))
    m.distinct(tuple(key.x25519 for key in roster.intake))
    m.distinct(tuple(office.code for office in roster.offices))
    counties = {office.code: office.county for office in roster.offices}
    holders: dict[tuple[str, int], str] = {}
    for device in roster.devices:
        holder = holders.setdefault((device.county, device.desk_code), device.device)
        if counties.get(device.office) != device.county or holder != device.device:
            raise Malformed("MEMBER")
    if not roster.recipients(Use.OPERATIONAL):
        raise Malformed("MEMBER")
