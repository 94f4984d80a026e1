"""Roots, key sets and the trust package: why a roster may be believed (threat-model 5.5, formats.md section 9).

The root document is the only thing trusted for its own sake, after its 30 digits were compared or because it came
inside the signed installer. Everything else follows by signatures, and no version ever goes back.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import frame
from desktop.bundles import members as m
from desktop.bundles.codes import NewerReason, TrustReason
from desktop.bundles.frame import SealedFile
from desktop.bundles.roster import ROSTER_TYPE, NewerRoster, Roster, parse_roster
from desktop.crypto.encoding import Malformed, b64encode, canonical_json, sha256_hex
from desktop.crypto.signing import MAX_ENVELOPE_BYTES, Signed, peek_payload, sign_envelope, verify_envelope
from desktop.errors import NotTrusted

ROOT_TYPE = "application/vnd.rufaa.root.v1+json"
KEYSET_TYPE = "application/vnd.rufaa.keyset.v1+json"
PACKAGE_MAGIC = b"RUFAAT1\n"
MAX_PACKAGE_BYTES = 16 * 1024 * 1024
MAX_PACKAGE_FILE_BYTES = MAX_PACKAGE_BYTES + 64 * 1024
MAX_ROOTS = 64
MAX_ROSTERS = 1024
_MAX_KEYS = 16
_ROOT_MEMBERS = frozenset(("expires_at", "issued_at", "keys", "name", "practice", "previous", "threshold", "version"))
_KEYSET_MEMBERS = frozenset(
    ("issued_at", "release_keys", "release_threshold", "root_version", "roster_keys", "roster_threshold", "version")
)


@dataclass(frozen=True)
class Root:
    """The offline keys of the Secretariat and how many of them must sign."""

    version: int
    name: str
    keys: tuple[bytes, ...]
    threshold: int
    practice: bool
    issued_at: str
    expires_at: str
    previous: str | None

    @cached_property
    def payload_sha256(self) -> str:
        """SHA-256 of the payload: what a successor names."""
        return sha256_hex(root_payload(self))


@dataclass(frozen=True)
class KeySet:
    """The keys that sign rosters and releases, signed by the root."""

    version: int
    root_version: int
    roster_keys: tuple[bytes, ...]
    roster_threshold: int
    release_keys: tuple[bytes, ...]
    release_threshold: int
    issued_at: str


@dataclass(frozen=True)
class Trust:
    """Verified root, key set and roster."""

    root: Root
    keyset: KeySet
    roster: Roster


@dataclass(frozen=True)
class Package:
    """The envelopes of a trust package, not yet verified; oldest first, roots from the very first on."""

    roots: tuple[bytes, ...]
    keyset: bytes
    rosters: tuple[bytes, ...]


def root_payload(root: Root) -> bytes:
    """Return the canonical payload of a root document. Raises Malformed for what `parse_root` would refuse."""
    body = canonical_json(
        {
            "expires_at": root.expires_at,
            "issued_at": root.issued_at,
            "keys": [key.hex() for key in root.keys],
            "name": root.name,
            "practice": root.practice,
            "previous": root.previous,
            "threshold": root.threshold,
            "version": root.version,
        }
    )
    parse_root(body)
    return body


def parse_root(payload: bytes) -> Root:
    """Read a root's payload. Raises Malformed."""
    found = m.members(m.document(payload, MAX_ENVELOPE_BYTES), _ROOT_MEMBERS)
    keys = m.distinct(m.several(found["keys"], m.signing_key, 1, _MAX_KEYS))
    version = m.positive(found["version"])
    previous = m.optional(found["previous"], m.digest)
    if (previous is None) != (version == 1):
        raise Malformed("MEMBER")
    return Root(
        version=version,
        name=m.text(found["name"]),
        keys=keys,
        threshold=m.whole(found["threshold"], 1, len(keys)),
        practice=m.truth(found["practice"]),
        issued_at=m.moment(found["issued_at"]),
        expires_at=m.moment(found["expires_at"]),
        previous=previous,
    )


def keyset_payload(keyset: KeySet) -> bytes:
    """Return the canonical payload of a key set. Raises Malformed for what `parse_keyset` would refuse."""
    body = canonical_json(
        {
            "issued_at": keyset.issued_at,
            "release_keys": [key.hex() for key in keyset.release_keys],
            "release_threshold": keyset.release_threshold,
            "root_version": keyset.root_version,
            "roster_keys": [key.hex() for key in keyset.roster_keys],
            "roster_threshold": keyset.roster_threshold,
            "version": keyset.version,
        }
    )
    parse_keyset(body)
    return body


def parse_keyset(payload: bytes) -> KeySet:
    """Read a key set's payload. Raises Malformed."""
    found = m.members(m.document(payload, MAX_ENVELOPE_BYTES), _KEYSET_MEMBERS)
    roster_keys = m.distinct(m.several(found["roster_keys"], m.signing_key, 1, _MAX_KEYS))
    release_keys = m.distinct(m.several(found["release_keys"], m.signing_key, 0, _MAX_KEYS))
    return KeySet(
        version=m.positive(found["version"]),
        root_version=m.positive(found["root_version"]),
        roster_keys=roster_keys,
        roster_threshold=m.whole(found["roster_threshold"], 1, len(roster_keys)),
        release_keys=release_keys,
        release_threshold=m.whole(found["release_threshold"], min(1, len(release_keys)), len(release_keys)),
        issued_at=m.moment(found["issued_at"]),
    )


def sign_root(root: Root, *keys: Ed25519PrivateKey) -> bytes:
    """Return the envelope of a root: by its own keys, and for a successor by the old ones too."""
    return sign_envelope(ROOT_TYPE, root_payload(root), *keys)


def sign_keyset(keyset: KeySet, *keys: Ed25519PrivateKey) -> bytes:
    """Return the envelope of a key set, signed by root keys."""
    return sign_envelope(KEYSET_TYPE, keyset_payload(keyset), *keys)


def payload_of_root(envelope: bytes) -> bytes:
    """Return a root's payload, for the 30 digits. It is not verified by this.

    Raises:
        NotTrusted: ROOT_WRONG or DOCUMENT_NEWER.
    """
    try:
        return peek_payload(envelope, ROOT_TYPE)
    except Malformed:
        raise frame.refuse(envelope, ROOT_TYPE, TrustReason.ROOT_WRONG) from None


def verify_root(envelope: bytes, before: Root | None) -> Root:
    """Verify a root by its own threshold, and as the successor of `before` by that one's threshold as well.

    Raises:
        NotTrusted: DOCUMENT_NEWER, ROOT_WRONG, ROOT_SIGNATURE_WRONG or ROOT_LINK_MISSING.
    """
    try:
        root = parse_root(payload_of_root(envelope))
    except Malformed:
        raise NotTrusted(TrustReason.ROOT_WRONG) from None
    if before is not None and (root.version, root.previous) != (before.version + 1, before.payload_sha256):
        raise NotTrusted(TrustReason.ROOT_LINK_MISSING)
    by = before or root
    both = set(by.keys) & set(root.keys)
    # The fewest signatures that can satisfy both thresholds; distinct keys are counted, each for the sides it is on.
    fewest = max(by.threshold, root.threshold, by.threshold + root.threshold - len(both))
    signed = _verified(envelope, ROOT_TYPE, tuple({*by.keys, *root.keys}), fewest, TrustReason.ROOT_SIGNATURE_WRONG)
    for side in (by, root):
        if len(signed.signers & set(side.keys)) < side.threshold:
            raise NotTrusted(TrustReason.ROOT_SIGNATURE_WRONG)
    return root


def verify_roots(envelopes: Sequence[bytes], known: Root | None) -> Root:
    """Verify every root from the first to the newest, and that the one already known is among them.

    Raises:
        NotTrusted: As `verify_root`; ROOT_OLDER when the newest is older than the one known, or another one.
    """
    chain: list[Root] = []
    for envelope in envelopes:
        chain.append(verify_root(envelope, chain[-1] if chain else None))
    if not chain or chain[0].version != 1:
        raise NotTrusted(TrustReason.ROOT_LINK_MISSING)
    if known is not None and known not in chain:
        raise NotTrusted(TrustReason.ROOT_OLDER)
    return chain[-1]


def verify_keyset(envelope: bytes, root: Root, known: KeySet | None) -> KeySet:
    """Verify a key set by the root in force; its version never goes back.

    Raises:
        NotTrusted: DOCUMENT_NEWER, KEYSET_SIGNATURE_WRONG, KEYSET_WRONG or KEYSET_OLDER.
    """
    signed = _verified(envelope, KEYSET_TYPE, root.keys, root.threshold, TrustReason.KEYSET_SIGNATURE_WRONG)
    try:
        keyset = parse_keyset(signed.payload)
    except Malformed:
        raise NotTrusted(TrustReason.KEYSET_WRONG) from None
    if keyset.root_version != root.version:
        raise NotTrusted(TrustReason.KEYSET_WRONG)
    if known is not None and (keyset.version < known.version or (keyset.version == known.version and keyset != known)):
        raise NotTrusted(TrustReason.KEYSET_OLDER)
    return keyset


def verify_rosters(envelopes: Sequence[bytes], keyset: KeySet, known: Roster | None) -> Roster:
    """Verify the newest roster by the key set, and its links back to the one already known.

    Earlier rosters need no signature of today's keys: each is named by hash in its successor.

    Raises:
        NotTrusted: DOCUMENT_NEWER, ROSTER_SIGNATURE_WRONG, ROSTER_WRONG, ROSTER_OLDER or ROSTER_LINK_MISSING.
    """
    if not envelopes:
        raise NotTrusted(TrustReason.ROSTER_WRONG)
    reason = TrustReason.ROSTER_SIGNATURE_WRONG
    signed = _verified(envelopes[-1], ROSTER_TYPE, keyset.roster_keys, keyset.roster_threshold, reason)
    payloads = [*map(_payload_of_roster, envelopes[:-1]), signed.payload]
    chain = [_roster(payload) for payload in payloads]
    newest = chain[-1]
    if newest.keyset_version != keyset.version:
        raise NotTrusted(TrustReason.ROSTER_WRONG)
    for payload, (before, after) in zip(payloads, itertools.pairwise(chain), strict=False):
        if not _follows(after, before, sha256_hex(payload)):
            raise NotTrusted(TrustReason.ROSTER_LINK_MISSING)
    if known is not None:
        _check_reaches(chain, known)
    return newest


def _payload_of_roster(envelope: bytes) -> bytes:
    try:
        return peek_payload(envelope, ROSTER_TYPE)
    except Malformed:
        raise frame.refuse(envelope, ROSTER_TYPE, TrustReason.ROSTER_WRONG) from None


def _roster(payload: bytes) -> Roster:
    try:
        return parse_roster(payload)
    except NewerRoster:
        raise NotTrusted(NewerReason.DOCUMENT_NEWER) from None
    except Malformed:
        raise NotTrusted(TrustReason.ROSTER_WRONG) from None


def _follows(after: Roster, before: Roster, sha256: str) -> bool:
    """Say whether `after` names `before`, whose payload has the hash `sha256`, as its predecessor."""
    return after.version == before.version + 1 and after.previous == sha256 and after.practice == before.practice


def _check_reaches(chain: list[Roster], known: Roster) -> None:
    newest = chain[-1]
    if newest.version < known.version or (newest.version == known.version and newest != known):
        raise NotTrusted(TrustReason.ROSTER_OLDER)
    if newest.version > known.version and not any(_follows(roster, known, known.payload_sha256) for roster in chain):
        raise NotTrusted(TrustReason.ROSTER_LINK_MISSING)


def _verified(
    envelope: bytes, payload_type: str, keys: tuple[bytes, ...], threshold: int, reason: TrustReason
) -> Signed:
    try:
        return verify_envelope(envelope, payload_type, keys, threshold)
    except Malformed:
        raise frame.refuse(envelope, payload_type, reason) from None


def package_bytes(package: Package) -> bytes:
    """Return a package as one canonical document, to be sealed or kept; `parse_package` reads it back."""
    body = canonical_json(
        {
            "keyset": b64encode(package.keyset),
            "roots": [b64encode(envelope) for envelope in package.roots],
            "rosters": [b64encode(envelope) for envelope in package.rosters],
        }
    )
    parse_package(body)
    return body


def make_package(*, roots: Sequence[bytes], keyset: bytes, rosters: Sequence[bytes], recipient: bytes) -> SealedFile:
    """Seal a trust package to one device; it carries every root, and the rosters from what the device knows on."""
    body = package_bytes(Package(tuple(roots), keyset, tuple(rosters)))
    return frame.seal_document("T", PACKAGE_MAGIC, body, recipient)


def open_package(content: bytes, keys: tuple[bytes, ...]) -> Package:
    """Open a trust package with the device's receiving keys; nothing in it is verified yet.

    Raises:
        NotTrusted: PACKAGE_NOT_FOR_US_OR_DAMAGED or PACKAGE_WRONG.
    """
    if len(content) > MAX_PACKAGE_FILE_BYTES:
        raise NotTrusted(TrustReason.PACKAGE_WRONG)
    try:
        plaintext, _ = frame.open_with_any(content, keys)
    except Malformed:
        raise NotTrusted(TrustReason.PACKAGE_NOT_FOR_US_OR_DAMAGED) from None
    return read_package(plaintext)


def read_package(plaintext: bytes) -> Package:
    """Read the plaintext of a trust package. Raises NotTrusted PACKAGE_WRONG."""
    try:
        return parse_package(frame.unframe_page(PACKAGE_MAGIC, plaintext, MAX_PACKAGE_BYTES))
    except Malformed:
        raise NotTrusted(TrustReason.PACKAGE_WRONG) from None


def parse_package(body: bytes) -> Package:
    """Read the document `package_bytes` wrote; nothing in it is verified yet. Raises Malformed."""
    found = m.members(m.document(body, MAX_PACKAGE_BYTES), frozenset(("keyset", "roots", "rosters")))
    return Package(
        roots=m.several(found["roots"], m.envelope, 1, MAX_ROOTS),
        keyset=m.envelope(found["keyset"]),
        rosters=m.several(found["rosters"], m.envelope, 1, MAX_ROSTERS),
    )


def trust_of(package: Package, *, practice: bool) -> Trust:
    """Verify a package on the word of its own roots: which ones those are, the caller has compared or pinned.

    Raises:
        NotTrusted: With the reason of the first document that does not verify.
    """
    return verify_package(package, None, practice=practice)


def verify_package(package: Package, known: Trust | None, *, practice: bool) -> Trust:
    """Verify a package from the trust already held; without any it is `trust_of`.

    Raises:
        NotTrusted: With the reason of the first document that does not verify or goes back.
    """
    root = verify_roots(package.roots, known.root if known else None)
    keyset = verify_keyset(package.keyset, root, known.keyset if known else None)
    roster = verify_rosters(package.rosters, keyset, known.roster if known else None)
    if not root.practice == roster.practice == practice:
        raise NotTrusted(TrustReason.TRUST_PRACTICE_MISMATCH)
    return Trust(root, keyset, roster)
