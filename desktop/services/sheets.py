"""The recovery sheet of an open vault: how it stands, made anew, tried out; closing the desk (threat-model 5.2, R30).

Twelve new words are shown once and typed back before anything is made with them; they are kept nowhere.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import LargeBinary, cast, select, text

from db.models.base import ACTS_OF_SHEET, DeskUser, JournalEntry
from db.models.office import Revision
from desktop import wordlists
from desktop.clock import parse_stamp
from desktop.crypto.access_list import VaultKind
from desktop.crypto.encoding import Malformed
from desktop.crypto.header_changes import renew_sheet
from desktop.crypto.people import without_slots
from desktop.crypto.recover import supervisors_gone
from desktop.crypto.sheet import SheetKeys, derive
from desktop.crypto.vaultkeys import Recovered, normalised, open_with_sheet
from desktop.crypto.words import ENTROPY_BYTES, sheet_entropy, sheet_words
from desktop.errors import NotTrusted, Obstacle
from desktop.rules.journal_chain import Act
from desktop.rules.records import Topic
from desktop.services import journal
from desktop.services.access_lists import changing, take_over
from desktop.services.new_keys import Report, give_new_keys, unwatched
from desktop.services.people_facts import PeopleChanged
from desktop.services.sealed import read_sealed
from desktop.services.session import OpenVault
from desktop.vault_files import older_generations, read_header_copies

GOOD_FOR = timedelta(days=365)  # a sheet, and what a drill proved
_TRIED = 20  # records whose sealed values a drill tries, until one opens


@dataclass(frozen=True)
class SheetStanding:
    """How the sheet stands. Instants as they are stored; None for never.

    `new_due`: it is to be made anew, because it is a year old or because who was supervisor since it was made is none
    now (`somebody_left`). `drill_due`: nobody has shown for a year that its words open the vault. `recovery_due`: a
    recovery laid keys open that are still in force; `renew_with_new_keys` ends that, and until then nothing goes out.
    """

    made_at: str
    proved_at: str | None
    new_due: bool
    somebody_left: bool
    drill_due: bool
    recovery_due: bool
    made_by: str = field(default="", repr=False)
    proved_by: str = field(default="", repr=False)


class SheetService:
    """Looking after the recovery sheet of one vault."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault
        self._shown: str | None = None

    def standing(self) -> SheetStanding:
        """Return how the sheet stands now."""
        with self._vault.reading() as session:
            # As bytes: what somebody wrote there from outside need not be text.
            entry = [cast(column, LargeBinary) for column in (JournalEntry.act, JournalEntry.at, JournalEntry.user)]
            first = _texts(session.execute(select(*entry).where(JournalEntry.n == 1)).one())
            of_sheet = session.execute(select(*entry).where(text(ACTS_OF_SHEET)).order_by(JournalEntry.n)).all()
            people = select(DeskUser.id, DeskUser.name)
            names = {row.id: row.name for row in session.execute(people)}
        last = {act: (at, names.get(user, "")) for act, at, user in map(_texts, of_sheet)}
        made, made_by = last.get(Act.SHEET_REMADE.value, (first[1], names.get(first[2], "")))
        proved, proved_by = last.get(Act.SHEET_PROVED.value, (None, ""))
        lists = self._vault.keys.header.access_lists
        left = bool(supervisors_gone(lists))
        return SheetStanding(
            made_at=made,
            proved_at=proved,
            new_due=left or self._is_old(made),
            somebody_left=left,
            drill_due=self._is_old(max(made, proved or made)),
            recovery_due=self._vault.recovery_due,
            made_by=made_by,
            proved_by=proved_by,
        )

    def _is_old(self, at: str) -> bool:
        try:
            return self._vault.clock.now() - parse_stamp(at) > GOOD_FOR
        except (TypeError, ValueError):  # somebody wrote into the journal from outside: nobody knows how old it is
            return True

    # ------------------------------------------------------------------------------------------ made anew

    def offer(self) -> str:
        """Return twelve new words to write down by hand. Asked again, these are void and others come."""
        self._vault.require("people.manage")
        self._shown = sheet_words(wordlists.load()[wordlists.DEFAULT], os.urandom(ENTROPY_BYTES))
        return self._shown

    def take(self, typed: str) -> SheetKeys:
        """Return the sheet whose words were typed back from the paper, all twelve; nothing is written yet.

        It goes into one of `renew`, `renew_with_new_keys`, `PeopleService.remove`, `set_role` and `may_know`.

        Raises:
            WrongSentence: WORD_UNKNOWN with its position.
            Obstacle: SHEET_NOT_OFFERED; SHEET_NOT_AS_SHOWN with the position of the first word that is another one or
                missing. They can be typed again.
        """
        self._vault.require("people.manage")
        if self._shown is None:
            raise Obstacle("SHEET_NOT_OFFERED")
        words = wordlists.load()[wordlists.DEFAULT]
        written, shown = normalised(words, typed).split(), self._shown.split()
        if written != shown:
            agree = [one == other for one, other in zip(written, shown, strict=False)]
            raise Obstacle("SHEET_NOT_AS_SHOWN", position=(agree.index(False) if False in agree else len(agree)) + 1)
        made = derive(sheet_entropy(words, self._shown), self._vault.vault)
        self._shown = None
        return made

    def renew(self, sheet: SheetKeys) -> PeopleChanged:
        """Put a new sheet in the place of the present one, whose words open nothing from now on.

        They still open copies made before, with the same data key in them: where somebody may know the words,
        `renew_with_new_keys` is right.

        Raises:
            Obstacle: SHEET_NOT_NEW, LISTS_FULL, or what the disk refuses.
        """
        self._vault.require("people.manage")
        vault = self._vault
        with changing(vault) as session:
            take_over(session, vault, renew_sheet(vault.keys, sheet))
            journal.append(session, vault, Act.SHEET_REMADE, vault.vault.hex(), revision_hash=vault.list_sha256)
        return self._changed()

    def renew_with_new_keys(self, sheet: SheetKeys, report: Report = unwatched) -> PeopleChanged:
        """Give the vault new keys and a new sheet at once: after a recovery, or because somebody may know the words.

        Nobody is removed and every sentence stays. Values are sealed again by `PeopleService.seal_again`.

        Raises:
            Obstacle: SHEET_NOT_NEW, LISTS_FULL, ROTATION_UNSURE, or what the disk refuses.
            Stopped: `report` raised it before the keys were changed; nothing was, and `sheet` may be given again.
        """
        self._vault.require("people.manage")
        reason = "AFTER_RECOVERY" if self._vault.recovery_due else "SHEET_MAY_BE_KNOWN"
        return give_new_keys(
            self._vault,
            Act.KEYS_CHANGED,
            self._vault.vault.hex(),
            report,
            reason=reason,
            new_sealed_class=True,
            sheet=sheet,
        )

    def _changed(self) -> PeopleChanged:
        keys = self._vault.keys
        due = bool(supervisors_gone(keys.header.access_lists))
        return PeopleChanged(keys.user_id, keys.desk_number, sheet_due=due, topics=frozenset({Topic.PEOPLE}))

    # ------------------------------------------------------------------------------------------ tried out

    def prove(self, typed: str) -> bool:
        """Show that these words open the vault as it is on the disk, and change nothing but the journal's entry of it.

        Returns:
            Whether a sealed value was opened as well; False where there is none, or its key is not the office's.

        Raises:
            WrongSentence: WORD_UNKNOWN with its position, SHEET_WORDS_WRONG, SHEET_OTHER_VAULT. Counted nowhere.
            HeaderDamaged, VaultSubstituted: As opening with the sheet would be refused.
            Obstacle: SHEET_COPY_DAMAGED, only one copy of the key header is whole or up to date.
            NotTrusted: SHEET_OPENS_NO_VALUE, the sealed values tried do not open with it.
        """
        self._vault.require("people.manage")
        vault, words = self._vault, wordlists.load()[wordlists.DEFAULT]
        copies = read_header_copies(vault.generation)
        opened = open_with_sheet(*copies, typed, words)
        if any(copy != vault.keys.header_bytes for copy in copies):
            raise Obstacle("SHEET_COPY_DAMAGED")
        sealed = self._opens_a_value(opened)
        with vault.writing() as session:
            journal.append(session, vault, Act.SHEET_PROVED, vault.vault.hex(), revision_hash=vault.list_sha256)
        return sealed

    def _opens_a_value(self, opened: Recovered) -> bool:
        if not opened.r or self._vault.kind != VaultKind.OFFICE:
            return False
        with_it = replace(self._vault, sealed_private=dict(opened.r))
        query = select(Revision.record_id).where(Revision.sealed.is_not(None)).distinct().limit(_TRIED)
        with self._vault.reading() as session:
            tried = session.scalars(query).all()
            for record_id in tried:
                with contextlib.suppress(NotTrusted, Malformed):  # a damaged value proves nothing of the sheet
                    read_sealed(session, with_it, record_id)
                    return True
        if tried:
            raise NotTrusted("SHEET_OPENS_NO_VALUE")
        return False

    # ------------------------------------------------------------------------------------------ closing the desk

    def close_desk(self, typed: str) -> None:
        """Take every slot out of the key header: no sentence opens the vault any more, a recovery does (attack 35).

        The words of the sheet are tried first, as in the drill: they are then the office's own way back. The entry
        comes before the header, so that no desk is closed without one. Whoever asks for it locks the vault at once.

        Raises:
            As `prove`; nothing was changed.
            Obstacle: EARLIER_VAULT_LEFT: the vault from before new keys lies there until the next unlock, and opens.
            Obstacle: What the disk refuses; DESK_CLOSED stands in the journal and the desk is open as before.
                CHANGE_IN_FORCE: the desk is closed, only its note was refused.
                HEADER_UNSURE: the vault is closed, and the desk may be.
        """
        vault = self._vault
        earlier = older_generations(vault.generation.data, vault.generation)
        if {generation.folder.name for generation in earlier} - set(vault.foreign_vaults):
            raise Obstacle("EARLIER_VAULT_LEFT")
        self.prove(typed)
        with vault.writing() as session:
            journal.append(session, vault, Act.DESK_CLOSED, vault.vault.hex())
        with changing(vault) as session:
            take_over(session, vault, without_slots(vault.keys))


def _texts(row: Iterable[bytes | None]) -> tuple[str, str, str]:
    act, at, user = ((written or b"").decode("utf-8", "replace") for written in row)
    return act, at, user
