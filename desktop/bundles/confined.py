"""The intake's foreign bytes in the limited child: opening the age file, and decompressing an entry already verified.

The child only turns bytes into bytes; every gate stays in the parent, which believes nothing the child says: the
plaintext must carry a known signature and each plain entry its signed length and hash.
"""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bundles import frame, sizes
from desktop.bundles.codes import ReasonCode
from desktop.bundles.reader import Decrypted, OpenedBundle, open_decrypted, receive
from desktop.bundles.roster import Roster
from desktop.bundles.succession import NO_HEIR, Successions
from desktop.bundles.unpack import decompress
from desktop.confinement import run_confined
from desktop.crypto.encoding import Malformed, length_prefixed
from desktop.crypto.sealing import public_key
from desktop.errors import NotTrusted

_KEY_BYTES = 32
_LENGTH_BYTES = 4


def open_and_verify_confined(
    content: bytes,
    *,
    intake_secrets: tuple[bytes, ...],
    roster: Roster,
    practice: bool,
    known_rosters: Mapping[int, str] | None = None,
    successions: Successions = lambda _: NO_HEIR,
) -> OpenedBundle:
    """Pass a file through gates 1 to 7 with age and zstd in the limited child.

    Raises:
        NotTrusted: With one `ReasonCode`, or FILE_TOO_DEMANDING when a limit stopped the child.
    """
    received = receive(content)
    answer = run_confined(
        "open-sealed", length_prefixed(*intake_secrets, content), output_bytes=sizes.MAX_FILE_BYTES + _KEY_BYTES
    )
    opened_with, plaintext = answer[:_KEY_BYTES], answer[_KEY_BYTES:]
    if opened_with not in {public_key(secret) for secret in intake_secrets}:
        raise NotTrusted(ReasonCode.NOT_FOR_US_OR_DAMAGED)
    decrypted = Decrypted(received.file_sha256, plaintext, opened_with)
    return open_decrypted(
        decrypted,
        roster=roster,
        practice=practice,
        known_rosters=known_rosters,
        successions=successions,
        decompress=_decompress_confined,
    )


def _decompress_confined(stored: bytes, plain_bytes: int) -> bytes:
    payload = plain_bytes.to_bytes(_LENGTH_BYTES, "big") + stored
    return run_confined("decompress", payload, output_bytes=plain_bytes)


def open_in_child(payload: bytes) -> bytes:
    """Be task "open-sealed": length-prefixed keys, then the file; answer the public key that fits and the plaintext."""
    parts = []
    while payload:
        length = int.from_bytes(payload[:_LENGTH_BYTES], "big")
        parts.append(payload[_LENGTH_BYTES : _LENGTH_BYTES + length])
        payload = payload[_LENGTH_BYTES + length :]
    *keys, content = parts
    try:
        plaintext, secret = frame.open_with_any(content, tuple(keys))
    except Malformed:
        raise NotTrusted(ReasonCode.NOT_FOR_US_OR_DAMAGED) from None
    return public_key(secret) + plaintext


def decompress_in_child(payload: bytes) -> bytes:
    """Be task "decompress": the signed plain length in 4 bytes, then one zstd frame; answer with its content."""
    try:
        return decompress(payload[_LENGTH_BYTES:], int.from_bytes(payload[:_LENGTH_BYTES], "big"))
    except Malformed:
        raise NotTrusted(ReasonCode.COMPRESSION_WRONG) from None
