"""Unsaved work: kept for its author alone, and dropped by the save."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from desktop.bootstrap import Desk
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import generate_secret, open_sealed, seal
from desktop.rules.records import Damaged, Missing, RecordDraft, Value
from desktop.services.vault import VaultService
from tests.factory import Place, draft_of, make_case, rows


def test_a_draft_comes_back_as_it_was_typed_and_the_newest_takes_the_place_of_the_one_before(office: Place) -> None:
    case_id = make_case(office)
    opened = draft_of(office.desk.cases.open(case_id))
    odd: dict[str, Value] = {
        "surname": "ሰላም\ud800",
        "sex": Missing.REFUSED,
        "languages": ("SWA", "AMH"),
        "dob": Damaged({"x": 1}),
    }
    for surname in ("first", "second"):
        draft = RecordDraft("person", {**odd, "known_as": surname}, opened.record_id, case_id, opened.revision)
        office.desk.drafts.keep([draft])
    (kept,) = office.desk.drafts.of_case(case_id)
    assert kept.draft == draft
    assert office.desk.drafts.cases()[0] == case_id


def test_saving_the_record_drops_its_draft_and_no_other(office: Place) -> None:
    case_id = make_case(office)
    draft = draft_of(office.desk.cases.open(case_id))
    other = RecordDraft("recruitment", {"place_entered": "Busia"}, None, case_id)
    office.desk.drafts.keep([draft, other])
    office.desk.cases.save(draft)
    assert [kept.draft for kept in office.desk.drafts.of_case(case_id)] == [other]
    office.desk.drafts.drop(other)
    assert office.desk.drafts.of_case(case_id) == ()


def test_what_is_stored_holds_no_word_of_it_and_opens_for_nobody_else(office: Place) -> None:
    case_id = make_case(office)
    office.desk.drafts.keep([RecordDraft("case", {"narrative": "Kiambatisho"}, None, case_id)])
    (stored,) = [row["sealed"] for row in rows(office.desk.vault, "draft") if row["case_id"] == case_id]
    assert b"Kiambatisho" not in stored
    with pytest.raises(Malformed):
        open_sealed(stored, generate_secret())
    assert office.desk.drafts.of_case(case_id)[0].draft.fields == {"narrative": "Kiambatisho"}


def test_the_place_is_remembered_over_a_lock_and_is_no_draft(office: Place) -> None:
    before = office.desk.drafts.cases()
    assert office.desk.drafts.place() == {}
    office.desk.drafts.keep_place({"screen": "caseFile", "case_id": "c", "section": "person"})
    office.reopen()
    assert office.desk.drafts.place() == {"screen": "caseFile", "case_id": "c", "section": "person"}
    assert office.desk.drafts.cases() == before
    assert office.desk.drafts.of_case(None) == ()


def sealed_of(office: Place, case_id: str) -> bytes:
    (stored,) = [row["sealed"] for row in rows(office.desk.vault, "draft") if row["case_id"] == case_id]
    assert isinstance(stored, bytes)
    return stored


def put(office: Place, case_id: str, sealed: bytes) -> None:
    with office.desk.vault.writing() as session:
        session.execute(
            text("UPDATE draft SET sealed = :sealed WHERE case_id = :case"), {"sealed": sealed, "case": case_id}
        )


def offered(office: Place, case_id: str) -> list[RecordDraft]:
    return [kept.draft for kept in office.desk.drafts.of_case(case_id)]


def typed(case_id: str, word: str) -> RecordDraft:
    return RecordDraft("recruitment", {"place_entered": word}, None, case_id)


def test_what_is_sealed_names_where_it_belongs_and_tells_nothing_by_its_length(office: Place) -> None:
    case_id = make_case(office)
    vault, lengths = office.desk.vault, set()
    for word in ("", "x", "Busia" * 10):
        office.desk.drafts.keep([typed(case_id, word)])
        plaintext = open_sealed(sealed_of(office, case_id), vault.keys.x25519)
        lengths.add(len(plaintext))
        assert plaintext.startswith(
            f'{{"case":"{case_id}","generation":1,"key":"{case_id}/recruitment/new","purpose":"draft",'
            f'"user":"{vault.user}","vault":"{vault.vault.hex()}"}}\n'.encode()
        )
    assert len(lengths) == 1
    assert lengths.pop() % 256 == 0


def test_a_draft_moved_to_another_row_is_not_offered_there(office: Place) -> None:
    mine, other = make_case(office), make_case(office)
    office.desk.drafts.keep([typed(mine, "Busia"), typed(other, "Malaba")])
    kept = sealed_of(office, mine)
    put(office, other, kept)
    assert offered(office, other) == []
    assert other not in office.desk.drafts.cases()
    assert offered(office, mine) == [typed(mine, "Busia")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE draft SET case_id = :other WHERE case_id = :mine",
        "UPDATE draft SET key = :other || '/recruitment/new' WHERE case_id = :mine",
    ],
    ids=["case", "piece of work"],
)
def test_a_row_given_another_case_or_key_is_not_offered(office: Place, change: str) -> None:
    mine, other = make_case(office), make_case(office)
    office.desk.drafts.keep([typed(mine, "Busia")])
    with office.desk.vault.writing() as session:
        session.execute(text(change), {"other": other, "mine": mine})
    assert offered(office, mine) == offered(office, other) == []


def test_a_draft_that_somebody_else_sealed_to_its_author_is_not_offered_as_the_authors(office: Place) -> None:
    case_id = make_case(office)
    office.desk.drafts.keep([typed(case_id, "Busia")])
    vault = office.desk.vault
    stranger = replace(vault, keys=replace(vault.keys, x25519=generate_secret()))
    desk = Desk(VaultService(office.folder, dict, office.clock), stranger)  # type: ignore[arg-type]
    desk.drafts.keep([typed(case_id, "forged")])
    forged = open_sealed(sealed_of(office, case_id), stranger.keys.x25519)
    put(office, case_id, seal(forged, vault.own_key, vault.sealed_current))  # what anybody with the vault can do
    assert offered(office, case_id) == []


def test_a_draft_changed_by_one_who_can_open_it_is_not_offered(office: Place) -> None:
    case_id = make_case(office)
    office.desk.drafts.keep([typed(case_id, "Busia")])
    vault = office.desk.vault
    plaintext = open_sealed(sealed_of(office, case_id), vault.sealed_private[vault.sealed_current])
    assert b"Busia" in plaintext
    put(office, case_id, seal(plaintext.replace(b"Busia", b"Kitui"), vault.own_key, vault.sealed_current))
    assert offered(office, case_id) == []


@pytest.mark.parametrize("sealed", [b"", b"age-encryption.org/v1\n", b"\x00" * 300], ids=["empty", "cut", "zeros"])
def test_one_draft_that_cannot_be_read_keeps_no_other_from_its_case(office: Place, sealed: bytes) -> None:
    case_id = make_case(office)
    office.desk.drafts.keep([typed(case_id, "Busia")])
    put(office, case_id, sealed)
    office.desk.drafts.keep([RecordDraft("case", {"narrative": "x"}, None, case_id)])
    assert offered(office, case_id) == [RecordDraft("case", {"narrative": "x"}, None, case_id)]


@pytest.mark.parametrize("value", [{}, {"kind": "case"}, {"fields": {}, "kind": "case", "record": None}])
def test_one_draft_of_another_shape_keeps_no_other_from_its_case(office: Place, value: dict[str, object]) -> None:
    case_id = make_case(office)
    with office.desk.vault.writing() as session:
        office.desk.drafts._put(session, f"{case_id}/later/new", case_id, value)
    office.desk.drafts.keep([typed(case_id, "Busia")])
    assert offered(office, case_id) == [typed(case_id, "Busia")]
    assert office.desk.cases.open(case_id).case_id == case_id


def test_a_place_put_there_by_somebody_else_is_no_place(office: Place) -> None:
    vault = office.desk.vault
    office.desk.drafts.keep_place({"screen": "cases"})
    with vault.writing() as session:
        bare = seal(b'{"screen": "settings"}', vault.own_key, vault.sealed_current)
        session.execute(text("UPDATE draft SET sealed = :bare WHERE key = 'place'"), {"bare": bare})
    assert office.desk.drafts.place() == {}
