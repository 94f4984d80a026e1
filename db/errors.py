"""What storage can say. Services turn these into desk errors once."""


class StorageError(Exception):
    """Base of the storage failures. Never carries SQL, parameters or file names."""


class WrongKey(StorageError):
    """The file does not open with this key: another key, or damage in the first page."""


class Damaged(StorageError):
    """A page does not verify, or the file is malformed."""


class Busy(StorageError):
    """Another process holds the file."""


class Full(StorageError):
    """The disk is full; the transaction was rolled back."""


class WriteFailed(StorageError):
    """The operating system refused a write or a sync. Nothing more is written until the vault is opened again."""


class NewerSchema(StorageError):
    """The file was written by a newer program. It was not touched."""


class Closed(StorageError):
    """The store was closed and its key forgotten; nothing is read or written any more."""


class Conflict(StorageError):
    """A rule of the tables was broken (unique key, append-only journal)."""
