"""The tus client against real servers on this machine: broken lines, lying and rude servers, and what it costs."""

from __future__ import annotations

import hashlib
import random
import socket
import time
from base64 import b64decode
from collections.abc import Callable

import pytest

from desktop.courier.address import parse_address
from desktop.courier.line import Line, LineBroken
from desktop.courier.patience import GaveUp, Patience
from desktop.courier.upload import (
    FIRST_PIECE,
    LEAST_PIECE,
    MAX_RECEIPT_BYTES,
    MOST_PIECE,
    Refused,
    Upload,
    fetch_receipt,
)
from tests.unit.courier.servers import BASE, Behaviour, Kept, rude_server, tus_server

CONTENT = random.Random(1).randbytes(3_000_000)  # noqa: S311  the same bytes each time
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Trip:
    """One errand with waits that take no time: what it told, and the patience it had."""

    def __init__(self, url: str, *, resume: str | None = None, quiet_s: float = 5, content: bytes = CONTENT) -> None:
        self.urls: list[str] = []
        self.sent: list[int] = []
        self.waits: list[tuple[float, str]] = []
        self._time = 0.0
        self.address = parse_address(url, None)
        self.line = Line(self.address, quiet_s)
        self.patience = Patience(
            3600, lambda wait, why: self.waits.append((wait, why)), now=lambda: self._time, sleep=self._pass
        )
        self.upload = Upload(
            self.line,
            self.address,
            content,
            hashlib.sha256(content).hexdigest(),
            resume=resume,
            told_url=self.urls.append,
            told_sent=self.sent.append,
        )

    def _pass(self, seconds: float) -> None:
        self._time += seconds

    def go(self) -> None:
        try:
            self.upload.carry(self.patience)
        finally:
            self.line.close()

    def receipt(self) -> bytes | None:
        try:
            return fetch_receipt(self.line, self.address, SHA256, self.patience)
        finally:
            self.line.close()


def only(behaviour: Behaviour) -> bytes:
    (kept,) = behaviour.uploads.values()
    return bytes(kept.content)


def test_a_whole_line_takes_growing_pieces_on_one_connection() -> None:
    behaviour = Behaviour()
    with tus_server(behaviour) as url:
        trip = Trip(url)
        trip.go()
    (kept,) = behaviour.uploads.values()
    assert bytes(kept.content) == CONTENT
    assert b64decode(kept.metadata.removeprefix("sha256 ")).decode() == SHA256
    # 256 and 512 KiB, 1 MiB, the rest
    assert [request.split()[0] for request in behaviour.requests] == ["POST", *["PATCH"] * 4]
    assert trip.urls == [f"{url}/1"]
    assert trip.sent == sorted(trip.sent)
    assert trip.sent[-1] == len(CONTENT)
    assert trip.waits == []


@pytest.mark.parametrize("seed", range(5))
def test_a_line_cut_at_random_offsets_loses_little_and_brings_the_same_bytes(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  the same cuts each time
    behaviour = Behaviour(cuts=[chance.randrange(300_000) for _ in range(15)])
    with tus_server(behaviour) as url:
        Trip(url).go()
    assert only(behaviour) == CONTENT
    assert behaviour.received == len(CONTENT), "the server kept every byte that arrived; none is sent twice"


def test_a_cut_line_gets_smaller_pieces_down_to_16_kib() -> None:
    behaviour = Behaviour(cuts=[0] * 8)
    with tus_server(behaviour) as url:
        Trip(url).go()
    sizes = behaviour.pieces
    assert sizes[:6] == [FIRST_PIECE, FIRST_PIECE // 2, FIRST_PIECE // 4, FIRST_PIECE // 8, LEAST_PIECE, LEAST_PIECE]
    assert sizes[8:11] == [LEAST_PIECE, 2 * LEAST_PIECE, 4 * LEAST_PIECE]
    assert max(sizes) <= MOST_PIECE


def test_what_is_told_to_have_left_is_not_far_ahead_of_what_arrived() -> None:
    behaviour, ahead = Behaviour(), [0]
    with tus_server(behaviour) as url:
        trip = Trip(url)
        trip.upload._told_sent = lambda sent: ahead.append(sent - behaviour.received)
        behaviour.on_received = lambda received: time.sleep(0.001)  # slower than this machine could send
        trip.go()
    assert only(behaviour) == CONTENT
    assert max(ahead) < 600_000  # without a bound of ours it is twice that


def test_waits_grow_to_a_minute_and_begin_again_when_it_goes_on() -> None:
    behaviour = Behaviour(cuts=[0] * 9 + [10_000, 0])
    with tus_server(behaviour) as url:
        trip = Trip(url)
        trip.go()
    longest = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 1]
    assert len(trip.waits) == len(longest)
    assert all(most / 2 <= wait <= most for (wait, _), most in zip(trip.waits, longest, strict=True))


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_reply_lost_ten_times_ends_in_one_whole_upload(method: str) -> None:
    behaviour = Behaviour(lost_replies={method: 10})
    with tus_server(behaviour) as url:
        Trip(url).go()
    whole = [kept for kept in behaviour.uploads.values() if kept.content]
    assert [bytes(kept.content) for kept in whole] == [CONTENT]


@pytest.mark.parametrize("status", [500, 502, 503, 423, 429, 408])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH"])
def test_a_server_that_is_busy_is_asked_again(method: str, status: int) -> None:
    behaviour = Behaviour(answers={method: [status] * 3}, cuts=[1000])
    with tus_server(behaviour) as url:
        trip = Trip(url)
        trip.go()
    assert only(behaviour) == CONTENT
    assert [why for _, why in trip.waits].count("SERVER") == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 412, 415])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH"])
def test_a_refusal_and_a_redirect_end_the_errand(method: str, status: int) -> None:
    behaviour = Behaviour(answers={method: [status]}, cuts=[1000])
    with tus_server(behaviour) as url, pytest.raises(Refused) as refusal:
        Trip(url).go()
    assert refusal.value.status == status
    assert behaviour.requests[-1].startswith(method)


def test_an_errand_goes_on_where_an_earlier_one_stopped() -> None:
    behaviour = Behaviour(uploads={f"{BASE}/7": Kept(len(CONTENT), "", bytearray(CONTENT[:2_000_000]))})
    with tus_server(behaviour) as url:
        Trip(url, resume=f"{url}/7").go()
    assert only(behaviour) == CONTENT
    assert behaviour.received == 1_000_000


@pytest.mark.parametrize("length", [None, 5])
def test_an_upload_that_is_gone_or_another_begins_anew(length: int | None) -> None:
    behaviour = Behaviour(uploads={} if length is None else {f"{BASE}/1": Kept(length, "")})
    with tus_server(behaviour) as url:
        trip = Trip(url, resume=f"{url}/1")
        trip.go()
    assert bytes(list(behaviour.uploads.values())[-1].content) == CONTENT
    assert len(trip.urls) == 1


def test_an_upload_of_another_server_is_not_asked_for() -> None:
    behaviour = Behaviour()
    with tus_server(behaviour) as url:
        Trip(url, resume="https://elsewhere.example/files/1").go()
    assert behaviour.requests[0] == f"POST {BASE}"


def test_a_server_that_forgets_every_upload_is_left() -> None:
    behaviour = Behaviour(answers={"PATCH": [404] * 9})
    with tus_server(behaviour) as url, pytest.raises(Refused):
        Trip(url).go()
    assert len(behaviour.uploads) == 3


def test_a_gateway_that_takes_only_small_pieces_gets_small_ones_from_then_on() -> None:
    behaviour = Behaviour(largest_piece=100_000)
    with tus_server(behaviour) as url:
        Trip(url).go()
    assert only(behaviour) == CONTENT
    assert len(behaviour.requests) < 60


@pytest.mark.parametrize(
    "offset",
    [lambda offset: offset + 1, lambda offset: 10**9, lambda offset: -1],
    ids=["one byte more than was sent", "beyond the end", "no number"],
)
def test_an_offset_that_cannot_be_ends_the_errand(offset: Callable[[int], int]) -> None:
    behaviour = Behaviour(offset=offset)
    with tus_server(behaviour) as url, pytest.raises(Refused):
        Trip(url).go()


def test_a_server_that_goes_back_again_and_again_is_left_before_it_costs_much() -> None:
    behaviour = Behaviour(forgets=200_000, cuts=[150_000] * 100)
    with tus_server(behaviour) as url, pytest.raises(Refused):
        Trip(url).go()
    assert behaviour.received < 3 * len(CONTENT)


def test_a_server_that_takes_nothing_is_given_up_in_the_end() -> None:
    behaviour = Behaviour(offset=lambda offset: 0)
    with tus_server(behaviour) as url:
        trip = Trip(url)
        with pytest.raises(GaveUp):
            trip.go()
    assert sum(wait for wait, _ in trip.waits) <= 3600


@pytest.mark.parametrize(
    "location", ["https://elsewhere.example{}", "http://127.0.0.1:1{}", "//elsewhere.example{}", "{}"]
)
def test_only_the_path_of_a_location_counts(location: str) -> None:
    behaviour = Behaviour(location=location.format)
    with tus_server(behaviour) as url:
        trip = Trip(url)
        trip.go()
        assert trip.urls == [f"{url}/1"]
    assert only(behaviour) == CONTENT


@pytest.mark.parametrize("location", ["", "x" * 3000, "/a b", "http://[", "/ä"])
def test_a_location_that_is_none_ends_the_errand(location: str) -> None:
    raw = f"HTTP/1.1 201 Created\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with rude_server(lambda to: to.sendall(raw)) as url, pytest.raises(Refused):
        Trip(url).go()


def _drip(to: socket.socket) -> None:
    to.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        to.sendall(b"x")
        time.sleep(0.05)


def _flood(begin: bytes, again: bytes) -> Callable[[socket.socket], None]:
    def answer(to: socket.socket) -> None:
        to.sendall(begin)
        while True:
            to.sendall(again * 1000)

    return answer


RUDE: dict[str, Callable[[socket.socket], None]] = {
    "silent": lambda to: time.sleep(3),
    "closing": lambda to: None,
    "no HTTP": lambda to: to.sendall(b"SSH-2.0-x\r\n\r\n"),
    "dripping": _drip,
    "cut in a header": lambda to: to.sendall(b"HTTP/1.1 204 No Content\r\nUpload-Offset: 12"),
    "cut after a header": lambda to: to.sendall(b"HTTP/1.1 204 No Content\r\nUpload-Offset: 12\r\n"),
    "endless header": _flood(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "endless headers": _flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "endless waiting": _flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "shorter than it says": lambda to: to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"),
}


@pytest.mark.parametrize("answer", RUDE.values(), ids=RUDE.keys())
def test_a_rude_server_is_a_broken_line_within_seconds(answer: Callable[[socket.socket], None]) -> None:
    started = time.monotonic()
    with rude_server(answer) as url:
        line = Line(parse_address(url, None), quiet_s=0.5)
        with pytest.raises(LineBroken):
            line.request("GET", "/files", most=100)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "answer",
    [
        _flood(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x"),
        _flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        _flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"),
        lambda to: to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=["huge", "without end", "in pieces of no size", "empty"],
)
def test_what_is_no_receipt_is_not_taken(answer: Callable[[socket.socket], None]) -> None:
    with rude_server(answer) as url, pytest.raises(Refused):
        Trip(url).receipt()


def test_a_receipt_comes_back_once_it_lies_there() -> None:
    behaviour = Behaviour(answers={"GET": [502]})
    with tus_server(behaviour) as url:
        assert Trip(url).receipt() is None
        behaviour.receipts[SHA256] = bytes(MAX_RECEIPT_BYTES)
        assert Trip(url + "/").receipt() == bytes(MAX_RECEIPT_BYTES)
        behaviour.receipts[SHA256] = bytes(MAX_RECEIPT_BYTES + 1)
        with pytest.raises(Refused):
            Trip(url).receipt()
    assert set(behaviour.requests) == {f"GET {BASE}/receipts/{SHA256}"}
