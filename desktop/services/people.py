"""The people of the desk: who may open the vault, in which role, with which sentence (threat-model 5.2, 5.3).

A sentence is handed out once, as the answer of the act that made it, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from desktop import machine, wordlists
from desktop.clock import today
from desktop.crypto import kdf, people
from desktop.crypto.access_list import SUPERVISOR, SUSPENDED
from desktop.crypto.vaultkeys import normalised
from desktop.errors import Obstacle
from desktop.rules.access import may_see_health
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.services import journal, rotation
from desktop.services.access_lists import changing, settle, take_over
from desktop.services.people_facts import PeopleChanged, Person, check_facts, check_role, check_training
from desktop.services.session import OpenVault

MOST_OFFERED = 3

Report = Callable[[int, int], object]  # told how many steps are done, of how many; what it raises stops


def _unwatched(_done: int, _of: int) -> None:
    pass


class PeopleService:
    """Looking after the people of one office's vault."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault
        self._offered: list[str] = []

    # ------------------------------------------------------------------------------------------ looking

    def list(self) -> tuple[Person, ...]:
        """Return everybody who works here or did, by desk number."""
        self._vault.require("people.manage")
        signed_in = (
            select(JournalEntry.user, func.max(JournalEntry.at), func.max(JournalEntry.n))
            .where(JournalEntry.act == Act.UNLOCKED.value)
            .group_by(JournalEntry.user)
        )
        new_keys = select(func.max(JournalEntry.n)).where(JournalEntry.act == Act.KEYS_CHANGED.value)
        with self._vault.reading() as session:
            last = {user: (at, n) for user, at, n in session.execute(signed_in)}
            changed = session.scalar(new_keys) or 0
            rows = session.scalars(select(DeskUser).order_by(DeskUser.desk_number)).all()
        return tuple(self._person(row, last.get(row.id), changed) for row in rows)

    def _person(self, row: DeskUser, signed_in: tuple[str, int] | None, keys_entry: int) -> Person:
        signed_in_at, entry = signed_in or (None, 0)
        return Person(
            id=row.id,
            desk_number=row.desk_number,
            name=row.name,
            title=row.title,
            phone=row.phone,
            role=row.role,
            suspended=row.suspended_at is not None and row.left_at is None,
            left=row.left_at is not None,
            trained_on=row.trained_on,
            undertaking_on=row.undertaking_on,
            signed_in_at=signed_in_at,
            since_new_keys=entry >= keys_entry,
            is_self=row.id == self._vault.user,
        )

    def may_see_health(self) -> bool:
        """Say whether the person at the desk may be shown health facts (L-04). Screens ask it before showing any."""
        with self._vault.reading() as session:
            row = session.get_one(DeskUser, self._vault.user)
        return may_see_health(
            self._vault.role, trained=row.trained_on is not None, bound_to_secrecy=row.undertaking_on is not None
        )

    def sealing_due(self) -> bool:
        """Say whether sealed values still wait to be sealed to the new key after a supervisor left."""
        return rotation.sealing_due(self._vault)

    # ------------------------------------------------------------------------------------------ one's own sentence

    def offer_sentence(self) -> str:
        """Return a generated sentence to choose, at most three until one is taken; the last ones stay choosable.

        Raises:
            Obstacle: SENTENCES_OFFERED.
        """
        self._vault.require("sentence.change")
        if len(self._offered) >= MOST_OFFERED:
            raise Obstacle("SENTENCES_OFFERED", limit=MOST_OFFERED)
        signs = self._vault.keys.role == SUPERVISOR
        self._offered.append(people.sentence_for(SUPERVISOR if signs else "", wordlists.load()[wordlists.DEFAULT]))
        return self._offered[-1]

    def change_sentence(self, old: str, new: str) -> Outcome:
        """Wrap one's own keys under `new`, one of the sentences offered.

        Copies of the vault taken earlier still open with the old one: where somebody may know it, `may_know` is right.

        Raises:
            Obstacle: SENTENCE_NOT_OFFERED, MEMORY_SHORT.
            WrongSentence: OLD_SENTENCE_WRONG, WORD_UNKNOWN; nothing was changed.
        """
        self._vault.require("sentence.change")
        new = self._offered_one(new)
        keys = people.change_sentence(self._vault.keys, old, new, wordlists.load(), _new_slots())
        with changing(self._vault) as session:
            take_over(session, self._vault, keys)
            journal.append(session, self._vault, Act.SENTENCE_CHANGED, self._vault.user)
        self._offered.clear()
        return Outcome((), 0, frozenset({Topic.PEOPLE}))

    # ------------------------------------------------------------------------------------------ people

    def add(
        self,
        *,
        name: str,
        title: str = "",
        phone: str = "",
        role: str,
        trained_on: str | None = None,
        undertaking_on: str | None = None,
    ) -> PeopleChanged:
        """Add somebody, with a sentence of their own that is shown once.

        Raises:
            NotAccepted: A name, role or date is not right.
            Obstacle: DESK_FULL, LISTS_FULL, or what the disk refuses.
        """
        self._vault.require("people.manage")
        check_facts(name, title, phone)
        check_training(trained_on, undertaking_on, today(self._vault.clock))
        check_role(role)
        with changing(self._vault) as session:
            taken = session.scalars(select(DeskUser.desk_number)).all()
            made = people.add_user(self._vault.keys, role, _new_slots(), taken=taken)
            session.add(
                DeskUser(
                    id=made.user_id,
                    desk_number=made.desk_number,
                    name=name,
                    title=title,
                    phone=phone,
                    role=role,
                    trained_on=trained_on,
                    undertaking_on=undertaking_on,
                )
            )
            session.flush()
            take_over(session, self._vault, made.keys)
            journal.append(session, self._vault, Act.USER_ADDED, made.user_id, reason=role)
        return PeopleChanged(made.user_id, made.desk_number, made.sentence)

    def rename(self, user_id: str, *, name: str, title: str, phone: str) -> PeopleChanged:
        """Change what is known of somebody: name, title, telephone.

        Raises:
            NotAccepted: A name is empty, too long or holds unseen signs.
            Obstacle: USER_GONE.
        """
        self._vault.require("people.manage")
        check_facts(name, title, phone)
        with self._vault.writing() as session:
            row = _row(session, user_id)
            row.name, row.title, row.phone = name, title, phone
            journal.append(session, self._vault, Act.USER_RENAMED, user_id)
        return PeopleChanged(user_id, row.desk_number)

    def set_training(self, user_id: str, *, trained_on: str | None, undertaking_on: str | None) -> PeopleChanged:
        """Note when somebody was trained and bound to secrecy; None takes it back. Both open health facts to officers.

        Raises:
            NotAccepted: Not a day, or one still to come.
            Obstacle: USER_GONE.
        """
        self._vault.require("people.manage")
        check_training(trained_on, undertaking_on, today(self._vault.clock))
        with self._vault.writing() as session:
            row = _row(session, user_id)
            row.trained_on, row.undertaking_on = trained_on, undertaking_on
            journal.append(session, self._vault, Act.USER_TRAINING_NOTED, user_id)
        return PeopleChanged(user_id, row.desk_number)

    def set_role(self, user_id: str, role: str, report: Report = _unwatched) -> PeopleChanged:
        """Give somebody another role. To and from supervisor they get new keys and a new sentence.

        Who stops being supervisor has known the sealed class: vault and class get new keys, as at a removal.

        Raises:
            NotAccepted: VALUE_NOT_IN_LIST.
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, USER_SUSPENDED, LISTS_FULL, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        check_role(role)
        before = self._listed_role(user_id)
        if before == SUSPENDED:
            raise Obstacle("USER_SUSPENDED")
        if before == SUPERVISOR != role:
            return self._rekey(
                Act.USER_ROLE_CHANGED, user_id, report, reason=role, afresh=(user_id, role), new_sealed_class=True
            )
        sentence = None
        with changing(self._vault) as session:
            if before != SUPERVISOR == role:
                made = people.readmit(self._vault.keys, user_id, role, _new_slots())
                keys, sentence = made.keys, made.sentence
            else:
                keys = people.change_role(self._vault.keys, user_id, role)
            take_over(session, self._vault, keys)
            journal.append(session, self._vault, Act.USER_ROLE_CHANGED, user_id, reason=role)
        return PeopleChanged(user_id, self._desk_number(user_id), sentence)

    def readmit(self, user_id: str) -> PeopleChanged:
        """Let somebody in again who forgot their sentence or was suspended: a new sentence, new keys, the same person.

        What they had typed and not saved was sealed to the keys they lost.

        Raises:
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, LISTS_FULL, or what the disk refuses.
        """
        self._vault.require("people.manage")
        with changing(self._vault) as session:
            role = people.role_of(self._vault.keys, user_id)
            made = people.readmit(self._vault.keys, user_id, role, _new_slots())
            take_over(session, self._vault, made.keys)
            journal.append(session, self._vault, Act.USER_READMITTED, user_id, reason=role)
        return PeopleChanged(user_id, made.desk_number, made.sentence)

    def suspend(self, user_id: str) -> PeopleChanged:
        """Let somebody in no more until they are readmitted. It changes no key: for good, `remove` is right.

        Raises:
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, LISTS_FULL, or what the disk refuses.
        """
        self._vault.require("people.manage")
        with changing(self._vault) as session:
            take_over(session, self._vault, people.suspend(self._vault.keys, user_id))
            journal.append(session, self._vault, Act.USER_SUSPENDED, user_id)
        return PeopleChanged(user_id, self._desk_number(user_id))

    def remove(self, user_id: str, report: Report = _unwatched) -> PeopleChanged:
        """Take somebody off the desk: new keys for vault and device, and after a supervisor for the sealed class too.

        It protects what is written from now on. Copies taken earlier stay readable to them (threat-model 7).

        Raises:
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, LISTS_FULL, ROTATION_UNSURE, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        knew = people.role_of(self._vault.keys, user_id) == SUPERVISOR
        return self._rekey(Act.USER_REMOVED, user_id, report, without=user_id, new_sealed_class=knew)

    def may_know(self, user_id: str, report: Report = _unwatched, *, sentence: str | None = None) -> PeopleChanged:
        """Somebody may know this person's sentence: new keys for all, and a new sentence for this person.

        What this person had typed and not saved was sealed to the keys they had.

        Args:
            user_id: Whose sentence it is.
            report: Told the steps.
            sentence: For oneself, and only then: one of the sentences offered, typed back. The old one opens nothing
                from the rename on, so a sentence shown after it could be lost with whatever cuts the desk off.

        Raises:
            Obstacle: SENTENCE_NOT_OFFERED, USER_GONE, LISTS_FULL, ROTATION_UNSURE, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        role = people.role_of(self._vault.keys, user_id)
        if (sentence is not None) != (user_id == self._vault.user):
            raise Obstacle("SENTENCE_NOT_OFFERED")
        taken = None if sentence is None else self._offered_one(sentence)
        afresh = None if self._listed_role(user_id) == SUSPENDED else (user_id, role)
        changed = self._rekey(
            Act.KEYS_CHANGED,
            user_id,
            report,
            reason="SENTENCE_MAY_BE_KNOWN",
            afresh=afresh,
            sentence=taken,
            new_sealed_class=role == SUPERVISOR,
        )
        if taken is None:
            return changed
        self._offered.clear()
        return replace(changed, sentence=None)  # its owner has it already

    def seal_again(self, report: Report = _unwatched) -> PeopleChanged:
        """Seal values to the new key, from where it was stopped. Nothing is lost by stopping it again.

        It follows every act that answers `sealing_due`, once the sentence of that act is in its owner's hands.

        Raises:
            Stopped: `report` raised it.
        """
        self._vault.require("people.manage")
        if rotation.sealing_due(self._vault):
            rotation.seal_all_again(self._vault, report)
        own = self._vault.keys
        return PeopleChanged(own.user_id, own.desk_number, sealing_due=rotation.sealing_due(self._vault))

    # ------------------------------------------------------------------------------------------ within

    def _rekey(
        self,
        act: Act,
        user_id: str,
        report: Report,
        *,
        reason: str | None = None,
        without: str | None = None,
        afresh: tuple[str, str] | None = None,
        sentence: str | None = None,
        new_sealed_class: bool,
    ) -> PeopleChanged:
        vault = self._vault
        settle(vault)
        desk_number = self._desk_number(user_id)
        made = people.rekey(
            vault.keys,
            _new_slots(),
            without=without,
            afresh=afresh,
            sentence=sentence,
            new_sealed_class=new_sealed_class,
        )

        def entries(session: Session) -> None:
            journal.append(session, vault, act, user_id, reason=reason)
            if act is not Act.KEYS_CHANGED:
                journal.append(session, vault, Act.KEYS_CHANGED, vault.vault.hex(), reason=act.value)

        rotation.rotate(vault, made, entries, report)
        return PeopleChanged(
            user_id,
            desk_number,
            made.admitted.sentence if made.admitted else None,
            keys_changed=True,
            sealing_due=rotation.sealing_due(vault),
            sheet_due=new_sealed_class and act is not Act.KEYS_CHANGED,
            topics=frozenset({Topic.PEOPLE, Topic.OFFICE}),
        )

    def _offered_one(self, typed: str) -> str:
        """Return the offered sentence that was typed. Raises Obstacle SENTENCE_NOT_OFFERED, WrongSentence."""
        written = normalised(wordlists.load()[wordlists.DEFAULT], typed)
        if written not in self._offered:
            raise Obstacle("SENTENCE_NOT_OFFERED")
        return written

    def _listed_role(self, user_id: str) -> str:
        user = self._vault.keys.access_list.user(user_id)
        if user is None:
            raise Obstacle("USER_GONE")
        return user.role

    def _desk_number(self, user_id: str) -> int:
        user = self._vault.keys.access_list.user(user_id)
        return user.desk_number if user else 0


def _new_slots() -> people.NewSlots:
    return people.NewSlots(wordlists.load()[wordlists.DEFAULT], kdf.cost_for(machine.total_memory_bytes()))


def _row(session: Session, user_id: str) -> DeskUser:
    row = session.get(DeskUser, user_id)
    if row is None:
        raise Obstacle("USER_GONE")
    return row
