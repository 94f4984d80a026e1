"""From seal to receipt over the line: the office's courier, a tus server, the Secretariat, and back by the courier."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desktop.bundles.roster import Line
from desktop.errand import Began, Courier, Task
from desktop.errors import NotTrusted, Obstacle, Stopped
from desktop.rules.states import BundleState
from desktop.services.enrolment import roster_in_force
from tests.factory import Place, make_case
from tests.flows.cli import rufaa
from tests.unit.courier.servers import Behaviour, Certificate, make_certificate, tus_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def name_line(office: Place, national: Place, url: str, pin: bytes) -> None:
    """The Secretariat names the line, and the office takes the newer trust package in."""
    version = national.desk.secretariat.name_line(url, pin.hex())
    file = office.desk.enrolment.make_file("laptop 1")
    enrolled = national.desk.secretariat.enrol(file.content, file.digits)
    assert enrolled.roster_version == version
    office.desk.enrolment.take_in(enrolled.package)


def seal(office: Place) -> str:
    make_case(office)
    return office.desk.exports.make().bundle_id


def test_a_bundle_goes_over_the_line_and_its_receipt_comes_back(
    pair: tuple[Place, Place], certificate: Certificate, tmp_path: Path
) -> None:
    office, national = pair
    behaviour = Behaviour(cuts=[20_000, 5_000], receipts_folder=tmp_path / "receipts")
    with tus_server(behaviour, certificate) as url:
        assert not office.desk.sending.has_line()
        name_line(office, national, url, certificate.pin)
        assert office.desk.sending.has_line()
        seal(office)
        data = ("--data", office.folder)
        with office.locked():
            sent = rufaa("send", "--all", "--receipts", *data, sentence=office.sentence)
        assert sent.returncode == 0, sent.stderr
        assert "Bundle 1: handed over" in sent.stdout
        assert "the line broke" in sent.stdout
        assert "no receipt yet" in sent.stdout
        assert [bundle.state for bundle in office.desk.exports.list()] == [BundleState.HANDED_OVER]

        (kept,) = behaviour.uploads.values()
        assert national.desk.intake.receive(bytes(kept.content)).outcome == "RECEIVED"
        for laid_out in (1, 0):  # the second time there is nothing new
            with national.locked():
                words = ("secretariat", "receipts", "--line", tmp_path / "receipts", "--data", national.folder)
                told = rufaa(*words, sentence=national.sentence)
            assert f"Receipts laid out for couriers: {laid_out}" in told.stdout

        with office.locked():
            answered = rufaa("send", "--receipts", *data, sentence=office.sentence)
        assert answered.returncode == 0, answered.stderr
        assert [bundle.state for bundle in office.desk.exports.list()] == [BundleState.RECEIVED]
        assert office.desk.sending.receipt_errands() == ()
    acts = [(line.act, line.reason) for line in office.desk.journal.page().lines]
    assert ("BUNDLE_HANDED_OVER", "LINE") in acts


def test_an_errand_stopped_on_the_way_leaves_the_bundle_made_and_goes_on_from_the_vault(
    pair: tuple[Place, Place], certificate: Certificate
) -> None:
    office, national = pair
    behaviour, courier = Behaviour(), Courier()
    behaviour.on_received = lambda received: courier.stop() if received > 30_000 else None
    with tus_server(behaviour, certificate) as url:
        name_line(office, national, url, certificate.pin)
        bundle_id = seal(office)
        sending = office.desk.sending
        with pytest.raises(Stopped):
            courier.run(
                sending.errand(bundle_id),
                lambda word: sending.note_begun(bundle_id, word.url) if isinstance(word, Began) else None,
            )
        assert office.desk.exports.list()[0].state is BundleState.MADE
        behaviour.on_received = lambda received: None
        office.reopen()
        errand = office.desk.sending.errand(bundle_id)
        assert errand.resume == f"{url}/1"
        Courier().run(errand)
        office.desk.sending.note_sent(bundle_id)
        assert office.desk.sending.errand(bundle_id).resume is None
    (kept,) = behaviour.uploads.values()
    assert bytes(kept.content) == errand.content
    assert behaviour.received == len(errand.content)


def test_what_is_no_receipt_of_ours_moves_nothing(pair: tuple[Place, Place], certificate: Certificate) -> None:
    office, national = pair
    behaviour = Behaviour()
    with tus_server(behaviour, certificate) as url:
        name_line(office, national, url, certificate.pin)
        office.desk.sending.note_sent(seal(office))
        (errand,) = office.desk.sending.receipt_errands()
        assert (errand.task, errand.content) == (Task.RECEIPT, b"")
        behaviour.receipts[errand.sha256] = b"age-encryption.org/v1\n" + bytes(500)
        content = Courier().run(errand)
        assert content is not None
        with pytest.raises(NotTrusted):
            office.desk.sending.take_receipt(content)
        with office.locked():
            told = rufaa("send", "--receipts", "--data", office.folder, sentence=office.sentence)
    assert told.returncode == NotTrusted.exit_status
    assert "RECEIPT_NOT_FOR_US_OR_DAMAGED" in told.stdout
    assert office.desk.exports.list()[0].state is BundleState.HANDED_OVER


def test_without_a_line_nothing_is_sent(pair: tuple[Place, Place]) -> None:
    office, _ = pair
    bundle_id = seal(office)
    for use in (lambda: office.desk.sending.errand(bundle_id), office.desk.sending.receipt_errands):
        with pytest.raises(Obstacle) as refusal:
            use()
        assert refusal.value.code == "LINE_NONE"


def test_a_bundle_that_was_answered_is_not_sent_again(pair: tuple[Place, Place], certificate: Certificate) -> None:
    office, national = pair
    name_line(office, national, "https://receive.example/files", certificate.pin)
    bundle_id = seal(office)
    taken = national.desk.intake.receive(office.desk.exports.sealed_file(bundle_id)[1])
    office.desk.sending.take_receipt(taken.receipt)
    with pytest.raises(Obstacle) as refusal:
        office.desk.sending.errand(bundle_id)
    assert refusal.value.code == "BUNDLE_ANSWERED"


def test_the_line_command_names_it_in_the_next_roster(pair: tuple[Place, Place], certificate: Certificate) -> None:
    office, national = pair
    url = "https://receive.example:8443/files/"
    words = ("secretariat", "line", "--data", national.folder, "--pin", certificate.pin.hex(), "--url")
    with national.locked():
        named = rufaa(*words, url, sentence=national.sentence)
        refused = rufaa(*words, "http://receive.example/", sentence=national.sentence)
    assert (named.returncode, refused.returncode) == (0, 3)
    assert "LINE_WRONG" in refused.stderr
    version = re.search(r"Roster (\d+)", named.stdout)
    assert version is not None
    file = office.desk.enrolment.make_file("laptop 1")
    office.desk.enrolment.take_in(national.desk.secretariat.enrol(file.content, file.digits).package)
    with office.desk.vault.reading() as session:
        roster = roster_in_force(session, office.desk.vault)
    assert (roster.version, roster.line) == (int(version[1]), Line(url, certificate.pin))
