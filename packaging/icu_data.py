"""Qt's ICU data for the languages of the desk: 32 MB hold every language's; English, Swahili and the root are 5 MB.

ICU takes its data from one library, libicudata, whose only symbol is a package of items by name (ICU's `ucmndata.h`).
The package is written again with fewer items, none of them changed, as ICU's own `icupkg` does. What Qt asks of ICU for
English and Swahili, sorting, conversion of single-byte texts and the names of time zones, is the same as before (a test
compares); for another language Qt gets the root's answer. Line and word breaks are Qt's own, not ICU's.
"""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

_MAGIC = b"\xda\x27"
_FORMAT = b"CmnD\x01"
# Names of countries, currencies, units and the rules of spoken numbers: Qt has its own.
_TREES_LEFT_OUT = frozenset({"brkitr", "curr", "lang", "rbnf", "region", "translit", "unit"})
# A locale's own resource; the others (`pool`, `supplementalData`, …) belong to all.
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9_]+)?\.res")
_KEPT_LOCALE = re.compile(r"(en|sw)(_[A-Za-z0-9_]+)?\.res")
_LARGEST_CONVERTER_BYTES = 20_000  # single-byte ones; the large are of East Asia


def wanted(name: str, size_bytes: int) -> bool:
    """Tell whether an item is kept; `name` is without the package's own."""
    tree, _, own = name.rpartition("/")
    if own.endswith(".cnv"):
        return size_bytes <= _LARGEST_CONVERTER_BYTES
    if tree in _TREES_LEFT_OUT:
        return own == "pool.res"
    return not _LOCALE.fullmatch(own) or bool(_KEPT_LOCALE.fullmatch(own))


def smaller(package: bytes) -> bytes:
    """Return an ICU data package with the wanted items only.

    Raises:
        ValueError: These bytes are no package of the form known here.
    """
    (start,) = struct.unpack_from("<H", package)
    if package[2:4] != _MAGIC or package[12:17] != _FORMAT or package[8]:
        raise ValueError("not a little-endian ICU data package of version 1")
    (count,) = struct.unpack_from("<I", package, start)
    table = [struct.unpack_from("<II", package, start + 4 + 8 * index) for index in range(count)]
    ends = [offset for _, offset in table[1:]] + [len(package) - start]
    items = []
    for (name_at, data_at), end in zip(table, ends, strict=True):
        name = package[start + name_at : package.index(b"\0", start + name_at)]
        if wanted(name.decode("ascii").partition("/")[2], end - data_at):
            items.append((name + b"\0", package[start + data_at : start + end]))

    names_at = 4 + 8 * len(items)
    names = b"".join(name for name, _ in items)
    at = -(-(names_at + len(names)) // 16) * 16
    written, content = struct.pack("<I", len(items)), b""
    parts = [b"\0" * (at - names_at - len(names))]
    for name, data in items:
        written += struct.pack("<II", names_at, at)
        names_at += len(name)
        # Each item starts at a multiple of 16, as ICU's own packages have it.
        content = data + b"\0" * (-len(data) % 16)
        parts.append(content)
        at += len(content)
    return package[:start] + written + names + b"".join(parts)


def write_library(source: Path, target: Path) -> None:
    """Write the library `source` (libicudata.so.N) with the wanted items only to `target`; by GNU binutils."""
    target.parent.mkdir(parents=True, exist_ok=True)
    data, part = target.with_suffix(".dat"), target.with_suffix(".o")
    symbol = f"icudt{source.suffix[1:]}_dat"
    _run("objcopy", "--output-target=binary", "--only-section=.rodata", source, data)
    data.write_bytes(smaller(data.read_bytes()))
    _run("ld", "--relocatable", "--format=binary", "--output", part, data.name, folder=data.parent)
    started = "_binary_" + re.sub("[^A-Za-z0-9]", "_", data.name) + "_start"
    _run(
        *("objcopy", "--rename-section", ".data=.rodata,alloc,load,readonly,data,contents"),
        *("--set-section-alignment", ".rodata=16", "--redefine-sym", f"{started}={symbol}"),
        *("--keep-global-symbol", symbol, part),
    )
    _run("ld", "-shared", "-z", "noexecstack", "--strip-all", "-soname", source.name, "--output", target, part)


def _run(*command: object, folder: Path | None = None) -> None:
    subprocess.run([str(word) for word in command], cwd=folder, check=True)  # noqa: S603  binutils, on our own files
