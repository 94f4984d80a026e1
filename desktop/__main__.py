"""`python -m desktop` and the frozen `rufaa-cli`."""

from __future__ import annotations

import sys

from desktop.cli import main as run


def main() -> int:
    """Keep this process to itself, then do what the command says. The limited child gives up more, by itself."""
    if sys.argv[1:2] != ["child"]:
        from desktop.system import protect_process

        protect_process()
    return run()


if __name__ == "__main__":
    sys.exit(main())
