"""docs/formats.md and the program say the same: reason codes, and the shell text that opens a bundle without Rufaa."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path

import pytest

from desktop.bundles import codes
from desktop.bundles.records import line_bytes
from desktop.bundles.writer import Attachment, SealedItem, make_bundle
from desktop.crypto.encoding import canonical_json
from desktop.crypto.sealing import age_identity, public_key, seal
from desktop.crypto.signing import public_bytes, sign_envelope
from desktop.messages import sentences
from tests.unit.bundles import world

PAGE = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
ENUMS: tuple[type[StrEnum], ...] = (
    codes.ReasonCode,
    codes.SequenceReason,
    codes.RecordReason,
    codes.NewerReason,
    codes.ReceiptReason,
    codes.TrustReason,
    codes.RecoveryReason,
)


def section(number: int) -> str:
    return PAGE.split(f"\n## {number} ")[1].split("\n## ")[0]


def test_page_lists_every_reason_code_in_the_readers_order() -> None:
    tables = [re.findall(r"^\| `([A-Z_]+)` \|", table, re.M) for table in section(12).split("|---|---|")[1:]]
    assert tables == [[code.value for code in enum] for enum in ENUMS]


def test_no_code_has_two_meanings() -> None:
    every = [code.value for enum in ENUMS for code in enum]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("code", [code.value for enum in ENUMS for code in enum])
def test_every_reason_code_has_its_sentence(code: str) -> None:
    facts = {"DIGITS_INCOMPLETE": {"count": 1}, "DIGITS_DIFFER": {"group": 1}}.get(code, {})
    for text in sentences()[code].values():
        assert "{" not in text.format(**facts)


# ------------------------------------------------------------------------------------------- section 13


def shell_text() -> str:
    (code,) = re.findall(r"```sh\n(.*?)```", section(13), re.S)
    return str(code)


def run_shell(folder: Path, content: bytes, key: bytes = public_bytes(world.DEVICE_KEY)) -> int:
    """Run the page's text with nothing but the usual programs; return its exit status."""
    (folder / "out").mkdir()
    (folder / "bundle.rufaa").write_bytes(content)
    (folder / "identity").write_text(age_identity(world.INTAKE_SECRET) + "\n", encoding="ascii")
    names = {
        "BUNDLE": str(folder / "bundle.rufaa"),
        "IDENTITY": str(folder / "identity"),
        "DEVICE_KEY": key.hex(),
        "OUT": str(folder / "out"),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(["sh", "-c", shell_text()], env=names, capture_output=True, check=False)
    return done.returncode


def bundle_of_everything() -> bytes:
    return make_bundle(
        world.facts(),
        records=(world.line("one"), world.line("two", 2, notes="Kisumu ñ 日本")),
        journal=world.journal(),
        sealed=(SealedItem(world.uid("one"), 1, world.digest("commit"), world.VAULT, b"age file"),),
        lists=(sign_envelope("application/vnd.rufaa.access.v1+json", b"{}", world.signer("user")),),
        attachments=(Attachment(world.uid("scan"), b"%PDF-1.7\n\0\xff"),),
        signing_key=world.DEVICE_KEY,
        recipients=(public_key(world.INTAKE_SECRET), public_key(world.seed("archive"))),
    ).content


def test_R16_shell_text_opens_a_bundle_with_age_openssl_and_zstd(tmp_path: Path) -> None:
    assert run_shell(tmp_path, bundle_of_everything()) == 0
    out = tmp_path / "out"
    scan = f"attachment-{world.uid('scan')}"
    assert {file.name for file in out.iterdir()} == {"manifest.json", "records", "journal", "sealed", "lists", scan}
    lines = (out / "records").read_bytes().splitlines()
    assert lines == [line_bytes(world.line("one")), line_bytes(world.line("two", 2, notes="Kisumu ñ 日本"))]
    assert (out / "journal").read_bytes() == b"".join(bytes.fromhex(value) for value in world.journal().hashes)
    assert (out / scan).read_bytes() == b"%PDF-1.7\n\0\xff"
    assert json.loads((out / "manifest.json").read_bytes())["bundle"] == world.uid("bundle")


def test_R16_shell_text_knows_no_other_language() -> None:
    words = set(re.findall(r"[a-z0-9]+", shell_text()))
    assert not words & {"python", "python3", "perl", "awk", "jq", "xxd", "bash"}


def places(plaintext: bytes) -> dict[str, int]:
    """One byte of each part inside the seal."""
    envelope_end = 11 + int.from_bytes(plaintext[7:11], "big")
    return {
        "magic": 3,
        "length": 10,
        "payload": 11 + 400,
        "payload type": plaintext.index(b"vnd.rufaa"),
        "key id": plaintext.index(b'"keyid":"') + 12,
        "signature": plaintext.index(b'"sig":"') + 20,
        "end of the envelope": envelope_end - 1,
        "records": envelope_end + 5,
        "journal": world.made().used_bytes - 1,
        "padding": len(plaintext) - 1,
    }


@pytest.mark.parametrize("place", places(world.plaintext_of(world.made())))
def test_R16_shell_text_stops_at_one_flipped_byte(place: str, tmp_path: Path) -> None:
    plaintext = bytearray(world.plaintext_of(world.made()))
    plaintext[places(bytes(plaintext))[place]] ^= 1
    assert run_shell(tmp_path, seal(bytes(plaintext), public_key(world.INTAKE_SECRET))) != 0
    assert not (tmp_path / "out" / "journal").exists() or place in {"journal", "padding"}


def test_R16_shell_text_stops_at_a_flipped_byte_of_the_file_and_at_another_device(tmp_path: Path) -> None:
    content = bytearray(world.made().content)
    content[-1] ^= 1
    for name, tried, key in (
        ("file", bytes(content), public_bytes(world.DEVICE_KEY)),
        ("device", world.made().content, world.verifier("another device")),
        ("signer", world.made(key=world.signer("another device")).content, public_bytes(world.DEVICE_KEY)),
    ):
        (tmp_path / name).mkdir()
        assert run_shell(tmp_path / name, tried, key) != 0


def renamed(name: str, position: int) -> bytes:
    """A bundle signed by its device, one of whose entries has another name; sealed again."""
    bundle = world.made()
    value = asdict(bundle.manifest)
    value["entries"][position]["name"] = name
    return seal(world.plain_bundle(canonical_json(value), world.bodies_of(bundle)), public_key(world.INTAKE_SECRET))


def test_shell_text_opens_that_bundle_under_its_own_names(tmp_path: Path) -> None:
    assert run_shell(tmp_path, renamed("records", 0)) == 0


@pytest.mark.parametrize(
    "name",
    [
        "journal",  # stands twice
        "plain",
        "entries",
        "stored",
        "manifest.json",
        "envelope",
        "key.raw",
        "signed",
        "",
        "attachment/",
        "attachment/../../x",
        "attachment/a/b",
        "-n",
        "../records",
    ],
)
def test_shell_text_refuses_a_name_that_is_unknown_or_stands_twice(name: str, tmp_path: Path) -> None:
    assert run_shell(tmp_path, renamed(name, 0)) != 0
    assert {file.name for file in tmp_path.iterdir()} == {"out", "bundle.rufaa", "identity"}
    assert not (tmp_path / "out" / "records").exists()
