"""Set-up and checks of Rufaa, from nothing but Python: `python3 tasks.py help`.

The Makefile only calls this file, so every step exists once. Standard library only, and written so that Python 3.9
can read it: an older Python must get far enough to say which one is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NoReturn

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)

# Debian's and Ubuntu's names; Ubuntu 24.04 provides the one that it has renamed.
RUN_PACKAGES = (
    # Qt itself
    *("libgl1", "libegl1", "libxkbcommon0", "libfontconfig1", "libdbus-1-3", "libglib2.0-0"),
    # Qt's window on X11
    *("libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0"),
    *("libxcb-render-util0", "libxcb-shape0", "libxcb-xinerama0", "libxcb-xkb1", "libxkbcommon-x11-0"),
)
# What the tests hold the program against: other people's programs, a real database server, X server and bus.
TEST_PACKAGES = (
    *RUN_PACKAGES,
    *("age", "zstd", "openssl", "poppler-utils", "postgresql", "xvfb", "xauth", "strace", "dbus"),
)
# What the heavy tests need besides: hands at the keyboard of a real window, a spreadsheet, another's tus server.
HEAVY_PACKAGES = (*TEST_PACKAGES, "xdotool", "libreoffice-calc", "nodejs", "npm")
# What the frozen folder is made with: Debian's own Python keeps its library in a package of its own.
BUILD_PACKAGES = (*RUN_PACKAGES, "binutils", "libpython3-dev")


def stop(sentence: str, status: int = 1) -> NoReturn:
    """Say why nothing more is done, and end with `status`."""
    print(f"rufaa: {sentence}", file=sys.stderr, flush=True)
    sys.exit(status)


def call(command: Sequence[object], **environment: str) -> int:
    """Run a program in the project's folder and return its exit status."""
    sys.stdout.flush()
    try:
        return subprocess.call([str(part) for part in command], cwd=ROOT, env={**os.environ, **environment})
    except FileNotFoundError:
        stop(f"{command[0]} is missing; `python3 tasks.py clean` and try again.")


def must(what: str, command: Sequence[object], **environment: str) -> None:
    """Run a program, and stop with a sentence if it fails."""
    print(f"== {what}", flush=True)
    status = call(command, **environment)
    if status:
        stop(f"{what} failed (exit status {status}); nothing after it was run.", status)


# ------------------------------------------------------------------------------------------ system packages


def installed_packages(listing: str) -> set[str]:
    """Read dpkg-query's lines `name<TAB>status<TAB>provides` into the names that are really there."""
    names = set()
    for line in listing.splitlines():
        name, status, provides = (line + "\t\t").split("\t")[:3]
        if status.strip() == "ii":
            names.add(name)
            names.update(entry.split()[0] for entry in provides.split(",") if entry.strip())
    return names


def missing_packages(wanted: Sequence[str], listing: str) -> list[str]:
    """Return the wanted packages that dpkg does not list as installed, in the order given."""
    present = installed_packages(listing)
    return [name for name in wanted if name not in present]


def need_packages(wanted: Sequence[str]) -> None:
    """On Debian and Ubuntu install what is missing when root; otherwise print the one line that does it and stop."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-query")):
        return
    if importlib.util.find_spec("ensurepip") is None:
        wanted = ("python3-venv", *wanted)
    query = ["dpkg-query", "--show", "--showformat", "${Package}\t${db:Status-Abbrev}\t${Provides}\n"]
    listing = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    missing = missing_packages(wanted, listing)
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        stop(f"some system packages are missing. Please run this, then try again:\n\nsudo {' '.join(install)}\n")
    must("apt-get update", ["apt-get", "update", "--quiet"])
    must("apt-get install " + " ".join(missing), [*install, "--quiet"], DEBIAN_FRONTEND="noninteractive")


# ------------------------------------------------------------------------------------------ virtual environment


def venv() -> Path:
    """Return the folder of the virtual environment."""
    return ROOT / ".venv"


def program(name: str) -> Path:
    """Return the path of a program in the virtual environment."""
    if os.name == "nt":
        return venv() / "Scripts" / f"{name}.exe"
    return venv() / "bin" / name


def lock_file(group: str) -> Path:
    """Return the hash-locked list of one group: runtime, dev or build (which hold runtime), or lock."""
    return ROOT / "requirements" / f"{group}.txt"


def base_stamp() -> str:
    """Say for which Python and which place the environment was made; its scripts hold absolute paths."""
    return f"{platform.python_version()} {ROOT}"


def group_stamp(group: str) -> str:
    """Say which lock, and which entry points, an installed group came from."""
    sources = (lock_file(group), ROOT / "pyproject.toml")
    return hashlib.sha256(b"".join(hashlib.sha256(source.read_bytes()).digest() for source in sources)).hexdigest()


def stamped(name: str) -> str | None:
    """Return what a stamp file in the environment says, or None."""
    path = venv() / f"rufaa-{name}.stamp"
    return path.read_text(encoding="utf-8") if path.exists() else None


def write_stamp(name: str, text: str) -> None:
    """Remember a finished step."""
    (venv() / f"rufaa-{name}.stamp").write_text(text, encoding="utf-8")


def ensure_environment(group: str) -> None:
    """Make .venv and install one locked group, each only when something it depends on has changed."""
    if stamped("base") != base_stamp():
        # An environment of another Python or another place is of no use; an unstamped one is finished in place.
        clear = ["--clear"] if stamped("base") else []
        must("making .venv", [sys.executable, "-m", "venv", *clear, venv()])
        write_stamp("base", base_stamp())
    covered_by = ("runtime", "dev") if group == "runtime" else (group,)
    if any(stamped(name) == group_stamp(name) for name in covered_by):
        return
    pip = [program("python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    # Wheels only: no code of a package runs while it is being installed.
    locked = ["--require-hashes", "--only-binary=:all:", "--requirement", lock_file(group)]
    must(f"installing requirements/{group}.txt (a few minutes the first time)", [*pip, *locked])
    if group != "lock":
        must("installing rufaa and rufaa-cli", [*pip, "--quiet", "--no-build-isolation", "--editable", ROOT])
    write_stamp(group, group_stamp(group))


# ------------------------------------------------------------------------------------------ tasks


def has_display() -> bool:
    """Tell whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def demo_folder() -> Path:
    """Return a new folder for the rehearsal, by an absolute path without spaces."""
    parent = ROOT / "build"
    if " " in str(parent):
        parent = Path(tempfile.gettempdir()) / "rufaa-build"
    return parent / time.strftime("demo-%Y%m%d-%H%M%S")


def run(_: argparse.Namespace) -> int:
    """Open the window; without a display walk the whole job headless and print what it made."""
    need_packages(RUN_PACKAGES)
    ensure_environment("runtime")
    if has_display():
        return call([program("rufaa")])
    out = demo_folder()
    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"No display here, so the whole walk is done without a window, into {out}", flush=True)
    return call([program("rufaa-cli"), "demo", "--out", out])


def check(names: Sequence[str]) -> None:
    """Run the named checks in order and stop at the first that fails. This is the one list of checks."""
    python = program("python")
    commands: dict[str, tuple[object, ...]] = {
        "ruff format --check": (python, "-m", "ruff", "format", "--check", "."),
        "ruff check": (python, "-m", "ruff", "check", "."),
        "mypy": (python, "-m", "mypy"),
        "lint-imports": (program("lint-imports"), "--no-logo"),
        # Side by side, each file in one process: its tests may share what is dear to make.
        "pytest": (python, "-m", "pytest", "-n", str(min(os.cpu_count() or 1, _MOST_TESTERS)), "--dist", "loadfile"),
    }
    for name in names:
        started = time.monotonic()
        must(name, commands[name], QT_QPA_PLATFORM="offscreen")
        print(f"   {name}: {time.monotonic() - started:.0f} s", flush=True)


_MOST_TESTERS = 4  # a process of tests takes about a gigabyte
STATIC_CHECKS = ("ruff format --check", "ruff check", "mypy", "lint-imports")


def prepare_checks(packages: Sequence[str] = TEST_PACKAGES) -> None:
    """Have everything that checks and builds need."""
    need_packages(packages)
    ensure_environment("dev")


def test(_: argparse.Namespace) -> int:
    """Run every check that a change must pass: format, lint, types, imports, tests."""
    started = time.monotonic()
    prepare_checks()
    check((*STATIC_CHECKS, "pytest"))
    print(f"All checks passed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def check_all(_: argparse.Namespace) -> int:
    """Run the heavy tests, those that `test` leaves out."""
    prepare_checks(HEAVY_PACKAGES)
    heavy = [program("python"), "-m", "pytest", "-m", "heavy"]
    # Asked first, because pytest calls a run without tests a failure (exit status 5).
    found = subprocess.run([*map(str, heavy), "--collect-only", "--quiet"], cwd=ROOT, capture_output=True, text=True)
    if found.returncode == 5:
        print("There are no heavy tests yet.", flush=True)
        return 0
    must("pytest -m heavy", heavy, QT_QPA_PLATFORM="offscreen")
    return 0


def lint(_: argparse.Namespace) -> int:
    """Run every check but the tests."""
    ensure_environment("dev")
    check(STATIC_CHECKS)
    return 0


def format_code(_: argparse.Namespace) -> int:
    """Sort the imports and lay out the code."""
    ensure_environment("dev")
    must("ruff check --select I --fix", [program("python"), "-m", "ruff", "check", "--select", "I", "--fix", "."])
    must("ruff format", [program("python"), "-m", "ruff", "format", "."])
    return 0


def run_tool(module: str, *arguments: str) -> int:
    """Run a module of ours that measures or draws, or say that it is not there."""
    source = ROOT.joinpath(*module.split("."))
    if not source.with_suffix(".py").exists() and not (source / "__main__.py").exists():
        print(f"There is nothing to run yet: {module} does not exist.", flush=True)
        return 0
    prepare_checks()
    return call([program("python"), "-m", module, *arguments], QT_QPA_PLATFORM="offscreen")


def build_environment() -> Path:
    """Make build/environment from the lock of builds alone, anew when that changes, and return its Python."""
    folder = ROOT / "build" / "environment"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "rufaa.stamp", f"{base_stamp()} {group_stamp('build')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        must("making build/environment", [sys.executable, "-m", "venv", "--clear", folder])
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
        locked = ["--require-hashes", "--only-binary=:all:", "--requirement", lock_file("build")]
        must("installing requirements/build.txt", [*pip, *locked])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def build(_: argparse.Namespace) -> int:
    """Make dist/rufaa: the programs in one folder that needs no Python."""
    need_packages(BUILD_PACKAGES)
    freeze = [build_environment(), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    places = ["--distpath", ROOT / "dist", "--workpath", ROOT / "build" / "work"]
    # The same source makes the same order of names; what is kept between builds stays in build.
    settings = {"PYTHONHASHSEED": "1", "PYINSTALLER_CONFIG_DIR": str(ROOT / "build" / "pyinstaller")}
    must("PyInstaller build.spec", [*freeze, *places, "build.spec"], **settings)
    print(ROOT / "dist" / "rufaa", flush=True)
    return 0


def deb(arguments: argparse.Namespace) -> int:
    """Make dist/rufaa_VERSION_ARCHITECTURE.deb, the package for Debian and Ubuntu."""
    build(arguments)
    must("dpkg-deb", [build_environment(), "packaging/deb/build.py"])
    return 0


def bench(_: argparse.Namespace) -> int:
    """Measure the performance goals; prints JSON lines."""
    return run_tool("bench")


def hard(arguments: argparse.Namespace) -> int:
    """Run the reliability and security goals; prints JSON lines (--n N how many, --only R1,R3 which of them)."""
    many = ("--n", str(arguments.n)) if arguments.n else ()
    only = ("--only", arguments.only) if arguments.only else ()
    return run_tool("bench.hard", "--out", str(ROOT / "build" / "proof.jsonl"), *many, *only)


def screenshots(arguments: argparse.Namespace) -> int:
    """Draw every screen into a folder (--out DIR)."""
    return run_tool("tests.screenshots", str(Path(arguments.out).absolute()))


def lock(_: argparse.Namespace) -> int:
    """Write requirements/*.txt anew from requirements/*.in, for every platform and Python at once."""
    ensure_environment("lock")
    options = ["--no-config", "--universal", "--python-version", "{}.{}".format(*OLDEST_PYTHON), "--generate-hashes"]
    options += ["--quiet", "--custom-compile-command", "make lock"]
    for group in ("runtime", "dev", "build", "lock"):
        paths = (f"requirements/{group}.in", "--output-file", f"requirements/{group}.txt")
        must(f"locking {group}", [program("uv"), "pip", "compile", *options, *paths])
    return 0


def clean(_: argparse.Namespace) -> int:
    """Remove what these tasks made: .venv, build, dist and the tools' caches."""
    caches = (".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache")
    for name in (".venv", "build", "dist", *caches):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    (ROOT / ".coverage").unlink(missing_ok=True)
    return 0


def show_help(_: argparse.Namespace) -> int:
    """Show this list."""
    for name, task in TASKS.items():
        print(f"  {name:12} {(task.__doc__ or '').splitlines()[0]}")
    return 0


TASKS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": run,
    "test": test,
    "check-all": check_all,
    "lint": lint,
    "format": format_code,
    "build": build,
    "deb": deb,
    "bench": bench,
    "hard": hard,
    "screenshots": screenshots,
    "lock": lock,
    "clean": clean,
    "help": show_help,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one task and return its exit status."""
    if sys.version_info < OLDEST_PYTHON:
        needed = "{}.{}".format(*OLDEST_PYTHON)
        stop(f"Rufaa needs Python {needed} or newer, and this is {platform.python_version()} ({sys.executable}).")
    parser = argparse.ArgumentParser(prog="tasks.py", description="Set-up and checks of Rufaa.")
    parser.add_argument("task", choices=TASKS, nargs="?", default="help")
    parser.add_argument("--n", type=int, help="how many, for `hard`")
    parser.add_argument("--only", help="which goals, for `hard`")
    parser.add_argument("--out", default="build/screenshots", help="where to, for `screenshots`")
    chosen = parser.parse_args(arguments)
    return TASKS[chosen.task](chosen)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        stop("stopped.", 130)
