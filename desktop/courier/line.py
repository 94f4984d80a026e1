"""One request at a time to one server: TLS 1.2 or newer, no redirect, every answer bounded in size and time."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import MappingProxyType
from typing import Any

from desktop.courier.address import Address, WrongServer, check_pin

QUIET_S = 60.0  # how long the line may stand still
_CONNECT_S = 30.0
# What the system may hold back: with its own megabytes a slow line would look quick, then silent for minutes.
BUFFER_BYTES = 64 * 1024
_NAME = "rufaa-send"
_WITH_BODY = frozenset({"POST", "PATCH"})
_LEAST_BYTES_PER_S = 1024  # a slower line is not one: the request is cut and a smaller piece tried


class LineBroken(Exception):
    """The line broke, or the server did not answer in time or in HTTP: try again later."""


@dataclass(frozen=True)
class Reply:
    """What the server answered. `headers` by lower-case names; `body` None where too long or of no said length."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class _WholeLines(io.BufferedReader):
    """Reads lines that have an end: the library takes a header cut in the middle for a whole one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise LineBroken
        return line


class _Response(HTTPResponse):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fp = _WholeLines(self.fp.detach())


class Line:
    """The line to the server of an address, opened when it is needed and kept while it holds."""

    def __init__(self, address: Address, quiet_s: float = QUIET_S) -> None:
        """Open nothing yet."""
        self._address = address
        self._quiet_s = quiet_s
        self._connection: HTTPConnection | None = None

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        pieces: Iterable[bytes] = (),
        size: int = 0,
        most: int = 4096,
    ) -> Reply:
        """Send one request with a body of `size` bytes and return the answer; its body may be `most` bytes long.

        Raises:
            LineBroken: Nothing can be said of what arrived.
            WrongServer: Another key, or a certificate the system does not trust. Nothing was sent.
        """
        try:
            connection = self._open()
            with _cut_after(connection.sock, self._quiet_s + (size + most) / _LEAST_BYTES_PER_S):
                length = {"Content-Length": str(size)} if method in _WITH_BODY else {}
                body = iter(pieces) if method in _WITH_BODY else None
                # A server that will not read to the end has often said why before it closed.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, path, body=body, headers={**headers, "User-Agent": _NAME} | length)
                return self._reply(connection.getresponse(), most)
        except ssl.SSLCertVerificationError:
            self.close()
            raise WrongServer from None
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise LineBroken from error
        except BaseException:
            self.close()
            raise

    def _reply(self, response: HTTPResponse, most: int) -> Reply:
        body: bytes | None = None
        if not response.chunked:  # the library believes whatever length a piece says it has
            body = response.read(most + 1)
            if len(body) > most:
                body = None
            elif response.length:
                raise LineBroken  # shorter than it says of itself
        if not response.isclosed():
            self.close()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def close(self) -> None:
        """Close the line."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> HTTPConnection:
        if self._connection is not None and self._connection.sock is not None:
            return self._connection
        address = self._address
        if address.plain:
            self._connection = HTTPConnection(address.host, address.port, timeout=_CONNECT_S)
        else:
            self._connection = HTTPSConnection(
                address.host, address.port, timeout=_CONNECT_S, context=_context(pinned=address.pin is not None)
            )
        self._connection.response_class = _Response
        self._connection.connect()
        if address.pin is not None and not address.plain:
            # Before the first byte of a request. By the handshake the server has shown that it holds the key.
            assert isinstance(self._connection.sock, ssl.SSLSocket)  # noqa: S101  for the type checker
            check_pin(self._connection.sock.getpeercert(binary_form=True), address.pin)
        self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._connection.sock.settimeout(self._quiet_s)
        return self._connection


def _context(*, pinned: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pinned:
        # The pin says more than any authority: who signed the certificate, for which name and until when is no matter.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def _cut_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Cut the line when a request takes longer, however busily the server sends a byte now and then."""
    timer = threading.Timer(seconds, _cut, (sock,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # beneath TLS, which the other thread is using
