"""Nothing in a bundle says who a person is, unless that person's consent to exactly this is given."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
import zstandard
from sqlalchemy import text

from desktop.bundles.manifest import Identity
from desktop.rules.records import RecordDraft
from tests.factory import (
    DATA,
    WORKBOOK,
    Place,
    change,
    consent,
    draft_of,
    enrol,
    make_case,
    make_office,
    make_provider,
    make_secretariat,
    refer,
    send,
)

EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))["rows"]
IDENTITY = ("Person.first_name", "Person.surname", "Person.phone", "Person.dob")
FREE_TEXT = (
    *("Case.narrative", "Case.source_name", "JourneyLeg[RECRUITMENT].place", "ExploitationEpisode.place"),
    *("Referral[IN].reason_short", "Referral[OUT].reason_short", "Referral[OUT].to_provider_name"),
    *("Referral[OUT].to_person", "Closure.reason_text"),
)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


@dataclass
class Plain:
    """A bundle opened with the Secretariat's key by the formats page alone: manifest and decompressed entries."""

    manifest: Mapping[str, Any]
    entries: Mapping[str, bytes]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.entries["records"].splitlines()]

    def holding(self, words: str) -> list[str]:
        """The entries that hold these words, as bytes or as a JSON string spells them."""
        spellings = {words.encode(), json.dumps(words)[1:-1].encode(), words.encode("utf-16-le")}
        return [name for name, data in self.entries.items() if any(spelling in data for spelling in spellings)]


def identity_of(secret: bytes) -> pyrage.x25519.Identity:
    """The raw private key as the `age` program writes it (Bech32, BIP-173)."""
    hrp = "age-secret-key-"
    values, bits, held = [], 0, 0
    for byte in secret:
        bits, held = (bits << 8) | byte, held + 8
        while held >= 5:
            held -= 5
            values.append(bits >> held & 31)
    if held:
        values.append(bits << (5 - held) & 31)
    check = 1
    for value in (*(ord(c) >> 5 for c in hrp), 0, *(ord(c) & 31 for c in hrp), *values, *[0] * 6):
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    check ^= 1
    values += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return pyrage.x25519.Identity.from_str((hrp + "1" + "".join(_BECH32[value] for value in values)).upper())


def opened(national: Place, content: bytes) -> Plain:
    with national.desk.vault.reading() as session:
        secret = session.execute(text("SELECT value FROM secret WHERE name = 'INTAKE_OPERATIONAL'")).scalar_one()
    plaintext = pyrage.decrypt(content, [identity_of(secret)])
    assert plaintext.startswith(b"RUFAA1\n")
    at = 11 + int.from_bytes(plaintext[7:11], "big")
    envelope = json.loads(plaintext[11:at])
    manifest = json.loads(base64.b64decode(envelope["payload"]))
    entries: dict[str, bytes] = {"manifest": json.dumps(manifest).encode()}
    for entry in manifest["entries"]:
        stored = plaintext[at : at + entry["stored"]]
        at += entry["stored"]
        if entry["encoding"] == "zstd":
            stored = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(stored)).read()
        assert len(stored) == entry["plain"]
        entries[entry["name"]] = stored
    assert not plaintext[at:].strip(b"\0")
    return Plain(manifest, entries)


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    folder = tmp_path_factory.mktemp("pair")
    office, national = make_office(folder / "office", "035"), make_secretariat(folder / "national")
    enrol(office, national)
    office.lock()
    yield office, national
    national.lock()


@pytest.fixture
def national(at_rest: tuple[Place, Place]) -> Place:
    return at_rest[1]


@pytest.fixture
def office(at_rest: tuple[Place, Place], places: Callable[[Place], Place], tmp_path: Path) -> Place:
    return places(at_rest[0].copy_at_rest(tmp_path / "office"))


def told_of(office: Place) -> list[str]:
    """Every case number this office gave."""
    return [summary.case_ref for summary in office.desk.cases.list()]


def test_the_workbook_travels_without_a_word_that_tells_who_is_meant(office: Place, national: Place) -> None:
    office.desk.imports.apply(office.desk.imports.preview(WORKBOOK))
    numbers = told_of(office)
    bundle = opened(national, send(office))
    assert bundle.manifest["identity"] == "PSEUDONYMOUS"
    assert len(numbers) == 40
    assert len(bundle.records) > 300
    hidden = [*numbers, *(number.replace("-", "") for number in numbers)]
    for row in EXPECTED:
        accepted = row["accepted"]
        hidden += [accepted[name] for name in (*IDENTITY, *FREE_TEXT) if name in accepted]
        hidden += [str(value) for value in row["kept_as_text"].values()]
    # A short word may stand in a code, and a short number in a hash: those are looked for as whole values.
    whole_words = [words for words in hidden if len(words) < 5 or re.fullmatch(r"[0-9a-f]{5,9}", words)]
    leaks = {words: bundle.holding(words) for words in hidden if words not in whole_words}
    assert len(leaks) > 200
    assert {words: found for words, found in leaks.items() if found} == {}
    values = {json.dumps(value, ensure_ascii=False) for line in bundle.records for value in line["view"].values()}
    assert [words for words in whole_words if json.dumps(words, ensure_ascii=False) in values] == []


def test_what_travels_is_what_the_screen_says_will_leave(office: Place, national: Place) -> None:
    office.desk.imports.apply(office.desk.imports.preview(WORKBOOK))
    leaving = office.desk.exports.what_leaves()
    bundle = opened(national, send(office))
    assert leaving.cases == len({line["case"] for line in bundle.records})
    kinds = [line["kind"] for line in bundle.records]
    assert {kind: kinds.count(kind) for kind in kinds} == dict(leaving.records)
    assert "import_note" not in kinds or not any(
        line["view"] for line in bundle.records if line["kind"] == "import_note"
    )


def test_names_of_providers_staff_and_the_referral_do_not_travel(office: Place, national: Place) -> None:
    case_id = make_case(office)
    provider = make_provider(office, name="Zanzibara Clinic", contact_person="Sister Quintela")
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider, witness="Witness Xolani", interpreter="Yvonne Zed")
    referral = refer(office, case_id, provider, risk_note="Never ring Walburga", reason_short="Has a wound from Vulcan")
    issued = office.desk.referrals.issue_letter(referral, "en")
    bundle = opened(national, send(office))
    for words in (
        *("Zanzibara", "Quintela", "Xolani", "Yvonne", "Walburga", "Vulcan", "A. Supervisor", "Neema"),
        *("+254799999031", "+254799999002", issued.serial, issued.reply_code, issued.referral_no, *told_of(office)),
    ):
        assert bundle.holding(words) == [], words
    assert {"person", "consent", "referral", "case"} <= {line["kind"] for line in bundle.records}


def test_a_birth_date_travels_as_a_band_and_a_new_one_changes_only_the_band(office: Place, national: Place) -> None:
    case_id = make_case(office, dob="1986-03-22")
    (person,) = [line for line in opened(national, send(office)).records if line["kind"] == "person"]
    assert "dob" not in person["view"]
    assert not [value for value in person["view"].values() if "1986" in str(value)]
    change(office, case_id, dob="2020-01-01")
    (later,) = [line for line in opened(national, send(office)).records if line["kind"] == "person"]
    assert {name for name in person["view"] if person["view"][name] != later["view"].get(name)} <= {
        *("age_at_registration", "age_group", "is_child", "was_child"),
    }
    assert person["view"] != later["view"]


def test_identity_travels_for_the_one_person_who_agreed_to_it(office: Place, national: Place) -> None:
    agreed = make_case(office, first_name="Zawadi", surname="Mwachofi")
    consent(office, agreed, "SHARE_SECRETARIAT_ID")
    answers: Mapping[str, Mapping[str, Any]] = {
        "Refuson": {"answer": "REFUSED"},
        "Limiton": {"answer": "LIMITED", "limits": "Only the first name"},
        "Withdrawon": {},
        "Otheron": {"scope": "SHARE_POLICE"},
        "Silenton": {},
    }
    for surname, fields in answers.items():
        case_id = make_case(office, first_name="Nafula", surname=surname)
        if surname != "Silenton":
            row = consent(office, case_id, **{"scope": "SHARE_SECRETARIAT_ID", **fields})
        if surname == "Withdrawon":
            office.desk.consents.withdraw(case_id, row, "2026-11-25T08:30:00+03:00")
    content = send(office, Identity.IDENTIFIED)
    bundle = opened(national, content)
    assert bundle.manifest["identity"] == "IDENTIFIED"
    named = {line["case"] for line in bundle.records if {"surname", "dob", "case_ref"} & line["view"].keys()}
    assert named == {agreed}
    assert bundle.holding("Mwachofi") == ["records"]
    for words in (*answers, "Nafula"):
        assert bundle.holding(words) == [], words
    assert national.desk.intake.receive(content).outcome == "RECEIVED"


def test_the_same_person_travels_without_identity_in_a_bundle_that_is_not_identified(
    office: Place, national: Place
) -> None:
    agreed = make_case(office, first_name="Zawadi", surname="Mwachofi")
    consent(office, agreed, "SHARE_SECRETARIAT_ID")
    bundle = opened(national, send(office))
    assert bundle.holding("Mwachofi") == bundle.holding("Zawadi") == []


def test_A05_names_travel_byte_for_byte_where_they_may_travel(office: Place, national: Place) -> None:
    names = ("Ng'ang'a", "Ng’ang’a", "Ng\u02bcang\u02bca", "ገብረመድህን", "أبوزيد", "Jose\u0301", "Nyamweya-Oseko")
    for surname in names:
        case_id = make_case(office, surname=surname)
        consent(office, case_id, "SHARE_SECRETARIAT_ID")
    lines = opened(national, send(office, Identity.IDENTIFIED)).records
    assert sorted(line["view"]["surname"] for line in lines if line["kind"] == "person") == sorted(names)


def test_sealed_values_travel_only_to_the_restricted_intake(office: Place, national: Place) -> None:
    words = "Kept at Kariokor-Zephyr behind the kiosk"
    case_id = make_case(office)
    consent(office, case_id, "SHARE_SECRETARIAT_ID")
    case = draft_of(office.desk.cases.open(case_id), "case")
    office.desk.cases.save(replace(case, fields={**case.fields, "narrative": words}))
    bundle = opened(national, send(office, Identity.IDENTIFIED))
    assert bundle.holding("Zephyr") == []
    sealed = bundle.entries["sealed"]
    assert b"age-encryption.org/v1" in sealed
    with national.desk.vault.reading() as session:
        secret = session.execute(text("SELECT value FROM secret WHERE name = 'INTAKE_OPERATIONAL'")).scalar_one()
    at = 4 + int.from_bytes(sealed[:4], "big")
    length = int.from_bytes(sealed[at : at + 4], "big")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed[at + 4 : at + 4 + length], [identity_of(secret)])


def test_a_case_still_in_draft_does_not_travel(office: Place, national: Place) -> None:
    office.desk.cases.create(
        [RecordDraft("case", {"status": "DRAFT"}), RecordDraft("person", {"first_name": "Upendo"})]
    )
    kept = make_case(office)
    assert {line["case"] for line in opened(national, send(office)).records} == {kept}


def test_L06_a_restricted_case_travels_whoever_makes_the_bundle_and_never_with_a_name(
    office: Place, national: Place
) -> None:
    case_id = make_case(office, surname="Nyamweya")
    consent(office, case_id, "SHARE_SECRETARIAT_ID")
    change(office, case_id, "case", restricted=True, restricted_reason="An officer of this office.")
    # Somebody else's: the supervisor who sends is shown nothing of it.
    with office.desk.vault.writing() as session:
        session.execute(text("UPDATE assignment SET user = :other"), {"other": "0" * 32})
    assert office.desk.cases.list() == ()
    bundle = opened(national, send(office, Identity.IDENTIFIED))
    assert {line["case"] for line in bundle.records} == {case_id}
    assert bundle.holding("Nyamweya") == bundle.holding("An officer of this office.") == []
