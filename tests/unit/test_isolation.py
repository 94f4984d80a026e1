from __future__ import annotations

import os
import socket
from pathlib import Path

import platformdirs
import pytest


def test_a_socket_to_another_machine_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        # 192.0.2.0/24 is kept for documentation (RFC 5737): nothing answers there.
        with pytest.raises(RuntimeError, match="network"):
            outward.connect(("192.0.2.1", 9))
        with pytest.raises(RuntimeError, match="network"):
            outward.sendto(b"", ("192.0.2.1", 9))


def test_a_socket_to_this_machine_is_let_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_the_users_own_folders_are_temporary(tmp_path: Path) -> None:
    base = tmp_path.parent
    assert base in Path.home().parents
    assert base in platformdirs.user_data_path("Rufaa").parents
    assert Path(os.environ["XDG_RUNTIME_DIR"]).is_dir()
