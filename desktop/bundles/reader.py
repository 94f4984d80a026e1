"""Reading a bundle that somebody handed in: ordered gates, each taking the type the one before made.

No gate can be skipped, because only the gate before it makes what it takes, and only the last one yields a
`VerifiedBundle`. Bytes in, frozen values out: no clock, no store; `open_and_verify` can run in the limited child.
One reason code per refusal, never a detail of content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from desktop.bundles import frame, sizes
from desktop.bundles.codes import ReasonCode, SequenceReason
from desktop.bundles.contents import Contents, read_contents
from desktop.bundles.manifest import (
    PAYLOAD_TYPE,
    Encoding,
    Manifest,
    ManifestEntry,
    NewerSchema,
    fingerprint,
    parse_manifest,
)
from desktop.bundles.roster import Device, Roster
from desktop.bundles.sequence import Place, SequenceState, Standing, judge, link_of
from desktop.bundles.succession import NO_HEIR, Heritage, Succession, Successions
from desktop.bundles.unpack import decompress
from desktop.bundles.writer import BUNDLE_MAGIC
from desktop.crypto.encoding import Malformed, sha256_hex
from desktop.crypto.sealing import public_key
from desktop.crypto.signing import verify_envelope
from desktop.errors import NotTrusted

Decompress = Callable[[bytes, int], bytes]
"""Turns a stored entry into exactly so many plain bytes, or raises Malformed or NotTrusted."""


@dataclass(frozen=True)
class Received:
    """A file of bearable size that may be sealed."""

    content: bytes = field(repr=False)
    file_sha256: str


@dataclass(frozen=True)
class Decrypted:
    """Its plaintext, and the public half of the intake key that opened it."""

    file_sha256: str
    plaintext: bytes = field(repr=False)
    opened_with: bytes


@dataclass(frozen=True)
class Framed:
    """The envelope cut out, and where the entries begin."""

    decrypted: Decrypted
    envelope: bytes = field(repr=False)
    entries_at: int


@dataclass(frozen=True)
class SignedManifest:
    """A manifest signed by exactly one key of the roster."""

    framed: Framed
    manifest: Manifest
    manifest_sha256: str
    signer: bytes


@dataclass(frozen=True)
class KnownSender:
    """The manifest speaks for the device whose key signed it, and that device may send this."""

    signed: SignedManifest
    device: Device


@dataclass(frozen=True)
class AddressedToUs:
    """The manifest names the key that opened the file, and practice stays with practice."""

    sender: KnownSender


@dataclass(frozen=True)
class OpenedBundle:
    """Everything verified but its place among the device's bundles."""

    file_sha256: str
    opened_with: bytes
    manifest: Manifest
    manifest_sha256: str
    device: Device
    contents: Contents = field(repr=False)


@dataclass(frozen=True)
class VerifiedBundle:
    """A genuine bundle and where it stands. The intake takes nothing else."""

    opened: OpenedBundle
    place: Place


def receive(content: bytes) -> Received:
    """Gate 1: size, and that it is an age file at all."""
    if len(content) > sizes.MAX_FILE_BYTES:
        raise NotTrusted(ReasonCode.BUNDLE_FILE_TOO_LARGE)
    if not content.startswith(frame.AGE_MAGIC):
        raise NotTrusted(ReasonCode.NOT_A_SEALED_FILE)
    return Received(content, sha256_hex(content))


def decrypt(received: Received, intake_secrets: tuple[bytes, ...]) -> Decrypted:
    """Gate 2: one of our keys opens it, whole."""
    try:
        plaintext, secret = frame.open_with_any(received.content, intake_secrets)
    except Malformed:
        raise NotTrusted(ReasonCode.NOT_FOR_US_OR_DAMAGED) from None
    return Decrypted(received.file_sha256, plaintext, public_key(secret))


def unframe(decrypted: Decrypted) -> Framed:
    """Gate 3: magic, length, envelope."""
    try:
        envelope, entries_at = frame.unframe(BUNDLE_MAGIC, decrypted.plaintext)
    except Malformed:
        raise NotTrusted(ReasonCode.FRAME_WRONG) from None
    return Framed(decrypted, envelope, entries_at)


def verify_signature(framed: Framed, roster: Roster) -> SignedManifest:
    """Gate 4: one signature, by a device of the roster; then the manifest it covers."""
    try:
        signed = verify_envelope(framed.envelope, PAYLOAD_TYPE, tuple(device.ed25519 for device in roster.devices))
    except Malformed as error:
        if frame.is_newer(framed.envelope, PAYLOAD_TYPE):
            raise NotTrusted(ReasonCode.NEWER_FORMAT) from None
        reasons = {"UNKNOWN_KEY": ReasonCode.SENDER_UNKNOWN, "BAD_SIGNATURE": ReasonCode.SIGNATURE_WRONG}
        raise NotTrusted(reasons.get(str(error), ReasonCode.ENVELOPE_WRONG)) from None
    try:
        manifest = parse_manifest(signed.payload)
    except NewerSchema:
        raise NotTrusted(ReasonCode.NEWER_FORMAT) from None
    except Malformed:
        raise NotTrusted(ReasonCode.MANIFEST_WRONG) from None
    (signer,) = signed.signers
    return SignedManifest(framed, manifest, sha256_hex(signed.payload), signer)


def know_sender(
    signed: SignedManifest,
    roster: Roster,
    known_rosters: Mapping[int, str] | None = None,
    successions: Successions = lambda _: NO_HEIR,
) -> KnownSender:
    """Gate 5: the manifest names the signer's own device and office, within its validity, and a roster we know.

    `known_rosters` holds the hash of each roster version ever issued, `roster` among them; without it only that one
    is known. What a revoked key signed beyond its last number passes where the device has a later key that names this
    file, or may still do so.
    """
    manifest, device = signed.manifest, roster.device_of_key(signed.signer)
    if device is None or (device.device, device.office) != (manifest.device, manifest.office):
        raise NotTrusted(ReasonCode.SENDER_MISMATCH)
    if manifest.sequence < device.valid_from:
        raise NotTrusted(ReasonCode.DEVICE_NOT_YET_VALID)
    if _is_beyond(manifest, device):
        sha256 = signed.framed.decrypted.file_sha256
        if successions(device.device).heritage(manifest.sequence, sha256) is Heritage.FOREIGN:
            raise NotTrusted(ReasonCode.DEVICE_REVOKED)
    issued = {roster.version: roster.payload_sha256} if known_rosters is None else known_rosters
    if issued.get(manifest.roster.version) != manifest.roster.sha256:
        raise NotTrusted(ReasonCode.ROSTER_UNKNOWN)
    return KnownSender(signed, device)


def _is_beyond(manifest: Manifest, device: Device) -> bool:
    """Say whether a revoked key may no longer vouch for this bundle by itself."""
    return device.revoked_after is not None and (
        manifest.incarnation != device.incarnation or manifest.sequence > device.revoked_after
    )


def check_address(sender: KnownSender, *, practice: bool) -> AddressedToUs:
    """Gate 6: nobody forwarded to us what was sealed to somebody else (Davis 2001), and practice is not real."""
    signed = sender.signed
    if fingerprint(signed.framed.decrypted.opened_with) not in signed.manifest.recipients:
        raise NotTrusted(ReasonCode.NOT_ADDRESSED_TO_US)
    if signed.manifest.practice != practice:
        raise NotTrusted(ReasonCode.PRACTICE_MISMATCH)
    return AddressedToUs(sender)


def unpack(addressed: AddressedToUs, decompress: Decompress = decompress) -> OpenedBundle:
    """Gate 7: lengths and padding, stored hashes, decompression, plain hashes, contents."""
    signed = addressed.sender.signed
    manifest, plaintext = signed.manifest, signed.framed.decrypted.plaintext
    at = signed.framed.entries_at
    used = at + sum(entry.stored for entry in manifest.entries)
    bucket = sizes.bucket_for(used)
    if bucket is None or sizes.plaintext_bytes(bucket) != len(plaintext):
        raise NotTrusted(ReasonCode.LENGTHS_WRONG)
    if not frame.is_zero(plaintext, used):
        raise NotTrusted(ReasonCode.PADDING_WRONG)
    stored: list[bytes] = []
    for entry in manifest.entries:
        stored.append(plaintext[at : at + entry.stored])
        at += entry.stored
        if sha256_hex(stored[-1]) != entry.sha256_stored:
            raise NotTrusted(ReasonCode.STORED_HASH_WRONG)
    plain = {entry.name: _plain(entry, body, decompress) for entry, body in zip(manifest.entries, stored, strict=True)}
    return OpenedBundle(
        file_sha256=signed.framed.decrypted.file_sha256,
        opened_with=signed.framed.decrypted.opened_with,
        manifest=manifest,
        manifest_sha256=signed.manifest_sha256,
        device=addressed.sender.device,
        contents=read_contents(manifest, plain),
    )


def _plain(entry: ManifestEntry, stored: bytes, decompress: Decompress) -> bytes:
    if entry.encoding is Encoding.IDENTITY:
        return stored
    try:
        plain = decompress(stored, entry.plain)
    except Malformed:
        raise NotTrusted(ReasonCode.COMPRESSION_WRONG) from None
    if len(plain) != entry.plain or sha256_hex(plain) != entry.sha256_plain:
        raise NotTrusted(ReasonCode.PLAIN_HASH_WRONG)
    return plain


def place_in_sequence(opened: OpenedBundle, known: SequenceState, succession: Succession = NO_HEIR) -> VerifiedBundle:
    """Gate 8: its place among the bundles of its device. A gap or a contradiction is an outcome, not a refusal.

    A bundle that a revoked key signed beyond its last number counts like any other once the device's later key names
    it, and waits until then.

    Raises:
        NotTrusted: DEVICE_REVOKED, when a revoked key would cast doubt on what was taken before: whoever holds a
            stolen laptop could otherwise put every bundle it ever sent in question.
    """
    manifest = opened.manifest
    place = judge(link_of(manifest, opened.file_sha256, Standing.NEXT), opened.contents.journal, known)
    named = succession.heritage(manifest.sequence, opened.file_sha256) is Heritage.NAMED
    if opened.device.revoked_after is not None and place.standing is not Standing.KNOWN and not named:
        if _is_beyond(manifest, opened.device):
            return VerifiedBundle(opened, Place(Standing.HELD, SequenceReason.NEW_KEY_AWAITED))
        if place.also_disputed:
            raise NotTrusted(ReasonCode.DEVICE_REVOKED)
    return VerifiedBundle(opened, place)


def open_and_verify(
    content: bytes,
    *,
    intake_secrets: tuple[bytes, ...],
    roster: Roster,
    practice: bool,
    known_rosters: Mapping[int, str] | None = None,
    successions: Successions = lambda _: NO_HEIR,
) -> OpenedBundle:
    """Pass a file through gates 1 to 7. `place_in_sequence` follows, once the store was asked about its device.

    Raises:
        NotTrusted: With one `ReasonCode`.
    """
    decrypted = decrypt(receive(content), intake_secrets)
    return open_decrypted(
        decrypted, roster=roster, practice=practice, known_rosters=known_rosters, successions=successions
    )


def open_decrypted(
    decrypted: Decrypted,
    *,
    roster: Roster,
    practice: bool,
    known_rosters: Mapping[int, str] | None = None,
    successions: Successions = lambda _: NO_HEIR,
    decompress: Decompress = decompress,
) -> OpenedBundle:
    """Pass what was decrypted through gates 3 to 7. Raises NotTrusted with one `ReasonCode`."""
    sender = know_sender(verify_signature(unframe(decrypted), roster), roster, known_rosters, successions)
    return unpack(check_address(sender, practice=practice), decompress)
