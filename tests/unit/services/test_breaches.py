"""L-60, L-61: anybody records a breach, its clocks run by the later of two times, a supervisor alone closes it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pypdf
import pytest

from desktop.clock import NAIROBI
from desktop.errors import NotAccepted, NotPermitted, NotTrusted, Obstacle
from desktop.rules.access import Role
from desktop.rules.breach import Clock
from desktop.rules.records import RecordDraft, Value
from desktop.services.breaches import BreachService, OpenBreaches
from desktop.services.records import RevisionConflict
from tests.factory import MORNING, Place, enrol, make_case, make_secretariat, rows
from tests.unit.services.people_hands import acts
from tests.unit.services.test_case_access import add_colleague, colleague

KNOWN = "2026-11-25T08:00+03:00"
LOST: dict[str, Value] = {
    "kind": "LAPTOP_LOST",
    "known_at": KNOWN,
    "facts": "It was taken from a vehicle.",
    "risk": "YES",
}
REST: dict[str, Value] = {
    "effects": "None known.",
    "action": "The keys were revoked.",
    "told_controller_at": "2026-11-25T08:30+03:00",
    "told_commissioner_at": "2026-11-25T08:40+03:00",
    "told_persons": ("NOT_NEEDED",),
}


def record(place: Place, **more: Value) -> str:
    return place.desk.breaches.save(RecordDraft("breach", {**LOST, **more})).record_ids[0]


def later(place: Place, **span: int) -> None:
    place.clock.instant = MORNING + timedelta(**span)


def pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_a_breach_is_recorded_told_and_closed_and_the_journal_says_so(place: Place) -> None:
    breaches = place.desk.breaches
    assert breaches.standing() == OpenBreaches(0, 0)
    breach = record(place)
    assert breaches.standing() == OpenBreaches(1, 0)
    later(place, days=1)
    with pytest.raises(NotAccepted) as early:
        breaches.close(breach, 1)
    assert early.value.code == "BREACH_NOT_READY"
    breaches.save(RecordDraft("breach", {**LOST, **REST}, breach, None, 1))
    breaches.close(breach, 2)
    assert acts(place)[-3:] == ["BREACH_RECORDED", "RECORD_SAVED", "BREACH_CLOSED"]
    (closed,) = breaches.list()
    assert (closed.is_closed, closed.record.text("closed_by")) == (True, place.desk.vault.user)
    assert breaches.standing() == OpenBreaches(0, 0)
    assert place.desk.journal.verify() > 0
    changed = RecordDraft("breach", {**LOST, "facts": "Otherwise"}, breach, None, 3)
    again: tuple[Callable[[], object], ...] = (lambda: breaches.save(changed), lambda: breaches.close(breach, 3))
    for act in again:
        with pytest.raises(Obstacle, match="BREACH_IS_CLOSED"):
            act()


def test_what_a_clerk_types_closes_nothing_and_a_clerk_cannot_close(place: Place) -> None:
    clerk = BreachService(replace(place.desk.vault, role="CLERK"))
    forged = {**LOST, **REST, "closed_at": "2026-11-25T09:00:00.000Z", "closed_by": place.desk.vault.user}
    breach = clerk.save(RecordDraft("breach", forged)).record_ids[0]
    clerk.save(RecordDraft("breach", forged, breach, None, 1))
    assert not clerk.open(breach).is_closed
    with pytest.raises(NotPermitted):
        clerk.close(breach, 2)


def test_two_who_save_the_same_breach_hear_of_one_another(place: Place) -> None:
    breach = record(place)
    place.desk.breaches.save(RecordDraft("breach", {**LOST, "persons": 4}, breach, None, 1))
    with pytest.raises(RevisionConflict):
        place.desk.breaches.save(RecordDraft("breach", {**LOST, "persons": 5}, breach, None, 1))
    with pytest.raises(RevisionConflict):
        place.desk.breaches.close(breach, 1)


def test_no_record_of_another_kind_is_taken_for_a_breach(place: Place) -> None:
    case = place.desk.cases.open(make_case(place)).records[0]
    breaches, changed = place.desk.breaches, RecordDraft("breach", LOST, case.record_id, None, case.revision)
    acts: tuple[Callable[[], object], ...] = (
        lambda: breaches.open(case.record_id),
        lambda: breaches.save(changed),
        lambda: breaches.notice(case.record_id, "en"),
    )
    for act in acts:
        with pytest.raises(Obstacle, match="RECORD_GONE"):
            act()


def test_saving_drops_the_draft_of_the_new_breach(place: Place) -> None:
    draft = RecordDraft("breach", LOST)
    place.desk.drafts.keep([draft])
    place.desk.breaches.save(draft)
    assert place.desk.drafts.of_case(None) == ()


def test_a_clock_set_back_wins_no_time(place: Place) -> None:
    breach = record(place)
    later(place, hours=80)
    assert place.desk.breaches.open(breach).commissioner.clock is Clock.LATE
    make_case(place)  # the last thing that was done before somebody set the clock back
    later(place, hours=1)
    assert place.desk.breaches.open(breach).commissioner.clock is Clock.LATE
    assert place.desk.breaches.standing() == OpenBreaches(1, 1)


def test_the_notice_holds_what_section_43_5_asks_for_and_lines_where_it_is_missing(place: Place) -> None:
    breach = record(place, **REST, advice="A new number.", unauthorised_person="Not known", persons=7)
    text = pdf_text(place.desk.breaches.notice(breach, "en").pdf)
    for part in (
        *("(a) Description of the breach", "It was taken from a vehicle.", "(b) Measures", "The keys were revoked."),
        *("(c) Recommendation", "A new number.", "(d) Who may have", "Not known", "(e) Data protection officer"),
        *("County Children's Office (invented)", "+254799999001", "28 November 2026, 08:00", "7"),
    ):
        assert part in text
    bare = place.desk.breaches.save(RecordDraft("breach", {"kind": "OTHER"})).record_ids[0]
    swahili = pdf_text(place.desk.breaches.notice(bare, "sw").pdf)
    assert all(f"({letter})" in swahili for letter in "abcde")
    assert "Jambo lingine" in swahili


def test_a_late_notice_gives_its_reasons(place: Place) -> None:
    breach = record(place, why_late="No line for two days.")
    assert "No line" not in pdf_text(place.desk.breaches.notice(breach, "en").pdf)
    later(place, hours=80)
    assert "No line for two days." in pdf_text(place.desk.breaches.notice(breach, "en").pdf)


def test_a_notice_of_many_words_goes_on_and_counts_its_pages(place: Place) -> None:
    breach = record(place, effects="Word after word. " * 230, action="Word after word. " * 230)
    pdf = place.desk.breaches.notice(breach, "en").pdf
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    assert [f"Page {number} of 3" in text for number, text in enumerate(pages, start=1)] == [True] * 3
    assert pdf_text(pdf).count("Word") == 460


@pytest.mark.parametrize("name", ["facts", "effects", "action", "advice", "unauthorised_person", "why_late"])
def test_no_notice_leaves_with_the_name_of_a_person_of_a_case(place: Place, name: str) -> None:
    make_case(place)
    breach = record(place, **{name: "The file of WAMBUI, who is called Gachanja, was in it."})
    made = place.desk.breaches.notice(breach, "en")
    assert (made.pdf, [problem.field for problem in made.problems]) == (b"", [f"breach.{name}"])
    before = acts(place)
    with pytest.raises(NotAccepted):
        place.desk.breaches.hand_out_notice(breach, "en")
    assert acts(place) == before


def test_nor_with_the_number_of_a_case_or_the_telephone_of_a_person(place: Place) -> None:
    case_id = make_case(place, phone="+254711222333")
    case_ref = place.desk.cases.open(case_id).one("case").text("case_ref")  # type: ignore[union-attr]
    for text in (f"The file {case_ref} was open.", "It rang 0711 222 333 twice.", "It rang +254 711 222333."):
        assert place.desk.breaches.notice(record(place, facts=text), "en").problems, text


def test_one_word_that_may_be_a_name_is_shown_and_stops_nothing(place: Place) -> None:
    make_case(place)
    made = place.desk.breaches.notice(record(place, facts="Neema saw Wambui Street on the 25th of November."), "en")
    assert made.pdf
    assert [problem.code for problem in made.warnings] == ["BREACH_MAY_NAME_PERSON"]


def test_printing_is_journaled_first_and_so_is_a_printer_that_failed(place: Place) -> None:
    breach = record(place)
    assert place.desk.breaches.hand_out_notice(breach, "sw").startswith(b"%PDF")
    place.desk.breaches.note_not_printed(breach)
    assert acts(place)[-2:] == ["BREACH_NOTICE_PRINTED", "PRINT_FAILED"]


def test_no_bundle_carries_a_breach(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    national = make_secretariat(tmp_path_factory.mktemp("national") / "data")
    enrol(place, national)
    record(place)
    assert place.desk.exports.what_leaves().records == {}
    with pytest.raises(Obstacle, match="NOTHING_TO_SEND"):
        place.desk.exports.make()
    make_case(place)
    sent = place.desk.exports.make()
    assert sent.records == 2
    kinds = {row["kind"] for row in rows(place.desk.vault, "record") if row["sent_rev"]}
    assert kinds == {"case", "person"}
    national.lock()


def test_a_breach_changed_from_outside_is_shown_and_neither_printed_nor_closed(place: Place) -> None:
    breach = record(place, **REST)
    with place.desk.vault.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS revision_no_update")
        connection.exec_driver_sql("UPDATE revision SET body = replace(body, 'vehicle', 'veranda') WHERE rev = 1")
    assert place.desk.breaches.open(breach).record.altered
    assert [problem.code for problem in place.desk.breaches.notice(breach, "en").problems] == ["BREACH_ALTERED"]
    later(place, days=1)
    with pytest.raises(NotTrusted, match="BREACH_ALTERED"):
        place.desk.breaches.close(breach, 1)


def test_times_are_said_in_kenya(place: Place) -> None:
    breach = record(place)
    due = place.desk.breaches.open(breach).controller.due
    assert due == datetime(2026, 11, 27, 8, 0, tzinfo=NAIROBI)


def test_L06_a_notice_is_no_way_to_find_out_whose_case_is_hidden(place: Place) -> None:
    add_colleague(place)
    case_id = make_case(place)
    head = place.desk.cases.open(case_id).one("case")
    assert head is not None
    fields = {**head.fields, "restricted": True, "restricted_reason": "x"}
    place.desk.cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision))
    breach = record(place, facts="The file of Wambui Gachanja was in it.")
    assert place.desk.breaches.notice(breach, "en").pdf == b""
    told = colleague(place, Role.CLERK).breaches.notice(breach, "en")
    assert told.pdf != b""
    assert (told.problems, told.warnings) == ((), ())
