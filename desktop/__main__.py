"""`python -m desktop` and the frozen `rufaa-cli`: either the limited child of `confinement`, or the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run what the first word asks for and return the exit status."""
    if sys.argv[1:2] == ["child"]:
        # Nothing heavy is imported before the child has limited itself.
        from desktop.confinement import child_main

        return child_main(sys.argv[2:])
    from desktop.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
