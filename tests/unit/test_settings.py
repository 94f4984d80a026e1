from __future__ import annotations

from pathlib import Path

import pytest

from desktop.settings import FILE_NAME, Settings, load, save


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    chosen = Settings(language="sw", theme="dark", text_percent=115, idle_minutes=2)
    save(tmp_path, chosen)
    assert load(tmp_path) == chosen
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"[" * 4000, b"\xff\xfe", b'{"idle_minutes": true}'])
def test_a_damaged_file_means_the_defaults(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert load(tmp_path) == Settings()


def test_one_value_out_of_range_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"language": "fr", "theme": "dark", "idle_minutes": 600, "other": 1}')
    assert load(tmp_path) == Settings(theme="dark")


def test_a_folder_that_is_gone_keeps_nothing_and_stops_nobody(tmp_path: Path) -> None:
    save(tmp_path / "gone", Settings(theme="dark"))
    assert load(tmp_path / "gone") == Settings()
