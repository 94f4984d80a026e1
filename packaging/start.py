"""Where the frozen programs begin: one program under several names, told apart by the name it was started with.

So Python, the modules and the libraries are in the folder once. On Linux the other names are links to `rufaa`.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Be the command line or the window."""
    # One file instead of two hundred; `desktop.paths.resource` finds it by the path of modules.
    sys.path.append(str(Path(__file__).with_name("resources.zip")))
    if Path(sys.argv[0]).stem == "rufaa-cli":
        from desktop.cli import main as program
    else:
        from ui.app import main as program
    return program()


if __name__ == "__main__":
    sys.exit(main())
