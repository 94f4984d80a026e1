"""Folders that the program takes for sticks: its own code looks for them, in a mountinfo of the test's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desktop import sticks


def mount_line(device: str, path: Path | str, kind: str, source: str, *, inside: str = "/", options: str = "rw") -> str:
    """A line of /proc/self/mountinfo (proc(5)), with the optional field that most have."""
    told = str(path).replace("\\", "\\134").replace(" ", "\\040")
    return f"36 35 {device} {inside} {told} {options},relatime shared:1 - {kind} {source} rw,errors=remount-ro\n"


@dataclass
class Rack:
    """What the system says is mounted. `media` is where sticks appear, `disks` are the block devices."""

    folder: Path
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def disks(self) -> Path:
        return self.folder / "block"

    def say(self, mountinfo: str) -> None:
        (self.folder / "mountinfo").write_text(mountinfo, encoding="utf-8")

    def put_in(self, name: str, *, options: str = "rw") -> Path:
        """Put a stick in and return where it is."""
        path = self.media / name
        path.mkdir()
        place = len(self.lines) + 1
        self.lines[name] = mount_line(f"8:{16 * place + 1}", path, "vfat", f"/dev/sdz{place}", options=options)
        self.say("".join(self.lines.values()))
        return path

    def pull(self, name: str) -> None:
        """Pull a stick as the system sees it: no line, no folder. Its files are kept under `pulled`."""
        del self.lines[name]
        (self.media / name).rename(self.folder / f"pulled {name}")
        self.say("".join(self.lines.values()))


def make_rack(folder: Path, patch: pytest.MonkeyPatch) -> Rack:
    rack = Rack(folder)
    rack.media.mkdir()
    rack.disks.mkdir()
    rack.say("")
    patch.setattr(sticks, "MOUNTINFO", folder / "mountinfo")
    patch.setattr(sticks, "DISKS", rack.disks)
    patch.setattr(sticks, "ROOTS", (rack.media,))
    return rack
