from __future__ import annotations

import ast
import hmac
import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desktop.crypto import kdf
from desktop.crypto.encoding import Malformed
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost, KdfParameters
from desktop.errors import Obstacle
from tests.keys import CHEAP_BOUNDS

ROOT = Path(__file__).resolve().parents[3]
SALT = bytes(range(16))
SENTENCE = "abandon ability able about above absent"


def as_json(**changes: object) -> dict[str, object]:
    return {"lanes": 1, "memory_kib": 65_536, "name": "argon2id", "passes": 3, "salt": SALT.hex(), **changes}


def test_argon2id_gives_the_tag_of_rfc_9106() -> None:
    argon2id = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, secret=b"\x03" * 8, ad=b"\x04" * 12
    )
    tag = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert argon2id.derive(b"\x01" * 32).hex() == tag


# Both keys were computed with argon2-cffi 25.1, another implementation.
@pytest.mark.parametrize(
    ("cost", "bounds", "expected"),
    [
        (
            KdfCost(65_536, 3),
            KDF_BOUNDS,
            "12d22a9cdf031acd8d50abcb1f71d9f442929482952d1ca81c0f0f9b19862dd0",
        ),
        (KdfCost(64, 1), CHEAP_BOUNDS, "27e57c4de8754719e117878a5caa7b818d5af8464dbb926d1aa2b25be41de3fd"),
    ],
)
def test_a_sentence_gives_the_key_another_implementation_gives(cost: KdfCost, bounds: KdfBounds, expected: str) -> None:
    assert kdf.derive_key(SENTENCE, KdfParameters(cost, SALT), bounds).hex() == expected


def test_hkdf_gives_the_output_of_rfc_5869_case_1() -> None:
    output = HKDF(algorithm=SHA256(), length=42, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)))
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert output.derive(b"\x0b" * 22).hex() == expected


def test_hkdf_takes_the_vault_id_as_salt_and_the_label_as_info() -> None:
    vault_id, secret = bytes(range(16)), b"\x07" * 32
    extracted = hmac.digest(vault_id, secret, "sha256")
    assert kdf.hkdf(secret, vault_id, "rufaa-header-v1") == hmac.digest(extracted, b"rufaa-header-v1\x01", "sha256")


def test_aes_gcm_gives_the_output_of_gcm_test_case_16() -> None:
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plaintext = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = AESGCM(key).encrypt(
        bytes.fromhex("cafebabefacedbaddecaf888"),
        plaintext,
        bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    )
    assert sealed.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


@pytest.mark.parametrize(
    "cost",
    [
        KdfCost(8, 3),
        KdfCost(65_535, 3),
        KdfCost(262_145, 3),
        KdfCost(2**26, 3),
        KdfCost(65_536, 2),
        KdfCost(65_536, 11),
    ],
)
def test_a_cost_outside_the_bounds_is_refused_before_it_is_used(cost: KdfCost, monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(**_: object) -> None:
        raise AssertionError("Argon2id was reached")

    monkeypatch.setattr(kdf, "Argon2id", touched)
    with pytest.raises(Malformed, match="KDF_BOUNDS"):
        kdf.derive_key(SENTENCE, KdfParameters(cost, SALT), KDF_BOUNDS)
    with pytest.raises(Malformed, match="KDF_BOUNDS"):
        kdf.parse_kdf(as_json(memory_kib=cost.memory_kib, passes=cost.passes), KDF_BOUNDS)


def test_the_real_bounds_are_64_to_256_mebibytes_and_3_to_10_passes() -> None:
    assert KDF_BOUNDS.as_json() == {"memory_kib": [64 * 1024, 256 * 1024], "passes": [3, 10]}


@pytest.mark.parametrize(
    ("memory_bytes", "memory_kib"),
    [(0, 65_536), (4 * 2**30, 65_536), (5_999_999_999, 65_536), (6_000_000_000, 262_144), (8 * 2**30, 262_144)],
)
def test_the_profile_follows_the_memory_of_the_machine(memory_bytes: int, memory_kib: int) -> None:
    assert kdf.cost_for(memory_bytes) == KdfCost(memory_kib, 3)
    kdf.check_cost(kdf.cost_for(memory_bytes), KDF_BOUNDS)


def test_parameters_survive_their_own_spelling() -> None:
    parameters = KdfParameters(KdfCost(65_536, 3), SALT)
    assert kdf.parse_kdf(parameters.as_json(), KDF_BOUNDS) == parameters


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "argon2i"},
        {"name": None},
        {"lanes": 2},
        {"lanes": True},
        {"memory_kib": "65536"},
        {"passes": None},
        {"salt": SALT.hex().upper()},
        {"salt": SALT.hex()[2:]},
        {"salt": 5},
        {"secret": ""},
    ],
)
def test_parameters_in_another_spelling_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        kdf.parse_kdf(as_json(**changes), KDF_BOUNDS)


def test_a_machine_without_the_memory_is_an_obstacle_not_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr(kdf, "Argon2id", Short)
    with pytest.raises(Obstacle) as caught:
        kdf.derive_key(SENTENCE, KdfParameters(KdfCost(262_144, 3), SALT), KDF_BOUNDS)
    assert (caught.value.code, caught.value.facts) == ("MEMORY_SHORT", {"mebibytes": 256})


def product_sources() -> list[tuple[Path, ast.Module]]:
    paths = itertools.chain.from_iterable((ROOT / folder).rglob("*.py") for folder in ("desktop", "ui", "db"))
    return [(path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def called_names(tree: ast.Module) -> set[str]:
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    plain = {func.id for func in called if isinstance(func, ast.Name)}
    return plain | {func.attr for func in called if isinstance(func, ast.Attribute)}


@pytest.mark.parametrize("maker", ["KdfBounds", "KdfCost"])
def test_the_product_makes_bounds_and_costs_in_one_place_only(maker: str) -> None:
    makers = {path.as_posix() for path, tree in product_sources() if maker in called_names(tree)}
    assert makers == {"desktop/crypto/kdf.py"}


def test_no_environment_and_no_file_reaches_the_key_code() -> None:
    reaching = {"environ", "getenv", "open", "read_text", "read_bytes", "load_dynamic"}
    for path, tree in product_sources():
        if path.parts[:2] == ("desktop", "crypto"):
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert not names & reaching, path


def test_two_salts_give_two_keys() -> None:
    keys = {
        kdf.derive_key(SENTENCE, KdfParameters(KdfCost(8, 1), bytes([number]) * 16), CHEAP_BOUNDS)
        for number in range(8)
    }
    assert len(keys) == 8
