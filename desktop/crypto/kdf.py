"""From a password sentence to a key (Argon2id, RFC 9106), and from a key to others (HKDF-SHA256, RFC 5869).

Nothing cheaper than the bounds below exists in the program: parameters that a file names are checked before a single
block of memory is touched. The bounds are a value that callers may replace, so that tests can be quick; only tests do.
No file, setting or environment variable reaches them, and a header also states the bounds it was written under.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desktop.crypto.encoding import JSONValue, Malformed
from desktop.crypto.fields import hex_bytes, members
from desktop.errors import Obstacle

SALT_BYTES = 16
KEY_BYTES = 32
_LARGE_MACHINE_BYTES = 6_000_000_000  # what a laptop sold with 6 GB leaves to the system, in round numbers


@dataclass(frozen=True)
class KdfBounds:
    """The least and most an Argon2id call may cost, both included; memory in KiB."""

    least_memory_kib: int
    most_memory_kib: int
    least_passes: int
    most_passes: int

    def as_json(self) -> JSONValue:
        """Return the member `kdf_bounds` of a key header."""
        return {
            "memory_kib": [self.least_memory_kib, self.most_memory_kib],
            "passes": [self.least_passes, self.most_passes],
        }


KDF_BOUNDS = KdfBounds(least_memory_kib=65_536, most_memory_kib=262_144, least_passes=3, most_passes=10)


@dataclass(frozen=True)
class KdfCost:
    """What one guess costs: memory in KiB and passes over it. One lane always."""

    memory_kib: int
    passes: int


_SMALL_MACHINE = KdfCost(memory_kib=65_536, passes=3)
_LARGE_MACHINE = KdfCost(memory_kib=262_144, passes=3)


@dataclass(frozen=True)
class KdfParameters:
    """A cost and the 16-byte salt of one slot or key file."""

    cost: KdfCost
    salt: bytes

    def as_json(self) -> JSONValue:
        """Return the member `kdf` of a slot or key file."""
        return {
            "lanes": 1,
            "memory_kib": self.cost.memory_kib,
            "name": "argon2id",
            "passes": self.cost.passes,
            "salt": self.salt.hex(),
        }


def cost_for(total_memory_bytes: int) -> KdfCost:
    """Return the fixed profile of a machine: 256 MiB where it has about 6 GB of memory or more, else 64 MiB."""
    return _LARGE_MACHINE if total_memory_bytes >= _LARGE_MACHINE_BYTES else _SMALL_MACHINE


def check_cost(cost: KdfCost, bounds: KdfBounds) -> None:
    """Refuse a cost outside the bounds. Raises Malformed KDF_BOUNDS."""
    memory_fits = bounds.least_memory_kib <= cost.memory_kib <= bounds.most_memory_kib
    if not memory_fits or not bounds.least_passes <= cost.passes <= bounds.most_passes:
        raise Malformed("KDF_BOUNDS")


def parse_kdf(value: JSONValue, bounds: KdfBounds) -> KdfParameters:
    """Read the member `kdf`. Raises Malformed, KDF_BOUNDS for a cost outside the bounds."""
    found = members(value, "lanes", "memory_kib", "name", "passes", "salt")
    numbers = [found["lanes"], found["memory_kib"], found["passes"]]
    if found["name"] != "argon2id" or any(type(number) is not int for number in numbers) or found["lanes"] != 1:
        raise Malformed("KDF")
    parameters = KdfParameters(
        KdfCost(memory_kib=found["memory_kib"], passes=found["passes"]), hex_bytes(found["salt"], SALT_BYTES)
    )
    check_cost(parameters.cost, bounds)
    return parameters


def derive_key(sentence: str, parameters: KdfParameters, bounds: KdfBounds) -> bytes:
    """Return the 32-byte key of a normalised sentence (full words, lower case, single spaces).

    Raises:
        Malformed: KDF_BOUNDS, before any memory is taken.
        Obstacle: MEMORY_SHORT, the machine cannot spare the memory now.
    """
    check_cost(parameters.cost, bounds)
    argon2id = Argon2id(
        salt=parameters.salt,
        length=KEY_BYTES,
        iterations=parameters.cost.passes,
        lanes=1,
        memory_cost=parameters.cost.memory_kib,
    )
    try:
        return argon2id.derive(sentence.encode("ascii"))
    except MemoryError:
        raise Obstacle("MEMORY_SHORT", mebibytes=parameters.cost.memory_kib // 1024) from None


def hkdf(secret: bytes, vault_id: bytes, label: str) -> bytes:
    """Return 32 bytes for one use: HKDF-SHA256 with the vault id as salt and `rufaa-<use>-v1` as info."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=vault_id, info=label.encode("ascii")).derive(secret)
