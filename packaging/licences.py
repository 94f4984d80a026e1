"""The licences of what the frozen folder holds, from the packages it was made of, as one file to ship with it."""

from __future__ import annotations

import re
import sysconfig
from importlib import metadata
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# In the environment of the build, and not in the folder.
_TOOLS = frozenset(
    {
        *("altgraph", "macholib", "packaging", "pefile", "pip", "pyinstaller-hooks-contrib", "pywin32-ctypes"),
        *("charset-normalizer", "pillow", "pycparser", "setuptools"),
    }
)
_TEXT = re.compile(r"[^/]*(licen[cs]e|copying|copyright|notice)[^/]*", re.IGNORECASE)
_QT = "Qt and PySide are used under LGPL-3.0-only, whose text is in python-bidi/COPYING.LESSER; they are the\n"
_QT += (
    "libraries of the published wheels without debugging symbols, of ICU with fewer languages, and may be replaced.\n"
)


def pack(target: Path) -> Path:
    """Write the texts, and a list of packages with their versions and licences, into one file, and return it."""
    texts: dict[str, bytes] = {}
    listed = []
    found = {one.name.lower().replace("_", "-"): one for one in metadata.distributions()}
    for name in sorted(found.keys() - _TOOLS):
        facts, files = found[name].metadata, found[name].files or []
        said = (facts.get("License-Expression") or facts.get("License") or "").strip().partition("\n")[0]
        listed.append(f"{name} {found[name].version}: {said or 'see its text'}")
        for file in files:
            if _TEXT.fullmatch(file.name) and file.suffix not in {".py", ".pyc"} and "fonts" not in file.parts:
                texts[f"{name}/{file.name}"] = Path(str(file.locate())).read_bytes()
    python = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    if python.exists():  # a Python of Debian or Ubuntu has its in the system's documents
        texts["python/LICENSE.txt"] = python.read_bytes()
    texts["PACKAGES.txt"] = "\n".join([*listed, "", _QT]).encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as packed:
        for place in sorted(texts):
            packed.writestr(ZipInfo(place), texts[place], ZIP_DEFLATED)
    return target
