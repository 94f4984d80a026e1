"""Where the courier goes, and how it knows that it has arrived: the address of the roster and the server's key."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PRINTABLE = re.compile(r"[!-~]{1,2048}")
_SEQUENCE, _VERSION = 0x30, 0xA0  # tags of DER
_BEFORE_KEY = 5  # serial number, signature algorithm, issuer, validity, subject


class WrongAddress(Exception):
    """No address that the courier goes to."""


class WrongServer(Exception):
    """Whoever answered is not the server that the roster names."""


@dataclass(frozen=True)
class Address:
    """A server and a path on it. `pin`: SHA-256 of its public key; None where the system's store decides."""

    host: str
    port: int
    path: str
    plain: bool
    pin: bytes | None

    def url(self, path: str) -> str:
        """Return the whole address of a path on this server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.plain else 'https'}://{host}:{self.port}{path}"

    def path_of(self, url: str) -> str | None:
        """Return the path of an address on this server, None for any other."""
        path = local_path(self.path, url)
        return path if path is not None and url == self.url(path) else None


def parse_address(url: str, pin: bytes | None) -> Address:
    """Read the address of the roster. Plain http goes to this very machine only, for tests.

    Raises:
        WrongAddress: Another scheme, credentials, a query or fragment, or signs that no address holds.
    """
    if not _PRINTABLE.fullmatch(url):
        raise WrongAddress
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WrongAddress from None
    plain = parts.scheme == "http"
    if parts.scheme != "https" and not (plain and parts.hostname in _LOOPBACK):
        raise WrongAddress
    if not parts.hostname or "@" in parts.netloc or "?" in url or "#" in url:
        raise WrongAddress
    return Address(parts.hostname, port or (80 if plain else 443), parts.path or "/", plain, pin)


def local_path(base: str, location: str) -> str | None:
    """Return the path and query of a `Location`, None where there is none to use.

    Only the path counts: whatever machine a server names, the courier speaks with the one of the roster alone. (Behind
    a gateway many a server names itself by a plain or inner address.)
    """
    if not _PRINTABLE.fullmatch(location):
        return None
    try:
        parts = urlsplit(urljoin(f"https://here{base}", location))
    except ValueError:
        return None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if path.startswith("/") else None


def check_pin(certificate: bytes | None, pin: bytes) -> None:
    """Let pass a certificate (DER) whose public key has this SHA-256. Raises WrongServer.

    The key and not the certificate is pinned: certificates are renewed every few weeks, rosters travel by stick.
    """
    if certificate is None or hashlib.sha256(public_key_of(certificate)).digest() != pin:
        raise WrongServer


def public_key_of(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (DER) of a certificate (RFC 5280 section 4.1).

    Raises:
        WrongServer: It is no certificate.
    """
    _, outer, _ = _element(certificate, 0, _SEQUENCE)
    _, at, end = _element(certificate, outer, _SEQUENCE)
    if certificate[at : at + 1] == bytes([_VERSION]):
        at = _element(certificate, at, _VERSION)[2]
    for _ in range(_BEFORE_KEY):
        at = _element(certificate, at)[2]
    start, _, after = _element(certificate, at, _SEQUENCE)
    if after > end:
        raise WrongServer
    return certificate[start:after]


def _element(der: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """Return where an element of DER starts, where its content starts, and where it ends."""
    if at + 2 > len(der) or (tag is not None and der[at] != tag):
        raise WrongServer
    length, content = der[at + 1], at + 2
    if length & 0x80:
        more = length & 0x7F
        length, content = int.from_bytes(der[content : content + more], "big"), content + more
    if content + length > len(der):
        raise WrongServer
    return at, content, content + length
