"""What a device's present key says of bundles that its earlier keys signed (threat-model 5.5, attack 14).

A laptop gets new keys while bundles are on their way. Each bundle names the file before it by hash, so the first one of
the present key names the last genuine one of the key before it, that one the file before it, and so on: what stands in
this chain was there when the keys were changed, and nobody who kept an old key can add to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Heritage(StrEnum):
    """What is known of a bundle by an earlier key: in the chain, not decided yet, or not in it."""

    NAMED = "NAMED"
    OPEN = "OPEN"
    FOREIGN = "FOREIGN"


@dataclass(frozen=True)
class Sent:
    """What the chain needs of a bundle that the intake keeps; `in_force`: signed by a key that is not revoked."""

    file_sha256: str
    sequence: int
    previous_bundle: str | None
    in_force: bool


@dataclass(frozen=True)
class Succession:
    """The chain back from the present key. `first`: the lowest number it signed, None where there is nothing yet.

    `has_heir` is False for a device whose every key is revoked: nobody speaks for what those keys signed.
    """

    has_heir: bool = False
    first: int | None = None
    named: Collection[tuple[int, str]] = field(default=(), repr=False)

    def heritage(self, sequence: int, file_sha256: str) -> Heritage:
        """Say where a bundle by an earlier key stands."""
        if (sequence, file_sha256) in self.named:
            return Heritage.NAMED
        decided = self.first is not None and (sequence >= self.first or any(n == sequence for n, _ in self.named))
        return Heritage.FOREIGN if decided or not self.has_heir else Heritage.OPEN


NO_HEIR = Succession()
Successions = Callable[[str], Succession]
"""Returns the succession of a device by its id."""


def succession(kept: Iterable[Sent], *, has_heir: bool) -> Succession:
    """Follow the chain back from every bundle that a key in force signed, through those kept of earlier keys."""
    by_hash = {sent.file_sha256: sent for sent in kept}
    heirs = [sent for sent in by_hash.values() if sent.in_force]
    named: set[tuple[int, str]] = set()
    waiting: list[Sent] = [*heirs] if has_heir else []
    while waiting:
        sent = waiting.pop()
        # The number comes with the hash: a file of another number in this place is none that the chain means.
        place = (sent.sequence - 1, sent.previous_bundle or "")
        if not sent.previous_bundle or place in named:
            continue
        named.add(place)
        before = by_hash.get(sent.previous_bundle)
        if before is not None and before.sequence == place[0]:
            waiting.append(before)
    first = min((sent.sequence for sent in heirs), default=None)
    return Succession(has_heir, first, frozenset(named))
