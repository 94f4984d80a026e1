"""The courier against somebody else's server, `@tus/server` on Node, behind a line that breaks again and again."""

from __future__ import annotations

import contextlib
import hashlib
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from desktop.errand import Began, Courier, Errand, Task, Waiting, Word

pytestmark = pytest.mark.heavy

SOURCE = Path(__file__).parents[1] / "data" / "tus"
PLACE = tasks.ROOT / "build" / "tus"
CONTENT = random.Random(3).randbytes(20_000_000)  # noqa: S311  the same bytes each time
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def tus_port(tmp_path: Path) -> Iterator[int]:
    """The server, installed by its lock; its files lie in `tmp_path`."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for path in SOURCE.iterdir():
        shutil.copyfile(path, PLACE / path.name)
    subprocess.run(["npm", "ci", "--omit=optional", "--no-audit", "--no-fund", "--silent"], cwd=PLACE, check=True)
    with subprocess.Popen(["node", "server.mjs", tmp_path], cwd=PLACE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


class CuttingLine:
    """A line to a port that breaks after so many bytes of each connection, between `least` and `most`."""

    def __init__(self, to: int, least: int, most: int) -> None:
        self._to, self._least, self._most = to, least, most
        self._chance = random.Random(4)  # noqa: S311  the same cuts each time
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.carried = self.cuts = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                threading.Thread(target=self._back, args=(far, near), daemon=True).start()
                threading.Thread(target=self._forth, args=(near, far), daemon=True).start()

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        left = self._chance.randint(self._least, self._most)
        with near, far, contextlib.suppress(OSError):
            while left > 0 and (piece := near.recv(min(left, 65536))):
                far.sendall(piece)
                self.carried += len(piece)
                left -= len(piece)
            self.cuts += left <= 0
            for end in (near, far):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _back(far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := far.recv(65536):
                near.sendall(piece)


def test_20_mb_arrive_whole_over_a_line_that_breaks_each_half_megabyte(tus_port: int, tmp_path: Path) -> None:
    line = CuttingLine(tus_port, 300_000, 1_500_000)
    words: list[Word] = []
    errand = Errand(Task.SEND, "", 1, f"http://127.0.0.1:{line.port}/files", None, SHA256, CONTENT)
    try:
        Courier().run(errand, words.append)
    finally:
        line.close()
    (url,) = [word.url for word in words if isinstance(word, Began)]
    assert hashlib.sha256((tmp_path / url.rpartition("/")[2]).read_bytes()).hexdigest() == SHA256
    assert line.cuts > 10
    assert [word for word in words if isinstance(word, Waiting)]
    assert line.carried < 1.3 * len(CONTENT)  # field report L01
    print(f"{line.cuts} cuts, {line.carried / len(CONTENT):.3f} of the size carried")  # noqa: T201  the figures
