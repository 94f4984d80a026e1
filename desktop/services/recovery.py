"""Back in with the recovery sheet: one supervisor gets a new sentence and new keys, and nobody else is touched.

The sheet's words open the vault and sign the next access list (threat-model 5.2). What follows is a usual unlock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from db.errors import StorageError
from db.models.base import DeskUser
from desktop import wordlists
from desktop.attempts import Attempts
from desktop.crypto.access_list import SUPERVISOR
from desktop.crypto.recover import in_the_sheets_hands, readmit_with_sheet
from desktop.crypto.vaultkeys import Unlocked, open_with_sheet
from desktop.errors import Obstacle, WrongSentence
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.access_lists import changing, take_over
from desktop.services.offers import Offers, new_slots
from desktop.services.session import OpenVault
from desktop.vault_files import Generation, read_header_copies


@dataclass(frozen=True)
class Recoverable:
    """A supervisor whom the sheet can let in again."""

    user_id: str
    desk_number: int
    name: str = field(repr=False)


def open_by_words(generation: Generation, typed_words: str, attempts: Attempts) -> Unlocked:
    """Open a generation's keys with the words of its sheet.

    Raises:
        As `open_with_sheet`; words that are not this vault's sheet count as a failure.
    """
    copies = read_header_copies(generation)
    try:
        return in_the_sheets_hands(open_with_sheet(*copies, typed_words, wordlists.load()[wordlists.DEFAULT]))
    except WrongSentence as error:
        if error.code != "WORD_UNKNOWN":
            attempts.failed()
        raise


class SheetRecovery:
    """The vault in the sheet's hands: whom it can let in, sentences to choose from, and the one act that writes.

    Whatever is asked of it, the vault is as it was until `let_in` has returned. It ends with `let_in` or `close`.
    """

    def __init__(self, vault: OpenVault, release: Callable[[], None]) -> None:
        """Hold an open vault in which nobody is signed in; `release` lets the folder go."""
        self._vault = vault
        self._release = release
        self._offers = Offers()

    def supervisors(self) -> tuple[Recoverable, ...]:
        """Return the supervisors of the signed list, by desk number. There is always one."""
        listed = {user.id: user for user in self._vault.keys.access_list.users if user.role == SUPERVISOR}
        with self._vault.reading() as session:
            found = session.execute(select(DeskUser.id, DeskUser.name).where(DeskUser.id.in_(listed)))
            names = {row.id: row.name for row in found}
        made = (Recoverable(user.id, user.desk_number, names.get(user.id, "")) for user in listed.values())
        return tuple(sorted(made, key=lambda one: one.desk_number))

    def offer_sentence(self) -> str:
        """Return a generated sentence of six words to write down; the ones before stay choosable.

        Raises:
            Obstacle: SENTENCES_OFFERED after the third.
        """
        return self._offers.draw(SUPERVISOR)

    def let_in(self, user_id: str, typed: str) -> int:
        """Give a supervisor the sentence that was typed back, close the vault, and return the desk number to unlock.

        Raises:
            WrongSentence: WORD_UNKNOWN with its position.
            Obstacle: SENTENCE_NOT_OFFERED, USER_GONE, LISTS_FULL, MEMORY_SHORT: nothing was changed, and it may be
                asked again; so after what the disk refuses. HEADER_UNSURE: the vault is closed; the words of the
                sheet open it as before, or the new sentence does already.
        """
        sentence, vault = self._offers.typed_back(typed), self._vault
        vault.user = user_id  # whose act it is
        try:
            with changing(vault) as session:
                made = readmit_with_sheet(vault.keys, user_id, new_slots(), sentence)
                take_over(session, vault, made.keys)
                journal.append(session, vault, Act.RECOVERED_BY_SHEET, user_id, revision_hash=made.keys.list_sha256)
        except Obstacle as error:
            if error.code == "HEADER_UNSURE":
                self.close()
            raise
        self.close()
        return made.desk_number

    def close(self) -> None:
        """Let the vault go. Closing twice does no harm."""
        with contextlib.suppress(StorageError):
            self._vault.store.close()
        self._release()
