"""An office that lost every sentence, its Secretariat and the custodians: what the recovery flows begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from desktop.bootstrap import Door
from desktop.crypto import recovery, sealing
from desktop.crypto.recovery import RecoveryIdentity
from desktop.services.office_recovery import RecoveryRequests
from tests.factory import Place, Secretariat, dump

DAY = timedelta(hours=24)
PHONE = "+254799999777"


@dataclass
class World:
    """An office that sent a bundle, its Secretariat with a recovery identity, and the custodians' files."""

    office: Place
    national: Secretariat
    identity: RecoveryIdentity
    shares: dict[str, bytes]
    custodians: dict[str, bytes]

    @property
    def requests(self) -> RecoveryRequests:
        return RecoveryRequests(self.office.folder, self.office.clock)

    def ask(self) -> tuple[bytes, str, str]:
        """The office at rest makes a request: its bytes, the digits and the sentence."""
        prepared = self.requests.prepare()
        made = prepared.write(prepared.sentence)
        return made.content, made.digits, prepared.sentence

    def compare_and_wait(self, content: bytes, read_out: str) -> None:
        self.national.desk.national_recovery.compare(content, read_out)
        self.national.clock.instant += DAY

    def answer(self, content: bytes, pair: str = "AB") -> bytes:
        keys = [self.custodians[name] for name in pair]
        return self.national.desk.national_recovery.answer(content, self.shares[pair], keys).content

    def answered(self) -> tuple[bytes, str]:
        content, read_out, sentence = self.ask()
        self.compare_and_wait(content, read_out)
        return self.answer(content), sentence


def name_identity(national: Place, custodians: dict[str, bytes]) -> tuple[RecoveryIdentity, dict[str, bytes]]:
    """A fresh identity in the roster, and its three files."""
    identity = recovery.new_identity()
    national.desk.national_recovery.name_identity(recovery.public_file(identity.public()))
    public = [sealing.public_key(recovery.custodian_secret(custodians[name])) for name in "ABC"]
    return identity, recovery.make_shares(identity, public)


def new_trust(office: Place, national: Place) -> None:
    """The office takes in a trust package of the newest roster."""
    file = office.desk.enrolment.make_file("laptop 1")
    office.desk.enrolment.take_in(national.desk.secretariat.enrol(file.content, file.digits).package)


def acts(place: Place) -> list[str]:
    return [row["act"] for row in sorted(dump(place.desk.vault)["journal"], key=lambda row: row["n"])]


def unlock(place: Place, desk_number: int, sentence: str) -> Place:
    place.desk = Door(place.folder, place.clock).unlock(desk_number, sentence)
    return place
