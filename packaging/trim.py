"""What the frozen folder leaves out: parts of packages that nothing of ours reaches, and what the system brings.

Every line was tried: `rufaa-cli self-test` in the folder, and `tests/packaging`, fail where too much is left out.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

Entry = tuple[str, str, str]  # where it goes in the folder, where it comes from, what kind it is

MODULES = (
    # of Python: other windows, the tools of programmers, and everything that speaks to a network or another database
    *("tkinter", "_tkinter", "pip", "setuptools", "pydoc_data", "doctest", "pdb", "lib2to3", "unittest"),
    *("multiprocessing", "_multiprocessing", "_posixshmem"),
    *("ftplib", "smtplib", "xmlrpc", "sqlite3", "_sqlite3", "readline", "curses", "_curses", "_uuid"),
    *("_codecs_cn", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw", "_multibytecodec"),
    *("_crypt", "crypt", "nis", "ossaudiodev", "audioop", "_gdbm", "_dbm"),
    # of packages: what their automatic finding takes along
    *("phonenumbers.geodata", "phonenumbers.geocoder", "phonenumbers.carrierdata", "phonenumbers.carrier"),
    *("phonenumbers.tzdata", "phonenumbers.timezone"),
    *("sqlalchemy.dialects.mssql", "sqlalchemy.dialects.mysql", "sqlalchemy.dialects.oracle"),
    *("sqlalchemy.dialects.postgresql", "sqlalchemy.testing", "alembic.testing"),
    *("zstandard.backend_cffi", "zstandard._cffi", "reportlab.graphics", "charset_normalizer"),
)

# Files by their place in the folder, which here begins with a stroke.
FILES = (
    # Qt: only the window's own parts, drawn without a graphics card on X11 or offscreen
    *("*/Qt/qml/*", "*/Qt/translations/*", "*/PySide6/translations/*"),
    *(
        "*Qt6Qml*",
        "*Qt6Quick*",
        "*Qt6Sql*",
        "*Qt6VirtualKeyboard*",
        "*Qt6Wayland*",
        "*Qt6WlShell*",
        "*Qt6EglF*",
        "*Qt6OpenGL*",
    ),
    *("*/PySide6/QtNetwork*", "*/PySide6/opengl32sw.dll"),
    *(f"*/plugins/{kind}/*" for kind in ("egldeviceintegrations", "generic", "networkinformation", "sqldrivers")),
    *(
        f"*/plugins/{kind}/*"
        for kind in ("imageformats", "tls", "vectorimageformats", "xcbglintegrations", "wayland-*")
    ),
    *(f"*/platforms/*{name}*" for name in ("eglfs", "linuxfb", "minimal", "vkkhrdisplay", "vnc", "wayland")),
    *("*/platformthemes/*qgtk3*", "*/platforminputcontexts/*virtualkeyboard*", "*/printsupport/*cups*"),
    # one of pycountry's tables is read; python-stdnum's lists belong to numbers that are not ours
    *("*/pycountry/locales/*", "*/pycountry/databases/iso15924.json", "*/pycountry/databases/iso3166-[23].json"),
    *("*/pycountry/databases/iso4217.json", "*/pycountry/databases/iso639-[35].json", "*/stdnum/*"),
    *("*/reportlab/fonts/*", "*.pyi", "*/py.typed", "*.dist-info/*"),
)


def keeps(entry: Entry) -> bool:
    """Tell whether a file goes into the folder."""
    place, source, kind = entry
    name = PurePosixPath("/", place.replace("\\", "/"))
    if any(fnmatch(str(name), pattern) for pattern in FILES):
        return False
    # Libraries of the system stay the system's, which mends them: on Linux the .deb names the packages.
    of_system = sys.platform == "linux" and kind == "BINARY" and source.startswith(("/lib/", "/usr/lib/"))
    return not of_system or name.name.startswith("libpython")


def pack(folder: Path, target: Path) -> Path:
    """Write the files of a package of data into one file, as they are, and return it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                # Without the time and rights of the file here, so that the same files make the same bytes.
                name = ZipInfo(path.relative_to(folder.parent).as_posix())
                packed.writestr(name, path.read_bytes())
    return target
