"""The vault itself: make one, unlock it in the order of threat-model 5.2, say how it stands, close it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from db import schema
from db.engine import open_engine
from db.models.base import DeskUser, Secret, VaultNote
from db.models.office import Office
from db.store import Store
from desktop import errors, machine, vault_files, wordlists
from desktop.attempts import Attempts
from desktop.bundles import members
from desktop.catalogue import Catalogue
from desktop.clock import Clock, stamp
from desktop.crypto import kdf
from desktop.crypto.access_list import VaultKind
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import desk_numbers
from desktop.crypto.header_changes import pinned_anew
from desktop.crypto.vaultkeys import NewVault, create_vault_keys, unlock
from desktop.rules.journal_chain import Act
from desktop.services import generations, journal
from desktop.services.access_lists import note_list, write_next
from desktop.services.enrolment import (
    DEVICE_RECEIVING_KEY,
    DEVICE_SIGNING_KEY,
)
from desktop.services.housekeeping import put_in_order
from desktop.services.marks import compare_mark, write_mark
from desktop.services.opening import open_generation
from desktop.services.recovery import SheetRecovery, open_by_words
from desktop.services.session import OpenVault, desk_errors

_ATTEMPTS_FILE = "attempts.json"
_FIRST_DESK_CODE, _DESK_CODES = 100, 900


_OFFICE_CODE = re.compile(r"[0-9]{3}-[0-9]{2}", re.ASCII)
_LONGEST_NAME = 120

Fill = Callable[[Session, NewVault], None]


@dataclass(frozen=True)
class _Founder:
    """The author of a vault's first journal entry."""

    user: str
    at: str

    def now(self) -> str:
        """Return the instant of founding."""
        return self.at


@dataclass(frozen=True)
class OfficeFacts:
    """What the first run asks about the office and its first supervisor."""

    county: str
    code: str
    name: str
    ministry: str
    phone: str
    supervisor_name: str = field(repr=False)
    supervisor_title: str
    supervisor_phone: str = field(repr=False)
    language: str = "en"


@dataclass(frozen=True)
class Created:
    """Shown once and kept nowhere: the sentence and the recovery sheet's twelve words."""

    sentence: str = field(repr=False)
    sheet_words: str = field(repr=False)
    vault: str


@dataclass(frozen=True)
class Prepared:
    """A vault whose keys are made and of which nothing is on disk; `write` puts it there and returns the vault's id.

    A window lets both be written down and typed back first, so that no vault exists whose words nobody holds.
    """

    sentence: str = field(repr=False)
    sheet_words: str = field(repr=False)
    write: Callable[[], str] = field(repr=False)


@dataclass(frozen=True)
class VaultStatus:
    """What the unlock screen may say before anybody signed in. `desks` are those that can be unlocked, if known.

    `closed`: no sentence opens the vault, because a supervisor closed the desk; a recovery does.
    """

    exists: bool
    wait_seconds: int
    desks: tuple[int, ...] = ()
    closed: bool = False


class VaultService:
    """The vault of one data folder."""

    def __init__(self, folder: Path, catalogue: Callable[[], Catalogue], clock: Clock) -> None:
        """Look after the vault in `folder`; the catalogue is read only once somebody unlocked."""
        self._folder = folder
        self._catalogue = catalogue
        self._clock = clock
        self._lock: vault_files.VaultLock | None = None

    def status(self) -> VaultStatus:
        """Say whether there is a vault, how long the next attempt has to wait, and which desks can be unlocked."""
        desks: tuple[int, ...] | None = None
        with contextlib.suppress(errors.DeskError):  # told when it is unlocked
            desks = desk_numbers(vault_files.read_header_copies(vault_files.newest_generation(self._folder)))
        wait = self._attempts().wait_seconds()
        return VaultStatus(vault_files.has_vault(self._folder), wait, desks or (), closed=desks == ())

    def create_office(self, facts: OfficeFacts, *, practice: bool = False) -> Created:
        """Make an office's vault: keys, first supervisor, recovery sheet, empty tables.

        Raises what `prepare_office` and its `write` raise.
        """
        return _written(self.prepare_office(facts, practice=practice))

    def prepare_office(self, facts: OfficeFacts, *, practice: bool = False) -> Prepared:
        """Make the keys of an office's vault and write nothing yet.

        Raises:
            NotAccepted: The county is none, the code is not one of that county, or a name is empty or too long.
            Obstacle: VAULT_EXISTS; from `write` also what the disk refuses.
        """
        if problems := self._problems(facts):
            raise errors.NotAccepted(problems)

        def fill(session: Session, keys: NewVault) -> None:
            session.add(
                Office(
                    id=1,
                    code=facts.code,
                    name=facts.name,
                    ministry=facts.ministry,
                    phone=facts.phone,
                    county=facts.county,
                    device=keys.unlocked.access_list.device.code,
                    desk_code=str(_FIRST_DESK_CODE + secrets.randbelow(_DESK_CODES)),
                    incarnation=os.urandom(16).hex(),
                    language=facts.language,
                    sequence=0,
                    anchored_count=0,
                    receipted_list=0,
                    last_case_year=0,
                    last_case_number=0,
                )
            )

        person = (facts.supervisor_name, facts.supervisor_title, facts.supervisor_phone)
        return self._prepare(VaultKind.OFFICE, practice, person, fill)

    def _problems(self, facts: OfficeFacts) -> tuple[errors.Problem, ...]:
        problems = []
        if facts.county not in self._catalogue().lists["counties"]:
            problems.append(errors.Problem("VALUE_NOT_IN_LIST", "office.county"))
        if not _OFFICE_CODE.fullmatch(facts.code) or not facts.code.startswith(f"{facts.county}-"):
            problems.append(errors.Problem("OFFICE_CODE_WRONG", "office.code"))
        problems += name_problems(facts.name, "office.name")
        problems += name_problems(facts.supervisor_name, "office.supervisor")
        for text, where in (
            (facts.ministry, "office.ministry"),
            (facts.supervisor_title, "office.title"),
            (facts.phone, "office.phone"),
        ):
            if text:
                problems += name_problems(text, where)
        return tuple(problems)

    def create_secretariat(self, person: tuple[str, str, str], fill: Fill, *, practice: bool = False) -> Created:
        """Make the Secretariat's vault; `person` is name, title and phone of who keeps it."""
        return _written(self._prepare(VaultKind.SECRETARIAT, practice, person, fill))

    def _prepare(self, kind: VaultKind, practice: bool, person: tuple[str, str, str], fill: Fill) -> Prepared:
        if vault_files.has_vault(self._folder):
            raise errors.Obstacle("VAULT_EXISTS")
        words = wordlists.load()["en-1"]
        cost = kdf.cost_for(machine.total_memory_bytes())
        keys = create_vault_keys(words, kind=kind, practice=practice, cost=cost)

        def fill_generation(generation: vault_files.Generation) -> None:
            with desk_errors():
                store = Store(open_engine(generation.database, keys.unlocked.dek, create=True))
                try:
                    with store.writing() as session:
                        schema.create(session.connection(), kind.value)
                        self._first_rows(session, keys, kind, practice, person)
                        fill(session, keys)
                finally:
                    store.close()
            vault_files.write_header(generation, keys.header)

        def write() -> str:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError:
                raise errors.Obstacle("FOLDER_NOT_WRITABLE") from None
            with vault_files.lock_vault(self._folder):
                if vault_files.has_vault(self._folder):
                    raise errors.Obstacle("VAULT_EXISTS")
                generation = vault_files.create_generation(self._folder, fill_generation)
                vault_files.check_encrypted(generation)
            return keys.unlocked.vault_id.hex()

        return Prepared(keys.sentence, keys.sheet_words, write)

    def _first_rows(
        self, session: Session, keys: NewVault, kind: VaultKind, practice: bool, person: tuple[str, str, str]
    ) -> None:
        made = keys.unlocked
        now = stamp(self._clock.now())
        session.add_all(
            [
                VaultNote(
                    id=1,
                    vault=made.vault_id.hex(),
                    kind=kind.value,
                    practice=practice,
                    list_sha256=bytes.fromhex(made.list_sha256),
                    list_version=made.access_list.version,
                    header_edit=made.header.edit,
                ),
                Secret(name=DEVICE_SIGNING_KEY, value=keys.device_ed25519, since=now),
                Secret(name=DEVICE_RECEIVING_KEY, value=keys.device_x25519, since=now),
                DeskUser(
                    id=made.user_id,
                    desk_number=made.desk_number,
                    name=person[0],
                    title=person[1],
                    phone=person[2],
                    role=made.role,
                ),
            ]
        )
        session.flush()
        act = Act.VAULT_CREATED if kind is VaultKind.OFFICE else Act.SECRETARIAT_CREATED
        journal.append(session, _Founder(made.user_id, now), act, made.vault_id.hex(), revision_hash=made.list_sha256)

    def unlock(self, desk_number: int, sentence: str) -> OpenVault:
        """Unlock the vault for the person of a desk number.

        The order is threat-model 5.2: slot, pinned list, chain of lists, private halves, data key, header, first bytes
        of the file, database, the vault's own note.

        Raises:
            NoVault, VaultBusy, WrongSentence, HeaderDamaged, VaultSubstituted, NotEncrypted, VaultDamaged, NewerVault:
                Each with a sentence of its own; the vault is as it was.
            Obstacle: WAIT_BEFORE_TRYING after several failures.
        """
        with self._taken() as (generation, attempts):
            copies = vault_files.read_header_copies(generation)
            try:
                keys = unlock(*copies, desk_number, sentence, wordlists.load())
            except errors.WrongSentence as error:
                if error.code == "WRONG_SENTENCE":
                    attempts.failed()
                raise
            foreign = generations.check_older(self._folder, generation, keys)
            vault_files.check_encrypted(generation)
            vault = open_generation(generation, keys, self._catalogue, self._clock)
            try:
                # A full disk must not keep anybody out (threat-model A5). The failures then stay counted for the next
                # unlock's entry, the other header copy is whole, and an older pin is sound.
                compare_mark(vault)
                with contextlib.suppress(errors.Obstacle):
                    self._note_unlock(vault, attempts)
                try:
                    self._mend_header(vault, sentence)
                except errors.Obstacle as error:
                    if error.code == "HEADER_UNSURE":
                        raise
                # Only now: until this generation has opened, the one before it is the office's only proof. And not
                # where this one is older than its mark: the lower may be the office's own, and this one a copy of it.
                if vault.mark_ahead is None:
                    vault_files.drop_older(self._folder, generation, foreign)
                put_in_order(vault, foreign)
                write_mark(vault)
            except BaseException:
                vault.store.close()
                raise
        return vault

    def recover_with_sheet(self, typed_words: str) -> SheetRecovery:
        """Open the vault with the twelve words of the recovery sheet, to let a supervisor in again.

        What it answers holds the vault until one of them has a new sentence, or it is closed.

        Raises:
            As `unlock`. WrongSentence: WORD_UNKNOWN with its position; SHEET_WORDS_WRONG and SHEET_OTHER_VAULT, which
            count as failures and wait alike.
        """
        with self._taken() as (generation, attempts):
            keys = open_by_words(generation, typed_words, attempts)
            generations.check_older(self._folder, generation, keys)
            vault_files.check_encrypted(generation)
            return SheetRecovery(open_generation(generation, keys, self._catalogue, self._clock), self.release)

    @contextlib.contextmanager
    def _taken(self) -> Iterator[tuple[vault_files.Generation, Attempts]]:
        """Take the lock for whoever may try now; it is let go again where the block fails."""
        attempts = self._attempts()
        if wait := attempts.wait_seconds():
            raise errors.Obstacle("WAIT_BEFORE_TRYING", seconds=wait)
        vault_files.newest_generation(self._folder)  # nothing is written where there is no vault
        self._lock = vault_files.lock_vault(self._folder)
        try:
            yield vault_files.newest_generation(self._folder), attempts
        except BaseException:
            self.release()
            raise

    def _note_unlock(self, vault: OpenVault, attempts: Attempts) -> None:
        with vault.writing() as session:
            vault.found_at_entry = journal.head(session).count
            note_list(session, vault, vault.keys, caught_up=True)
            failures = attempts.count()
            reason = f"AFTER_FAILURES_{failures}" if failures else None
            journal.append(session, vault, Act.UNLOCKED, vault.user, reason=reason)
        attempts.succeeded()

    def _mend_header(self, vault: OpenVault, sentence: str) -> None:
        """Make both copies equal, and the slot pin the current list."""
        if vault.keys.pin == vault.keys.access_list.pin():
            vault_files.mend_header(vault.generation, vault.keys.header_bytes)
            return
        keys = pinned_anew(vault.keys, sentence, wordlists.load())
        write_next(vault, keys)
        with vault.writing() as session:
            note_list(session, vault, keys)

    def lock(self, vault: OpenVault) -> None:
        """Close the vault and let go of it. Forgetting what memory holds takes a new process (threat-model 5.4)."""
        try:
            write_mark(vault)
            with desk_errors():
                vault.store.close()
        finally:
            self.release()

    def release(self) -> None:
        """Let another process have the vault."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _attempts(self) -> Attempts:
        return Attempts(self._folder / _ATTEMPTS_FILE, self._clock)


def _written(prepared: Prepared) -> Created:
    return Created(prepared.sentence, prepared.sheet_words, prepared.write())


def name_problems(written: str, where: str) -> tuple[errors.Problem, ...]:
    """Return what is wrong with a name that will stand in documents: nothing there, too long, or unseen signs."""
    if len(written) > _LONGEST_NAME:
        return (errors.Problem("TEXT_TOO_LONG", where, limit=_LONGEST_NAME),)
    try:
        members.text(written.strip())
    except Malformed:
        return (errors.Problem("LABEL_WRONG", where),)
    return ()
