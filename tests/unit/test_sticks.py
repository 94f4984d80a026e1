from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop import files, sticks
from desktop.errors import Obstacle
from tests.sticks import Rack, make_rack, mount_line

needs_mounts = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a file system"
)
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="only an administrator may make links there")


def disk(disks: Path, name: str, removable: str, *partitions: str) -> None:
    for partition in partitions:
        (disks / name / partition).mkdir(parents=True)
        (disks / name / partition / "partition").write_text("1\n")
    (disks / name).mkdir(parents=True, exist_ok=True)
    (disks / name / "removable").write_text(f"{removable}\n")


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rack:
    return make_rack(tmp_path, monkeypatch)


def code_of(error: pytest.ExceptionInfo[Obstacle]) -> tuple[str, dict[str, int | str]]:
    return error.value.code, error.value.facts


# ------------------------------------------------------------------------------------------------ Linux


def test_sticks_are_what_is_mounted_where_sticks_appear_by_the_names_people_gave_them(
    rack: Rack, tmp_path: Path
) -> None:
    stick, other = rack.media / "OFISI \\ 1", rack.media / "Ndoo"
    stick.mkdir()
    other.mkdir()
    rack.say(mount_line("8:17", stick, "vfat", "/dev/sdb1") + mount_line("8:33", other, "exfat", "/dev/sdc1"))
    names = [(found.name, found.path, found.writable) for found in sticks.found()]
    assert names == [("Ndoo", other, True), ("OFISI \\ 1", stick, True)]
    assert all(found.free_bytes > 0 for found in sticks.found())


@pytest.mark.parametrize(
    ("kind", "source", "inside"),
    [("tmpfs", "tmpfs", "/"), ("iso9660", "/dev/sr0", "/"), ("nfs4", "server:/home", "/"), ("ext4", "/dev/sda1", "/x")],
    ids=["memory", "disc", "network", "part of another file system"],
)
def test_what_is_no_stick_is_left_out(rack: Rack, tmp_path: Path, kind: str, source: str, inside: str) -> None:
    (rack.media / "x").mkdir()
    rack.say(mount_line("8:1", rack.media / "x", kind, source, inside=inside))
    assert sticks.found() == ()


def test_a_removable_disk_counts_wherever_it_is_mounted_and_a_fixed_one_does_not(rack: Rack, tmp_path: Path) -> None:
    disk(rack.disks, "sdb", "1", "sdb1")
    disk(rack.disks, "sda", "0", "sda1")
    elsewhere, fixed = tmp_path / "elsewhere", tmp_path / "fixed"
    elsewhere.mkdir()
    fixed.mkdir()
    rack.say(mount_line("8:17", elsewhere, "ext4", "/dev/sdb1") + mount_line("8:1", fixed, "ext4", "/dev/sda1"))
    assert [found.path for found in sticks.found()] == [elsewhere]


def test_the_system_itself_is_no_stick_though_it_runs_from_one(rack: Rack, tmp_path: Path) -> None:
    disk(rack.disks, "sdb", "1", "sdb1", "sdb2")
    rack.say(mount_line("8:17", "/", "ext4", "/dev/sdb1") + mount_line("8:18", "/boot/efi", "vfat", "/dev/sdb2"))
    assert sticks.found() == ()


def test_a_medium_mounted_twice_is_one_stick_and_a_place_that_is_gone_is_none(rack: Rack, tmp_path: Path) -> None:
    first, second = rack.media / "a", rack.media / "b"
    first.mkdir()
    second.mkdir()
    rack.say(
        mount_line("8:17", first, "vfat", "/dev/sdb1")
        + mount_line("8:17", second, "vfat", "/dev/sdb1")
        + mount_line("8:33", rack.media / "gone", "vfat", "/dev/sdc1")
        + "not a line of the kernel\n"
    )
    assert [found.path for found in sticks.found()] == [first]


def test_a_read_only_mount_is_said_to_be_so(rack: Rack, tmp_path: Path) -> None:
    stick = rack.media / "locked"
    stick.mkdir()
    rack.say(mount_line("8:17", stick, "vfat", "/dev/sdb1", options="ro"))
    (found,) = sticks.found()
    assert not found.writable
    with pytest.raises(Obstacle) as error:
        sticks.save_to(found, "R-X.rufaa", b"data")
    assert code_of(error) == ("STICK_NOT_WRITABLE", {})
    assert list(stick.iterdir()) == []


def test_this_machine_can_be_asked() -> None:
    for found in sticks.found():
        assert found.path.is_dir()


# ---------------------------------------------------------------------------------------------- Windows


class Kernel:
    """kernel32 as C functions: ctypes converts every argument by the declared prototype, as on Windows."""

    def __init__(self, drives: dict[str, tuple[int, str | None, int]]) -> None:
        """`drives`: letter -> (type, label or None for no medium, flags)."""
        self._drives = drives
        self.asked: list[str] = []
        self.modes: list[int] = []
        for name, (result, arguments) in sticks.PROTOTYPES.items():
            setattr(self, name, ctypes.CFUNCTYPE(result, *arguments)(getattr(self, f"_{name}")))

    def _GetLogicalDrives(self) -> int:
        return sum(1 << ord(letter) - ord("A") for letter in self._drives)

    def _GetDriveTypeW(self, root: str) -> int:
        return self._drives[root.removesuffix(":\\")][0]

    def _SetThreadErrorMode(self, mode: int, before: Any) -> int:
        self.modes.append(mode)
        if before:
            before[0] = 4
        return 1

    def _GetVolumeInformationW(
        self, root: str, label: Any, room: int, serial: Any, longest: Any, flags: Any, system: Any, system_room: int
    ) -> int:
        self.asked.append(root)
        _, name, found = self._drives[root.removesuffix(":\\")]
        assert room == 261
        assert not serial
        assert not longest
        assert not system
        assert system_room == 0
        if name is None:
            return 0
        for place, character in enumerate(name + "\0"):
            label[place] = character
        flags[0] = found
        return 1


def test_windows_is_asked_for_removable_drives_that_hold_a_medium() -> None:
    kernel = Kernel(
        {
            "A": (2, None, 0),  # an empty card reader
            "C": (3, "Windows", 0),
            "E": (2, "OFISI", 0),
            "F": (2, "", 0x0008_0000),
            "Z": (4, "network", 0),
        }
    )
    assert list(sticks.windows_volumes(kernel)) == [
        sticks.Volume("OFISI (E:)", Path("E:\\"), read_only=False),
        sticks.Volume("F:", Path("F:\\"), read_only=True),
    ]
    assert kernel.asked == ["A:\\", "E:\\", "F:\\"]
    assert kernel.modes == [1, 4]  # no box of the system's while asking, and the old mode afterwards


def test_the_declared_windows_functions_take_the_sizes_that_windows_takes() -> None:
    sizes = {name: [ctypes.sizeof(kind) for kind in kinds] for name, (_, kinds) in sticks.PROTOTYPES.items()}
    pointer = ctypes.sizeof(ctypes.c_void_p)
    assert sizes == {
        "GetLogicalDrives": [],
        "GetDriveTypeW": [pointer],
        "SetThreadErrorMode": [4 if sys.platform == "win32" else ctypes.sizeof(ctypes.c_ulong), pointer],
        "GetVolumeInformationW": [
            *(pointer, pointer, ctypes.sizeof(ctypes.c_ulong)),
            *(pointer, pointer, pointer, pointer, ctypes.sizeof(ctypes.c_ulong)),
        ],
    }


# ----------------------------------------------------------------------------------------------- choosing


def test_the_only_stick_is_taken_and_of_several_one_must_be_chosen(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = sticks.at(tmp_path / "a"), sticks.at(tmp_path / "b")
    assert sticks.chosen((one,), None) == one
    assert sticks.chosen((one, two), two.path) == two
    with pytest.raises(Obstacle) as error:
        sticks.chosen((one, two), None)
    assert code_of(error) == ("STICK_MANY", {"count": 2})
    with pytest.raises(Obstacle) as error:
        sticks.chosen((), None)
    assert code_of(error) == ("STICK_NONE", {})
    with pytest.raises(Obstacle) as error:
        sticks.chosen((one,), two.path)
    assert code_of(error) == ("STICK_GONE", {})


# ------------------------------------------------------------------------------------------------- saving


def test_what_is_saved_reads_back_and_leaves_nothing_else(tmp_path: Path) -> None:
    data = os.urandom(100_000)
    path = sticks.save_to(sticks.at(tmp_path), "R-X.rufaa", data)
    assert path.read_bytes() == data
    assert [item.name for item in tmp_path.iterdir()] == ["R-X.rufaa"]


def test_K03_a_stick_that_was_pulled_takes_nothing_and_no_folder_is_made_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    stick = sticks.at(folder)
    folder.rmdir()
    with pytest.raises(Obstacle) as error:
        sticks.save_to(stick, "R-X.rufaa", b"data")
    assert code_of(error) == ("STICK_GONE", {})
    assert not folder.exists()
    with pytest.raises(Obstacle) as error:
        sticks.at(folder)
    assert code_of(error) == ("STICK_GONE", {})


def test_K03_pulled_between_writing_and_reading_back_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    stick = sticks.at(folder)

    def write_and_pull(place: Path, name: str, data: bytes) -> Path:
        path = files.write_file(place, name, data)
        folder.rename(tmp_path / "pulled")
        return path

    monkeypatch.setattr(sticks, "write_file", write_and_pull)
    with pytest.raises(Obstacle) as error:
        sticks.save_to(stick, "R-X.rufaa", b"data")
    assert code_of(error) == ("STICK_GONE", {})


def test_a_stick_that_gives_other_bytes_back_keeps_no_such_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_forget(place: Path, name: str, data: bytes) -> Path:
        path = files.write_file(place, name, data)
        path.write_bytes(data[:-1] + b"?")
        return path

    monkeypatch.setattr(sticks, "write_file", write_and_forget)
    with pytest.raises(Obstacle) as error:
        sticks.save_to(sticks.at(tmp_path), "R-X.rufaa", b"data")
    assert code_of(error) == ("STICK_GONE", {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_replaced_and_a_folder_in_the_way_is_said_to_be_unwritable(tmp_path: Path) -> None:
    (tmp_path / "R-X.rufaa").write_bytes(b"old")
    assert sticks.save_to(sticks.at(tmp_path), "R-X.rufaa", b"new").read_bytes() == b"new"
    (tmp_path / "R-Y.rufaa").mkdir()
    with pytest.raises(Obstacle) as error:
        sticks.save_to(sticks.at(tmp_path), "R-Y.rufaa", b"new")
    assert code_of(error) == ("STICK_NOT_WRITABLE", {})


def test_files_are_found_by_their_names_at_the_top_of_the_sticks(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "deeper").mkdir(parents=True)
    (tmp_path / "a" / "A-2.rufaa").touch()
    (tmp_path / "a" / "deeper" / "A-3.rufaa").touch()
    (tmp_path / "b" / "A-1.rufaa").touch()
    (tmp_path / "b" / "R-1.rufaa").touch()
    both = (sticks.at(tmp_path / "a"), sticks.at(tmp_path / "b"))
    assert [path.name for path in sticks.files_on(both, "A-*.rufaa")] == ["A-2.rufaa", "A-1.rufaa"]


@needs_links
def test_a_link_or_a_pipe_on_a_stick_is_no_file_of_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"of the laptop")
    stick = tmp_path / "stick"
    (stick / "A-folder.rufaa").mkdir(parents=True)
    (stick / "A-true.rufaa").touch()
    (stick / "A-link.rufaa").symlink_to(tmp_path / "elsewhere")
    (stick / "A-lost.rufaa").symlink_to(tmp_path / "nowhere")
    os.mkfifo(stick / "A-pipe.rufaa")
    (linked := tmp_path / "by another name").symlink_to(stick)
    for place in (stick, linked):
        assert [path.name for path in sticks.files_on([sticks.at(place)], "A-*.rufaa")] == ["A-true.rufaa"]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[sticks.Stick]:
    """A file system in memory with a size of its own, as a stick has."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield sticks.at(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@pytest.fixture
def may_mount(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    probe.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(probe)], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    subprocess.run(["umount", str(probe)], check=True)


@needs_mounts
@pytest.mark.usefixtures("may_mount")
def test_K01_a_stick_filled_by_its_trash_says_full_how_much_is_needed_and_how_much_is_free(tmp_path: Path) -> None:
    with mounted(tmp_path / "stick", "size=1m") as stick:
        trash = stick.path / ".Trash-1000"
        trash.mkdir()
        (trash / "deleted").write_bytes(bytes(900 * 1024))
        with pytest.raises(Obstacle) as error:
            sticks.save_to(stick, "R-X.rufaa", os.urandom(256 * 1024 + 1))
        assert code_of(error) == ("STICK_FULL", {"needed_kib": 257, "free_kib": 124})
        assert [item.name for item in stick.path.iterdir()] == [".Trash-1000"]
        (trash / "deleted").unlink()
        assert sticks.save_to(stick, "R-X.rufaa", bytes(1000)).exists()


@needs_mounts
@pytest.mark.usefixtures("may_mount")
def test_K03_a_stick_unmounted_under_the_same_folder_is_gone_and_the_laptop_keeps_no_copy(tmp_path: Path) -> None:
    with mounted(tmp_path / "stick", "size=1m") as stick:
        subprocess.run(["umount", str(stick.path)], check=True)
        with pytest.raises(Obstacle) as error:
            sticks.save_to(stick, "R-X.rufaa", b"data")
        assert code_of(error) == ("STICK_GONE", {})
        assert list(stick.path.iterdir()) == []


@needs_mounts
@pytest.mark.usefixtures("may_mount")
def test_a_write_protected_stick_says_so(tmp_path: Path) -> None:
    with mounted(tmp_path / "stick", "size=1m,ro") as stick:
        assert not stick.writable
        with pytest.raises(Obstacle) as error:
            sticks.save_to(stick, "R-X.rufaa", b"data")
        assert code_of(error) == ("STICK_NOT_WRITABLE", {})
