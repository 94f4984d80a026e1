"""R8 for the key header: every byte flipped, every truncation, every two blocks of 4 KiB swapped.

The header is tried as its writer's enemy would leave it: damaged; with the SHA-256 put right; by a holder of the data
key with the HMAC put right too; and within each list, pin and slot, below base64 and signature envelope. Nobody may be
let in to anything but what is genuine. Where the damage is somebody else's slot the others go on: that counts as
"genuine all the same".

N = 2,000 tries every byte, a smaller one every so manieth. Key derivation is nearly free, by a cost that only tests
can ask for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from desktop.crypto import recovery_lists
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.header import choose_copy
from desktop.crypto.kdf import hkdf
from desktop.crypto.vaultkeys import open_with_sheet
from desktop.errors import DeskError
from tests.hard.key_life import Life
from tests.keys import CHEAP_BOUNDS, WORDS, open_vault

ALL = 2_000
BLOCK = 4096
_DIGEST = 32

Opening = Callable[[bytes | None, bytes | None], object]


@dataclass(frozen=True)
class Header:
    """A genuine header, its data key, and everybody who opens it: what they must come to, or nothing."""

    data: bytes
    dek: bytes
    openings: dict[str, Opening]
    genuine: dict[str, object]

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.data[12:-64]))


class Tally:
    """What was tried, and what went wrong."""

    def __init__(self) -> None:
        self.wrong, self.counts = Counter[str](), Counter[str]()


def measure(n: int) -> dict[str, object]:
    """Try what N says; `figure` counts what was accepted, and what ended in anything but a refusal."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311  which bytes, no secret
    tally, stride = Tally(), max(1, ALL // n)
    header = _header(dice)
    _outside(header, stride, dice, tally)
    _inside(header, stride, dice, tally)
    return {
        "figure": tally.wrong.total(),
        "N": sum(tally.counts.values()),
        "bytes_tried": f"1 of {stride}",
        "seed": seed,
        "counts": dict(tally.counts),
        "wrong": dict(+tally.wrong),
        "header_bytes": len(header.data),
    }


# ------------------------------------------------------------------------------------------ the header


def _header(dice: random.Random) -> Header:
    """An office of five with the Secretariat's recovery keys, seven lists and a new data key behind it."""
    life = Life(dice)
    for act in (
        life.add,
        life.add,
        life.name_secretariat,
        life.add,
        life.add,
        life.new_keys_for_all,
        life.remake_sheet,
    ):
        life.step(act, None)
    life.sign_in()
    data, truth = life.keys.header_bytes, life.truth
    openings: dict[str, Opening] = {}
    for user_id, one in truth.people.items():
        openings[user_id] = _by_sentence(one.sentence, one.desk)
    openings["sheet"] = lambda a, b: _facts(open_with_sheet(a, b, truth.sheet, WORDS, bounds=CHEAP_BOUNDS))
    openings["Secretariat"] = _by_secretariat(life)
    return Header(data, life.keys.dek, openings, {who: opening(data, None) for who, opening in openings.items()})


def _by_sentence(sentence: str, desk: int) -> Opening:
    return lambda a, b: _facts(open_vault(a, b, sentence, desk))


def _by_secretariat(life: Life) -> Opening:
    """As its two custodians do: the list is the one they hold by other means."""
    identity, current = life.truth.identity, life.keys.access_list

    def opening(copy_a: bytes | None, copy_b: bytes | None) -> object:
        try:
            header = choose_copy((copy_a, copy_b), CHEAP_BOUNDS)
            slot = recovery_lists.secretariat_slot(header.header, current)
            if identity is None or slot is None:
                raise Malformed("SLOT")
            held = recovery_lists.open_slot(identity, slot, current)
            header.check_hmac(held.dek)
        except Malformed as refusal:
            raise DeskError("HEADER_DAMAGED", reason=str(refusal)) from None
        return held.dek, dict(held.r)

    return opening


def _facts(opened: Any) -> object:
    return opened.dek, dict(opened.r), opened.list_sha256, getattr(opened, "user_id", ""), getattr(opened, "role", "")


def _outside(header: Header, stride: int, dice: random.Random, tally: Tally) -> None:
    """The bytes as they lie on the disk."""
    everybody = itertools.cycle(header.openings)
    good = header.data
    for at in range(dice.randrange(stride), len(good), stride):
        flipped = good[:at] + bytes([good[at] ^ 1 << dice.randrange(8)]) + good[at + 1 :]
        if at < len(good) - _DIGEST:
            _three_ways("header byte", flipped, header, next(everybody), tally)
        else:  # put right it would be as before
            _refused(tally, "header byte, as it is", flipped, header, next(everybody), must=True)
        who = next(everybody)
        _refused(tally, "header cut off", good[:at], header, who, must=True)
        tally.wrong["the other copy did not count"] += header.openings[who](good[:at], good) != header.genuine[who]
        tally.wrong["the other copy did not count"] += header.openings[who](good, good[:at]) != header.genuine[who]
    blocks = range(0, len(good), BLOCK)
    for one, other in itertools.combinations(blocks, 2):
        for who in header.openings:
            _three_ways("header blocks swapped", swapped(good, one, other), header, who, tally)
    for data in (None, b"", good + b"\0", good * 2, bytes(len(good))):
        for who in header.openings:
            _refused(tally, "header replaced", data, header, who, must=True)


def _three_ways(what: str, data: bytes, header: Header, who: str, tally: Tally) -> None:
    _refused(tally, f"{what}, as it is", data, header, who, must=True)
    _refused(tally, f"{what}, SHA put right", _closed(data[:-_DIGEST]), header, who, must=True)
    by_key = data[: -2 * _DIGEST] + _tag(data[: -2 * _DIGEST], header)
    # What nobody signed and nobody's opening goes by may be another's slot, or the number of the edit.
    _refused(tally, f"{what}, HMAC and SHA put right", _closed(by_key), header, who, must=False)


def _inside(header: Header, stride: int, dice: random.Random, tally: Tally) -> None:
    """Below base64 and envelope, in the hands of a holder of the data key."""
    everybody = tuple(header.openings)
    for place, holders in _places(header):
        for at in range(dice.randrange(stride), len(_get(header.body, place)), stride):
            body = header.body
            before = _get(body, place)
            _set(body, place, before[:at] + bytes([before[at] ^ 1 << dice.randrange(8)]) + before[at + 1 :])
            written = canonical_json(body)
            covered = b"RUFAAK1\n" + len(written).to_bytes(4, "big") + written
            data = _closed(covered + _tag(covered, header))
            name = f"within {place[0]}"
            _refused(tally, name, data, header, dice.choice(holders or everybody), must=bool(holders))
            _refused(tally, name, data, header, dice.choice(everybody), must=False)


def _places(header: Header) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...]]]:
    """Where something lies in the body, and who must be refused when it is touched; nobody in particular: ()."""
    body, people = header.body, [who for who in header.openings if who not in ("sheet", "Secretariat")]
    for number in range(len(body["access_lists"])):
        for part in ("payload", "signature"):
            yield ("access_lists", number, part), (*people, "sheet")
    for number in range(len(body["sheet_pins"])):
        for part in ("payload", "signature"):
            yield ("sheet_pins", number, part), ("sheet",)
    for number, slot in enumerate(body["recovery_slots"]):
        yield ("recovery_slots", number, "sealed"), ("sheet" if slot["kind"] == "SHEET" else "Secretariat",)
    for number, slot in enumerate(body["user_slots"]):
        yield ("user_slots", number, "sealed"), (slot["user"],)
        yield ("user_slots", number, "dek"), (slot["user"],)
        for half in range(len(slot["r"])):
            yield ("user_slots", number, "r", half, "sealed"), (slot["user"],)


def _get(body: Any, place: tuple[str | int, ...]) -> bytes:
    if place[-1] in ("payload", "signature"):
        envelope = json.loads(base64.b64decode(body[place[0]][place[1]]))
        coded = envelope["payload"] if place[-1] == "payload" else envelope["signatures"][0]["sig"]
        return base64.b64decode(coded)
    for step in place:
        body = body[step]
    return base64.b64decode(body)


def _set(body: Any, place: tuple[str | int, ...], value: bytes) -> None:
    coded = base64.b64encode(value).decode()
    if place[-1] in ("payload", "signature"):
        envelope = json.loads(base64.b64decode(body[place[0]][place[1]]))
        if place[-1] == "payload":
            envelope["payload"] = coded
        else:
            envelope["signatures"][0]["sig"] = coded
        body[place[0]][place[1]] = base64.b64encode(canonical_json(envelope)).decode()
        return
    for step in place[:-1]:
        body = body[step]
    body[place[-1]] = coded


def _tag(covered: bytes, header: Header) -> bytes:
    key = hkdf(header.dek, bytes.fromhex(header.body["vault"]), "rufaa-header-v1")
    return hmac.digest(key, covered, "sha256")


def _closed(covered: bytes) -> bytes:
    return covered + hashlib.sha256(covered).digest()


def swapped(data: bytes, one: int, other: int) -> bytes:
    """Swap two blocks, the last of which may be a short one."""
    first, second = data[one : one + BLOCK], data[other : other + BLOCK]
    return data[:one] + second + data[one + BLOCK : other] + first + data[other + BLOCK :]


def _refused(tally: Tally, what: str, data: bytes | None, header: Header, who: str, *, must: bool) -> None:
    """Let somebody try; who must be refused is, and whoever gets in comes to what is genuine."""
    try:
        found = header.openings[who](data, None)
    except DeskError:
        tally.counts[f"{what}: refused"] += 1
    except Exception as error:  # noqa: BLE001  # a crash is what is looked for
        tally.wrong[f"{what}: {type(error).__name__}"] += 1
    else:
        tally.wrong[f"{what}: accepted"] += must or found != header.genuine[who]
        tally.counts[f"{what}: genuine all the same"] += 1
