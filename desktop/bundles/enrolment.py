"""The enrolment file of a device, and the 30 digits compared by telephone (threat-model 5.5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import members as m
from desktop.bundles.codes import TrustReason
from desktop.bundles.frame import file_name, refuse
from desktop.bundles.roster import HIGHEST_DESK_CODE, LOWEST_DESK_CODE
from desktop.crypto.encoding import Malformed, canonical_json, tagged_sha256
from desktop.crypto.signing import peek_payload, sign_envelope, verify_envelope
from desktop.errors import NotTrusted, Obstacle

ENROLMENT_TYPE = "application/vnd.rufaa.enrol.v1+json"
ENROLMENT_LABEL = "rufaa-enrol-v1"
ROOT_LABEL = "rufaa-root-v1"
DIGITS = 30
GROUP = 5
MAX_ENROLMENT_BYTES = 64 * 1024
_MEMBERS = frozenset(
    (
        "access_list",
        "app_version",
        "county",
        "desk_code",
        "device",
        "ed25519",
        "incarnation",
        "label",
        "made_at",
        "office",
        "office_name",
        "practice",
        "vault",
        "x25519",
    )
)


@dataclass(frozen=True)
class Enrolment:
    """What a device says of itself when it asks to be listed."""

    access_list: str
    app_version: str
    county: str
    desk_code: int
    device: str
    ed25519: bytes
    incarnation: str
    label: str
    made_at: str
    office: str
    office_name: str
    practice: bool
    vault: str
    x25519: bytes


@dataclass(frozen=True)
class PlainFile:
    """A document that travels unsealed, and the payload its digits are computed from."""

    content: bytes = field(repr=False)
    file_name: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class OpenedEnrolment:
    """An enrolment that fits its own signature. Whose it is, only the digits tell."""

    enrolment: Enrolment
    payload: bytes = field(repr=False)


def enrolment_payload(enrolment: Enrolment) -> bytes:
    """Return the canonical payload. Raises Malformed for what `open_enrolment` would refuse."""
    values = {name: getattr(enrolment, name) for name in _MEMBERS}
    body = canonical_json({name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()})
    _parse(body)
    return body


def make_enrolment(enrolment: Enrolment, signing_key: Ed25519PrivateKey) -> PlainFile:
    """Return the enrolment file, signed by the device key it names."""
    payload = enrolment_payload(enrolment)
    return PlainFile(sign_envelope(ENROLMENT_TYPE, payload, signing_key), file_name("E"), payload)


def open_enrolment(content: bytes) -> OpenedEnrolment:
    """Read an enrolment file and check that the device key it names signed it.

    Raises:
        NotTrusted: ENROLMENT_WRONG or DOCUMENT_NEWER.
    """
    try:
        if len(content) > MAX_ENROLMENT_BYTES:
            raise Malformed("TOO_LONG")
        enrolment = _parse(peek_payload(content, ENROLMENT_TYPE))
        signed = verify_envelope(content, ENROLMENT_TYPE, (enrolment.ed25519,))
    except Malformed:
        raise refuse(content, ENROLMENT_TYPE, TrustReason.ENROLMENT_WRONG) from None
    return OpenedEnrolment(enrolment, signed.payload)


def _parse(payload: bytes) -> Enrolment:
    found = m.members(m.document(payload, MAX_ENROLMENT_BYTES), _MEMBERS)
    return Enrolment(
        access_list=m.digest(found["access_list"]),
        app_version=m.version(found["app_version"]),
        county=m.county(found["county"]),
        desk_code=m.whole(found["desk_code"], LOWEST_DESK_CODE, HIGHEST_DESK_CODE),
        device=m.hex_id(found["device"]),
        ed25519=m.signing_key(found["ed25519"]),
        incarnation=m.hex_id(found["incarnation"]),
        label=m.text(found["label"]),
        made_at=m.moment(found["made_at"]),
        office=m.code(found["office"]),
        office_name=m.text(found["office_name"]),
        practice=m.truth(found["practice"]),
        vault=m.hex_id(found["vault"]),
        x25519=m.sealing_key(found["x25519"]),
    )


def digits(label: str, payload: bytes) -> str:
    """Return the 30 digits of a document, six groups of five (about 99 bits)."""
    number = int.from_bytes(tagged_sha256(label, payload), "big") % 10**DIGITS
    written = f"{number:0{DIGITS}d}"
    return " ".join(written[start : start + GROUP] for start in range(0, DIGITS, GROUP))


def same_digits(typed: str, label: str, payload: bytes) -> None:
    """Compare what a person heard and typed with the digits of the document; spaces and hyphens do not matter.

    Raises:
        Obstacle: DIGITS_INCOMPLETE with `count`, how many digits were typed.
        NotTrusted: DIGITS_DIFFER with `group`, the first of the six that differs. It never says how.
    """
    heard = "".join(character for character in typed if character not in " -\t\n\r\u00a0")
    if len(heard) != DIGITS or not (heard.isascii() and heard.isdigit()):
        raise Obstacle(TrustReason.DIGITS_INCOMPLETE, count=sum(character in "0123456789" for character in heard))
    expected = digits(label, payload).split(" ")
    for group, right in enumerate(expected, start=1):
        if heard[(group - 1) * GROUP : group * GROUP] != right:
            raise NotTrusted(TrustReason.DIGITS_DIFFER, group=group)
