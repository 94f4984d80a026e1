"""Long random lives of an office's keys against a small model: who has which sentence, and who is kept out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from desktop.crypto import people
from desktop.crypto.people import Admitted, NewSlots
from desktop.crypto.vaultkeys import Unlocked, open_with_sheet
from desktop.errors import WrongSentence
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDLISTS, WORDS, new_vault, open_vault

MAKING = NewSlots(WORDS, CHEAP_COST, CHEAP_BOUNDS)
ROLES = ("CLERK", "CASE_OFFICER", "SUPERVISOR")
STEPS = 60


@dataclass
class Someone:
    desk_number: int
    role: str
    sentence: str
    suspended: bool = False


@dataclass
class Life:
    """The genuine keys in a supervisor's hands, and what must be true of them."""

    dice: random.Random
    sheet: str
    keys: Unlocked
    people: dict[str, Someone]
    outdated: set[tuple[int, str]] = field(default_factory=set)  # desk numbers and sentences that open nothing more
    old_keys: set[bytes] = field(default_factory=set)

    def sign_in(self) -> None:
        """Another supervisor takes the seat."""
        someone = self.dice.choice(
            [one for one in self.people.values() if one.role == "SUPERVISOR" and not one.suspended]
        )
        self.keys = open_vault(self.keys.header_bytes, None, someone.sentence, someone.desk_number)

    def other(self) -> str | None:
        """Somebody who is not in the seat."""
        # By desk number: ids are drawn anew in every run, and the same seed must live the same life.
        others = sorted(self.people.keys() - {self.keys.user_id}, key=lambda user_id: self.people[user_id].desk_number)
        return self.dice.choice(others) if others else None

    def took(self, user_id: str, made: Admitted | None, role: str) -> None:
        if made is not None:
            if user_id in self.people:
                self.outdated.add((made.desk_number, self.people[user_id].sentence))
            self.people[user_id] = Someone(made.desk_number, role, made.sentence)

    def add(self) -> None:
        role = self.dice.choice(ROLES)
        if len(self.people) < 6:
            made = people.add_user(self.keys, role, MAKING, taken=[number for number, _ in self.outdated])
            self.keys = made.keys
            self.took(made.user_id, made, role)

    def change_role(self) -> None:
        user_id, role = self.other(), self.dice.choice(ROLES)
        if user_id is None or self.people[user_id].suspended:
            return
        before = self.people[user_id].role
        if before == "SUPERVISOR" != role:
            self.rekey(afresh=(user_id, role), new_sealed_class=True)
        elif role == "SUPERVISOR":
            made = people.readmit(self.keys, user_id, role, MAKING)
            self.keys = made.keys
            self.took(user_id, made, role)
        else:
            self.keys = people.change_role(self.keys, user_id, role, CHEAP_BOUNDS)
            self.people[user_id].role = role

    def change_sentence(self) -> None:
        own = self.people[self.keys.user_id]
        new = people.sentence_for(own.role, WORDS)
        self.keys = people.change_sentence(self.keys, own.sentence, new, WORDLISTS, MAKING)
        self.outdated.add((own.desk_number, own.sentence))
        own.sentence = new

    def suspend(self) -> None:
        if user_id := self.other():
            self.keys = people.suspend(self.keys, user_id, CHEAP_BOUNDS)
            self.people[user_id].suspended = True

    def readmit(self) -> None:
        if user_id := self.other():
            role = people.role_of(self.keys, user_id)
            assert role == self.people[user_id].role
            made = people.readmit(self.keys, user_id, role, MAKING)
            self.keys = made.keys
            self.took(user_id, made, role)

    def remove(self) -> None:
        if user_id := self.other():
            gone = self.people[user_id]
            self.rekey(without=user_id, new_sealed_class=gone.role == "SUPERVISOR")
            del self.people[user_id]
            self.outdated.add((gone.desk_number, gone.sentence))

    def may_know(self) -> None:
        own = self.keys.user_id
        self.rekey(afresh=(own, "SUPERVISOR"), new_sealed_class=True)

    def rekey(
        self, *, without: str | None = None, afresh: tuple[str, str] | None = None, new_sealed_class: bool
    ) -> None:
        self.old_keys.add(self.keys.dek)
        made = people.rekey(self.keys, MAKING, without=without, afresh=afresh, new_sealed_class=new_sealed_class)
        self.keys = made.keys
        if afresh is not None:
            self.took(afresh[0], made.admitted, afresh[1])

    def let_go(self) -> None:
        self.keys = people.let_old_halves_go(self.keys, CHEAP_BOUNDS)

    def check(self) -> None:
        for user_id, someone in self.people.items():
            attempt = (self.keys.header_bytes, None, someone.sentence, someone.desk_number)
            if someone.suspended:
                with pytest.raises(WrongSentence):
                    open_vault(*attempt)
                continue
            opened = open_vault(*attempt)
            assert (opened.user_id, opened.role, opened.dek) == (user_id, someone.role, self.keys.dek)
            assert opened.r == (self.keys.r if someone.role == "SUPERVISOR" else {})
        for number, sentence in self.outdated:
            with pytest.raises(WrongSentence):
                open_vault(self.keys.header_bytes, None, sentence, number)
        assert self.keys.dek not in self.old_keys
        recovered = open_with_sheet(self.keys.header_bytes, None, self.sheet, WORDS, bounds=CHEAP_BOUNDS)
        assert (recovered.dek, recovered.r) == (self.keys.dek, self.keys.r)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_everybody_opens_with_their_own_sentence_and_nobody_with_an_old_one(seed: int) -> None:
    vault = new_vault()
    first = Someone(1, "SUPERVISOR", vault.sentence)
    dice = random.Random(seed)  # noqa: S311  # it chooses acts, not keys
    life = Life(dice, vault.sheet_words, vault.unlocked, {vault.unlocked.user_id: first})
    acts: list[Callable[[], None]] = [
        *(life.add, life.add, life.change_role, life.change_sentence, life.suspend, life.readmit, life.readmit),
        *(life.remove, life.may_know, life.let_go, life.sign_in, life.sign_in),
    ]
    taken: set[str] = set()
    for _ in range(STEPS):
        act = life.dice.choice(acts)
        taken.add(act.__name__)
        act()
        life.check()
    assert taken == {act.__name__ for act in acts}
