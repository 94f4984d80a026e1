"""The manifest, member by member, and what hostile entries are called (field reports J01, J03)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from desktop.bundles import sizes
from desktop.bundles.codes import ReasonCode
from desktop.bundles.manifest import Encoding
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.rules.taken_out import MOST, TakenOut
from tests.unit.bundles import world

HOSTILE_NAMES = (
    "../x", "C:\\x", "/x", "a\\..\\..\\x", "attachment/../../x", "attachment/" + world.uid("scan") + "\0",
    "attachment/" + world.uid("scan").upper(), "Records", "records ", "", "attachment/", "RECORDS", "link",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_J01_entry_name_that_is_a_path_is_refused(name: str) -> None:
    def rename(value: dict[str, Any]) -> None:
        value["entries"] = [*value["entries"], asdict(world.as_is(name, b"x"))]

    assert world.refusal(lambda: world.opened_plain(world.edited_payload(rename))) == ReasonCode.MANIFEST_WRONG


def reordered(entries: list[Any]) -> list[Any]:
    return entries[::-1]


def repeated(entries: list[Any]) -> list[Any]:
    return [entries[0], entries[0], *entries[1:]]


def without_journal(entries: list[Any]) -> list[Any]:
    return entries[:1]


def renamed(entries: list[Any]) -> list[Any]:
    return [entries[0] | {"name": "lists"}, entries[1]]


@pytest.mark.parametrize("change", [reordered, repeated, without_journal, renamed])
def test_J03_added_reordered_renamed_or_repeated_entry_is_refused_even_when_signed(
    change: Callable[[list[Any]], list[Any]],
) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["entries"] = change(list(value["entries"]))

    assert world.refusal(lambda: world.opened_plain(world.edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


# ---------------------------------------------------------------------------------------- the manifest, by member


def manifest_cases() -> list[tuple[str, Any]]:
    entry = asdict(world.as_is("records", b"x"))
    return [
        ("access_list", "00"), ("app_version", "0.1"), ("app_version", "0.1.0-rc1"), ("bundle", world.DEVICE),
        ("bundle", "1de1e4a9-c600-1a7d-a999-d6f5d543159a"), ("device", "AB" * 16), ("device", 1), ("entries", {}),
        ("entries", []), ("entries", [entry | {"plain": 0}]), ("entries", [entry | {"stored": True}]),
        ("entries", [entry | {"encoding": "gzip"}]), ("entries", [entry | {"more": 1}]), ("identity", "ANONYMOUS"),
        ("identity", None), ("incarnation", ""), ("journal", {"count": 5, "first": 6, "head": world.digest("h")}),
        ("journal", {"count": 4, "first": 1, "head": world.digest("h")}),
        ("journal", {"count": 0, "first": 0, "head": world.digest("h")}), ("journal", [1]), ("made_at", 0),
        ("made_at", "2026-11-25T09:00:00Z"), ("made_at", "2026-11-31T09:00:00.000Z"),
        ("made_at", "2026-11-25T09:00:00.000000Z"), ("made_at", "2026-11-25T09:00:00.000+00:00"),
        ("office", "two words"), ("office", ""), ("office", "X" * 65), ("oldest_reader", 0), ("oldest_reader", "1"),
        ("practice", 0), ("practice", None), ("previous_bundle", world.digest("x")), ("previous_bundle", 5),
        ("previous_incarnation", {}), ("recipients", []), ("recipients", [world.digest("a")] * 2),
        ("recipients", [world.digest(str(n)) for n in range(17)]), ("roster", {"sha256": world.digest("x")}),
        ("roster", {"sha256": world.digest("x"), "version": 0}), ("schema", 0), ("sequence", 0), ("sequence", 2),
        ("sequence", -1), ("sequence", True), ("sequence", "1"), ("taken_out", None), ("taken_out", 214),
        ("taken_out", {}), ("taken_out", {"cases": 1, "tables": 1}), ("taken_out", taken_out() | {"bundles": 1}),
        *(("taken_out", taken_out() | {figure: wrong}) for figure in taken_out()
          for wrong in (-1, 2**40, MOST + 1, True, None, "1", [1])),
    ]  # fmt: skip


def taken_out() -> dict[str, Any]:
    return {"cases": 214, "letters": 12, "tables": 2}


@pytest.mark.parametrize("figure", ["cases", "letters", "tables"])
@pytest.mark.parametrize("n", [0, MOST])
def test_manifest_with_a_figure_of_what_was_taken_out_at_its_bound_is_read(figure: str, n: int) -> None:
    out = TakenOut(**(taken_out() | {figure: n}))
    assert world.opened(world.made(taken_out=out).content).manifest.taken_out == out


@pytest.mark.parametrize(("name", "value"), manifest_cases())
def test_manifest_with_a_member_out_of_range_is_refused(name: str, value: Any) -> None:
    def edit(members: dict[str, Any]) -> None:
        members[name] = value

    assert world.refusal(lambda: world.opened_plain(world.edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


def test_number_no_canonical_document_may_hold_is_refused() -> None:
    payload = canonical_json(asdict(world.made().manifest)).replace(b'"sequence":1', b'"sequence":%d' % 2**53)
    assert world.refusal(lambda: world.opened_plain(world.plain_bundle(payload, b""))) == ReasonCode.MANIFEST_WRONG


@pytest.mark.parametrize("name", sorted(asdict(world.made().manifest)))
def test_manifest_without_a_member_is_refused(name: str) -> None:
    def edit(members: dict[str, Any]) -> None:
        del members[name]

    assert world.refusal(lambda: world.opened_plain(world.edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"null", b"", b'{"a":1,"a":2}', b'{"a":1.0}', b'{"a":NaN}', b'{"a":"\\ud800"}', b"{", b"\xff", b'{"a" :1}'],
)
def test_payload_that_is_no_canonical_object_is_refused(payload: bytes) -> None:
    assert world.refusal(lambda: world.opened_plain(world.plain_bundle(payload, b""))) == ReasonCode.MANIFEST_WRONG


def test_compressed_attachment_and_oversized_attachment_are_refused() -> None:
    bundle = world.made()
    scan = world.as_is("attachment/" + world.uid("scan"), b"x")
    for lie in (
        replace(scan, encoding=Encoding.ZSTD),
        replace(scan, plain=sizes.MAX_ATTACHMENT_BYTES + 1, stored=sizes.MAX_ATTACHMENT_BYTES + 1),
        replace(scan, plain=2),
        replace(scan, sha256_plain=world.digest("other")),
    ):
        with pytest.raises(Malformed):
            world.resigned(bundle.manifest, b"", entries=(*bundle.manifest.entries, lie))


def test_incarnation_that_follows_itself_or_skips_a_number_is_refused() -> None:
    common: dict[str, Any] = {"sequence": 4, "previous_bundle": world.digest("bundle 3")}
    head = world.digest("head")
    assert world.made(previous_incarnation=world.restored(3, 5, head, world.hex_id("old")), **common)
    for wrong in (
        world.restored(3, 5, head),
        world.restored(2, 5, head, world.hex_id("old")),
        world.restored(3, 6, head, world.hex_id("old")),
    ):
        with pytest.raises(Malformed):
            world.made(previous_incarnation=wrong, **common)
