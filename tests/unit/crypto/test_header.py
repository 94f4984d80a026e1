from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desktop.crypto import header as h
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.kdf import KdfBounds
from tests.keys import CHEAP_BOUNDS, office_with_clerk

OFFICE = office_with_clerk()
GOOD = OFFICE.data
BODY = GOOD[12:-64]


def framed(body: bytes, *, magic: bytes = h.MAGIC, hmac: bytes = bytes(32)) -> bytes:
    """A copy with any body and a right SHA-256."""
    closed = magic + len(body).to_bytes(4, "big") + body + hmac
    return closed + hashlib.sha256(closed).digest()


def refusal(*copies: bytes | None) -> str:
    with pytest.raises(Malformed) as caught:
        h.choose_copy(copies, CHEAP_BOUNDS)
    return str(caught.value)


def spoilt_copies(good: bytes) -> list[bytes]:
    """Every byte flipped, every truncation, bytes appended."""
    flipped = [good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :] for at in range(len(good)) for bit in (0x01, 0x80)]
    return flipped + [good[:length] for length in range(len(good))] + [good + bytes([value]) for value in range(256)]


def test_a_header_reads_back_as_it_was_written() -> None:
    copy = h.parse_header(GOOD, CHEAP_BOUNDS)
    assert copy.header == OFFICE.header
    assert copy.data == GOOD
    copy.check_hmac(OFFICE.dek)


def test_a_copy_is_laid_out_as_the_format_says() -> None:
    assert GOOD[:8] == b"RUFAAK1\n"
    assert int.from_bytes(GOOD[8:12], "big") == len(GOOD) - 76
    assert hashlib.sha256(GOOD[:-32]).digest() == GOOD[-32:]
    assert json.loads(BODY).keys() == {
        *("access_lists", "edit", "kdf_bounds", "recovery_slots", "sheet_pins", "user_slots", "vault", "version"),
    }


def test_another_data_key_did_not_close_this_header() -> None:
    with pytest.raises(Malformed, match="HMAC"):
        h.parse_header(GOOD, CHEAP_BOUNDS).check_hmac(bytes(32))


def test_every_damage_to_a_single_copy_is_refused() -> None:
    spoilt = spoilt_copies(GOOD)
    reasons = {refusal(data) for data in spoilt}
    assert len(spoilt) == 3 * len(GOOD) + 256
    assert reasons == {"SHA256", "LENGTH"}


def test_every_flipped_byte_of_copy_a_leaves_copy_b_to_open_through() -> None:
    for at in range(len(GOOD)):
        flipped = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :]
        assert h.choose_copy((flipped, GOOD), CHEAP_BOUNDS).data == GOOD


def test_damage_of_every_kind_to_either_copy_leaves_the_other() -> None:
    for data in spoilt_copies(GOOD)[::37]:
        assert h.choose_copy((data, GOOD), CHEAP_BOUNDS).data == GOOD
        assert h.choose_copy((GOOD, data), CHEAP_BOUNDS).data == GOOD


def test_a_missing_copy_leaves_the_other_and_two_missing_leave_nothing() -> None:
    assert h.choose_copy((None, GOOD), CHEAP_BOUNDS).data == GOOD
    assert h.choose_copy((GOOD, None), CHEAP_BOUNDS).data == GOOD
    assert refusal(None, None) == "LENGTH"


def test_the_higher_edit_counts_whichever_copy_holds_it() -> None:
    newer = OFFICE.closed(edit=OFFICE.header.edit + 1)
    assert h.choose_copy((GOOD, newer), CHEAP_BOUNDS).data == newer
    assert h.choose_copy((newer, GOOD), CHEAP_BOUNDS).data == newer
    assert h.choose_copy((GOOD, GOOD), CHEAP_BOUNDS).data == GOOD


def test_two_whole_copies_of_one_edit_must_be_equal() -> None:
    other = OFFICE.closed(sheet_pins=())
    assert refusal(GOOD, other) == "COPIES_DIFFER"


def test_a_whole_header_of_a_later_version_is_told_from_a_damaged_one() -> None:
    later = framed(b"{}", magic=b"RUFAAK2\n")
    assert refusal(later, later) == "NEWER"
    assert refusal(GOOD, later) == "NEWER"
    assert refusal(framed(BODY, magic=b"SQLite f")) == "MAGIC"


def test_a_stated_length_that_is_not_the_length_is_refused() -> None:
    for length in (0, len(BODY) - 1, len(BODY) + 1, 2**32 - 1):
        closed = h.MAGIC + length.to_bytes(4, "big") + BODY + bytes(32)
        assert refusal(closed + hashlib.sha256(closed).digest()) == "LENGTH"
    assert refusal(framed(b"")) == "LENGTH"


def test_a_header_longer_than_any_may_be_is_refused_unread() -> None:
    assert refusal(bytes(h.MAX_HEADER_BYTES + 1)) == "LENGTH"


def change(path: tuple[str | int, ...], value: object) -> Callable[[Any], None]:
    def apply(body: Any) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return apply


def twice(name: str) -> Callable[[Any], None]:
    return lambda body: body[name].append(body[name][0])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change(("more",), 1), "MEMBERS"),
        (change(("version",), 2), "RANGE"),
        (change(("version",), True), "RANGE"),
        (change(("edit",), 0), "RANGE"),
        (change(("vault",), "00"), "HEX"),
        (change(("kdf_bounds", "memory_kib", 0), 1), "KDF_BOUNDS"),
        (change(("kdf_bounds",), {}), "KDF_BOUNDS"),
        (change(("access_lists",), []), "COUNT"),
        (change(("access_lists",), ["AA=="] * 1_001), "COUNT"),
        (change(("access_lists", 0), "AA"), "BASE64"),
        (change(("access_lists", 0), "A" * 90_000), "TOO_LONG"),
        (change(("user_slots",), None), "COUNT"),
        (change(("user_slots", 0, "kdf", "memory_kib"), 2**26), "KDF_BOUNDS"),
        (change(("user_slots", 0, "kdf", "memory_kib"), 7), "KDF_BOUNDS"),
        (change(("user_slots", 0, "desk_number"), 2), "DUPLICATE"),
        (twice("user_slots"), "DUPLICATE"),
        (twice("recovery_slots"), "DUPLICATE"),
        (change(("recovery_slots", 0, "kind"), "FRIEND"), "UNKNOWN"),
        (change(("recovery_slots", 0, "more"), 1), "MEMBERS"),
        (change(("sheet_pins",), ["AA=="] * 9), "COUNT"),
        (change(("sheet_pins", 0), ""), "TOO_LONG"),
    ],
)
def test_a_whole_copy_that_breaks_a_rule_is_refused_with_its_reason(spoil: Callable[[Any], None], reason: str) -> None:
    body = json.loads(BODY)
    spoil(body)
    assert refusal(framed(canonical_json(body))) == reason


def test_a_body_in_another_spelling_is_refused() -> None:
    assert refusal(framed(json.dumps(json.loads(BODY)).encode())) == "NOT_CANONICAL"
    assert refusal(framed(b"[" * 100_000)) == "DEPTH"
    assert refusal(framed(b"\xff")) == "UTF8"


def test_a_header_that_could_not_be_read_is_not_written() -> None:
    with pytest.raises(Malformed, match="COUNT"):
        OFFICE.closed(access_lists=())
    with pytest.raises(Malformed, match="RANGE"):
        OFFICE.closed(edit=0)


def test_a_header_made_under_other_bounds_is_refused_by_the_product() -> None:
    with pytest.raises(Malformed, match="KDF_BOUNDS"):
        h.parse_header(GOOD)
    with pytest.raises(Malformed, match="KDF_BOUNDS"):
        h.serialise(replace(OFFICE.header), OFFICE.dek, KdfBounds(65_536, 262_144, 3, 10))
