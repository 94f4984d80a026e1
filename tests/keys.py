"""Vault keys for tests, under bounds that make a guess almost free. The product has no such bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop import wordlists
from desktop.crypto import sealing
from desktop.crypto.access_list import AccessList, ListedUser, Pin, VaultKind, sign_list
from desktop.crypto.header import KeyHeader, serialise
from desktop.crypto.kdf import KdfBounds, KdfCost
from desktop.crypto.slots import SlotOwner, UserKeys, UserSlot, VaultSecrets, ed25519_public, make_user_slot
from desktop.crypto.vaultkeys import NewVault, Unlocked, create_vault_keys, unlock

CHEAP_BOUNDS = KdfBounds(least_memory_kib=8, most_memory_kib=262_144, least_passes=1, most_passes=10)
CHEAP_COST = KdfCost(memory_kib=8, passes=1)
WORDLISTS = wordlists.load()
WORDS = WORDLISTS[wordlists.DEFAULT]
CLERK_SENTENCE = "zoo wrong vote velvet uncle"


def new_vault(kind: VaultKind = VaultKind.OFFICE, *, practice: bool = False) -> NewVault:
    return create_vault_keys(WORDS, kind=kind, practice=practice, cost=CHEAP_COST, bounds=CHEAP_BOUNDS)


def open_vault(copy_a: bytes | None, copy_b: bytes | None, sentence: str, desk_number: int = 1) -> Unlocked:
    return unlock(copy_a, copy_b, desk_number, sentence, WORDLISTS, bounds=CHEAP_BOUNDS)


def key(number: int) -> bytes:
    """A private key that stands for nothing."""
    return bytes([number]) * 32


def listed(number: int, role: str = "CLERK", *, desk_number: int | None = None) -> ListedUser:
    """A user with the keys of `key(number)`; supervisors sign with the same number."""
    return ListedUser(
        id=f"00000000-0000-4000-8000-{number:012d}",
        desk_number=number if desk_number is None else desk_number,
        role=role,
        x25519=sealing.public_key(key(number)),
        ed25519=ed25519_public(key(number)) if role == "SUPERVISOR" else None,
    )


def next_list(previous: AccessList, **changes: object) -> AccessList:
    return replace(
        previous,
        **{"version": previous.version + 1, "previous": previous.pin().sha256, **changes},  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Office:
    """A genuine office: its first supervisor at desk 1, and a clerk at desk 2 who came with list 2."""

    vault: NewVault
    current: AccessList
    header: KeyHeader
    data: bytes

    @property
    def signing_key(self) -> bytes:
        return self.vault.unlocked.ed25519 or b""

    @property
    def dek(self) -> bytes:
        return self.vault.unlocked.dek

    @property
    def secrets(self) -> VaultSecrets:
        return VaultSecrets(self.vault.unlocked.dek, self.vault.unlocked.r)

    def slot(
        self, desk_number: int, keys: UserKeys, pin: Pin, sentence: str, secrets: VaultSecrets, user_id: str
    ) -> UserSlot:
        """A slot made as the program makes it, for whoever holds these secrets."""
        return make_user_slot(
            SlotOwner(self.current.vault_id, user_id, desk_number, self.current.key_generation),
            keys,
            pin,
            secrets,
            sentence=sentence,
            wordlist=WORDS.name,
            cost=CHEAP_COST,
            bounds=CHEAP_BOUNDS,
        )

    def supervisor_slot(self, pin: Pin) -> UserSlot:
        """The supervisor's own slot, pinning another list."""
        opened = self.vault.unlocked
        keys = UserKeys(opened.x25519, opened.ed25519)
        return self.slot(1, keys, pin, self.vault.sentence, self.secrets, opened.user_id)

    def closed(self, dek: bytes | None = None, **changes: object) -> bytes:
        """The header with these changes, closed under the office's data key or another."""
        return serialise(replace(self.header, **changes), dek or self.dek, CHEAP_BOUNDS)  # type: ignore[arg-type]


def office_with_clerk() -> Office:
    vault = new_vault()
    first = vault.unlocked
    clerk = listed(2)
    second = next_list(first.access_list, users=(*first.access_list.users, clerk))
    envelopes: Sequence[bytes] = (*first.header.access_lists, sign_list(second, first.ed25519 or b""))
    unfinished = Office(vault, second, first.header, b"")
    slot = unfinished.slot(
        2, UserKeys(key(2), None), second.pin(), CLERK_SENTENCE, VaultSecrets(first.dek, {}), clerk.id
    )
    header = replace(first.header, edit=2, access_lists=tuple(envelopes), user_slots=(*first.header.user_slots, slot))
    return Office(vault, second, header, serialise(header, first.dek, CHEAP_BOUNDS))
