"""`rufaa-cli`: everything without a window, the Secretariat's side included.

Nothing heavy is imported before the subcommand is known: the limited child starts here too.
"""

from __future__ import annotations

import argparse
import io
import sys

from desktop import PRODUCT, VERSION

FAULT_STATUS = 70  # EX_SOFTWARE of sysexits: our own mistake, with a number to quote
_INTERRUPTED_STATUS = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand and return the exit status. Every failure ends with a sentence, never a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["child"]:
        from desktop.confinement import child_main

        return child_main(given[1:])
    parser = _parser()
    options = parser.parse_args(given)
    return _run(options)


def _parser() -> argparse.ArgumentParser:
    from desktop.commands import (
        bundle,
        demo,
        enrolment,
        journal,
        listing,
        office,
        people,
        recover,
        secretariat,
        selftest,
        sending,
        tables,
        workbook,
    )

    parser = argparse.ArgumentParser(prog="rufaa-cli", description=f"{PRODUCT} {VERSION} without a window.")
    parser.add_argument("--version", action="version", version=f"{PRODUCT} {VERSION}", help="show the version")
    parser.add_argument(
        "--language",
        choices=("en", "sw"),
        default="en",
        help="language of what the command says: English or Swahili (default en)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (
        office,
        people,
        recover,
        journal,
        workbook,
        enrolment,
        bundle,
        sending,
        tables,
        secretariat,
        demo,
        selftest,
        listing,
    ):
        part.add_to(commands)
    return parser


def _run(options: argparse.Namespace) -> int:
    from desktop import log
    from desktop.commands.common import tell_error
    from desktop.errors import DeskError

    log.catch_faults()  # those of other threads, and our own below
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without a letter is no fault
    try:
        status: int = options.run(options)
    except DeskError as error:
        tell_error(error, options.language)
        return error.exit_status
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED_STATUS
    except Exception as error:  # noqa: BLE001  # whatever else comes is our fault; it is logged and told by its number
        return _fault(error, options)
    return status


def _fault(error: Exception, options: argparse.Namespace) -> int:
    from desktop import log
    from desktop.messages import sentence
    from desktop.paths import data_folder

    if "data" in options and (folder := data_folder(options.data)).is_dir():
        log.open_log(folder / "log")  # a command that fails before it unlocks has not opened it yet
    number = log.fault(type(error), error.__traceback__)
    sys.stderr.write(sentence("FAULT_TOLD", options.language, number=number) + "\n")
    return FAULT_STATUS
