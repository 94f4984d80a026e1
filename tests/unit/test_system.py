"""What the operating system is asked for: on Linux by its effect, on Windows by the arguments of each call."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import desktop
from desktop import files, system, vault_files
from desktop.system import State

ROOT = Path(desktop.__file__).parents[1]
NOBODY = 65534
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
needs_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="becomes another user")


def in_another_process(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python lines in a process of their own, with core dumps allowed as far as this machine allows them."""
    start = "import os, resource, signal, sys\nfrom pathlib import Path\nfrom desktop import system\n"
    start += (
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\nresource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", f"{start}sys.dont_write_bytecode = True\nos.chdir({str(folder)!r})\n{script}"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )


CRASH = """
child = os.fork()
if not child:
    os.kill(os.getpid(), signal.SIGSEGV)
print(os.WCOREDUMP(os.waitpid(child, 0)[1]))
"""
TURN_INTO_NOBODY = f"os.setgid({NOBODY})\nos.setuid({NOBODY})\n"


@linux_only
def test_a_crash_leaves_no_core_behind_where_one_without_protection_does(tmp_path: Path) -> None:
    unprotected, protected = tmp_path / "unprotected", tmp_path / "protected"
    unprotected.mkdir()
    protected.mkdir()
    ran = in_another_process(f"system.protect_process()\nprint(system.core_dumps())\n{CRASH}", protected)
    assert ran.stdout.split() == ["OK", "False"]
    assert list(protected.iterdir()) == []
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        ran = in_another_process(f"print(system.core_dumps())\n{CRASH}", unprotected)
        assert ran.stdout.split() == ["FAILED", "True"]


@linux_only
def test_a_dump_through_a_pipe_heeds_no_limit_and_is_refused_all_the_same(tmp_path: Path) -> None:
    """Only the second of the two, which core(5) says holds for a pipe as well."""
    script = "system.protect_process()\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert in_another_process(f"import ctypes\n{script}", tmp_path).stdout.split() == ["0"]


@linux_only
def test_memory_is_locked_where_all_of_it_may_be(tmp_path: Path) -> None:
    script = (
        "system.protect_process()\n"
        "from desktop.crypto import kdf\nheld = bytearray(30 << 20)\n"
        "status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())\n"
        "print(system.memory_locked(), status['VmLck'].split()[0])"
    )
    state, locked_kib = in_another_process(script, tmp_path).stdout.split()
    if system._may_lock_memory():
        assert (state, int(locked_kib) > 30 << 10) == ("OK", True)
    else:
        assert (state, int(locked_kib)) == ("NOT_POSSIBLE", 0)


@linux_only
def test_the_few_pages_that_a_library_locks_are_not_taken_for_all(tmp_path: Path) -> None:
    """SQLCipher and OpenSSL lock some of theirs."""
    script = "import ctypes\nheld = ctypes.create_string_buffer(8192)\nctypes.CDLL(None).mlock(held, 8192)\n"
    script += "print(int(system._of_this_process('VmLck').split()[0]) > 0, system.memory_locked())"
    expected = "FAILED" if system._may_lock_memory() else "NOT_POSSIBLE"
    assert in_another_process(script, tmp_path).stdout.split() == ["True", expected]


@linux_only
def test_locking_reads_no_library_in_whole(tmp_path: Path) -> None:
    """A laptop with 4 GB has no room for every page that might once be used."""
    script = (
        "{first}import PySide6.QtWidgets\n"
        "print(next(line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if 'VmRSS' in line))"
    )
    plain, locked = (
        int(in_another_process(script.format(first=first), tmp_path).stdout)
        for first in ("", "system.protect_process()\n")
    )
    assert locked < plain * 1.5


@needs_root
def test_with_a_small_allowance_nothing_is_locked_and_nothing_breaks(tmp_path: Path) -> None:
    """Locking up to a limit would turn the next piece of memory into a crash."""
    script = (
        f"resource.setrlimit(resource.RLIMIT_MEMLOCK, (8 << 20, 8 << 20))\n{TURN_INTO_NOBODY}"
        "system.protect_process()\nheld = bytearray(64 << 20)\nprint(system.memory_locked(), system.core_dumps())"
    )
    assert in_another_process(script, tmp_path).stdout.split() == ["NOT_POSSIBLE", "OK"]


@needs_root
def test_a_process_nobody_may_look_into_still_knows_which_files_it_holds_open(tmp_path: Path) -> None:
    """`files.read_file` asks /proc/self/fd, which then belongs to the administrator."""
    held = tmp_path / "vault.db"
    held.write_bytes(b"x")
    tmp_path.chmod(0o755)
    held.chmod(0o644)
    script = f"""
from desktop import files
from desktop.errors import Obstacle
held = os.open({held.name!r}, os.O_RDONLY)
{TURN_INTO_NOBODY}
system.protect_process()
try:
    files.read_file({held.name!r}, 100)
except Obstacle as error:
    print(error.code)
"""
    assert in_another_process(script, tmp_path).stdout.split() == ["FILE_NOT_ORDINARY"]
    assert files.read_file(str(held), 100) == b"x"


@needs_root
def test_another_process_of_the_same_user_may_not_look_inside(tmp_path: Path) -> None:
    script = """
read, write = os.pipe()
child = os.fork()
if not child:
    try:
        open(f"/proc/{os.getppid()}/mem", "rb").close()
        os.write(write, b"OPENED")
    except OSError:
        os.write(write, b"REFUSED")
    os._exit(0)
os.waitpid(child, 0)
print(os.read(read, 20).decode())
"""
    # A user who changed its id is not dumpable either until it says so; that is the state of a program just started.
    started = f"import ctypes\n{TURN_INTO_NOBODY}ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"
    assert in_another_process(started + script, tmp_path).stdout.strip() == "OPENED"
    assert in_another_process(f"{started}system.protect_process()\n{script}", tmp_path).stdout.strip() == "REFUSED"


@linux_only
@pytest.mark.parametrize("module", ["ui", "desktop"])
def test_both_programs_protect_themselves_before_anything_else(module: str, tmp_path: Path) -> None:
    script = f"""
import runpy
seen = []
later = ("PySide6.QtWidgets", "sqlalchemy", "desktop.bootstrap")
system.protect_process = lambda: seen.append([name for name in later if name in sys.modules])
sys.argv = ["rufaa", "--version"]
try:
    runpy.run_module({module!r}, run_name="__main__")
except SystemExit:
    print(seen)
"""
    assert in_another_process(script, tmp_path).stdout.splitlines()[-1] == "[[]]"


def test_the_limited_child_is_left_to_limit_itself(tmp_path: Path) -> None:
    script = (
        "import runpy\nsystem.protect_process = lambda: print('PROTECTED')\n"
        "sys.argv = ['rufaa-cli', 'child', 'probe-echo', str(512 << 20), '5']\n"
        "runpy.run_module('desktop', run_name='__main__')"
    )
    assert "PROTECTED" not in in_another_process(script, tmp_path).stdout


# ------------------------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize(("loosened", "expected"), [(None, State.OK), ("vault", State.FAILED), ("g1", State.FAILED)])
def test_a_folder_that_others_get_into_is_told(loosened: str | None, expected: State, tmp_path: Path) -> None:
    data = tmp_path / "data"
    vault_files._make_folder(data / "vault" / "g1")
    assert stat.S_IMODE((data / "vault").stat().st_mode) == 0o700
    if loosened:
        (data / "vault" / loosened if loosened != "vault" else data / "vault").chmod(0o755)
    assert state_of("folder", data) == expected


def test_the_installers_group_is_no_stranger(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    vault_files._make_folder(tmp_path / "vault" / "g1")
    assert state_of("folder", tmp_path) == State.OK
    (tmp_path / "vault").chmod(0o2775)
    assert state_of("folder", tmp_path) == State.FAILED


def test_a_folder_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    assert state_of("folder", tmp_path / "nowhere") == State.NOT_POSSIBLE


def state_of(part: str, data: Path) -> State:
    return next(found.state for found in system.health(data) if found.part == part)


# --------------------------------------------------------------------------------------------- disk and swap


class Kernel:
    """Files as the kernel shows them: block devices with what they lie on, and swap."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sys/dev/block").mkdir(parents=True)
        (folder / "proc").mkdir()
        self.swaps()

    def device(self, number: str, *, uuid: str | None = None, on: tuple[str, ...] = ()) -> None:
        place = self.folder / "sys/dev/block" / number
        place.mkdir()
        if uuid is not None:
            (place / "dm").mkdir()
            (place / "dm/uuid").write_text(uuid)
            (place / "slaves").mkdir()
        for name in on:
            (place / "slaves" / name.replace(":", "-")).mkdir()
            (place / "slaves" / name.replace(":", "-") / "dev").write_text(f"{name}\n")

    def swaps(self, *names: str) -> None:
        lines = ["Filename\tType\tSize\tUsed\tPriority", *(f"{name}\tfile\t1\t0\t-2" for name in names)]
        (self.folder / "proc/swaps").write_text("\n".join(lines) + "\n")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel(tmp_path / "kernel")

    def here(path: str | Path) -> Path:
        return made.folder / str(path)[1:] if str(path).startswith(("/sys/dev", "/proc/swaps")) else Path(path)

    monkeypatch.setattr(system, "Path", here)
    return made


LUKS, LVM = "CRYPT-LUKS2-0123-root", "LVM-abcd"


@linux_only
@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        ({"8:1": (None, ())}, False),
        ({"8:1": (LUKS, ("8:2",)), "8:2": (None, ())}, True),
        ({"8:1": (LVM, ("8:2",)), "8:2": (LUKS, ("8:3",)), "8:3": (None, ())}, True),
        ({"8:1": (LVM, ("8:2", "8:4")), "8:2": (LUKS, ()), "8:4": (None, ())}, False),
        ({}, None),
    ],
)
def test_a_disk_is_encrypted_when_all_it_lies_on_is(
    devices: dict[str, tuple[str | None, tuple[str, ...]]], expected: bool | None, kernel: Kernel
) -> None:
    for number, (uuid, below) in devices.items():
        kernel.device(number, uuid=uuid, on=below)
    assert system._is_encrypted(os.makedev(8, 1)) is expected


@linux_only
def test_swap_is_told_unless_it_is_encrypted_or_memory_itself(kernel: Kernel, tmp_path: Path) -> None:
    assert system._swap_encrypted() == State.OK  # none
    kernel.swaps("/dev/zram0")
    assert system._swap_encrypted() == State.OK
    swapfile = tmp_path / "swapfile"
    swapfile.touch()
    number = f"{os.major(swapfile.stat().st_dev)}:{os.minor(swapfile.stat().st_dev)}"
    kernel.swaps(str(swapfile))
    assert system._swap_encrypted() == State.NOT_POSSIBLE  # the kernel does not say what it lies on
    kernel.device(number)
    assert system._swap_encrypted() == State.FAILED
    assert system._disk_encrypted(tmp_path) == State.FAILED


@linux_only
def test_screens_and_clipboards_of_linux_promise_nothing(tmp_path: Path) -> None:
    assert system.clipboard_marks() == {"x-kde-passwordManagerHint": b"secret"}
    assert system.exclude_from_capture(1) == State.NOT_POSSIBLE
    assert (state_of("capture", tmp_path), state_of("clipboard", tmp_path)) == (State.NOT_POSSIBLE,) * 2


def test_every_state_has_its_words(tmp_path: Path) -> None:
    from desktop.messages import sentences

    assert {code for code in system._CODES.values()} <= sentences().keys()
    assert len({code for code in system._CODES.values()}) == len(system._CODES)
    assert [found.part for found in system.health(tmp_path)] == list(dict.fromkeys(part for part, _ in system._CODES))
