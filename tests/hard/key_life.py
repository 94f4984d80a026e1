"""A vault's keys through a random life, beside a small model of who opens it with which words (R17).

The files are what lies on the disk: two header copies and what the vault notes of them. An act may be cut off before
the first copy, between the two, or before the note. The model knows people, words and pins, and no cryptography; it is
what every opening is compared with. Key derivation is nearly free here, by a cost that only tests can ask for.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from desktop.crypto import people, recovery, recovery_lists, sheet
from desktop.crypto.access_list import sign_list
from desktop.crypto.header_changes import pinned_anew, renew_sheet
from desktop.crypto.people import Admitted, NewSlots
from desktop.crypto.recover import in_the_sheets_hands, readmit_with_sheet
from desktop.crypto.recovery import RecoveryIdentity
from desktop.crypto.vaultkeys import Unlocked, open_with_sheet
from desktop.crypto.words import ENTROPY_BYTES, sheet_words
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDLISTS, WORDS, new_vault, open_vault

MAKING = NewSlots(WORDS, CHEAP_COST, CHEAP_BOUNDS)
ROLES = ("CLERK", "CASE_OFFICER", "SUPERVISOR")
CUTS = ("before", "between the copies", "before the note")
MOST_PEOPLE = 6


@dataclass(frozen=True)
class One:
    """A person as the model knows them; `pin` is the list their slot pins."""

    desk: int
    role: str
    sentence: str
    pin: int
    suspended: bool = False

    @property
    def may_sign(self) -> bool:
        return self.role == "SUPERVISOR" and not self.suspended


@dataclass(frozen=True)
class Truth:
    """Who opens the vault with which words, and what no longer does."""

    people: Mapping[str, One]
    sheet: str
    version: int = 1
    generation: int = 1
    sealed_class: int = 1
    halves: int = 1
    void: frozenset[tuple[int, str]] = frozenset()
    void_sheets: frozenset[str] = frozenset()
    laid_open: tuple[tuple[int, str, int], ...] = ()
    identity: RecoveryIdentity | None = field(default=None, repr=False)

    def but(self, user_id: str, one: One | None, **changes: object) -> Truth:
        """One person changed, or gone; whatever sentence they had and have no more is void."""
        before, others = self.people.get(user_id), {key: other for key, other in self.people.items() if key != user_id}
        void = self.void
        if before is not None and (one is None or before.sentence != one.sentence):
            void |= {(before.desk, before.sentence)}
        found = others if one is None else {**others, user_id: one}
        return replace(self, people=found, void=void, version=self.version + 1, **changes)  # type: ignore[arg-type]

    def with_sheet(self, words: str) -> Truth:
        return replace(self, sheet=words, void_sheets=self.void_sheets | {self.sheet})

    @property
    def recovery_due(self) -> bool:
        now = (self.generation, self.sheet, self.sealed_class)
        return any(mine == theirs for one in self.laid_open for mine, theirs in zip(one, now, strict=True))

    def recovered(self) -> tuple[tuple[int, str, int], ...]:
        return (*self.laid_open, (self.generation, self.sheet, self.sealed_class))


Next = tuple[Unlocked, Truth]


@dataclass(frozen=True, repr=False)
class Gone:
    """What somebody took along: their private key, and the key that signs lists where they had one."""

    x25519: bytes
    ed25519: bytes | None
    dek: bytes
    lists: tuple[bytes, ...]
    removed: bool


class Life:
    """The genuine files, the person in the seat, and the truth about both."""

    def __init__(self, dice: random.Random) -> None:
        vault = new_vault()
        self.dice = dice
        self.keys = vault.unlocked
        self.truth = Truth({self.keys.user_id: One(1, "SUPERVISOR", vault.sentence, 1)}, vault.sheet_words)
        self.copies = (vault.header, vault.header)
        self.note = (self.keys.list_sha256, self.keys.header.edit)
        self.gone: list[Gone] = []
        self.older: list[bytes] = []
        self.new_keys = False

    # ------------------------------------------------------------------------------------------ the disk

    def step(self, act: Callable[[], Next | None], cut: str | None) -> bool:
        """Do one act, cut off or not; say whether it could be done at all."""
        self.new_keys, knew = False, len(self.gone)
        made = act()
        if made is None:
            return False
        keys, truth = made
        if self.new_keys:  # a new generation comes into being by one rename: nothing of it, or all
            cut = "before" if cut == "before" else None
        if cut == "before":
            del self.gone[knew:]
            self.sign_in()
            return True
        self.older.append(self.copies[0])
        self.copies = (keys.header_bytes, self.copies[1] if cut == "between the copies" else keys.header_bytes)
        self.truth = truth
        if cut is None and keys.user_id in truth.people:
            self.keys, self.note = keys, (keys.list_sha256, keys.header.edit)
        else:
            self.sign_in(noted=cut is None and keys)
        return True

    def sign_in(self, noted: Unlocked | bool = False) -> None:
        """A supervisor unlocks what lies there: the note is caught up, the copies made equal, their slot pinned."""
        if isinstance(noted, Unlocked):
            self.note = (noted.list_sha256, noted.header.edit)
        able = sorted((key for key, one in self.truth.people.items() if one.may_sign), key=self._desk)
        user_id = self.dice.choice(able)
        one = self.truth.people[user_id]
        keys = open_vault(*self.copies, one.sentence, one.desk)
        assert self.reached(keys), "the note does not reach the header"
        if keys.pin != keys.access_list.pin():
            keys = pinned_anew(keys, one.sentence, WORDLISTS, bounds=CHEAP_BOUNDS)
        self.truth = replace(
            self.truth, people={**self.truth.people, user_id: replace(one, pin=keys.access_list.version)}
        )
        self.keys, self.copies = keys, (keys.header_bytes, keys.header_bytes)
        self.note = (keys.list_sha256, keys.header.edit)

    def reached(self, keys: Unlocked) -> bool:
        """Formats, section 4: the header is the noted one, or one list or some edits ahead of it."""
        return self.note[0] in (keys.list_sha256, keys.access_list.previous) and self.note[1] <= keys.header.edit

    # ------------------------------------------------------------------------------------------ acts

    def add(self) -> Next | None:
        if len(self.truth.people) >= MOST_PEOPLE:
            return None
        role = self.dice.choice(ROLES)
        made = people.add_user(self.keys, role, MAKING, taken=[desk for desk, _ in self.truth.void])
        return self._admitted(made, role)

    def readmit(self) -> Next | None:
        user_id = self._other()
        if user_id is None:
            return None
        role = self.truth.people[user_id].role
        assert people.role_of(self.keys, user_id) == role
        self._leaves(user_id)
        return self._admitted(people.readmit(self.keys, user_id, role, MAKING), role)

    def change_role(self) -> Next | None:
        user_id, role = self._other(), self.dice.choice(ROLES)
        if user_id is None or self.truth.people[user_id].suspended:
            return None
        one = self.truth.people[user_id]
        if one.role == "SUPERVISOR" != role:
            return self._rekeyed(user_id, afresh=(user_id, role))
        if role == "SUPERVISOR":
            self._leaves(user_id)
            return self._admitted(people.readmit(self.keys, user_id, role, MAKING), role)
        keys = people.change_role(self.keys, user_id, role, CHEAP_BOUNDS)
        return keys, self.truth.but(user_id, replace(one, role=role))

    def suspend(self) -> Next | None:
        user_id = self._other()
        if user_id is None:
            return None
        self._leaves(user_id)
        one = replace(self.truth.people[user_id], suspended=True)
        return people.suspend(self.keys, user_id, CHEAP_BOUNDS), self.truth.but(user_id, one)

    def change_sentence(self) -> Next:
        own = self.truth.people[self.keys.user_id]
        new = people.sentence_for(own.role, WORDS)
        keys = people.change_sentence(self.keys, own.sentence, new, WORDLISTS, MAKING)
        truth = self.truth.but(keys.user_id, replace(own, sentence=new, pin=self.truth.version))
        return keys, replace(truth, version=self.truth.version)

    def remove(self) -> Next | None:
        user_id = self._other()
        return None if user_id is None else self._rekeyed(user_id, without=user_id)

    def may_know(self) -> Next:
        able = [key for key, one in self.truth.people.items() if not one.suspended]
        user_id = self.dice.choice(sorted(able, key=self._desk))
        return self._rekeyed(user_id, afresh=(user_id, self.truth.people[user_id].role))

    def new_keys_for_all(self) -> Next:
        return self._rekeyed(None)

    def let_go(self) -> Next:
        keys = people.let_old_halves_go(self.keys, CHEAP_BOUNDS)
        return keys, replace(self.truth, version=self.truth.version + 1, halves=1)

    def remake_sheet(self) -> Next:
        words, made = self._new_sheet()
        keys = renew_sheet(self.keys, made, CHEAP_BOUNDS)
        return keys, replace(self.truth.with_sheet(words), version=self.truth.version + 1)

    def name_secretariat(self) -> Next:
        identity = recovery.new_identity(self.dice.randbytes)
        keys = recovery_lists.with_secretariat(self.keys, identity.public(), CHEAP_BOUNDS)
        return keys, replace(self.truth, version=self.truth.version + 1, identity=identity)

    def recover_by_sheet(self) -> Next:
        found = open_with_sheet(*self.copies, self.truth.sheet, WORDS, bounds=CHEAP_BOUNDS)
        able = sorted((key for key, one in self.truth.people.items() if one.may_sign), key=self._desk)
        user_id, sentence = self.dice.choice(able), people.sentence_for("SUPERVISOR", WORDS)
        made = readmit_with_sheet(in_the_sheets_hands(found), user_id, MAKING, sentence)
        keys, truth = self._admitted(made, "SUPERVISOR")
        return keys, replace(truth, laid_open=self.truth.recovered())

    def recover_by_secretariat(self) -> Next | None:
        identity, current, header = self.truth.identity, self.keys.access_list, self.keys.header
        if identity is None or len(self.truth.people) >= MOST_PEOPLE:
            return None
        slot = recovery_lists.secretariat_slot(header, current)
        assert slot is not None
        secrets = recovery_lists.open_slot(identity, slot, current)
        keys, user_id = recovery_lists.new_keys(), str(uuid.uuid4())
        fresh = recovery_lists.fresh_supervisor(header.access_lists, user_id, keys)
        recovery_lists.check_fresh(header.access_lists, fresh)
        sentence = people.sentence_for("SUPERVISOR", WORDS)
        envelope = sign_list(recovery_lists.next_with(current, fresh), identity.ed25519)
        data = recovery_lists.header_with(
            header, envelope, fresh, keys, secrets, sentence, WORDS, cost=CHEAP_COST, bounds=CHEAP_BOUNDS
        )
        one = One(fresh.desk_number, "SUPERVISOR", sentence, self.truth.version + 1)
        opened = open_vault(data, None, sentence, fresh.desk_number)
        return opened, self.truth.but(user_id, one, laid_open=self.truth.recovered())

    @property
    def acts(self) -> list[Callable[[], Next | None]]:
        often = [self.add, self.add, self.add, self.change_role, self.suspend, self.readmit, self.readmit, self.remove]
        seldom = [self.change_sentence, self.may_know, self.new_keys_for_all, self.let_go, self.remake_sheet]
        return [*often, *seldom, self.name_secretariat, self.recover_by_sheet, self.recover_by_secretariat]

    # ------------------------------------------------------------------------------------------ within

    def _admitted(self, made: Admitted, role: str) -> Next:
        one = One(made.desk_number, role, made.sentence, self.truth.version + 1)
        return made.keys, self.truth.but(made.user_id, one)

    def _rekeyed(self, user_id: str | None, **how: Any) -> Next:
        truth, self.new_keys = self.truth, True
        one = truth.people.get(user_id or "")
        new_class = one is None or one.role == "SUPERVISOR"
        words, made_sheet = self._new_sheet() if new_class and self.dice.random() < 0.5 else ("", None)
        if user_id is not None and user_id != self.keys.user_id:
            self._leaves(user_id, removed="without" in how)
        made = people.rekey(self.keys, MAKING, new_sealed_class=new_class, sheet=made_sheet, **how)
        if made.admitted is None:
            truth = replace(truth, version=truth.version + 1) if user_id is None else truth.but(user_id, None)
        else:
            _, truth = self._admitted(made.admitted, how["afresh"][1])
        truth = truth.with_sheet(words) if words else truth
        added = int(new_class)
        return made.keys, replace(
            truth,
            generation=truth.generation + 1,
            sealed_class=truth.sealed_class + added,
            halves=truth.halves + added,
        )

    def _new_sheet(self) -> tuple[str, sheet.SheetKeys]:
        entropy = self.dice.randbytes(ENTROPY_BYTES)
        return sheet_words(WORDS, entropy), sheet.derive(entropy, self.keys.vault_id)

    def _leaves(self, user_id: str, *, removed: bool = False) -> None:
        """Keep what somebody knows who is about to lose it: an attacker who was at home here."""
        one = self.truth.people[user_id]
        if not one.suspended:
            had = open_vault(*self.copies, one.sentence, one.desk)
            self.gone.append(Gone(had.x25519, had.ed25519, had.dek, had.header.access_lists, removed))

    def _other(self) -> str | None:
        others = sorted(self.truth.people.keys() - {self.keys.user_id}, key=self._desk)
        return self.dice.choice(others) if others else None

    def _desk(self, user_id: str) -> int:
        return self.truth.people[user_id].desk
