"""One process that does everything with planted words: the witness of the search for plaintext (R13).

Called as `canary_walk.py OUT PAPER`, with a JSON object on standard input: the words, a control word, and the paths of
three workbooks. The letters go to PAPER, all else to OUT; so does a file with the control word, which must be found.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from desktop import log, machine
from desktop.bundles.manifest import Identity
from desktop.cli import main as rufaa_cli
from desktop.errors import DeskError
from desktop.files import write_file
from desktop.rules.records import RecordDraft
from tests.factory import (
    Place,
    consent,
    draft_of,
    enrol,
    make_case,
    make_office,
    make_provider,
    make_secretariat,
    refer,
    send_bundle,
)

SMALL_LAPTOP_BYTES = 4_000_000_000
USED = 20  # words that the walk names one by one; the others go into cases of their own


def main() -> None:
    """Do the walk."""
    given, out, paper = json.loads(sys.stdin.read()), Path(sys.argv[1]), Path(sys.argv[2])
    words: list[str] = given["words"]
    machine.total_memory_bytes = lambda: SMALL_LAPTOP_BYTES
    log.open_log(out / "log")
    log.catch_faults()
    office, national = make_office(out / "office"), make_secretariat(out / "national")
    enrol(office, national)
    case_id = typed(office, words)
    more_typed(office, words[USED:])
    for word in words:
        office.desk.cases.search(word)
    office.desk.cases.note_search()
    refused(office, case_id, words, given)
    office.desk.imports.apply(office.desk.imports.preview(Path(given["workbook"]).read_bytes()))
    provider = make_provider(
        office, name=words[8], contact_person=words[9], type="SAFE_HOUSE", hidden_address=words[10]
    )
    consent(office, case_id, "SHARE_PROVIDER", recipient=provider, witness=words[11], giver_name=words[12])
    referral = refer(office, case_id, provider, reason_short=words[13], risk_note=words[14], background=words[15])
    for serial in (office.desk.referrals.issue_letter(referral, "sw", "NAME").serial,):
        letter = office.desk.referrals.open_letter(serial)
        write_file(paper, letter.file_name, letter.pdf)
    for identity in (Identity.PSEUDONYMOUS, Identity.IDENTIFIED):
        made, content = send_bundle(office, identity)
        write_file(out, made.file_name, content)
        taken = national.desk.intake.receive(content)
        write_file(out, taken.receipt_name, taken.receipt)
        office.desk.receipts.take_in(taken.receipt)
        consent(office, case_id, "SHARE_SECRETARIAT_ID")
        person = draft_of(office.desk.cases.open(case_id))
        office.desk.cases.save(replace(person, fields={**person.fields, "other_names": words[16]}))
    office.reopen()
    office.lock()
    national.lock()
    failing_commands(out, office, words, given)
    (out / "control.txt").write_text(f"the search must find {given['control']} here", encoding="utf-8")


def typed(office: Place, words: list[str]) -> str:
    """A case with a planted word in every kind of field."""
    case_id = make_case(
        office,
        RecordDraft("journey_leg", {"seq": 1, "type": "RECRUITMENT", "place": words[0]}),
        RecordDraft(
            "exploitation_episode", {"exploitation_type": "FORCED_LABOUR", "place": words[1], "exact_place": words[2]}
        ),
        first_name=words[3],
        surname=words[4],
        known_as=words[5],
        current_address=words[6],
    )
    case = draft_of(office.desk.cases.open(case_id), "case")
    office.desk.cases.save(replace(case, fields={**case.fields, "narrative": words[7]}))
    return case_id


def more_typed(office: Place, words: list[str]) -> None:
    """Five words a case: three that are saved, one in an unsaved draft, one in a narrative."""
    for five in zip(*[iter(words)] * 5, strict=False):
        case_id = make_case(office, first_name=five[0], surname=five[1], current_address=five[2])
        case = office.desk.cases.open(case_id)
        person = draft_of(case)
        office.desk.drafts.keep([replace(person, fields={**person.fields, "other_names": five[3]})])
        told = draft_of(case, "case")
        office.desk.cases.save(replace(told, fields={**told.fields, "narrative": five[4]}))


def refused(office: Place, case_id: str, words: list[str], given: dict[str, Any]) -> None:
    """Whatever is refused, by whichever part, with planted words in hand."""
    person = draft_of(office.desk.cases.open(case_id))
    attempts = (
        lambda: office.desk.cases.save(replace(person, fields={**person.fields, "sex": words[17]})),
        lambda: office.desk.cases.save(replace(person, revision=7)),
        lambda: office.desk.cases.save(RecordDraft(words[17], {}, case_id=case_id)),
        lambda: office.desk.cases.open(words[17]),
        lambda: office.desk.referrals.create(case_id, {"to_provider": words[17]}),
        lambda: office.desk.imports.preview(Path(given["damaged"]).read_bytes()),
        lambda: office.desk.imports.preview(Path(given["macros"]).read_bytes()),
        lambda: office.desk.imports.preview(words[18].encode() * 100),
        lambda: office.desk.receipts.take_in(words[18].encode()),
        lambda: office.desk.enrolment.take_in(words[18].encode(), words[18]),
    )
    for attempt in attempts:
        try:
            attempt()
        except DeskError as error:
            sys.stderr.write(f"{error!r} {error.facts}\n")
            log.event("desk.refused", code=error.code)
        else:
            raise AssertionError("it was accepted")
    try:
        raise RuntimeError(f"a fault of ours over {words[19]}")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)


def failing_commands(out: Path, office: Place, words: list[str], given: dict[str, Any]) -> None:
    """Commands that fail, with planted words in the names and in the contents of what they are given."""
    bad = str(given["named"])
    data = ("--data", str(out / "office"))
    for arguments in (
        ("import", *data, given["damaged"]),
        ("import", *data, str(out / words[18])),
        ("trust", *data, bad, "--digits", words[18]),
        ("receipt", *data, bad),
        ("verify", "--data", str(out / words[18])),
        ("verify", *data, "--desk", "7"),
        ("enrol-file", *data, "--label", f"{words[18]}\u202e"),
        ("secretariat", "intake", "--data", str(out / "office"), bad),
        (
            "init",
            *data,
            "--county",
            words[18],
            "--office-code",
            "030-01",
            "--office-name",
            "x",
            "--supervisor",
            words[19],
        ),
        ("demo", "--out", str(out)),
    ):
        reading, writing = os.pipe()
        os.write(writing, f"{office.sentence}\n".encode())
        os.close(writing)
        takes_sentence = arguments[0] not in ("init", "demo")
        status = rufaa_cli([*arguments, *(("--sentence-fd", str(reading)) if takes_sentence else ())])
        os.close(reading)
        assert status, arguments[0]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
