"""The people of the desk: who may open the vault, in which role, with which sentence (threat-model 5.2, 5.3).

A sentence is handed out once, as the answer of the act that made it, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from desktop import wordlists
from desktop.clock import today
from desktop.crypto import people
from desktop.crypto.access_list import SUPERVISOR, SUSPENDED
from desktop.crypto.recover import supervisors_gone
from desktop.crypto.sheet import SheetKeys
from desktop.errors import Obstacle
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.services import health, journal, known_sentences, rotation, unused_slots
from desktop.services.access_lists import changing, take_over
from desktop.services.new_keys import Report, give_new_keys, unwatched
from desktop.services.offers import Offers, new_slots
from desktop.services.people_facts import PeopleChanged, Person, check_facts, check_role, check_training
from desktop.services.session import OpenVault


class PeopleService:
    """Looking after the people of one office's vault."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault
        self._offers = Offers()

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
            unused = unused_slots.dropped(session)
        return tuple(self._person(row, last.get(row.id), changed, unused) for row in rows)

    def _person(
        self, row: DeskUser, signed_in: tuple[str, int] | None, keys_entry: int, unused: Collection[str]
    ) -> Person:
        signed_in_at, entry = signed_in or (None, 0)
        return Person(
            id=row.id,
            desk_number=row.desk_number,
            name=row.name,
            title=row.title,
            phone=row.phone,
            role=row.role,
            suspended=row.suspended_at is not None and row.left_at is None,
            unused=row.suspended_at is not None and row.left_at is None and row.id in unused,
            shut_out=row.left_at is None and not row.suspended_at and not self._vault.keys.header.slot(row.desk_number),
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
            return health.may_see(session, self._vault)

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
        return self._offers.draw(self._vault.keys.role)

    def change_sentence(self, old: str, new: str) -> Outcome:
        """Wrap one's own keys under `new`, one of the sentences offered.

        Copies of the vault taken earlier still open with the old one: where somebody may know it, `may_know` is right.

        Raises:
            Obstacle: SENTENCE_NOT_OFFERED, MEMORY_SHORT.
            WrongSentence: OLD_SENTENCE_WRONG, WORD_UNKNOWN; nothing was changed.
        """
        self._vault.require("sentence.change")
        new = self._offers.typed_back(new)
        keys = people.change_sentence(self._vault.keys, old, new, wordlists.load(), new_slots())
        with changing(self._vault) as session:
            take_over(session, self._vault, keys)
            journal.append(session, self._vault, Act.SENTENCE_CHANGED, self._vault.user)
        self._offers.clear()
        return Outcome((), 0, frozenset({Topic.PEOPLE}))

    def report_known(self) -> Outcome:
        """Say that somebody may know one's own sentence. It changes no key: a supervisor is told, and `may_know` does.

        The sentence opens the vault until then, so it suspends nobody either.
        """
        self._vault.require("sentence.change")
        with self._vault.writing() as session:
            journal.append(session, self._vault, Act.SENTENCE_REPORTED, self._vault.user)
        return Outcome((), 0, frozenset({Topic.PEOPLE}))

    def reported(self) -> tuple[int, ...]:
        """Return the desk numbers of those who said so since the keys were last changed."""
        self._vault.require("people.manage")
        with self._vault.reading() as session:
            return known_sentences.reported(session)

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
            made = people.add_user(self._vault.keys, role, new_slots(), taken=taken)
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

    def set_role(
        self, user_id: str, role: str, report: Report = unwatched, *, sheet: SheetKeys | None = None
    ) -> PeopleChanged:
        """Give somebody another role. To and from supervisor they get new keys and a new sentence.

        Who stops being supervisor has known the sealed class: vault and class get new keys, as at a removal,
        and `sheet`, taken from `SheetService`, becomes the recovery sheet in the same instant.

        Raises:
            NotAccepted: VALUE_NOT_IN_LIST.
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, USER_SUSPENDED, SHEET_NOT_NEEDED, LISTS_FULL, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        check_role(role)
        before = self._listed_role(user_id)
        if before == SUSPENDED:
            raise Obstacle("USER_SUSPENDED")
        if before == SUPERVISOR != role:
            return give_new_keys(
                self._vault,
                Act.USER_ROLE_CHANGED,
                user_id,
                report,
                reason=role,
                afresh=(user_id, role),
                new_sealed_class=True,
                sheet=sheet,
            )
        if sheet is not None:
            raise Obstacle("SHEET_NOT_NEEDED")
        sentence = None
        with changing(self._vault) as session:
            if before != SUPERVISOR == role:
                made = people.readmit(self._vault.keys, user_id, role, new_slots())
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
            made = people.readmit(self._vault.keys, user_id, role, new_slots())
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
        knows_sealed = people.role_of(self._vault.keys, user_id) == SUPERVISOR
        gone = supervisors_gone(self._vault.keys.header.access_lists)
        return PeopleChanged(user_id, self._desk_number(user_id), knows_sealed=knows_sealed, sheet_due=user_id in gone)

    def remove(self, user_id: str, report: Report = unwatched, *, sheet: SheetKeys | None = None) -> PeopleChanged:
        """Take somebody off the desk: new keys for vault and device, and after a supervisor for the sealed class too.

        It protects what is written from now on. Copies taken earlier stay readable to them (threat-model 7).
        Who may have seen the recovery sheet is out at once only where a new `sheet`, taken from `SheetService`, comes
        with it.

        Raises:
            NotPermitted: YOURSELF, LAST_SUPERVISOR.
            Obstacle: USER_GONE, LISTS_FULL, ROTATION_UNSURE, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        knew = people.role_of(self._vault.keys, user_id) == SUPERVISOR
        return give_new_keys(
            self._vault, Act.USER_REMOVED, user_id, report, without=user_id, new_sealed_class=knew, sheet=sheet
        )

    def may_know(
        self,
        user_id: str,
        report: Report = unwatched,
        *,
        sentence: str | None = None,
        sheet: SheetKeys | None = None,
    ) -> PeopleChanged:
        """Somebody may know this person's sentence: new keys for all, and a new sentence for this person.

        What this person had typed and not saved was sealed to the keys they had.

        Args:
            user_id: Whose sentence it is.
            report: Told the steps.
            sentence: For oneself, and only then: one of the sentences offered, typed back. The old one opens nothing
                from the rename on, so a sentence shown after it could be lost with whatever cuts the desk off.
            sheet: A new recovery sheet, taken from `SheetService`, where they may know that as well.

        Raises:
            Obstacle: SENTENCE_NOT_OFFERED, USER_GONE, LISTS_FULL, ROTATION_UNSURE, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was.
        """
        self._vault.require("people.manage")
        role = people.role_of(self._vault.keys, user_id)
        if (sentence is not None) != (user_id == self._vault.user):
            raise Obstacle("SENTENCE_NOT_OFFERED")
        taken = None if sentence is None else self._offers.typed_back(sentence)
        afresh = None if self._listed_role(user_id) == SUSPENDED else (user_id, role)
        changed = give_new_keys(
            self._vault,
            Act.KEYS_CHANGED,
            user_id,
            report,
            reason="SENTENCE_MAY_BE_KNOWN",
            afresh=afresh,
            sentence=taken,
            new_sealed_class=role == SUPERVISOR,
            sheet=sheet,
        )
        if taken is None:
            return changed
        self._offers.clear()
        return replace(changed, sentence=None)  # its owner has it already

    def seal_again(self, report: Report = unwatched, given_up: Collection[str] = ()) -> PeopleChanged:
        """Seal values to the new key, from where it was stopped. Nothing is lost by stopping it again.

        It follows every act that answers `sealing_due`, once the sentence of that act is in its owner's hands.
        `given_up`: the `value` of each of the `unopened` that the supervisor was told of and lets go of.

        Raises:
            Stopped: `report` raised it.
        """
        self._vault.require("people.manage")
        own, left = self._vault.keys, rotation.Sealing((), 0)
        if rotation.sealing_due(self._vault):
            left = rotation.seal_all_again(self._vault, report, given_up)
        due = rotation.sealing_due(self._vault)
        return PeopleChanged(
            own.user_id, own.desk_number, sealing_due=due, unopened=left.unopened, for_trust=left.for_trust
        )

    # ------------------------------------------------------------------------------------------ within

    def _listed_role(self, user_id: str) -> str:
        user = self._vault.keys.access_list.user(user_id)
        if user is None:
            raise Obstacle("USER_GONE")
        return user.role

    def _desk_number(self, user_id: str) -> int:
        user = self._vault.keys.access_list.user(user_id)
        return user.desk_number if user else 0


def _row(session: Session, user_id: str) -> DeskUser:
    row = session.get(DeskUser, user_id)
    if row is None:
        raise Obstacle("USER_GONE")
    return row
