"""The window: everything that knows Qt."""

from __future__ import annotations

import ctypes
import sys

_MANY = 1 << 40


def _keep_what_there_is_one_of() -> None:
    """Give None, True and False more references than any run can drop.

    PySide6 6.12.0 is built for Pythons in which these live for ever (3.12 and later) but is installed on Python 3.11
    as well: there each call into Qt that returns one of them drops a reference that nobody took, and after some ten
    thousand calls the interpreter aborts. The count is the first word of every object.
    """
    for value in (None, True, False, NotImplemented):
        ctypes.c_ssize_t.from_address(id(value)).value += _MANY


if sys.version_info < (3, 12):
    _keep_what_there_is_one_of()
