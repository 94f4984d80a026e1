"""The whole walk on invented data, through the services the window uses: two practice vaults, real files.

The office takes in IOM's workbook, records consent, refers one person, issues the letter and seals a bundle; the
Secretariat enrols the device, takes the bundle in and answers; the office takes the receipt in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.bootstrap import Desk, Door
from desktop.clock import SystemClock, stamp
from desktop.commands.common import cases_in_words, records_in_words
from desktop.commands.workbook import counts_in_words
from desktop.files import write_out
from desktop.messages import Language, sentence
from desktop.paths import resource
from desktop.rules.records import RecordDraft
from desktop.services.practice import CUSTODIANS, PROVIDER, consent, found_practice_secretariat, office_facts
from desktop.wording import outcome_in_words

WORKBOOK = ("practice", "htcds-2.0-filled.xlsx")
_SEARCH = "ሰላም"  # a name in Ethiopic script: search must find it and the letter must hold it right
_EXPLAINED = (
    *("WHO_WE_ARE", "DATA", "PURPOSE", "RECIPIENTS", "SECURITY", "VOLUNTARY", "IF_REFUSED", "HELP_ANYWAY"),
    *("RIGHTS", "WITHDRAW", "KEEPING", "AUTOMATED", "STATISTICS", "COMPLAINT"),
)  # nothing of this case goes abroad


@dataclass(frozen=True)
class Walked:
    """What the walk left in its folder."""

    letter: Path
    bundle: Path
    receipt: Path
    cases: int
    bundle_bytes: int
    outcome: str
    office_sentence: str
    secretariat_sentence: str


class Walk:
    """One walk in one folder; `steps` yields a line after each step, `result` holds what was left."""

    def __init__(self, folder: Path, language: Language) -> None:
        """Walk in `folder`, which is made; the letter and what is told are in `language`."""
        self._folder = folder.absolute()
        self._language = language
        self.result: Walked | None = None

    def steps(self) -> Iterator[str]:
        """Do the walk, telling each step."""
        office_door, national_door = Door(self._folder / "office"), Door(self._folder / "secretariat")
        created = office_door.vaults.create_office(office_facts(self._language), practice=True)
        yield self._said("WALK_OFFICE")
        founded = found_practice_secretariat(national_door.vaults, SystemClock(), self._folder / CUSTODIANS)
        yield self._said("WALK_SECRETARIAT")
        office = office_door.unlock(1, created.sentence)
        national = national_door.unlock(1, founded.created.sentence)
        try:
            yield from self._work(office, national, created.sentence, founded.created.sentence)
        finally:
            office.lock()
            national.lock()

    def _work(self, office: Desk, national: Desk, office_sentence: str, national_sentence: str) -> Iterator[str]:
        preview = office.imports.preview(resource(*WORKBOOK).read_bytes())
        office.imports.apply(preview)
        yield self._said("WALK_IMPORTED", counts=counts_in_words(preview, self._language))
        found = office.cases.search(_SEARCH)
        office.cases.note_search()
        letter = self._letter(office, found[0].case_id)
        yield self._said("WALK_LETTER")
        enrolment = office.enrolment.make_file("laptop 1")
        enrolled = national.secretariat.enrol(enrolment.content, enrolment.digits)
        office.enrolment.take_in(enrolled.package, enrolled.root_digits)
        yield self._said("WALK_ENROLLED", version=enrolled.roster_version)
        sealed = office.exports.make()
        name, content = office.exports.sealed_file(sealed.bundle_id)
        bundle = write_out(self._folder, name, content)
        office.exports.hand_over(sealed.bundle_id)
        yield self._said(
            "WALK_SEALED",
            cases=cases_in_words(sealed.cases, self._language),
            records=records_in_words(sealed.records, self._language),
            bytes=sealed.size_bytes,
        )
        taken = national.intake.receive(bundle.read_bytes())
        receipt = write_out(self._folder, taken.receipt_name, taken.receipt)
        again = national.intake.receive(bundle.read_bytes())
        if again.receipt != taken.receipt:
            raise RuntimeError("the same bundle gave another receipt")
        yield self._said(
            "WALK_TAKEN",
            outcome=outcome_in_words(taken.outcome, self._language),
            records=records_in_words(taken.records, self._language),
        )
        answer = office.receipts.take_in(receipt.read_bytes())
        entries = office.journal.verify()
        outcome = outcome_in_words(answer.outcome, self._language)
        yield self._said("WALK_ANSWERED", n=answer.sequence, outcome=outcome, entries=entries)
        self.result = Walked(
            letter,
            bundle,
            receipt,
            sealed.cases,
            sealed.size_bytes,
            answer.outcome,
            office_sentence,
            national_sentence,
        )

    def _said(self, code: str, **facts: int | str) -> str:
        return sentence(code, self._language, **facts)

    def _letter(self, office: Desk, case_id: str) -> Path:
        provider = office.directory.save(RecordDraft("provider", PROVIDER)).record_ids[0]
        person = office.cases.open(case_id).one("person")
        if person is not None:
            fields = {**person.fields, "languages": ("AMH", "SWA"), "interpreter_needed": True, "safe_alias": "Tigist"}
            office.cases.save(RecordDraft("person", fields, person.record_id, case_id, person.revision))
        office.consents.record(case_id, consent(SystemClock(), provider, "AMH", _EXPLAINED))
        referral = office.referrals.create(
            case_id,
            {
                "to_provider": provider,
                "services": ("MEDICAL", "MENTAL_HEALTH"),
                "reason": "SERVICE",
                "urgency": "URGENT",
                "reason_short": "Needs a check by a nurse and somebody to talk to, in Amharic.",
                "risk_note": "Please do not call any number but ours.",
            },
        ).record_ids[0]
        issued = office.referrals.issue_letter(referral, self._language)
        return write_out(self._folder, issued.file_name, issued.pdf)


def readme(walked: Walked, took_s: float) -> str:
    """Return the README.txt of the walk's folder."""
    return f"""Rufaa: one walk on invented data, made {stamp(SystemClock().now())} in {took_s:.1f} s.
No real person, case, provider or number stands in any of these files.

{walked.letter.name}   the referral letter with its reply slip
{walked.bundle.name}   the bundle, {walked.bundle_bytes} bytes: signed by the device, sealed to the Secretariat
{walked.receipt.name}   the Secretariat's receipt, sealed to the office's device
office/       the office's practice vault; password sentence: {walked.office_sentence}
secretariat/  the Secretariat's practice store; password sentence: {walked.secretariat_sentence}
custodians/   keys of the practice Secretariat's three custodians; two of them help an office back in

Look into a vault:   rufaa-cli verify --data office     (desk number 1)
Open the window:     rufaa --data office
"""
