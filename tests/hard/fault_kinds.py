"""The faults that a program like ours meets, each raised over a word that must not be heard again."""

from __future__ import annotations

import errno
import json
from typing import NoReturn, Protocol

from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlcipher3 import dbapi2

from db.errors import Conflict, Full
from desktop.errors import NotAccepted, NotTrusted, Obstacle, Problem


class Kind(Protocol):
    """Raises a fault over a word."""

    __name__: str

    def __call__(self, word: str) -> NoReturn: ...


def bound_values(word: str) -> NoReturn:
    raise IntegrityError(f"no such column: {word}", {"surname": word}, dbapi2.IntegrityError(word))


def locked_table(word: str) -> NoReturn:
    raise OperationalError(f"SELECT '{word}'", (word,), dbapi2.OperationalError(f"no such column: {word}"))


def wrong_request(word: str) -> NoReturn:
    raise InvalidRequestError(f"No row was found for {word}")


def broken_json(word: str) -> NoReturn:
    json.loads(f'{{"name": "{word}')
    raise AssertionError(word)


def not_text(word: str) -> NoReturn:
    (word.encode() + b"\xff").decode()
    raise AssertionError(word)


def not_ascii(word: str) -> NoReturn:
    f"{word}ሰላም".encode("ascii")
    raise AssertionError(word)


def no_such_path(word: str) -> NoReturn:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", f"/media/{word}/{word}.xlsx")


def two_paths(word: str) -> NoReturn:
    raise OSError(errno.EIO, "Input/output error", f"/home/{word}", None, f"/media/{word}")


def missing_key(word: str) -> NoReturn:
    dict[str, str]()[word]
    raise AssertionError(word)


def wrong_number(word: str) -> NoReturn:
    int(word)
    raise AssertionError(word)


def no_attribute(word: str) -> NoReturn:
    getattr(word, word)
    raise AssertionError(word)


def noted_and_caused(word: str) -> NoReturn:
    try:
        raise ValueError(word)
    except ValueError as error:
        raised = RuntimeError(f"over {word}")
        raised.add_note(f"while {word} was saved")
        raise raised from error


def several(word: str) -> NoReturn:
    raise ExceptionGroup(word, [ValueError(word), KeyError(word)])


def syntax(word: str) -> NoReturn:
    compile(f"{word} = = 1", word, "exec")
    raise AssertionError(word)


def expected(word: str) -> NoReturn:
    raise Obstacle("DISK_FULL", seconds=word)


def untrusted(word: str) -> NoReturn:
    raise NotTrusted("FILE_UNREADABLE", reason=word)


def unaccepted(word: str) -> NoReturn:
    raise NotAccepted((Problem("LABEL_WRONG", word),))


def from_the_store(word: str) -> NoReturn:
    raise Conflict(word) from Full(word)


class Unspeakable(Exception):
    """An exception that fails when it is asked for its words."""

    def __str__(self) -> str:
        raise ValueError(self.args[0])


def unspeakable(word: str) -> NoReturn:
    raise Unspeakable(word)


KINDS: tuple[Kind, ...] = (
    *(bound_values, locked_table, wrong_request, broken_json, not_text, not_ascii, no_such_path, two_paths),
    *(missing_key, wrong_number, no_attribute, noted_and_caused, several, syntax, expected, untrusted),
    *(unaccepted, from_the_store, unspeakable),
)
