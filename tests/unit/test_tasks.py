from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import pytest

import tasks

LOCKS = sorted((tasks.ROOT / "requirements").glob("*.txt"))
REQUIREMENT = re.compile(r"^[a-z0-9-]+==[0-9][^ ]*( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with locks and an empty environment, whose steps are recorded instead of run."""
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for group in ("runtime", "dev", "lock"):
        (tmp_path / "requirements" / f"{group}.txt").write_text(f"{group}==1\n")
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    recorded: list[str] = []

    def record(what: str, command: object, **_: str) -> None:
        recorded.append(what.split(" (")[0])

    monkeypatch.setattr(tasks, "must", record)
    return recorded


def test_package_list_keeps_only_what_dpkg_has_fully_installed() -> None:
    listing = "age\tii \t\nzstd\trc \t\nlibglib2.0-0t64\tii \tlibglib2.0-0 (= 2.80.0-6), libglib2.0-data\n"
    wanted = ("libgl1", "age", "zstd", "libglib2.0-0")
    assert tasks.missing_packages(wanted, listing) == ["libgl1", "zstd"]


def test_the_tests_need_everything_that_running_needs() -> None:
    assert set(tasks.RUN_PACKAGES) < set(tasks.TEST_PACKAGES)
    assert len(set(tasks.TEST_PACKAGES)) == len(tasks.TEST_PACKAGES)


def test_without_root_the_one_line_is_printed_and_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in {"apt-get": "exit 9", "dpkg-query": r"printf 'age\tii \t\n'"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as stopped:
        tasks.need_packages(("age", "zstd", "strace"))
    assert stopped.value.code == 1
    assert "\nsudo apt-get install --yes --no-install-recommends zstd strace\n" in capsys.readouterr().err
    assert steps == []


def test_a_second_start_installs_nothing(project: Path, steps: list[str]) -> None:
    tasks.ensure_environment("runtime")
    first = ["making .venv", "installing requirements/runtime.txt", "installing rufaa and rufaa-cli"]
    assert steps == first
    tasks.ensure_environment("runtime")
    assert steps == first


def test_the_developers_environment_serves_the_program_too(project: Path, steps: list[str]) -> None:
    tasks.ensure_environment("dev")
    steps.clear()
    tasks.ensure_environment("runtime")
    assert steps == []


@pytest.mark.parametrize("changed", ["requirements/runtime.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_file_installs_again(project: Path, steps: list[str], changed: str) -> None:
    tasks.ensure_environment("runtime")
    steps.clear()
    (project / changed).write_text("changed\n")
    tasks.ensure_environment("runtime")
    assert steps == ["installing requirements/runtime.txt", "installing rufaa and rufaa-cli"]


def test_another_python_makes_the_environment_anew(
    project: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.ensure_environment("runtime")
    steps.clear()
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    tasks.ensure_environment("runtime")
    assert steps[0] == "making .venv"


def test_an_install_that_failed_is_tried_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "call", lambda command, **_: 1 if "--require-hashes" in command else 0)
    for _ in range(2):
        with pytest.raises(SystemExit) as stopped:
            tasks.ensure_environment("runtime")
        assert stopped.value.code == 1
    assert tasks.stamped("runtime") is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
@pytest.mark.parametrize(("variable", "expected"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True), ("OTHER", False)])
def test_a_display_is_found_by_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, expected: bool) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv(variable, ":1")
    assert tasks.has_display() is expected


def test_the_rehearsal_goes_to_an_absolute_path_without_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ROOT", Path("/home/desk/rufaa"))
    assert tasks.demo_folder().parent == Path("/home/desk/rufaa/build")
    monkeypatch.setattr(tasks, "ROOT", Path("/home/desk/my rufaa"))
    assert tasks.demo_folder().is_absolute()
    assert " " not in str(tasks.demo_folder())


def test_run_passes_the_programs_exit_status_through(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def answer(command: list[object], **_: str) -> int:
        asked.append([str(part) for part in command])
        return 7

    monkeypatch.setattr(tasks, "need_packages", lambda wanted: None)
    monkeypatch.setattr(tasks, "ensure_environment", lambda group: None)
    monkeypatch.setattr(tasks, "has_display", lambda: False)
    monkeypatch.setattr(tasks, "call", answer)
    assert tasks.run(argparse.Namespace()) == 7
    assert asked[0][1:3] == ["demo", "--out"]


def test_checks_stop_at_the_first_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tasks, "call", lambda command, **_: 3 if "mypy" in command else 0)
    with pytest.raises(SystemExit) as stopped:
        tasks.check((*tasks.STATIC_CHECKS, "pytest"))
    said = capsys.readouterr()
    assert stopped.value.code == 3
    assert "mypy failed (exit status 3)" in said.err
    assert "lint-imports" not in said.out


def test_help_names_every_target_of_the_makefile(capsys: pytest.CaptureFixture[str]) -> None:
    makefile = (tasks.ROOT / "Makefile").read_text(encoding="utf-8")
    declared = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert declared is not None
    assert set(declared[1].split()) == set(tasks.TASKS)
    tasks.main(["help"])
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert listed == set(tasks.TASKS)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_nothing_but_pinned_versions_with_hashes(path: Path) -> None:
    """No index address, host name, local path or option can stand in a line that is one of these three kinds."""
    previous = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            assert "://" not in line
            assert not re.search(r"(^|\s)/", line)
            continue
        assert REQUIREMENT.match(line) or HASH.match(line), line
        if previous.endswith("\\"):
            assert HASH.match(line), f"no hash after {previous}"
        previous = line
    assert HASH.match(previous)


def test_the_locks_pin_what_their_inputs_ask_for() -> None:
    for path in LOCKS:
        pinned = {line.split("==")[0] for line in path.read_text(encoding="utf-8").splitlines() if "==" in line}
        asked = path.with_suffix(".in").read_text(encoding="utf-8").splitlines()
        names = {re.split(r"[=<>]", line)[0].lower().replace("_", "-") for line in asked if line[:1].isalpha()}
        assert names
        assert names <= pinned


def test_the_developers_lock_holds_the_programs_lock_unchanged() -> None:
    runtime, dev = (
        set(tasks.lock_file(group).read_text(encoding="utf-8").splitlines()) for group in ("runtime", "dev")
    )
    pins = {line for line in runtime if REQUIREMENT.match(line) or HASH.match(line)}
    assert pins <= dev
