from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from desktop.courier.address import WrongAddress, WrongServer, check_pin, parse_address, public_key_of
from desktop.courier.line import Line, LineBroken
from tests.unit.courier.servers import BASE, Behaviour, Certificate, make_certificate, tus_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize(
    "url",
    [
        "http://receive.example/files",
        "ftp://receive.example/files",
        "https://",
        "https:///files",
        "https://user@receive.example/files",
        "https://user:word@receive.example/files",
        "https://receive.example/files?x=1",
        "https://receive.example/files#x",
        "https://receive.example/fi les",
        "https://receive.example:99999/files",
        "https://receive.example/" + "x" * 2048,
        "https://[::1/files",
        "http://127.0.0.1.example/files",
        "",
    ],
)
def test_an_address_the_courier_does_not_go_to(url: str) -> None:
    with pytest.raises(WrongAddress):
        parse_address(url, None)


def test_an_address_and_the_paths_on_it() -> None:
    address = parse_address("https://receive.example/tus/files/", None)
    assert (address.host, address.port, address.path) == ("receive.example", 443, "/tus/files/")
    assert address.path_of(address.url("/tus/files/1?x=2")) == "/tus/files/1?x=2"
    assert address.path_of("https://other.example:443/tus/files/1") is None
    assert parse_address("https://[::1]:8443", None).url("/1") == "https://[::1]:8443/1"


def test_the_pinned_server_is_spoken_with_and_no_other(certificate: Certificate) -> None:
    behaviour = Behaviour()
    with tus_server(behaviour, certificate) as url:
        line = Line(parse_address(url, certificate.pin))
        assert line.request("GET", f"{BASE}/receipts/x").status == 404
        line.close()
        seen = len(behaviour.requests)
        with pytest.raises(WrongServer):
            Line(parse_address(url, bytes(32))).request("GET", f"{BASE}/receipts/x")
        with pytest.raises(WrongServer):  # no authority of this system knows it
            Line(parse_address(url, None)).request("GET", f"{BASE}/receipts/x")
        assert len(behaviour.requests) == seen, "nothing was said to it"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_tls_is_no_line(certificate: Certificate) -> None:
    with tus_server(Behaviour(), certificate, newest=ssl.TLSVersion.TLSv1_2) as url:
        line = Line(parse_address(url, certificate.pin))
        assert line.request("GET", f"{BASE}/receipts/x").status == 404
        line.close()
    with tus_server(Behaviour(), certificate, newest=ssl.TLSVersion.TLSv1_1) as url:
        port = parse_address(url, None).port
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode, old.minimum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", port)) as plain, old.wrap_socket(plain) as secured:
            assert secured.version() == "TLSv1.1", "the server would speak it"
        with pytest.raises(LineBroken):
            Line(parse_address(url, certificate.pin)).request("GET", f"{BASE}/receipts/x")


def test_a_plain_server_behind_a_secure_address_is_no_line() -> None:
    with tus_server(Behaviour()) as url, pytest.raises(LineBroken):
        Line(parse_address(url.replace("http:", "https:"), bytes(32))).request("GET", BASE)


def test_a_certificate_cut_or_changed_anywhere_is_no_fault(certificate: Certificate) -> None:
    der = x509.load_pem_x509_certificate(certificate.file.read_bytes()).public_bytes(Encoding.DER)
    check_pin(der, certificate.pin)
    for at in range(len(der)):
        for broken in (der[:at], der[:at] + bytes([der[at] ^ 0xFF]) + der[at + 1 :]):
            try:
                public_key_of(broken)
            except WrongServer:
                continue
    with pytest.raises(WrongServer):
        check_pin(None, certificate.pin)


def test_the_courier_loads_nothing_of_rufaa_but_itself() -> None:
    code = "import sys, desktop.courier.__main__; print(*sorted(m for m in sys.modules))"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]).stdout
    names = {name.partition(".")[0] for name in loaded.split()}
    ours = {name for name in loaded.split() if name.partition(".")[0] in {"desktop", "db", "ui"}}
    assert all(name == "desktop" or name.startswith("desktop.courier") for name in ours)
    assert not names & {"sqlalchemy", "PySide6", "pyrage", "cryptography", "sqlcipher3"}
