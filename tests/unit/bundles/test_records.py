from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.bundles.records import (
    RecordLine,
    SealedNote,
    StoredRevision,
    fresh_salt,
    line_bytes,
    open_values,
    parse_line,
    parse_revision,
    record_line,
    revision_bytes,
    revision_hash,
    seal_values,
    view_hash,
)
from desktop.crypto.encoding import Malformed, canonical_json, strict_json, tagged_sha256
from desktop.crypto.sealing import open_sealed, public_key, seal
from desktop.errors import NotTrusted
from tests.unit.bundles import world

VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.booleans(),
    st.lists(st.text(max_size=10), max_size=5),
    st.sampled_from([{"missing": code} for code in ("DK", "REFUSED", "NOT_ASKED")]),
)
FIELDS = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), VALUES, max_size=8)
SEALED_TO: dict[str, Any] = {
    "vault": world.VAULT,
    "case": world.uid("case"),
    "record": world.uid("one"),
    "rev": 1,
}


def revision(**changes: Any) -> StoredRevision:
    base = StoredRevision(
        id=world.uid("one"),
        kind="identification",
        case=world.uid("case"),
        form=1,
        rev=2,
        parent=world.digest("parent"),
        at=world.NOON,
        by=world.uid("user"),
        device=world.DEVICE,
        fields={"citizenship": ["UGA"], "is_child": True},
        sealed=SealedNote(world.digest("commit"), ("narrative", "present_location"), world.VAULT),
        void=None,
    )
    return replace(base, **changes)


@given(FIELDS)
def test_revision_comes_back_field_by_field(fields: dict[str, Any]) -> None:
    written = revision(fields=fields)
    assert parse_revision(revision_bytes(written)) == written


def test_merged_revisions_are_named_in_the_revision_and_in_its_line() -> None:
    others = tuple(world.digest(f"other {n}") for n in range(8))
    written = revision(merges=others)
    assert parse_revision(revision_bytes(written)).merges == others
    assert parse_line(line_bytes(record_line(written, {}))).merges == others
    with pytest.raises(Malformed):
        line_bytes(replace(record_line(written, {}), merges=(*others, world.digest("a ninth"))))


def test_unknown_field_and_damaged_value_of_a_stored_revision_are_kept() -> None:
    written = revision(fields={"from_a_newer_form": "x", "damaged": {"deep": [1, None]}})
    assert parse_revision(revision_bytes(written)).fields == written.fields


@pytest.mark.parametrize(
    "change",
    [
        {"id": "one"},
        {"kind": "Identification"},
        {"case": ""},
        {"form": 0},
        {"rev": 0},
        {"rev": True},
        {"rev": 1},  # a first revision has no parent
        {"parent": None},
        {"parent": "AB" * 32},
        {"at": "2026-11-25"},
        {"at": "1969-11-25T09:00:00.000Z"},
        {"by": world.digest("user")},
        {"device": world.digest("device")},
        {"fields": []},
        {"sealed": {"commit": world.digest("c"), "names": [], "vault": world.VAULT}},
        {"sealed": {"commit": world.digest("c"), "names": ["b", "a"], "vault": world.VAULT}},
        {"sealed": {"commit": world.digest("c"), "names": ["a", "a"], "vault": world.VAULT}},
        {"sealed": {"commit": world.digest("c"), "names": ["a"], "vault": world.digest("vault")}},
        {"sealed": {"commit": world.digest("c"), "names": ["a"]}},
        {"merges": None},
        {"merges": ["AB" * 32]},
        {"merges": [world.digest("parent")]},  # the parent itself
        {"merges": [world.digest("other")] * 2},
        {"merges": [world.digest(f"other {n}") for n in range(9)]},
        {"rev": 1, "parent": None, "merges": [world.digest("other")]},
        {"v": 2},
        {"void": "a reason in words"},
        {"more": 1},
    ],
)
def test_revision_with_a_wrong_member_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(revision_bytes(revision()), limit_bytes=10_000)
    with pytest.raises(Malformed):
        parse_revision(canonical_json(value | change))


def test_revision_in_another_spelling_is_refused() -> None:
    with pytest.raises(Malformed, match="NOT_CANONICAL"):
        parse_revision(revision_bytes(revision()) + b" ")


def test_revision_over_one_mebibyte_is_refused() -> None:
    with pytest.raises(Malformed):
        revision_bytes(revision(fields={"note": "x" * 1024 * 1024}))


def test_revision_hash_depends_on_its_random_bytes_and_on_every_stored_byte() -> None:
    stored, salt = revision_bytes(revision()), fresh_salt()
    assert revision_hash(salt, stored) == tagged_sha256("rufaa-revision-v1", salt, stored).hex()
    assert revision_hash(fresh_salt(), stored) != revision_hash(salt, stored)
    assert revision_hash(salt, revision_bytes(revision(void="ENTERED_IN_ERROR"))) != revision_hash(salt, stored)
    with pytest.raises(ValueError, match="salt"):
        revision_hash(b"short", stored)


@given(FIELDS)
def test_line_comes_back_field_by_field(view: dict[str, Any]) -> None:
    written = record_line(revision(), view)
    assert parse_line(line_bytes(written)) == written
    assert b"\n" not in line_bytes(written)


def test_line_carries_the_revision_but_none_of_its_unexported_fields() -> None:
    written = record_line(revision(), {"is_child": True})
    assert (written.id, written.rev, written.parent) == (world.uid("one"), 2, world.digest("parent"))
    assert b"UGA" not in line_bytes(written)
    assert b"narrative" not in line_bytes(written)


@pytest.mark.parametrize(
    "value", [None, 1.5, {"missing": "LOST"}, {"missing": ["DK"]}, {"missing": "DK", "x": 1}, [1], [["a"]], {"a": "b"}]
)
def test_line_with_a_value_of_no_known_shape_is_refused(value: Any) -> None:
    line = replace(world.line(), view={"age": value})
    with pytest.raises(Malformed):
        line_bytes(line)


def test_line_with_a_field_name_no_form_could_have_is_refused() -> None:
    with pytest.raises(Malformed):
        line_bytes(replace(world.line(), view={"Name with blanks": "x"}))


def test_view_hash_depends_on_the_random_bytes_that_travel_and_on_the_view() -> None:
    line = world.line()
    assert view_hash(line) == tagged_sha256("rufaa-view-v1", line.salt, canonical_json(dict(line.view))).hex()
    assert view_hash(record_line(revision(), line.view)) != view_hash(record_line(revision(), line.view))
    assert view_hash(replace(line, view={"is_child": True})) != view_hash(line)


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda n: n[0] != "_"), VALUES, min_size=1)
)
def test_sealed_values_open_for_both_receivers_and_hide_their_length(values: dict[str, Any]) -> None:
    office, restricted = world.seed("R"), world.RESTRICTED_SECRET
    made = seal_values(values, **SEALED_TO, recipients=(public_key(office), public_key(restricted)))
    assert made.names == tuple(sorted(values))
    for secret in (office, restricted):
        assert open_values(made.sealed, secret, **SEALED_TO, commit=made.commit) == values
    assert len(open_sealed(made.sealed, office)) % 256 == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"vault": world.hex_id("other")},
        {"case": world.uid("other")},
        {"case": ""},
        {"record": world.uid("other")},
        {"rev": 2},
        {"commit": world.digest("other")},
        {"secret": world.seed("other")},
    ],
)
def test_sealed_values_open_only_as_what_they_were_sealed_for(changed: dict[str, Any]) -> None:
    made = seal_values({"narrative": "x"}, **SEALED_TO, recipients=(public_key(world.seed("R")),))
    asked: dict[str, Any] = {**SEALED_TO, "commit": made.commit, "secret": world.seed("R")} | changed
    with pytest.raises(NotTrusted) as refused:
        open_values(made.sealed, **asked)
    assert refused.value.code == "SEALED_VALUES_WRONG"


def test_sealed_value_can_be_taken_away() -> None:
    values = {"narrative": None, "present_location": "x"}
    made = seal_values(values, **SEALED_TO, recipients=(public_key(world.seed("R")),))
    assert made.names == ("narrative", "present_location")
    assert open_values(made.sealed, world.seed("R"), **SEALED_TO, commit=made.commit) == values


def test_sealing_again_to_other_keys_changes_no_commitment() -> None:
    made = seal_values({"narrative": "x"}, **SEALED_TO, recipients=(public_key(world.seed("R")),))
    again = seal(open_sealed(made.sealed, world.seed("R")), public_key(world.seed("R2")))
    assert open_values(again, world.seed("R2"), **SEALED_TO, commit=made.commit) == {"narrative": "x"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"salt":"00","values":{}}',
        canonical_json({"salt": "00" * 32, "values": []}),
        canonical_json({"salt": "00" * 32, "values": {"Bad name": 1}}),
        canonical_json({"values": {}}),
        b"[]",
    ],
)
def test_sealed_plaintext_of_another_shape_is_refused_even_with_the_right_commitment(body: bytes) -> None:
    purpose = canonical_json({**SEALED_TO, "purpose": "sealed"})
    plaintext = purpose + b"\n" + body
    plaintext += bytes(-len(plaintext) % 256)
    commit = tagged_sha256("rufaa-sealed-v1", plaintext).hex()
    sealed = seal(plaintext, public_key(world.seed("R")))
    with pytest.raises(NotTrusted):
        open_values(sealed, world.seed("R"), **SEALED_TO, commit=commit)


def test_values_of_a_record_of_no_case_can_be_sealed_and_nothing_cannot() -> None:
    to = SEALED_TO | {"case": ""}
    made = seal_values({"a": 1}, **to, recipients=(public_key(world.seed("R")),))
    assert open_values(made.sealed, world.seed("R"), **to, commit=made.commit) == {"a": 1}
    with pytest.raises(ValueError, match="nothing"):
        seal_values({}, **to, recipients=())


def test_nothing_of_a_record_shows_in_its_repr() -> None:
    line: RecordLine = replace(world.line(), view={"surname": "Wanjiku"})
    assert "Wanjiku" not in repr(line)
    assert "Wanjiku" not in repr(revision(fields={"surname": "Wanjiku"}))
