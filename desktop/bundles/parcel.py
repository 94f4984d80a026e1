"""A table on its way to somebody without Rufaa (docs/formats.md section 14): a zip archive, filled to a bundle's size.

Neither a workbook nor a list can be made longer and stay what it is; every system opens a zip archive.
"""

from __future__ import annotations

import io
import zipfile
from itertools import chain, count

from desktop.bundles.sizes import BUCKETS, MIB, plaintext_bytes

PADDING = "padding.bin"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_FIRST_BEYOND_MIB = 67  # where the sizes of bundles end, these go on


def padded_archive(name: str, content: bytes) -> bytes:
    """Return a file under its name beside zero bytes: sealed, the archive just fits one of the sizes of bundles."""
    used = len(_archive(name, content, 0))
    sizes = map(plaintext_bytes, chain(BUCKETS, (mib * MIB for mib in count(_FIRST_BEYOND_MIB))))
    return _archive(name, content, next(size for size in sizes if size >= used) - used)


def _archive(name: str, content: bytes, padding: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(_part(name, zipfile.ZIP_DEFLATED), content)
        archive.writestr(_part(PADDING, zipfile.ZIP_STORED), bytes(padding))
    return target.getvalue()


def _part(name: str, compression: int) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, _ZIP_TIME)
    part.compress_type = compression
    part.external_attr = 0o600 << 16
    part.create_system = 3  # the same bytes from every system
    return part
