"""Limits of a bundle, and the sizes it is padded to (docs/formats.md section 7)."""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

MAX_FILE_BYTES = 66 * MIB
MAX_PLAIN_BYTES = 64 * MIB
MAX_ATTACHMENT_BYTES = 10 * MIB
MAX_RECORDS = 20_000
MAX_SEALED_ITEMS = 20_000
MAX_LISTS = 1_000
MAX_LIST_BYTES = 64 * KIB
MAX_ATTACHMENTS = 1_000
MAX_WINDOW_BYTES = 8 * MIB
MAX_RATIO = 200

BUCKETS = (64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, *(count * MIB for count in range(1, 67)))
_AGE_HEADER_BYTES = 2 * KIB
_AGE_CHUNK_BYTES = 64 * KIB
_AGE_TAG_BYTES = 16


def plaintext_bytes(bucket: int) -> int:
    """Return the length of the plaintext that age seals into a file of at most `bucket` bytes.

    2,048 bytes are left for age's header and nonce, whose length varies by design, and 16 for each chunk's tag.
    """
    return bucket - _AGE_HEADER_BYTES - _AGE_TAG_BYTES * -(-bucket // _AGE_CHUNK_BYTES)


def bucket_for(used: int) -> int | None:
    """Return the smallest bucket whose plaintext holds `used` bytes, or None if none does."""
    return next((bucket for bucket in BUCKETS if plaintext_bytes(bucket) >= used), None)
