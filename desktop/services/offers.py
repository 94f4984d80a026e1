"""Sentences to choose from: generated, at most three, one of them typed back before anything is made with it."""

from __future__ import annotations

from desktop import machine, wordlists
from desktop.crypto import kdf, people
from desktop.crypto.vaultkeys import normalised
from desktop.errors import Obstacle

MOST_OFFERED = 3


class Offers:
    """The sentences shown to one person and not taken yet."""

    def __init__(self) -> None:
        """Begin with none."""
        self._offered: list[str] = []

    def draw(self, role: str) -> str:
        """Return a sentence as long as the role asks. Raises Obstacle SENTENCES_OFFERED after the third."""
        if len(self._offered) >= MOST_OFFERED:
            raise Obstacle("SENTENCES_OFFERED", limit=MOST_OFFERED)
        self._offered.append(people.sentence_for(role, wordlists.load()[wordlists.DEFAULT]))
        return self._offered[-1]

    def typed_back(self, typed: str) -> str:
        """Return the one that was typed, in full words. Raises Obstacle SENTENCE_NOT_OFFERED, WrongSentence."""
        written = normalised(wordlists.load()[wordlists.DEFAULT], typed)
        if written not in self._offered:
            raise Obstacle("SENTENCE_NOT_OFFERED")
        return written

    def clear(self) -> None:
        """Forget them: one was taken."""
        self._offered.clear()


def new_slots() -> people.NewSlots:
    """Return how slots are made on this laptop."""
    return people.NewSlots(wordlists.load()[wordlists.DEFAULT], kdf.cost_for(machine.total_memory_bytes()))
