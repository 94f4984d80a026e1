"""Makes dist/rufaa_VERSION_ARCHITECTURE.deb from dist/rufaa with `dpkg-deb`: `python packaging/deb/build.py`.

Data is not the package's: it makes the shared folder once, for the group `rufaa`, and never touches it again.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FROZEN = ROOT / "dist" / "rufaa"
WORK = ROOT / "build" / "deb"

# The packages of Debian 12, Ubuntu 22.04 and 24.04 that hold the system's libraries the folder is linked with.
# Ubuntu 24.04 has renamed some of them and provides these names.
PACKAGES = {
    "libbz2-1.0": "libbz2.so.1.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libegl1": "libEGL.so.1",
    "libffi8": "libffi.so.8",
    "libfontconfig1": "libfontconfig.so.1",
    "libfreetype6": "libfreetype.so.6",
    "libgcc-s1": "libgcc_s.so.1",
    "libgl1": "libGL.so.1",
    "libglib2.0-0": "libglib-2.0.so.0 libgthread-2.0.so.0",
    "libgssapi-krb5-2": "libgssapi_krb5.so.2",
    "libbrotli1": "libbrotlicommon.so.1 libbrotlidec.so.1",
    "liblzma5": "liblzma.so.5",
    "libssl3": "libcrypto.so.3 libssl.so.3",
    "libstdc++6": "libstdc++.so.6",
    "libx11-6": "libX11.so.6",
    "libx11-xcb1": "libX11-xcb.so.1",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-randr0": "libxcb-randr.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-render0": "libxcb-render.so.0",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-shm0": "libxcb-shm.so.0",
    "libxcb-sync1": "libxcb-sync.so.1",
    "libxcb-util1": "libxcb-util.so.1",
    "libxcb-xfixes0": "libxcb-xfixes.so.0",
    "libxcb-xkb1": "libxcb-xkb.so.1",
    "libxcb1": "libxcb.so.1",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxkbcommon0": "libxkbcommon.so.0",
    "libzstd1": "libzstd.so.1",
    "zlib1g": "libz.so.1",
}
# The C library's own, whose version is asked for instead.
_OF_LIBC = re.compile(r"(ld-linux.*|lib(c|dl|m|pthread|resolv|rt|util))\.so\.\d")


def libraries(folder: Path) -> tuple[set[str], str]:
    """Return what the folder's files are linked with outside of it, and the newest C library they ask for."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    told = _answer("objdump", "-p", *files)
    needed = set(re.findall(r"NEEDED +(\S+)", told)) - {path.name for path in files}
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", told)}
    return {name for name in needed if not _OF_LIBC.fullmatch(name)}, ".".join(map(str, max(versions)))


def depends(folder: Path) -> str:
    """Return the package's Depends line.

    Raises:
        LookupError: A library belongs to no package known here.
    """
    needed, newest = libraries(folder)
    of = {name: package for package, names in PACKAGES.items() for name in names.split()}
    unknown = needed - of.keys()
    if unknown:
        raise LookupError(f"no package is known for {', '.join(sorted(unknown))}")
    # passwd makes the group.
    return ", ".join([f"libc6 (>= {newest})", "passwd", *sorted({of[name] for name in needed})])


def lay_out(tree: Path, version: str, icons: Path) -> None:
    """Make the tree of the package's files, its control files included."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(FROZEN, tree / "usr/lib/rufaa", symlinks=True)
    (tree / "usr/bin").mkdir()
    for name in ("rufaa", "rufaa-cli", "rufaa-send"):  # each looks for the others beside it
        (tree / "usr/bin" / name).symlink_to(f"../lib/rufaa/{name}")
    _copy(HERE / "rufaa.desktop", tree / "usr/share/applications/rufaa.desktop")
    hicolor = tree / "usr/share/icons/hicolor"
    _copy(icons / "rufaa.svg", hicolor / "scalable/apps/rufaa.svg")
    for picture in icons.glob("rufaa-*.png"):
        side = picture.stem.rpartition("-")[2]
        _copy(picture, hicolor / f"{side}x{side}/apps/rufaa.png")
    doc = tree / "usr/share/doc/rufaa"
    shutil.copytree(ROOT / "resources" / "licences", doc / "licences")
    with ZipFile(FROZEN / "_internal" / "licences.zip") as packed:
        packed.extractall(doc / "licences")
    _copy(HERE / "copyright", doc / "copyright")
    _copy(ROOT / "LICENCE", doc / "licences" / "EUPL-1.2.txt")
    (doc / "changelog.gz").write_bytes(gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))

    size_kib = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024
    control = (HERE / "control").read_text(encoding="utf-8")
    facts = {"version": version, "architecture": _answer("dpkg", "--print-architecture").strip()}
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(
        control.format(**facts, size_kib=size_kib, depends=depends(FROZEN)), encoding="utf-8"
    )
    for name in ("postinst", "postrm"):
        _copy(HERE / name, tree / "DEBIAN" / name)
    # Whatever this machine's own habits are.
    for path in tree.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.name in {"postinst", "postrm"} or path == tree / "usr/lib/rufaa/rufaa"
            path.chmod(0o755 if runs else 0o644)


def main() -> int:
    """Make the package and print its path."""
    sys.path.insert(0, str(ROOT))
    from desktop import VERSION

    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default=VERSION, help="the package's version, to try an upgrade")
    version = parser.parse_args().version
    icons = WORK / "icons"
    _answer(sys.executable, ROOT / "packaging" / "icons.py", icons)
    tree = WORK / "tree"
    lay_out(tree, version, icons)
    target = ROOT / "dist" / f"rufaa_{version}_{_answer('dpkg', '--print-architecture').strip()}.deb"
    _answer("dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, target)
    print(target)  # noqa: T201  what was made
    return 0


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _answer(*command: object) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603  the system's tools


if __name__ == "__main__":
    sys.exit(main())
