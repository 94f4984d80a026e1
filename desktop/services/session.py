"""An unlocked vault and who sits at it: what every service is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from db import errors as storage
from db.store import Store
from desktop import errors
from desktop.catalogue import Catalogue
from desktop.clock import Clock, stamp
from desktop.crypto.recover import recovery_due
from desktop.crypto.sealing import public_key
from desktop.crypto.vaultkeys import Unlocked
from desktop.rules import access
from desktop.vault_files import Generation


@dataclass(frozen=True)
class MarkAhead:
    """The mark beside the vault stands for another journal: it saw entry `marked`, and the vault ends at `found`."""

    marked: int
    found: int


@dataclass
class OpenVault:
    """The open store, the vocabulary, the clock and the signed-in person. Lives from unlock to lock."""

    store: Store = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    clock: Clock
    vault: bytes
    kind: str
    practice: bool
    device: str
    user: str
    role: str
    keys: Unlocked = field(repr=False)
    generation: Generation = field(repr=False)
    sealed_private: Mapping[bytes, bytes] = field(repr=False)
    restricted_recipients: tuple[bytes, ...] = ()
    foreign_vaults: tuple[str, ...] = ()  # folders beside this vault's that hold another one; never opened nor deleted
    mark_ahead: MarkAhead | None = None  # an older copy was put in the vault's place
    found_at_entry: int = 0  # the journal's last entry when it was unlocked, before this sign-in's own

    @property
    def list_version(self) -> int:
        """The version of the current access list."""
        return self.keys.access_list.version

    @property
    def list_sha256(self) -> str:
        """The SHA-256 of the current access list's payload."""
        return self.keys.list_sha256

    @property
    def sealed_current(self) -> bytes:
        """The public key that the sealed class is sealed to."""
        return self.keys.access_list.r.current

    @property
    def own_key(self) -> bytes:
        """The signed-in person's own public key."""
        return public_key(self.keys.x25519)

    def lists_after(self, version: int) -> tuple[bytes, ...]:
        """Return the signed access lists that are newer than `version`."""
        lists = self.keys.header.access_lists
        return lists[max(0, len(lists) - (self.list_version - version)) :]

    def now(self) -> str:
        """Return the present instant as it is stored."""
        return stamp(self.clock.now())

    @property
    def recovery_due(self) -> bool:
        """Whether keys that a recovery laid open are still in force: new keys and a new sheet are due."""
        return recovery_due(self.keys.header.access_lists)

    def require_recovered(self) -> None:
        """Refuse to let case data out while `recovery_due`. Raises Obstacle RECOVERY_UNFINISHED."""
        if self.recovery_due:
            raise errors.Obstacle("RECOVERY_UNFINISHED")

    def require(self, action: str) -> None:
        """Refuse an action the signed-in role does not have. Raises NotPermitted."""
        access.require(self.role, action)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction; storage failures come out as desk errors."""
        with desk_errors(), self.store.writing() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot; storage failures come out as desk errors."""
        with desk_errors(), self.store.reading() as session:
            yield session


@contextmanager
def desk_errors() -> Iterator[None]:
    """Turn what storage says into what a person at the desk is told, once and for all services."""
    try:
        yield
    except storage.Full as error:
        raise errors.Obstacle("DISK_FULL") from error
    except storage.WriteFailed as error:
        raise errors.Obstacle("WRITE_FAILED") from error
    except storage.Busy as error:
        raise errors.VaultBusy("VAULT_BUSY") from error
    except storage.NewerSchema as error:
        raise errors.NewerVault("VAULT_NEWER") from error
    except (storage.Damaged, storage.WrongKey) as error:
        raise errors.VaultDamaged("VAULT_DAMAGED") from error
