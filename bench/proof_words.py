"""Words that nobody else writes, and the search for them in bytes however they are spelt there.

For the proofs that nothing leaks. A word that is found is named by the search; whoever plants words in Latin, Ethiopic
and Arabic letters finds each in UTF-8, UTF-16LE, hex and Base64 at its three offsets, and in what is packed by zlib.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable

_ALPHABETS = (
    "abcdefghijklmnop",
    "ሀለሐመሠረሰሸቀበተቸኀነኘአ",  # Ethiopic: fidel of the first order
    "ابتثجحخدذرزسشصضط",
)
_SYLLABLES = 10
_FOLDED = 3  # as written, lower case, upper case
_DEFLATED = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"PK\x03\x04")
_ZIP_HEAD_BYTES = 30
_MOST_UNPACKED = 64 * 1024 * 1024


def invented(number: int, alphabet: int = 0) -> str:
    """Return the word of a number: `Kanari` and ten letters, or ten letters of another script."""
    digits = hashlib.sha256(b"%d" % number).hexdigest()[:_SYLLABLES]
    letters = "".join(_ALPHABETS[alphabet][int(digit, 16)] for digit in digits)
    return letters if alphabet else f"Kanari{letters}"


def planted(count: int) -> list[str]:
    """Return so many words, every fifth in Ethiopic letters and every fifth in Arabic ones."""
    return [invented(number, {3: 1, 4: 2}.get(number % 5, 0)) for number in range(count)]


def spellings(word: str) -> set[bytes]:
    """Return a word as it could stand in a file: in two encodings, folded, in hex, and in Base64 at each offset."""
    found = set()
    for form in (word, word.lower(), word.upper()):
        for data in (form.encode(), form.encode("utf-16-le")):
            found |= {data, data.hex().encode(), data.hex().upper().encode()}
            for offset in range(3):
                whole = base64.b64encode(bytes(offset) + data)
                # The first and last signs also depend on the neighbours, so they are left out.
                found.add(whole[(8 * offset + 5) // 6 : 4 * ((offset + len(data)) // 3)])
    return found


def search(words: Iterable[str]) -> Callable[[bytes], set[str]]:
    """Return a function that finds these words in bytes, and in what those bytes hold packed."""
    spelt = {spelling: word for word in words for spelling in spellings(word)}
    # One branch for each beginning: a plain list of so many alternatives would be tried one by one at every byte.
    found_by = re.compile(_tree(sorted(spelt)), re.DOTALL)

    def find(data: bytes) -> set[str]:
        return {spelt[hit] for part in (data, *_unpacked(data)) for hit in found_by.findall(part)}

    return find


def _tree(sorted_spellings: list[bytes], depth: int = 0) -> bytes:
    """Return a pattern that looks at each byte once."""
    branches: dict[bytes, list[bytes]] = {}
    for spelling in sorted_spellings:
        branches.setdefault(spelling[depth : depth + 1], []).append(spelling)
    ends = branches.pop(b"", [])
    parts = [
        re.escape(first) + (_tree(rest, depth + 1) if len(rest) > 1 else re.escape(rest[0][depth + 1 :]))
        for first, rest in branches.items()
    ]
    inner = b"(?:" + b"|".join(parts) + b")" if len(parts) != 1 else parts[0]
    return inner + b"?" if ends and parts else inner if parts else b""


def _unpacked(data: bytes) -> Iterable[bytes]:
    """Walk what is packed in gzip, zlib or ZIP anywhere in some bytes."""
    for mark in _DEFLATED:
        at = data.find(mark)
        while at >= 0:
            if mark == b"PK\x03\x04":
                head = data[at : at + _ZIP_HEAD_BYTES]
                skip = _ZIP_HEAD_BYTES + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
                content = _inflated(data[at + skip :], -zlib.MAX_WBITS)
            else:
                content = _inflated(data[at:], zlib.MAX_WBITS | 32)
            if content:
                yield content
            at = data.find(mark, at + 1)


def _inflated(data: bytes, bits: int) -> bytes:
    try:
        return zlib.decompressobj(bits).decompress(data, _MOST_UNPACKED)
    except zlib.error:
        return b""
