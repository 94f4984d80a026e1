"""Carrying one file by tus 1.0 (create, HEAD, PATCH), from whatever byte arrived, in pieces that suit the line.

The server is believed in nothing that it cannot know: an offset beyond what was sent, or one that goes back again and
again, ends the errand. That a file arrived is told by the receipt alone.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator

from desktop.courier.address import Address, local_path
from desktop.courier.line import Line, LineBroken, Reply
from desktop.courier.patience import Patience

LEAST_PIECE, FIRST_PIECE, MOST_PIECE = 16 * 1024, 256 * 1024, 4 * 1024 * 1024
MAX_RECEIPT_BYTES = 1024 * 1024
_TOLD_EACH = 16 * 1024
_MAX_CREATED = 3
_MAX_SETBACKS = 8
_VERSION = {"Tus-Resumable": "1.0.0"}
_OFFSET = re.compile(r"[0-9]{1,12}")
_FOR_NOW = frozenset({408, 409, 423, 425, 429})
_GONE = frozenset({404, 410})
_TOO_LARGE = 413


class Refused(Exception):
    """The server will not, or does not speak tus; trying again leads nowhere. `status` is HTTP's, 0 for neither."""

    def __init__(self, status: int = 0) -> None:
        super().__init__()
        self.status = status


class _Later(Exception):
    """The server is there, but not now."""


class _Gone(Exception):
    """The server knows nothing of this upload (any more)."""


class Upload:
    """One file on its way. `told_url` hears where it goes on after a break, `told_sent` how many bytes have left."""

    def __init__(
        self,
        line: Line,
        address: Address,
        content: bytes,
        sha256: str,
        *,
        resume: str | None = None,
        piece: int = FIRST_PIECE,
        told_url: Callable[[str], None],
        told_sent: Callable[[int], None],
    ) -> None:
        """Go on at the address `resume` where it lies on this server, else begin."""
        self._line, self._address = line, address
        self._content, self._sha256 = content, sha256
        self._path = address.path_of(resume) if resume else None
        self._offset: int | None = None  # as the server last said; None where it must be asked
        self._furthest = -1  # what it ever said
        self._sent: int | None = None  # the most that can have arrived; None while an earlier errand's is not known
        self._piece = min(max(piece, LEAST_PIECE), MOST_PIECE)
        self._most_piece = MOST_PIECE
        self._created = self._setbacks = 0
        self._told_url, self._told_sent = told_url, told_sent

    def carry(self, patience: Patience) -> None:
        """Bring the whole file to the server.

        Raises:
            Refused: It will not take it.
            GaveUp: The time is used up.
            WrongServer: It is another server.
        """
        while self._offset != len(self._content):
            furthest = self._furthest
            try:
                self._step()
            except (LineBroken, _Later) as error:
                self._offset = None
                patience.wait("LINE" if isinstance(error, LineBroken) else "SERVER")
            except _Gone:
                self._path, self._offset, self._furthest = None, None, -1
            else:
                if self._furthest > furthest:
                    patience.renew()

    def _step(self) -> None:
        if self._path is None:
            self._create()
        elif self._offset is None:
            self._ask_offset()
        else:
            try:
                self._append(self._offset)
            except LineBroken:
                self._piece = max(self._piece // 2, LEAST_PIECE)
                raise

    def _create(self) -> None:
        if self._created == _MAX_CREATED:
            raise Refused
        headers = {"Upload-Length": str(len(self._content)), "Upload-Metadata": f"sha256 {_base64(self._sha256)}"}
        reply = self._line.request("POST", self._address.path, _VERSION | headers)
        if reply.status != 201:
            _judge(reply.status)
        path = local_path(self._address.path, reply.headers.get("location", ""))
        if path is None:
            raise Refused
        self._created += 1
        self._path, self._sent = path, 0
        self._told_url(self._address.url(path))
        self._stand_at(0)

    def _ask_offset(self) -> None:
        assert self._path is not None  # noqa: S101  for the type checker
        reply = self._line.request("HEAD", self._path, _VERSION)
        if reply.status in _GONE:
            raise _Gone
        if reply.status not in {200, 204}:
            _judge(reply.status)
        if reply.headers.get("upload-length", str(len(self._content))) != str(len(self._content)):
            raise _Gone  # something else lies there
        self._stand_at(_offset(reply))

    def _append(self, offset: int) -> None:
        assert self._path is not None  # noqa: S101  for the type checker
        piece = memoryview(self._content)[offset : offset + self._piece]
        self._sent = max(self._sent or 0, offset + len(piece))
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        reply = self._line.request(
            "PATCH", self._path, _VERSION | headers, pieces=self._told(piece, offset), size=len(piece)
        )
        if reply.status in _GONE:
            raise _Gone
        if reply.status == _TOO_LARGE and len(piece) > LEAST_PIECE:
            # A gateway's limit, not the server's: it stays.
            self._piece = self._most_piece = max(self._piece // 2, LEAST_PIECE)
            self._offset = None
            return
        if reply.status not in {200, 204}:
            _judge(reply.status)
        if _offset(reply) == offset:
            raise _Later
        self._stand_at(_offset(reply))
        self._piece = min(self._piece * 2, self._most_piece)

    def _told(self, piece: memoryview, offset: int) -> Iterator[bytes]:
        for at in range(0, len(piece), _TOLD_EACH):
            yield bytes(piece[at : at + _TOLD_EACH])
            self._told_sent(offset + min(at + _TOLD_EACH, len(piece)))

    def _stand_at(self, offset: int) -> None:
        """Take what the server says of the offset, as far as it can be. Raises Refused."""
        if offset > (len(self._content) if self._sent is None else self._sent):
            raise Refused
        if offset < self._furthest:
            self._setbacks += 1
            if self._setbacks > _MAX_SETBACKS:
                raise Refused
        self._sent = max(self._sent or 0, offset)
        self._offset, self._furthest = offset, max(self._furthest, offset)
        self._told_sent(offset)


def fetch_receipt(line: Line, address: Address, sha256: str, patience: Patience) -> bytes | None:
    """Return the receipt that lies ready for a file, None while there is none. Nothing of it is verified here.

    Raises:
        Refused: The server will not hand it out, or it is longer than any receipt.
        GaveUp: The time is used up.
        WrongServer: It is another server.
    """
    path = f"{address.path.rstrip('/')}/receipts/{sha256}"
    while True:
        try:
            reply = line.request("GET", path, most=MAX_RECEIPT_BYTES)
            if reply.status in _GONE:
                return None
            if reply.status != 200:
                _judge(reply.status)
        except LineBroken:
            patience.wait("LINE")
        except _Later:
            patience.wait("SERVER")
        else:
            if not reply.body:
                raise Refused
            return reply.body


def _judge(status: int) -> None:
    """Say what it means that a request was not done. Redirects are not followed: the address is the roster's."""
    if status in _FOR_NOW or status >= 500:
        raise _Later
    raise Refused(status)


def _offset(reply: Reply) -> int:
    said = reply.headers.get("upload-offset", "")
    if not _OFFSET.fullmatch(said):
        raise Refused
    return int(said)


def _base64(text: str) -> str:
    return b64encode(text.encode("ascii")).decode("ascii")
