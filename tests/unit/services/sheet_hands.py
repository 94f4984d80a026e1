"""What the tests of the recovery sheet do to a desk."""

from __future__ import annotations

from pathlib import Path

from desktop import vault_files, wordlists
from desktop.bootstrap import Desk, Door
from desktop.crypto.sheet import SheetKeys
from desktop.crypto.vaultkeys import Recovered, open_with_sheet
from desktop.crypto.words import sheet_words
from tests.factory import Place

WORDS = wordlists.load()[wordlists.DEFAULT]
ANOTHER = sheet_words(WORDS, bytes(range(16)))  # a whole sheet, and not of this vault


def taken(desk: Desk) -> tuple[str, SheetKeys]:
    """Twelve new words and their sheet, typed back."""
    words = desk.sheets.offer()
    return words, desk.sheets.take(words.upper())


def new_sheet(place: Place) -> str:
    """The words of a sheet just made anew."""
    words, sheet = taken(place.desk)
    place.desk.sheets.renew(sheet)
    return words


def let_in(place: Place, words: str, user_id: str | None = None) -> tuple[int, str]:
    """Back in at a locked place: the desk number and its new sentence."""
    recovery = Door(place.folder, place.clock).vaults.recover_with_sheet(words)
    try:
        sentence = recovery.offer_sentence()
        return recovery.let_in(user_id or recovery.supervisors()[0].user_id, sentence), sentence
    finally:
        recovery.close()


def recovered(place: Place, words: str) -> None:
    """Lock, come back in by the sheet, and go on as the first supervisor with the new sentence."""
    place.desk.lock()
    desk, place.sentence = let_in(place, words)
    place.desk = Door(place.folder, place.clock).unlock(desk, place.sentence)


def opened_by(words: str, folder: Path) -> Recovered:
    """What the words open of the header in a data folder."""
    return open_with_sheet(*vault_files.read_header_copies(vault_files.newest_generation(folder)), words, WORDS)
