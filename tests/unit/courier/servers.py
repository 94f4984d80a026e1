"""Servers for the courier to meet: a small tus server that keeps what arrives and fails as told, and rude ones."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

BASE = "/files"


@dataclass
class Kept:
    """An upload as the server keeps it."""

    length: int
    metadata: str
    content: bytearray = field(default_factory=bytearray)


@dataclass
class Behaviour:
    """What the server keeps and has seen, and how it fails: each fault is used up as it happens."""

    uploads: dict[str, Kept] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)
    receipts_folder: Path | None = None
    cuts: list[int] = field(default_factory=list)  # bytes of a PATCH that arrive before the line breaks
    lost_replies: dict[str, int] = field(default_factory=dict)  # by method: done, but nothing comes back
    answers: dict[str, list[int]] = field(default_factory=dict)  # by method: a status instead of doing it
    location: Callable[[str], str] = str
    offset: Callable[[int], int] = lambda offset: offset
    forgets: int = 0  # bytes lost whenever somebody asks
    largest_piece: int | None = None
    requests: list[str] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    received: int = 0
    on_received: Callable[[int], None] = lambda received: None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def handle_one_request(self) -> None:
        with contextlib.suppress(OSError):
            super().handle_one_request()
            return
        self.close_connection = True

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        behaviour = self.server.behaviour
        if behaviour.lost_replies.get(self.command, 0):
            behaviour.lost_replies[self.command] -= 1
            self._break()
            return
        self.send_response(status)
        for name, value in {"Tus-Resumable": "1.0.0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _begin(self) -> bool:
        """Note the request; say whether it is to be done at all."""
        behaviour = self.server.behaviour
        behaviour.requests.append(f"{self.command} {self.path}")
        if behaviour.answers.get(self.command):
            self._answer(behaviour.answers[self.command].pop(0), Location="https://elsewhere.example/files/1")
            self._drain()
            return False
        return True

    def _drain(self) -> None:
        """Read what was not wanted, after the answer as gateways do it, so that the answer is not lost."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_POST(self) -> None:
        if not self._begin():
            return
        behaviour = self.server.behaviour
        path = f"{BASE}/{len(behaviour.uploads) + 1}"
        behaviour.uploads[path] = Kept(int(self.headers["Upload-Length"]), self.headers["Upload-Metadata"])
        self._answer(201, Location=behaviour.location(path))

    def do_HEAD(self) -> None:
        if not self._begin():
            return
        behaviour = self.server.behaviour
        kept = behaviour.uploads.get(self.path)
        if kept is None:
            self._answer(404)
            return
        if behaviour.forgets:
            del kept.content[-behaviour.forgets :]
        offset = behaviour.offset(len(kept.content))
        self._answer(200, Upload_Offset=str(offset), Upload_Length=str(kept.length), Cache_Control="no-store")

    def do_PATCH(self) -> None:
        if not self._begin():
            return
        behaviour = self.server.behaviour
        kept, size = behaviour.uploads.get(self.path), int(self.headers["Content-Length"])
        behaviour.pieces.append(size)
        if kept is None or (behaviour.largest_piece is not None and size > behaviour.largest_piece):
            self._answer(404 if kept is None else 413)
            self._drain()
            return
        if int(self.headers["Upload-Offset"]) != len(kept.content):
            self._answer(409)
            self._drain()
            return
        cut = behaviour.cuts.pop(0) if behaviour.cuts else size
        rest = min(cut, size)
        while rest and (piece := self.rfile.read1(min(rest, 8192))):
            kept.content += piece
            rest -= len(piece)
            behaviour.received += len(piece)
            behaviour.on_received(behaviour.received)
        if cut < size:
            self._break()
            return
        self._answer(204, Upload_Offset=str(behaviour.offset(len(kept.content))))

    def do_GET(self) -> None:
        if not self._begin():
            return
        behaviour = self.server.behaviour
        name = self.path.removeprefix(f"{BASE}/receipts/")
        receipt = behaviour.receipts.get(name)
        if receipt is None and behaviour.receipts_folder is not None:
            with contextlib.suppress(OSError):
                receipt = (behaviour.receipts_folder / name).read_bytes()
        if receipt is None:
            self._answer(404)
        else:
            self._answer(200, receipt)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    behaviour: Behaviour

    def handle_error(self, *_: object) -> None:
        """A client that breaks off is no fault here."""


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate in a file, and the pin of its key."""

    file: Path
    pin: bytes


def make_certificate(folder: Path, name: str = "localhost") -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Certificate(file, hashlib.sha256(public).digest())


@contextlib.contextmanager
def tus_server(
    behaviour: Behaviour, certificate: Certificate | None = None, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[str]:
    """Serve on a free port of this machine; the value is the address of the folder."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.behaviour = behaviour
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate.file)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_port}{BASE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def rude_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Read the beginning of each request and let `answer` do as it likes with the connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            with contextlib.suppress(OSError):
                answer(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        finally:
            server.shutdown()
            thread.join()
