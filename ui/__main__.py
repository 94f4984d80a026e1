"""`python -m ui` and the frozen `rufaa`."""

from __future__ import annotations

import sys

from desktop.system import protect_process


def main() -> int:
    """Keep this process to itself before anything is read into it, then open the window."""
    protect_process()
    from ui.app import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
