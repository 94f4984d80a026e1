"""What a workbook's archive must look like before any spreadsheet code sees it. Runs in the limited child.

An .xlsx file is a zip archive of XML parts. Every number in a zip's tables is a claim: the gate believes none,
unpacks every part once in pieces with a running count, and refuses what a list of cases has no use for: macros,
links to other files, embedded objects, document type declarations.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO

from desktop.errors import NotTrusted

MIB = 1024 * 1024

MAX_FILE_BYTES = 20 * MIB
MAX_PARTS = 500
MAX_UNPACKED_BYTES = 128 * MIB
MAX_RATIO = 200

_DIRECTORY_BYTES = 256 * 1024  # 500 entries of 46 bytes and a long name each
_CHUNK = 256 * 1024
_LOCAL_HEADER_BYTES = 30  # without name and extra field
_END = struct.Struct("<4s4H2LH")  # end of central directory record, APPNOTE.TXT 4.3.16
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls, and of an .xlsx under a password
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_PART_NAME = re.compile(r"[A-Za-z0-9_\[\] ,()&+=%~#.\-]+(?:/[A-Za-z0-9_\[\] ,()&+=%~#.\-]+)*/?")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OVERLAP = 64  # longer than any mark, so that none hides between two pieces
_TEXT_PARTS = (".xml", ".rels", ".vml")

_FORBIDDEN_PARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"vbaproject|macrosheets|dialogsheets|\.bas$", re.IGNORECASE), "WORKBOOK_HAS_MACROS"),
    (re.compile(r"externallink|querytable|(?:^|/)connections\.xml$", re.IGNORECASE), "WORKBOOK_HAS_LINKS"),
    (re.compile(r"activex|embeddings|oleobject", re.IGNORECASE), "WORKBOOK_HAS_OBJECTS"),
)
_FORBIDDEN_TYPES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"macroenabled|vbaproject|macrosheet|dialogsheet", re.IGNORECASE), "WORKBOOK_HAS_MACROS"),
    (re.compile(rb"externallink|querytable|connections\+xml", re.IGNORECASE), "WORKBOOK_HAS_LINKS"),
    (re.compile(rb"activex|oleobject", re.IGNORECASE), "WORKBOOK_HAS_OBJECTS"),
)
_CONTENT_TYPES = "[Content_Types].xml"


def looks_like_workbook(data: bytes) -> bool:
    """Say whether the file begins as a workbook does, the old or locked kind that is refused included."""
    return data.startswith((b"PK", _COMPOUND_FILE))


def check_archive(data: bytes) -> None:
    """Pass a plain workbook archive in silence.

    Raises:
        NotTrusted: With the code of the first rule it breaks.
    """
    if len(data) > MAX_FILE_BYTES:
        raise NotTrusted("FILE_TOO_LARGE", limit_mib=MAX_FILE_BYTES // MIB)
    if data.startswith(_COMPOUND_FILE):
        raise NotTrusted("FILE_HAS_PASSWORD" if _ENCRYPTED_PACKAGE in data else "FILE_NOT_XLSX")
    if not data.startswith(b"PK\x03\x04"):
        raise NotTrusted("FILE_NOT_XLSX")
    _check_end(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_directory(archive)
            _check_parts(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error):
        raise NotTrusted("ARCHIVE_DAMAGED") from None


def _check_end(data: bytes) -> None:
    """Hold the last record against the file before anything walks the directory it names.

    The archive must end with it and the directory must end where it begins: nothing before, between or after.
    """
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(data):
        raise NotTrusted("ARCHIVE_DAMAGED")
    _, disk, first_disk, here, entries, size, offset, comment = _END.unpack_from(data, at)
    if at + _END.size + comment != len(data) or disk or first_disk or here != entries:
        raise NotTrusted("ARCHIVE_DAMAGED")
    # The 64-bit form of zip serves files far beyond our limit; its markers are full fields or its own locator.
    if entries > MAX_PARTS or size > _DIRECTORY_BYTES:
        raise NotTrusted("ARCHIVE_TOO_MANY_PARTS", limit=MAX_PARTS)
    if offset + size != at or data[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise NotTrusted("ARCHIVE_DAMAGED")


def _check_directory(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise NotTrusted("ARCHIVE_TOO_MANY_PARTS", limit=MAX_PARTS)
    names = [part.filename for part in parts]
    if len({name.casefold() for name in names}) != len(names):
        raise NotTrusted("ARCHIVE_PART_TWICE")
    for name in names:
        if not _PART_NAME.fullmatch(name) or any(set(step) <= {"."} for step in name.rstrip("/").split("/")):
            raise NotTrusted("ARCHIVE_PART_NAME")
    if any(part.flag_bits & 0x1 for part in parts):
        raise NotTrusted("FILE_HAS_PASSWORD")
    if _CONTENT_TYPES not in names:
        raise NotTrusted("FILE_NOT_XLSX")
    for pattern, code in _FORBIDDEN_PARTS:
        if any(pattern.search(name) for name in names):
            raise NotTrusted(code)
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise NotTrusted("ARCHIVE_TOO_DENSE")
    _check_overlap(parts)


def _check_overlap(parts: list[zipfile.ZipInfo]) -> None:
    """Refuse parts that share packed bytes: so a small file unpacks to a huge one (Fifield, WOOT 2019)."""
    free_from = 0
    if min(part.header_offset for part in parts) != 0:
        raise NotTrusted("ARCHIVE_DAMAGED")
    for part in sorted(parts, key=lambda item: item.header_offset):
        if part.header_offset < free_from:
            raise NotTrusted("ARCHIVE_DAMAGED")
        free_from = part.header_offset + _LOCAL_HEADER_BYTES + part.compress_size


def _check_parts(archive: zipfile.ZipFile) -> None:
    total = 0
    for part in archive.infolist():
        marks = _FORBIDDEN_TYPES if part.filename == _CONTENT_TYPES else ()
        if part.filename.endswith(".rels"):
            _check_relations(archive, part)
        total += _unpack(archive, part, MAX_UNPACKED_BYTES - total, marks)


def _unpack(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int, marks: tuple[tuple[re.Pattern[bytes], str], ...]
) -> int:
    """Unpack one part in pieces, keep nothing, look for forbidden marks; return its length in bytes."""
    length, tail = 0, b""
    is_text = part.filename.lower().endswith(_TEXT_PARTS)
    most = min(room, MAX_RATIO * part.compress_size)
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            if is_text and length == 0 and b"\x00" in chunk[:4]:
                raise NotTrusted("FILE_UNREADABLE")  # UTF-16 or UTF-32, in which the marks would not be seen
            length += len(chunk)
            if length > most:
                raise NotTrusted("ARCHIVE_TOO_DENSE")
            window = tail + chunk
            if is_text and _DOCTYPE.search(window):
                raise NotTrusted("WORKBOOK_HAS_DOCTYPE")
            for pattern, code in marks:
                if pattern.search(window):
                    raise NotTrusted(code)
            tail = window[-_OVERLAP:]
    return length


def _check_relations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a relation to an outside target other than a hyperlink, which is never followed."""
    if part.file_size > MIB:
        raise NotTrusted("ARCHIVE_TOO_DENSE")
    with archive.open(part) as stream:
        text = stream.read(MIB)
    for relation in re.findall(rb"<[A-Za-z:]*Relationship\b[^>]*>", text):
        if re.search(rb"TargetMode\s*=\s*[\"']\s*External", relation) and b"/hyperlink" not in relation:
            raise NotTrusted("WORKBOOK_HAS_LINKS")
