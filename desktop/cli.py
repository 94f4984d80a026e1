"""`rufaa-cli`: everything without a window, the Secretariat's side included.

Nothing heavy is imported before the subcommand is known: the limited child starts here too.
"""

from __future__ import annotations

import argparse
import sys

from desktop import PRODUCT, VERSION


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand and return the exit status. Expected failures end with a sentence, never a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["child"]:
        from desktop.confinement import child_main

        return child_main(given[1:])
    parser = _parser()
    options = parser.parse_args(given)
    return _run(options)


def _parser() -> argparse.ArgumentParser:
    from desktop.commands import demo, listing, office, secretariat, selftest

    parser = argparse.ArgumentParser(prog="rufaa-cli", description=f"{PRODUCT} {VERSION} without a window.")
    parser.add_argument("--version", action="version", version=f"{PRODUCT} {VERSION}")
    parser.add_argument("--language", choices=("en", "sw"), default="en", help="language of sentences")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (office, secretariat, demo, selftest, listing):
        part.add_to(commands)
    return parser


def _run(options: argparse.Namespace) -> int:
    from desktop import log
    from desktop.commands.common import tell_error
    from desktop.errors import DeskError

    log.catch_faults()
    try:
        status: int = options.run(options)
    except DeskError as error:
        tell_error(error, options.language)
        return error.exit_status
    except BrokenPipeError:
        return 1
    return status
