"""Records as bytes: stored revisions, the views of them that leave, and sealed values (docs/formats.md section 6)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from desktop.bundles import members as m
from desktop.bundles.frame import open_with_any
from desktop.crypto.encoding import JSONValue, Malformed, canonical_json, tagged_sha256
from desktop.crypto.sealing import seal, with_purpose, without_purpose
from desktop.errors import NotTrusted
from desktop.rules.records import Missing

MAX_RECORD_BYTES = 1024 * 1024
_VERSION = 1
_MISSING_CODES = tuple(code.value for code in Missing)
_MAX_FIELDS = 1000
_MAX_LIST = 1000
_MAX_MERGES = 8
_SALT_BYTES = 32
_VIEW_SALT_BYTES = 16
_SEALED_PAD_BYTES = 256
_REVISION_MEMBERS = frozenset(
    ("at", "by", "case", "device", "fields", "form", "id", "kind", "merges", "parent", "rev", "sealed", "v", "void")
)
_LINE_MEMBERS = frozenset(("case", "form", "id", "kind", "merges", "parent", "rev", "salt", "view", "void"))


@dataclass(frozen=True)
class SealedNote:
    """What a revision says of its sealed values: which names, the commitment to the values, the vault that sealed."""

    commit: str
    names: tuple[str, ...]
    vault: str


@dataclass(frozen=True)
class StoredRevision:
    """One revision of one record as it is stored. `fields` are JSON values (`rules.records.encode_fields`).

    `merges` are the hashes of further revisions that this one brings together with its parent.
    """

    id: str
    kind: str
    case: str | None
    form: int
    rev: int
    parent: str | None
    at: str
    by: str
    device: str
    fields: Mapping[str, JSONValue] = field(repr=False)
    sealed: SealedNote | None
    void: str | None
    merges: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordLine:
    """The exported view of one revision: the fields that may leave, and the random bytes its hash is salted with."""

    id: str
    kind: str
    case: str | None
    form: int
    rev: int
    parent: str | None
    void: str | None
    salt: bytes = field(repr=False)
    view: Mapping[str, JSONValue] = field(repr=False)
    merges: tuple[str, ...] = ()

    @cached_property
    def encoded(self) -> bytes:
        """The line without its line feed, made and checked once. Raises Malformed."""
        found = {
            "case": self.case,
            "form": self.form,
            "id": self.id,
            "kind": self.kind,
            "merges": list(self.merges),
            "parent": self.parent,
            "rev": self.rev,
            "salt": self.salt.hex(),
            "view": dict(self.view),
            "void": self.void,
        }
        body = _bounded(canonical_json(found))
        _line(found)
        return body


@dataclass(frozen=True)
class SealedValues:
    """Values sealed to those who may open them, and what the revision notes of them."""

    sealed: bytes = field(repr=False)
    commit: str
    names: tuple[str, ...]


def fresh_salt() -> bytes:
    """Return the 32 random bytes a revision hash is salted with; they are deleted with the revision."""
    return os.urandom(_SALT_BYTES)


def revision_bytes(revision: StoredRevision) -> bytes:
    """Return the stored bytes of a revision; `parse_revision` reads them back.

    Raises:
        Malformed: A member outside its range, or more than 1 MiB.
    """
    note = revision.sealed
    found = {
        "at": revision.at,
        "by": revision.by,
        "case": revision.case,
        "device": revision.device,
        "fields": dict(revision.fields),
        "form": revision.form,
        "id": revision.id,
        "kind": revision.kind,
        "merges": list(revision.merges),
        "parent": revision.parent,
        "rev": revision.rev,
        "sealed": {"commit": note.commit, "names": sorted(note.names), "vault": note.vault} if note else None,
        "v": _VERSION,
        "void": revision.void,
    }
    body = _bounded(canonical_json(found))
    _revision(found)
    return body


def _bounded(body: bytes) -> bytes:
    """Return what reading it back would not find too long; what stands in it is checked before it is written."""
    if len(body) > MAX_RECORD_BYTES:
        raise Malformed("TOO_LONG")
    return body


def parse_revision(stored: bytes) -> StoredRevision:
    """Read a stored revision. Field values are left as they are: one damaged value must not keep a record shut.

    Raises:
        Malformed: The bytes are not a revision of version 1.
    """
    return _revision(m.members(m.document(stored, MAX_RECORD_BYTES), _REVISION_MEMBERS))


def _revision(found: Mapping[str, JSONValue]) -> StoredRevision:
    """Check every member of a revision that is read, or about to be written."""
    m.whole(found["v"], _VERSION, _VERSION)
    fields = found["fields"]
    if not isinstance(fields, dict):
        raise Malformed("MEMBER")
    rev = m.positive(found["rev"])
    parent = _parent(found["parent"], rev)
    return StoredRevision(
        id=m.uid(found["id"]),
        kind=m.name(found["kind"]),
        case=m.optional(found["case"], m.uid),
        form=m.positive(found["form"]),
        rev=rev,
        parent=parent,
        at=m.moment(found["at"]),
        by=m.uid(found["by"]),
        device=m.hex_id(found["device"]),
        fields=fields,
        sealed=m.optional(found["sealed"], _sealed_note),
        void=m.optional(found["void"], m.code),
        merges=_merges(found["merges"], parent),
    )


def _parent(value: JSONValue, rev: int) -> str | None:
    parent = m.optional(value, m.digest)
    if (parent is None) != (rev == 1):
        raise Malformed("MEMBER")
    return parent


def _merges(value: JSONValue, parent: str | None) -> tuple[str, ...]:
    """Return the other parents: none twice, and none where there is not even one parent."""
    merges = m.several(value, m.digest, 0, _MAX_MERGES if parent else 0)
    m.distinct((parent, *merges))
    return merges


def _sealed_note(value: JSONValue) -> SealedNote:
    found = m.members(value, frozenset(("commit", "names", "vault")))
    names = m.distinct(m.several(found["names"], m.name, 1, _MAX_FIELDS))
    if list(names) != sorted(names):
        raise Malformed("MEMBER")
    return SealedNote(m.digest(found["commit"]), names, m.hex_id(found["vault"]))


def revision_hash(salt: bytes, stored: bytes) -> str:
    """Return the hash of a revision. Without its 32 random bytes a purged record cannot be guessed back from it."""
    if len(salt) != _SALT_BYTES:
        raise ValueError("salt")
    return tagged_sha256("rufaa-revision-v1", salt, stored).hex()


def record_line(revision: StoredRevision, view: Mapping[str, JSONValue]) -> RecordLine:
    """Return the exported line of a revision whose fields that may leave are `view`, with fresh random bytes."""
    return RecordLine(
        id=revision.id,
        kind=revision.kind,
        case=revision.case,
        form=revision.form,
        rev=revision.rev,
        parent=revision.parent,
        void=revision.void,
        salt=os.urandom(_VIEW_SALT_BYTES),
        view=view,
        merges=revision.merges,
    )


def line_bytes(line: RecordLine) -> bytes:
    """Return the line without its line feed; `parse_line` reads it back. Raises Malformed."""
    return line.encoded


def parse_line(data: bytes) -> RecordLine:
    """Read an exported line. Unknown field names are kept; a value of no known shape is refused.

    Raises:
        Malformed: NOT_CANONICAL, MEMBER, VALUE or another format reason.
    """
    return _line(m.members(m.document(data, MAX_RECORD_BYTES), _LINE_MEMBERS))


def _line(found: Mapping[str, JSONValue]) -> RecordLine:
    """Check every member of a line that is read, or about to be written."""
    rev = m.positive(found["rev"])
    parent = _parent(found["parent"], rev)
    view = found["view"]
    if not isinstance(view, dict) or len(view) > _MAX_FIELDS:
        raise Malformed("MEMBER")
    return RecordLine(
        id=m.uid(found["id"]),
        kind=m.name(found["kind"]),
        case=m.optional(found["case"], m.uid),
        form=m.positive(found["form"]),
        rev=rev,
        parent=parent,
        void=m.optional(found["void"], m.code),
        salt=bytes.fromhex(m.hexes(found["salt"], _VIEW_SALT_BYTES)),
        view={m.name(name): _value(value) for name, value in view.items()},
        merges=_merges(found["merges"], parent),
    )


def _value(value: JSONValue) -> JSONValue:
    if isinstance(value, str | int):  # bool is an int
        return value
    if isinstance(value, list) and len(value) <= _MAX_LIST and all(isinstance(item, str) for item in value):
        return value
    if isinstance(value, dict) and value.keys() == {"missing"} and value["missing"] in _MISSING_CODES:
        return value
    raise Malformed("VALUE")


def view_hash(line: RecordLine) -> str:
    """Return the hash of an exported view under its own random bytes, which travel with it."""
    return tagged_sha256("rufaa-view-v1", line.salt, canonical_json(dict(line.view))).hex()


def _purpose(vault: str, case: str, record: str, rev: int) -> dict[str, str | int]:
    """Build the purpose line of sealed values; `case` is empty for a record of no case."""
    m.hex_id(vault)
    m.uid(record)
    if case:
        m.uid(case)
    return {"case": case, "purpose": "sealed", "record": record, "rev": m.positive(rev), "vault": vault}


def seal_values(
    values: Mapping[str, JSONValue], *, vault: str, case: str, record: str, rev: int, recipients: Sequence[bytes]
) -> SealedValues:
    """Seal the values of one revision as one age file to every recipient: `R`, and the restricted intake.

    None takes away the value an earlier revision gave this name. The commitment covers the plaintext, so sealing again
    to other keys changes no hash.
    """
    if not values:
        raise ValueError("nothing to seal")
    names = tuple(m.name(name) for name in sorted(values))
    body = canonical_json({"salt": os.urandom(_SALT_BYTES).hex(), "values": dict(values)})
    plaintext = with_purpose(body, **_purpose(vault, case, record, rev))
    plaintext += bytes(-len(plaintext) % _SEALED_PAD_BYTES)
    return SealedValues(seal(plaintext, *recipients), _commit(plaintext), names)


def open_values(
    sealed: bytes, secret: bytes, *, vault: str, case: str, record: str, rev: int, commit: str
) -> dict[str, JSONValue]:
    """Open sealed values and check that they are those this revision committed to; None takes a name's value away.

    `vault` is the one the revision's note names: another laptop, or the restricted reader, has another or none.

    Raises:
        NotTrusted: SEALED_VALUES_WRONG: another key, another revision, or changed bytes.
    """
    try:
        plaintext, _ = open_with_any(sealed, (secret,))
        if _commit(plaintext) != commit:
            raise Malformed("COMMIT")
        body = without_purpose(plaintext, **_purpose(vault, case, record, rev))
        unpadded = body.rstrip(b"\0")
        found = m.members(m.document(unpadded, MAX_RECORD_BYTES), frozenset(("salt", "values")))
        m.digest(found["salt"])
        values = found["values"]
        if not isinstance(values, dict) or len(plaintext) % _SEALED_PAD_BYTES:
            raise Malformed("MEMBER")
        return {m.name(name): value for name, value in values.items()}
    except Malformed:
        raise NotTrusted("SEALED_VALUES_WRONG") from None


def _commit(plaintext: bytes) -> str:
    return tagged_sha256("rufaa-sealed-v1", plaintext).hex()
