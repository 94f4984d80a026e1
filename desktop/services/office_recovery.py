"""Recovery by the Secretariat, the office's side: the request, the answer, and what an unlock then makes of it.

A request is made where nobody can sign in, so that nothing here opens the vault file. What the answer is measured by is
the list that the waiting keys pin under their sentence, and the recovery key that this list names (threat-model 5.2).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from db.models.base import JournalEntry
from desktop import errors, machine, vault_files, wordlists
from desktop.attempts import Attempts
from desktop.bundles.enrolment import digits
from desktop.bundles.recovery_files import (
    REQUEST_LABEL,
    RecoveryAnswer,
    RecoveryRequest,
    lists_that_fit,
    make_request,
    open_answer,
)
from desktop.clock import Clock, stamp
from desktop.crypto import kdf, recovery_lists
from desktop.crypto.access_list import (
    PAYLOAD_TYPE,
    SUPERVISOR,
    AccessList,
    ListedUser,
    RecoveryKind,
    VaultKind,
    read_list,
    verify_chain,
)
from desktop.crypto.encoding import Malformed, sha256_hex
from desktop.crypto.header import HeaderCopy, choose_copy
from desktop.crypto.people import sentence_for
from desktop.crypto.recovery_lists import Waiting
from desktop.crypto.signing import verify_envelope
from desktop.crypto.slots import SlotOwner, UserKeys, VaultSecrets
from desktop.crypto.vaultkeys import normalised, unlock
from desktop.crypto.words import WordList
from desktop.errors import NotTrusted, Obstacle, VaultSubstituted, WrongSentence
from desktop.files import read_file
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.enrolment import trust_in_force
from desktop.services.list_changes import BY_SECRETARIAT, signer_of
from desktop.services.recovery_keys import name_recovery_keys, recovery_keys
from desktop.services.session import OpenVault

KEY_FILE = "recovery-request.key"
_ATTEMPTS_FILE = "attempts.json"  # counted together with unlocks


@dataclass(frozen=True)
class RequestFile:
    """The file for the Secretariat, and the digits that are read out when it rings back."""

    file_name: str
    content: bytes = field(repr=False)
    digits: str


@dataclass(frozen=True)
class PreparedRequest:
    """A sentence to be written down; `write` takes it typed back, keeps the fresh keys under it, and makes the file.

    `write` raises Obstacle SENTENCE_NOT_OFFERED for another sentence, RECOVERY_WAITS, and what the disk refuses.
    """

    sentence: str = field(repr=False)
    write: Callable[[str], RequestFile] = field(repr=False)


class RecoveryRequests:
    """Asking the Secretariat for the way back into the vault of one data folder, and going it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Stand before the vault in `folder`."""
        self._folder = folder
        self._clock = clock

    def waits(self) -> bool:
        """Say whether a request was made and neither answered nor given up."""
        return os.path.lexists(self._folder / KEY_FILE)

    def prepare(self) -> PreparedRequest:
        """Draw fresh keys and their sentence; nothing is written yet.

        Raises:
            NoVault, HeaderDamaged, NewerVault, VaultSubstituted: The header cannot be read.
            Obstacle: RECOVERY_WAITS, a request is on its way; RECOVERY_NOT_POSSIBLE, no list names the Secretariat's
                recovery keys; DESK_FULL, LISTS_FULL.
        """
        if self.waits():
            raise Obstacle("RECOVERY_WAITS")
        header = _header(vault_files.newest_generation(self._folder)).header
        words = wordlists.load()[wordlists.DEFAULT]
        with _substitution():
            # Nobody is there whose slot could pin a list. Whether these are the office's, the Secretariat says.
            current = read_list(header.access_lists[-1])
            verify_chain(header.access_lists, current.pin(), header.vault_id)
        slot = recovery_lists.secretariat_slot(header, current)
        if slot is None or current.kind is not VaultKind.OFFICE:
            raise Obstacle("RECOVERY_NOT_POSSIBLE")
        keys = recovery_lists.new_keys()
        fresh = recovery_lists.fresh_supervisor(header.access_lists, str(uuid.uuid4()), keys)
        recovery_lists.check_fresh(header.access_lists, fresh)
        sentence = sentence_for(SUPERVISOR, words, secrets.token_bytes)

        def write(typed: str) -> RequestFile:
            if normalised(words, typed) != sentence:
                raise Obstacle("SENTENCE_NOT_OFFERED")
            made = make_request(
                RecoveryRequest(
                    vault=header.vault_id,
                    access_lists=lists_that_fit(header.access_lists),
                    slot=slot,
                    fresh=fresh,
                    made_at=stamp(self._clock.now()),
                ),
                Ed25519PrivateKey.from_private_bytes(keys.ed25519 or b""),
            )
            owner = SlotOwner(header.vault_id, fresh.id, fresh.desk_number, current.key_generation)
            kept = recovery_lists.make_waiting(
                keys, owner, current.pin(), sha256_hex(made.payload), sentence, words, cost=_cost()
            )
            with vault_files.lock_vault(self._folder):
                if self.waits():
                    raise Obstacle("RECOVERY_WAITS")
                vault_files.replace_file(self._folder / KEY_FILE, kept)
            return RequestFile(made.file_name, made.content, digits(REQUEST_LABEL, made.payload))

        return PreparedRequest(sentence, write)

    def give_up(self) -> None:
        """Throw the fresh keys away: whatever answer comes opens nothing then.

        Raises:
            Obstacle: RECOVERY_NONE_WAITS, FOLDER_NOT_WRITABLE.
        """
        if not self.waits():
            raise Obstacle("RECOVERY_NONE_WAITS")
        _forget_request(self._folder)
        if self.waits():
            raise Obstacle("FOLDER_NOT_WRITABLE")

    def take(self, content: bytes, sentence: str) -> int:
        """Take the Secretariat's answer in and return the desk number that the sentence opens from now on.

        Only the header is written. Taken in once more it changes nothing. The keys that waited are thrown away when the
        fresh supervisor has unlocked.

        Raises:
            WrongSentence: WRONG_SENTENCE or WORD_UNKNOWN; nothing was changed.
            NotTrusted: RECOVERY_KEY_DAMAGED; what `open_answer` raises; RECOVERY_ANSWER_FOR_ANOTHER, of another vault
                or request; RECOVERY_OVERTAKEN, the list has changed since; RECOVERY_ANSWER_WRONG, it would change more.
            VaultSubstituted: The header is not the one that the request was made from.
            Obstacle: RECOVERY_NONE_WAITS, WAIT_BEFORE_TRYING, what the disk refuses.
        """
        if not self.waits():
            raise Obstacle("RECOVERY_NONE_WAITS")
        attempts = Attempts(self._folder / _ATTEMPTS_FILE, self._clock)
        if wait := attempts.wait_seconds():
            raise Obstacle("WAIT_BEFORE_TRYING", seconds=wait)
        with vault_files.lock_vault(self._folder):
            waiting = _waiting(self._folder)
            words = wordlists.load().get(waiting.slot.wordlist)
            if words is None:
                raise NotTrusted("RECOVERY_KEY_DAMAGED")
            full = normalised(words, sentence)
            try:
                keys, pin = recovery_lists.open_waiting(waiting, full)
            except Malformed:
                attempts.failed()
                raise WrongSentence("WRONG_SENTENCE") from None
            generation = vault_files.newest_generation(self._folder)
            copy = _header(generation)
            if copy.header.vault_id != waiting.vault_id:
                raise VaultSubstituted("VAULT_SUBSTITUTED", reason="VAULT")
            with _substitution():
                current = verify_chain(copy.header.access_lists, pin, waiting.vault_id)
            answer = self._answer(content, keys, current, waiting)
            fresh = ListedUser(
                waiting.slot.user_id, waiting.slot.desk_number, SUPERVISOR, waiting.slot.x25519, waiting.slot.ed25519
            )
            if current.user(fresh.id) != fresh:
                after = self._next_header(copy, current, answer, fresh, keys, full, words)
                vault_files.check_encrypted(generation)
                vault_files.write_header(generation, after)
        return fresh.desk_number

    @staticmethod
    def _answer(content: bytes, keys: UserKeys, current: AccessList, waiting: Waiting) -> RecoveryAnswer:
        signers = tuple(
            named.ed25519 for named in current.recovery if named.kind is RecoveryKind.SECRETARIAT
        )  # of the pinned list, never of the answer
        answer = open_answer(content, keys.x25519, signers)
        if (answer.vault, answer.request) != (waiting.vault_id, waiting.request):
            raise NotTrusted("RECOVERY_ANSWER_FOR_ANOTHER")
        return answer

    @staticmethod
    def _next_header(
        copy: HeaderCopy,
        current: AccessList,
        answer: RecoveryAnswer,
        fresh: ListedUser,
        keys: UserKeys,
        sentence: str,
        words: WordList,
    ) -> bytes:
        """Return the header that the answer leads to, opened once to see that it does."""
        expected = recovery_lists.next_with(current, fresh)
        try:
            following = read_list(answer.access_list)
            if following.previous != expected.previous:
                raise NotTrusted("RECOVERY_OVERTAKEN")
            named = recovery_lists.secretariat_keys(current)
            verify_envelope(answer.access_list, PAYLOAD_TYPE, (named.ed25519,) if named else ())
            if following != expected:
                raise Malformed("LIST")
            copy.check_hmac(answer.dek)
            held = VaultSecrets(answer.dek, answer.r)
            after = recovery_lists.header_with(
                copy.header, answer.access_list, fresh, keys, held, sentence, words, cost=_cost()
            )
        except Malformed:
            raise NotTrusted("RECOVERY_ANSWER_WRONG") from None
        unlock(after, after, fresh.desk_number, sentence, wordlists.load())
        return after


class OfficeRecoveryService:
    """What a signed-in person may know of the way back that the Secretariat keeps."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an office's open vault."""
        self._vault = vault

    def missing(self) -> str | None:
        """Return the code of the sentence that says why the Secretariat could not help today, None where it could."""
        keys = self._vault.keys
        if self._vault.kind != VaultKind.OFFICE:
            return None
        if recovery_lists.secretariat_slot(keys.header, keys.access_list) is not None:
            return None
        if keys.access_list.root is None:
            return "RECOVERY_MISSING_NOT_ENROLLED"
        with self._vault.reading() as session:
            try:
                trust = trust_in_force(session, self._vault)
            except NotTrusted:  # told to whoever sends
                trust = None
        named = trust is not None and recovery_keys(trust.roster) is not None
        return "RECOVERY_MISSING_SUPERVISOR" if named else "RECOVERY_MISSING_AT_SECRETARIAT"


def after_unlock(vault: OpenVault) -> None:
    """Note a recovery that no entry tells of yet, and name the roster's recovery keys where a supervisor signed in.

    Raises:
        Obstacle: HEADER_UNSURE, and the vault is closed.
    """
    if vault.kind != VaultKind.OFFICE:
        return
    with contextlib.suppress(Obstacle):  # a full disk keeps nobody out; the next unlock notes it
        _note_recovered(vault)
    if vault.keys.role != SUPERVISOR:
        return
    try:
        with vault.reading() as session:
            trust = trust_in_force(session, vault)
    except NotTrusted:  # trust that does not verify stops sending, never entry
        return
    if trust is not None:
        name_recovery_keys(vault, trust.roster)


def _note_recovered(vault: OpenVault) -> None:
    """Journal the newest list where the Secretariat's recovery key signed it: whoever unlocks first, and only once.

    One list ahead of the vault's note is all that unlocking forgives, so that no such list is ever passed over.
    """
    fresh = _recovered_user(vault)
    if fresh is None:
        return
    noted = select(JournalEntry.n).where(
        JournalEntry.act == Act.RECOVERED_BY_SECRETARIAT.value,
        JournalEntry.revision_hash == bytes.fromhex(vault.list_sha256),
    )
    with vault.writing() as session:
        if session.scalars(noted.limit(1)).first() is None:
            journal.append(session, vault, Act.RECOVERED_BY_SECRETARIAT, fresh.id, revision_hash=vault.list_sha256)
    with contextlib.suppress(Obstacle, NotTrusted):  # there is none, as a rule; a later request is somebody else's
        if _waiting(vault.generation.data).slot.user_id == fresh.id:
            _forget_request(vault.generation.data)


def _recovered_user(vault: OpenVault) -> ListedUser | None:
    """Return whom the newest list let in on the Secretariat's word; None where somebody of the office signed it."""
    lists = vault.keys.header.access_lists
    before = read_list(lists[-2]) if len(lists) > 1 else None
    return vault.keys.access_list.users[-1] if signer_of(lists[-1], before) == BY_SECRETARIAT else None


def _waiting(folder: Path) -> Waiting:
    try:
        return recovery_lists.read_waiting(read_file(str(folder / KEY_FILE), recovery_lists.MAX_WAITING_BYTES))
    except Malformed:
        raise NotTrusted("RECOVERY_KEY_DAMAGED") from None


def _forget_request(folder: Path) -> None:
    with contextlib.suppress(OSError):
        (folder / KEY_FILE).unlink(missing_ok=True)


def _cost() -> kdf.KdfCost:
    return kdf.cost_for(machine.total_memory_bytes())


def _header(generation: vault_files.Generation) -> HeaderCopy:
    try:
        return choose_copy(vault_files.read_header_copies(generation))
    except Malformed as refusal:
        reason = str(refusal)
        if reason == "NEWER":
            raise errors.NewerVault("VAULT_NEWER") from None
        raise errors.HeaderDamaged("HEADER_DAMAGED", reason=reason) from None


@contextlib.contextmanager
def _substitution() -> Iterator[None]:
    """Whatever does not fit the pinned list is not our vault."""
    try:
        yield
    except Malformed as refusal:
        raise VaultSubstituted("VAULT_SUBSTITUTED", reason=str(refusal)) from None
