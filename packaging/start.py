"""Where the frozen programs begin: one program under several names, told apart by the name it was started with.

So Python, the modules and the libraries are in the folder once. On Linux the other names are links to `rufaa`.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Be the command line, the courier or the window."""
    # One file instead of two hundred; `desktop.paths.resource` finds it by the path of modules.
    sys.path.append(str(Path(__file__).with_name("resources.zip")))
    name = Path(sys.argv[0]).stem
    if name == "rufaa-send":
        from desktop.courier.__main__ import main as program
    elif name == "rufaa-cli":
        from desktop.__main__ import main as program
    else:
        from ui.__main__ import main as program
    return program()


if __name__ == "__main__":
    sys.exit(main())
