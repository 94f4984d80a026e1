"""Decompressing one foreign entry within limits known beforehand (threat-model attack 15)."""

from __future__ import annotations

import zstandard

from desktop.bundles import sizes
from desktop.crypto.encoding import Malformed

_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_RLE_BLOCK, _RESERVED_BLOCK = 1, 3
_MAGIC = b"\x28\xb5\x2f\xfd"


def decompress(stored: bytes, plain_bytes: int) -> bytes:
    """Return the content of exactly one zstd frame, which must be exactly `plain_bytes` long.

    The frame's own header decides nothing: its window is bounded, the length it claims must be the signed one, no
    dictionary, no second frame, no trailing byte, and never more than one byte beyond the signed length is produced.

    Raises:
        Malformed: COMPRESSION.
    """
    try:
        _check_frame(stored, plain_bytes)
        machine = zstandard.ZstdDecompressor(max_window_size=sizes.MAX_WINDOW_BYTES)
        with machine.stream_reader(stored, read_across_frames=False) as reader:
            plain = reader.read(plain_bytes + 1)
    except zstandard.ZstdError:
        raise Malformed("COMPRESSION") from None
    if len(plain) != plain_bytes:  # zstd compares with the frame's own claim; ours is what was signed
        raise Malformed("COMPRESSION")
    return plain


def _check_frame(stored: bytes, plain_bytes: int) -> None:
    if not stored.startswith(_MAGIC) or plain_bytes > len(stored) * sizes.MAX_RATIO:
        raise Malformed("COMPRESSION")
    about = zstandard.get_frame_parameters(stored)
    if about.window_size > sizes.MAX_WINDOW_BYTES or about.dict_id:
        raise Malformed("COMPRESSION")
    if about.content_size != plain_bytes:
        raise Malformed("COMPRESSION")
    end = _end_of_blocks(stored, zstandard.frame_header_size(stored))
    if end + (_CHECKSUM_BYTES if about.has_checksum else 0) != len(stored):
        raise Malformed("COMPRESSION")


def _end_of_blocks(stored: bytes, at: int) -> int:
    """Return the offset behind the frame's last block, walking the block headers (RFC 8878 section 3.1.1.2)."""
    while True:
        header = int.from_bytes(stored[at : at + _BLOCK_HEADER_BYTES], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        at += _BLOCK_HEADER_BYTES + (1 if kind == _RLE_BLOCK else size)
        if at > len(stored) or kind == _RESERVED_BLOCK:
            raise Malformed("COMPRESSION")
        if last:
            return at
