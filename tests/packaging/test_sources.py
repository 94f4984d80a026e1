"""What the frozen folder and the packages are made from, as far as it can be looked at without making them."""

from __future__ import annotations

import re
import runpy
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tasks
from bench import frozen as bench_frozen
from desktop import VERSION

PACKAGING = tasks.ROOT / "packaging"


def of(name: str) -> dict[str, Any]:
    return runpy.run_path(str(PACKAGING / name))


def test_nothing_of_ours_draws_or_reads_a_raster_picture_on_paper() -> None:
    # The frozen folder has no Pillow: packaging/without_pictures.
    used = [
        path
        for path in (tasks.ROOT / "desktop").rglob("*.py")
        if re.search(r"\bPIL\b|drawImage|drawInlineImage|ImageReader", path.read_text(encoding="utf-8"))
    ]
    assert used == []


def test_the_mark_is_drawn_for_every_system(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PACKAGING / "icons.py", tmp_path], check=True)
    assert (tmp_path / "rufaa.svg").read_text(encoding="utf-8").count("<path") >= 2
    for side in (16, 48, 256, 512):
        width, height = struct.unpack(">II", (tmp_path / f"rufaa-{side}.png").read_bytes()[16:24])
        assert (width, height) == (side, side)
    kind, count = struct.unpack("<HH", (tmp_path / "rufaa.ico").read_bytes()[2:6])
    assert (kind, count) == (1, 7)
    assert (tmp_path / "rufaa.icns").read_bytes().startswith(b"icns")


def test_windows_is_told_the_version() -> None:
    text: str = of("system_names.py")["windows_version"]("rufaa-cli")

    def part(*words: object, **named: object) -> object:
        return (*words, *named.items())

    parts = ("VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct", "VarFileInfo")
    facts = eval(text, {name: part for name in (*parts, "VarStruct")})  # noqa: S307  as PyInstaller reads it
    fixed, kids = dict(facts)["ffi"], str(dict(facts)["kids"])
    assert dict(fixed)["filevers"] == (*map(int, VERSION.split(".")), 0)
    assert "('OriginalFilename', 'rufaa-cli.exe')" in kids
    assert f"('ProductVersion', '{VERSION}')" in kids


@pytest.mark.parametrize(
    ("place", "source", "kind", "kept"),
    [
        ("PySide6/QtCore.abi3.so", "/e/PySide6/QtCore.abi3.so", "EXTENSION", True),
        ("PySide6/QtNetwork.abi3.so", "/e/PySide6/QtNetwork.abi3.so", "EXTENSION", False),
        ("PySide6/Qt/lib/libQt6Network.so.6", "/e/PySide6/Qt/lib/libQt6Network.so.6", "BINARY", True),
        ("PySide6\\plugins\\platforms\\qwindows.dll", "C:\\e\\qwindows.dll", "BINARY", True),
        ("PySide6\\plugins\\sqldrivers\\qsqlite.dll", "C:\\e\\qsqlite.dll", "BINARY", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/e/libqxcb.so", "BINARY", True),
        ("pycountry/databases/iso3166-1.json", "/e/iso3166-1.json", "DATA", True),
        ("pycountry/locales/sw/LC_MESSAGES/iso3166-1.mo", "/e/iso3166-1.mo", "DATA", False),
    ],
)
def test_files_are_kept_or_left_out_by_their_place(place: str, source: str, kind: str, kept: bool) -> None:
    assert of("trim.py")["keeps"]((place, source, kind)) is kept


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no package manager to mend them")
def test_the_systems_libraries_stay_the_systems() -> None:
    keeps = of("trim.py")["keeps"]
    assert not keeps(("libcrypto.so.3", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "BINARY"))
    assert keeps(("libpython3.11.so.1.0", "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", "BINARY"))
    assert keeps(("lib-dynload/_json.so", "/usr/lib/python3.11/lib-dynload/_json.so", "EXTENSION"))


def test_packed_resources_are_the_same_bytes_whenever_they_are_packed(tmp_path: Path) -> None:
    pack = of("trim.py")["pack"]
    first: Path = pack(tasks.ROOT / "resources", tmp_path / "first.zip")
    assert first.read_bytes() == pack(tasks.ROOT / "resources", tmp_path / "second.zip").read_bytes()


def test_the_build_takes_only_its_lock_and_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "build.txt").write_text("build==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "build" / "environment").mkdir(parents=True)
    steps: list[list[str]] = []
    monkeypatch.setattr(tasks, "must", lambda _, command, **__: steps.append([str(word) for word in command]))
    tasks.build_environment()
    made, installed = steps
    assert "--clear" in made
    assert {"--require-hashes", "--no-deps", str(tmp_path / "requirements" / "build.txt")} <= set(installed)
    tasks.build_environment()
    assert len(steps) == 2
    (tmp_path / "requirements" / "build.txt").write_text("build==2\n")
    tasks.build_environment()
    assert len(steps) == 4


def test_without_a_folder_the_bench_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_frozen, "FOLDER", tmp_path)
    (result,) = bench_frozen.measure()
    assert (result["goal"], result["figure"]) == ("G14", "not run")
