"""The practice office: two practice vaults on invented data, made in one go, for trying everything out.

They lie in `practice` under the data folder. The sentences stand beside them in plain text: they are shown on the
unlock screen (decisions 13), and nothing real is behind them. Every vault here is marked as practice in its own access
list, so that a real Secretariat takes nothing from it, whatever happens to these folders.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from desktop.catalogue import load
from desktop.clock import NAIROBI, Clock, SystemClock
from desktop.crypto import recovery, sealing
from desktop.crypto.access_list import RecoveryKeys
from desktop.errors import Obstacle
from desktop.files import write_file
from desktop.paths import resource
from desktop.rules.records import RecordDraft, Value
from desktop.services.cases import CaseService
from desktop.services.consents import ConsentService
from desktop.services.directory import DirectoryService
from desktop.services.enrolment import EnrolmentService
from desktop.services.imports import ImportService
from desktop.services.secretariat import Founded, SecretariatService, found_secretariat
from desktop.services.session import OpenVault
from desktop.services.vault import OfficeFacts, VaultService

Report = Callable[[int, int], None]

_FOLDER, _PARTIAL = "practice", "practice.partial"
_OFFICE, _SECRETARIAT, _SENTENCES = "office", "secretariat", "practice.json"
CUSTODIANS = "custodians"
_MOST_SENTENCE_BYTES = 4096
_STEPS = 8
_WITH_CONSENT = 3  # so many cases can be referred at once; in the others consent is still to be asked
PROVIDER: Mapping[str, Value] = {
    "name": "Tumaini Clinic (practice)",
    "type": "HEALTH",
    "actor": "HEALTH_PUBLIC",
    "services": ("MEDICAL", "MENTAL_HEALTH"),
    "phone": "+254799999031",
    "contact_person": "Practice Sister-in-Charge",
    "public_address_ok": False,
    "open_24h": "YES",
    "active": True,
}


def practice_office(folder: Path) -> Path:
    """Return where the practice office of a data folder has its own data folder, made or not."""
    return folder / _FOLDER / _OFFICE


def practice_sentence(folder: Path) -> str | None:
    """Return the sentence of a practice vault from its own data folder; None for any other data folder."""
    if folder.absolute().parent.name != _FOLDER:
        return None  # a file planted beside a real vault says nothing on its unlock screen
    try:
        with folder.with_name(_SENTENCES).open("rb") as source:
            kept = json.loads(source.read(_MOST_SENTENCE_BYTES))
    except (OSError, ValueError):
        return None
    sentence = kept.get(folder.name) if isinstance(kept, dict) else None
    return sentence if isinstance(sentence, str) else None


def make_practice(folder: Path, *, language: str = "en", report: Report = lambda done, of: None) -> Path:
    """Make the practice office and its Secretariat under a data folder, unless they are there, and return the office's.

    All of it is made beside its final place and then renamed. What an attempt leaves that was cut off, the next one
    throws away.

    Raises:
        Obstacle: What the disk refuses; nothing is left.
        Stopped: `report` raised it; nothing is left.
    """
    if practice_sentence(practice_office(folder)) is not None:
        return practice_office(folder)
    partial = folder / _PARTIAL
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if partial.exists():
            shutil.rmtree(partial)
        sentences = _Making(partial, report).make(language)
        write_file(partial, _SENTENCES, json.dumps(sentences).encode(), private=True)
        partial.rename(folder / _FOLDER)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise Obstacle("FOLDER_NOT_WRITABLE") from None
        raise
    return practice_office(folder)


class _Making:
    """One attempt in one folder."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._clock, self._catalogue, self._report = SystemClock(), load(), report
        self._done = 0
        self._custodians = folder / CUSTODIANS
        self._office = VaultService(folder / _OFFICE, lambda: self._catalogue, self._clock)
        self._national = VaultService(folder / _SECRETARIAT, lambda: self._catalogue, self._clock)

    def make(self, language: str) -> Mapping[str, str]:
        """Make and fill both vaults and return their sentences by folder."""
        self._report(0, _STEPS)
        created = self._office.create_office(office_facts(language), practice=True)
        self._step()
        founded = found_practice_secretariat(self._national, self._clock, self._custodians)
        self._step()
        office = self._office.unlock(1, created.sentence)
        try:
            self._step()
            self._fill(office)
            national = self._national.unlock(1, founded.created.sentence)
            try:
                self._step()
                _enrol(office, national)
                self._step()
            finally:
                self._national.lock(national)
        finally:
            self._office.lock(office)
        return {_OFFICE: created.sentence, _SECRETARIAT: founded.created.sentence}

    def _fill(self, office: OpenVault) -> None:
        imports = ImportService(office)
        imports.apply(imports.preview(resource("practice", "htcds-2.0-filled.xlsx").read_bytes()))
        self._step()
        directory = DirectoryService(office)
        provider = directory.save(RecordDraft("provider", PROVIDER)).record_ids[0]
        self._step()
        consents = ConsentService(office)
        explained = [code.code for code in self._catalogue.lists["explained_items"].codes]
        for case in CaseService(office).list()[:_WITH_CONSENT]:
            consents.record(case.case_id, consent(self._clock, provider, "SWA", explained))
        self._step()

    def _step(self) -> None:
        self._done += 1
        self._report(self._done, _STEPS)


def office_facts(language: str) -> OfficeFacts:
    """Return what the practice office is called and who is its supervisor."""
    return OfficeFacts(
        county="035",
        code="035-01",
        name="County Children's Office (practice)",
        ministry="Ministry of Gender, Culture and Children Services",
        phone="+254799999001",
        supervisor_name="A. Practice",
        supervisor_title="Children's officer",
        supervisor_phone="+254799999002",
        language=language,
    )


def found_practice_secretariat(vaults: VaultService, clock: Clock, custodians: Path) -> Founded:
    """Found the practice Secretariat, with one root key, and with custodians whose files all lie in one folder.

    So recovery can be practised; real custodians keep theirs apart and offline.
    """
    return found_secretariat(
        vaults,
        clock,
        name="Secretariat (practice)",
        person=("N. Practice", "Keeper", ""),
        roots=1,
        threshold=1,
        practice=True,
        recovery=_practice_identity(custodians),
    )


def _practice_identity(folder: Path) -> RecoveryKeys:
    """Write three custodians' keys and the files that two of them open, and return the public halves."""
    secrets = {name: sealing.generate_secret() for name in "ABC"}
    identity = recovery.new_identity()
    files = {f"{name}.key": recovery.identity_file(secret) for name, secret in secrets.items()}
    shares = recovery.make_shares(identity, [sealing.public_key(secret) for secret in secrets.values()])
    files |= {f"recovery-{name}.age": share for name, share in shares.items()}
    for name, content in files.items():
        write_file(folder, name, content, private=True)
    return identity.public()


def consent(clock: Clock, provider: str, language: str, explained: Sequence[str]) -> list[dict[str, Value]]:
    """Return a practice person's answers: services and sharing with the provider given, the identity refused."""
    given: dict[str, Value] = {
        "answer": "GIVEN",
        "given_by": "SELF",
        "method": "SIGNATURE",
        "language": language,
        "explained_items": tuple(explained),
        "at": clock.now().astimezone(NAIROBI).isoformat(timespec="seconds"),
        "paper_copy_location": "Shelf A",
    }
    scopes: tuple[dict[str, Value], ...] = (
        {"scope": "SERVICES"},
        {"scope": "SHARE_PROVIDER", "recipient": provider},
        {"scope": "SHARE_SECRETARIAT_ID", "answer": "REFUSED"},
    )
    return [given | scope for scope in scopes]


def _enrol(office: OpenVault, national: OpenVault) -> None:
    enrolment = EnrolmentService(office)
    file = enrolment.make_file("laptop 1")
    enrolled = SecretariatService(national).enrol(file.content, file.digits)
    enrolment.take_in(enrolled.package, enrolled.root_digits)
