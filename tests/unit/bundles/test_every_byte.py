"""R8: every byte flipped and every truncation of bundle, receipt, trust package and enrolment: none is accepted.

Twice each: the file as it is sent, and the layer inside it as if it had been sealed again without being signed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum

from desktop.bundles import frame
from desktop.bundles.codes import NewerReason, ReasonCode, ReceiptReason, TrustReason
from desktop.bundles.enrolment import make_enrolment, open_enrolment
from desktop.bundles.reader import (
    AddressedToUs,
    Decrypted,
    Framed,
    check_address,
    know_sender,
    unpack,
    verify_signature,
)
from desktop.bundles.receipt import make_receipt, open_receipt, read_receipt
from desktop.bundles.trust import Package, make_package, open_package, read_package, trust_of
from desktop.crypto.sealing import open_sealed, public_key
from desktop.errors import NotTrusted
from tests.unit.bundles import world

TO = public_key(world.DEVICE_SECRET)
ROSTER = world.roster()
NEWER = NewerReason.DOCUMENT_NEWER.value  # a flipped bit can turn v1 into v3, v5 or v9: refused all the same


def damaged(data: bytes, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Every byte of a stretch flipped in turn, and every cut within it."""
    stretch = range(start, len(data) if end is None else end)
    for at in stretch:
        yield data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
    for at in stretch:
        yield data[:at]


def outcome(read: Callable[[bytes], object], case: bytes) -> str:
    try:
        read(case)
    except NotTrusted as error:
        return error.code
    return "ACCEPTED"


def check_all_refused(cases: Iterator[bytes], read: Callable[[bytes], object], codes: type[StrEnum]) -> int:
    """Read every case; return how many there were. Anything but a refusal with a known reason fails."""
    count = 0
    allowed = {*codes.__members__, NEWER} if codes is not ReasonCode else {*codes.__members__}
    for case in cases:
        count += 1
        found = outcome(read, case)
        assert found in allowed, f"case {count}: {found}"
    return count


def test_R8_bundle_file_as_sent() -> None:
    content = world.made().content
    count = check_all_refused(damaged(content), lambda case: world.opened(case, ROSTER), ReasonCode)
    assert count == 2 * len(content) > 120_000


def test_R8_bundle_inside_the_seal() -> None:
    bundle = world.made()
    plain = world.plaintext_of(bundle)
    read = lambda case: world.opened_plain(case, ROSTER)  # noqa: E731  # one reader for both stretches
    head = check_all_refused(damaged(plain, 0, bundle.used_bytes + 64), read, ReasonCode)
    tail = check_all_refused(damaged(plain, len(plain) - 64), read, ReasonCode)
    assert (head, tail) == (2 * (bundle.used_bytes + 64), 128)


def test_R8_bundle_padding_inside_the_seal() -> None:
    """The gates before the last read only the envelope, which is whole here, so they are passed once for all."""
    bundle = world.made()
    plain = world.plaintext_of(bundle)
    envelope, at = frame.unframe(b"RUFAA1\n", plain)
    decrypted = Decrypted(bundle.sha256, plain, public_key(world.INTAKE_SECRET))
    signed = verify_signature(Framed(decrypted, envelope, at), ROSTER)
    addressed = check_address(know_sender(signed, ROSTER), practice=False)
    assert unpack(addressed).contents.records

    def read(case: bytes) -> object:
        framed = replace(signed.framed, decrypted=replace(decrypted, plaintext=case))
        return unpack(AddressedToUs(replace(addressed.sender, signed=replace(signed, framed=framed))))

    count = check_all_refused(damaged(plain, at), read, ReasonCode)
    assert count == 2 * (len(plain) - at) > 120_000


def test_R8_receipt_as_sent_and_inside_the_seal() -> None:
    content = make_receipt(world.receipt(), world.RECEIPT_KEY, TO).content
    plain = open_sealed(content, world.DEVICE_SECRET)

    def read(case: bytes) -> object:
        return open_receipt(case, secrets=(world.DEVICE_SECRET,), roster=ROSTER, device=world.DEVICE, practice=False)

    def read_plain(case: bytes) -> object:
        return read_receipt(case, roster=ROSTER, device=world.DEVICE, practice=False)

    assert read(content)
    assert check_all_refused(damaged(content), read, ReceiptReason) == 2 * len(content)
    assert check_all_refused(damaged(plain), read_plain, ReceiptReason) == 2 * len(plain)


def test_R8_trust_package_as_sent_and_inside_the_seal() -> None:
    value = world.package()
    content = make_package(roots=value.roots, keyset=value.keyset, rosters=value.rosters, recipient=TO).content
    plain = open_sealed(content, world.DEVICE_SECRET)

    def read(case: bytes) -> object:
        return trust_of(open_package(case, (world.DEVICE_SECRET,)), practice=False)

    def read_plain(case: bytes) -> object:
        return trust_of(read_package(case), practice=False)

    assert read(content)
    assert check_all_refused(damaged(content), read, TrustReason) == 2 * len(content)
    assert check_all_refused(damaged(plain), read_plain, TrustReason) == 2 * len(plain)


def test_R8_each_trust_document_by_itself() -> None:
    root, keyset, roster = world.signed_root(), world.signed_keyset(), world.signed_roster()
    wholes: list[tuple[bytes, Callable[[bytes], Package]]] = [
        (root, lambda case: Package((case,), keyset, (roster,))),
        (keyset, lambda case: Package((root,), case, (roster,))),
        (roster, lambda case: Package((root,), keyset, (case,))),
    ]
    for envelope, whole in wholes:
        assert trust_of(whole(envelope), practice=False)
        packages = (whole(case) for case in damaged(envelope))
        count = sum(1 for package in packages if outcome_of(package) in {*TrustReason.__members__, NEWER})
        assert count == 2 * len(envelope)


def outcome_of(package: Package) -> str:
    return outcome(lambda _: trust_of(package, practice=False), b"")


def test_R8_enrolment_file() -> None:
    content = make_enrolment(world.enrolment(), world.DEVICE_KEY).content
    assert open_enrolment(content)
    assert check_all_refused(damaged(content), open_enrolment, TrustReason) == 2 * len(content)
