from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.crypto import sealing
from desktop.crypto.encoding import Malformed

SECRET = bytes(range(32))
OTHER = bytes(range(32, 64))
PUBLIC = sealing.public_key(SECRET)
PRIME = 2**255 - 19


def run(command: list[str], *, data: bytes = b"") -> bytes:
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def identity_file(folder: Path, secret: bytes = SECRET) -> str:
    path = folder / "identity.txt"
    path.write_text(sealing.age_identity(secret) + "\n", encoding="ascii")
    return str(path)


def test_x25519_gives_the_public_key_of_rfc_7748() -> None:
    # Section 5.2: the scalar 9 after one iteration; the base point is 9 as well.
    secret = bytes([9]) + bytes(31)
    assert sealing.public_key(secret).hex() == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"


@pytest.mark.parametrize(
    ("prefix", "data", "spelling"),
    [
        # BIP-173's own examples of valid strings.
        ("a", "", "a12uel5l"),
        (
            "abcdef",
            "00443214c74254b635cf84653a56d7c675be77df",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        ),
        (
            "split",
            "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        ),
    ],
)
def test_bech32_gives_the_spellings_of_bip_173(prefix: str, data: str, spelling: str) -> None:
    assert sealing._bech32(prefix, bytes.fromhex(data)) == spelling


def test_the_age_program_derives_the_same_public_key() -> None:
    for secret in (SECRET, OTHER, b"\xff" * 32, sealing.generate_secret()):
        recipient = run(["age-keygen", "-y"], data=sealing.age_identity(secret).encode()).decode().strip()
        assert recipient == sealing.age_recipient(sealing.public_key(secret))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_the_age_program_opens_what_we_sealed(size: int, tmp_path: Path) -> None:
    plaintext = bytes(number % 251 for number in range(size))
    sealed = sealing.seal(plaintext, PUBLIC)
    assert run(["age", "-d", "-i", identity_file(tmp_path)], data=sealed) == plaintext


@pytest.mark.parametrize("size", [0, 1, 65_536, 300_000])
def test_we_open_what_the_age_program_sealed(size: int) -> None:
    plaintext = bytes(number % 251 for number in range(size))
    sealed = run(["age", "-r", sealing.age_recipient(PUBLIC)], data=plaintext)
    assert sealing.open_sealed(sealed, SECRET) == plaintext


def test_every_recipient_opens_and_nobody_else() -> None:
    sealed = sealing.seal(b"text", PUBLIC, sealing.public_key(OTHER))
    assert sealing.open_sealed(sealed, SECRET) == sealing.open_sealed(sealed, OTHER) == b"text"
    with pytest.raises(Malformed, match="NOT_FOR_US_OR_DAMAGED"):
        sealing.open_sealed(sealed, b"\x09" * 32)


def test_nothing_is_sealed_to_nobody() -> None:
    with pytest.raises(ValueError, match="recipient"):
        sealing.seal(b"text")


def test_two_sealings_of_one_text_differ() -> None:
    assert sealing.seal(b"text", PUBLIC) != sealing.seal(b"text", PUBLIC)
    assert len({sealing.generate_secret() for _ in range(100)}) == 100


def test_every_flipped_byte_and_every_truncation_of_a_sealed_file_is_refused() -> None:
    good = sealing.seal(b"twelve bytes", PUBLIC)
    spoilt = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    spoilt += [good[:length] for length in range(len(good))] + [good + b"\0"]
    refused = 0
    for data in spoilt:
        with pytest.raises(Malformed):
            sealing.open_sealed(data, SECRET)
        refused += 1
    assert refused == 2 * len(good) + 1


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_but_never_crash(data: bytes) -> None:
    with pytest.raises(Malformed):
        sealing.open_sealed(data, SECRET)
    with pytest.raises(Malformed):
        sealing.open_sealed(b"age-encryption.org/v1\n" + data, SECRET)


def low_order_spellings() -> list[bytes]:
    order_8 = [
        int.from_bytes(bytes.fromhex(text), "little")
        for text in (
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        )
    ]
    us = [0, 1, PRIME - 1, *order_8, PRIME, PRIME + 1]
    return [(u | top << 255).to_bytes(32, "little") for u in us for top in (0, 1)]


@pytest.mark.parametrize("raw", [*low_order_spellings(), b"\xff" * 32, b"", bytes(31), PUBLIC + b"\0"])
def test_recipients_of_low_order_or_another_spelling_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="KEY"):
        sealing.check_recipient(raw)
    with pytest.raises(Malformed, match="KEY"):
        sealing.seal(b"text", raw)


def test_a_purpose_line_comes_first_and_is_compared_whole() -> None:
    sealed = sealing.with_purpose(b"body\nmore", purpose="dek", vault="00", generation=1)
    assert sealed == b'{"generation":1,"purpose":"dek","vault":"00"}\nbody\nmore'
    assert sealing.without_purpose(sealed, purpose="dek", vault="00", generation=1) == b"body\nmore"


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"body",
        b'{"generation":1,"purpose":"r","vault":"00"}\nbody',
        b'{"generation":2,"purpose":"dek","vault":"00"}\nbody',
        b'{"generation":true,"purpose":"dek","vault":"00"}\nbody',
        b'{"generation":1,"purpose":"dek"}\nbody',
        b'{"generation":1,"more":1,"purpose":"dek","vault":"00"}\nbody',
        b'{"generation": 1,"purpose":"dek","vault":"00"}\nbody',
        b'{"purpose":"dek","generation":1,"vault":"00"}\nbody',
        b" " * 2000 + b"\nbody",
    ],
)
def test_another_purpose_is_refused(plaintext: bytes) -> None:
    with pytest.raises(Malformed):
        sealing.without_purpose(plaintext, purpose="dek", vault="00", generation=1)


def test_other_threads_keep_running_while_much_is_sealed() -> None:
    stalls: list[float] = []
    finished = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not finished.wait(0.001):
            now = time.perf_counter()
            stalls.append(now - last)
            last = now

    ticker = threading.Thread(target=tick)
    ticker.start()
    begun = time.perf_counter()
    sealing.open_sealed(sealing.seal(bytes(30_000_000), PUBLIC), SECRET)
    spent = time.perf_counter() - begun
    finished.set()
    ticker.join()
    # One call of the library that held the interpreter would stall the other thread for half the time spent or more.
    assert max(stalls) < spent / 4
    assert len(stalls) > 5


def test_a_typed_key_is_the_one_that_was_spelt() -> None:
    for _ in range(20):
        raw = sealing.public_key(sealing.generate_secret())
        spelt = sealing.age_recipient(raw)
        assert sealing.recipient_key(f" {spelt}\n") == sealing.recipient_key(spelt.upper()) == raw


def test_a_key_with_any_sign_changed_left_out_or_added_is_refused() -> None:
    spelt = sealing.age_recipient(sealing.public_key(sealing.generate_secret()))
    wrong = ["", "age1", "x" * 62, spelt[:-1], f"{spelt}q", spelt[:10] + spelt[11:], "1" * 5_000, f"age1{'q' * 58}"]
    wrong += [spelt[:n] + ("q" if spelt[n] != "q" else "p") + spelt[n + 1 :] for n in range(len(spelt))]
    wrong += [sealing.age_identity(sealing.generate_secret()), "ssh-ed25519 AAAA", "age1é"]
    for text in wrong:
        with pytest.raises(Malformed, match="KEY"):
            sealing.recipient_key(text)
