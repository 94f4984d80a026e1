"""`rufaa-cli demo --out DIR`: the whole walk, leaving letter, bundle, receipt and README.txt."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from desktop.commands.common import say
from desktop.commands.walk import Walk, readme
from desktop.errors import Obstacle
from desktop.files import probe_out, write_out


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `demo` subcommand."""
    parser = commands.add_parser("demo", help="walk the whole job on invented data")
    parser.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder")
    parser.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    folder = Path(options.out).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Obstacle("FOLDER_NOT_EMPTY")
    probe_out(folder)
    began = time.monotonic()
    walk = Walk(folder, options.language)
    for line in walk.steps():
        say(f"[{time.monotonic() - began:5.1f} s] {line}")
    walked = walk.result
    if walked is None:
        raise RuntimeError("the walk ended without its result")
    write_out(folder, "README.txt", readme(walked, time.monotonic() - began).encode())
    # These three lines are read by programs (decisions 3) and stay as they are in every language.
    say(f"letter: {walked.letter}", f"bundle: {walked.bundle}", f"receipt: {walked.receipt}")
    return 0
