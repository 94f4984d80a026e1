"""A change of people that was cut off between header and note: the journal still tells what was done and who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.crypto.access_list import RecoveryKeys, RecoveryKind, sign_list
from desktop.crypto.slots import ed25519_public
from desktop.errors import Obstacle
from desktop.services import access_lists
from desktop.services.list_changes import changes_of, signer_of
from tests.factory import Place, enrol, make_secretariat, rows
from tests.keys import key, listed, new_vault, next_list
from tests.unit.services.people_hands import add, unlock

Told = list[tuple[str, str, str, str | None]]


def told(place: Place, after: int) -> Told:
    found = sorted(rows(place.desk.vault, "journal"), key=lambda row: row["n"])
    return [(row["act"], row["user"], row["object"], row["reason"]) for row in found if row["n"] > after]


def cut_off(place: Place, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """The header is written, and then the disk is full."""

    def full(*_: object, **__: object) -> None:
        raise Obstacle("DISK_FULL")

    with monkeypatch.context() as patch:
        patch.setattr(access_lists, "note_list", full)
        with pytest.raises(Obstacle, match="CHANGE_IN_FORCE"):
            act()


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (lambda place, clerk: place.desk.people.add(name="New", role="CASE_OFFICER"), ("USER_ADDED", "CASE_OFFICER")),
        (lambda place, clerk: place.desk.people.suspend(clerk), ("USER_SUSPENDED", None)),
        (lambda place, clerk: place.desk.people.set_role(clerk, "CASE_OFFICER"), ("USER_ROLE_CHANGED", "CASE_OFFICER")),
        (lambda place, clerk: place.desk.people.set_role(clerk, "SUPERVISOR"), ("USER_ROLE_CHANGED", "SUPERVISOR")),
        (lambda place, clerk: place.desk.people.readmit(clerk), ("USER_READMITTED", "CLERK")),
    ],
)
def test_the_next_sign_in_notes_the_act_in_the_name_of_who_signed_it(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    cut: Callable[[Place, str], object],
    expected: tuple[str, str | None],
) -> None:
    """Whoever signs in next is somebody else: a second supervisor."""
    clerk, second = add(place).user_id, add(place, "SUPERVISOR")
    first, before = place.desk.vault.user, len(rows(place.desk.vault, "journal"))
    cut_off(place, monkeypatch, lambda: cut(place, clerk))
    place.desk.lock()
    other = unlock(place, second)
    noted = told(other, before)
    changed = other.desk.vault.keys.access_list.users
    object_id = clerk if expected[0] != "USER_ADDED" else changed[-1].id
    assert noted[:2] == [
        ("ACCESS_LIST_CHANGED", first, first, "CAUGHT_UP"),
        (expected[0], first, object_id, expected[1]),
    ]
    assert noted[2][:2] == ("UNLOCKED", second.user_id)
    assert other.desk.journal.verify_all().whole
    place.desk = other.desk


def test_the_same_desk_catches_up_before_its_next_change(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, before = add(place).user_id, len(rows(place.desk.vault, "journal"))
    cut_off(place, monkeypatch, lambda: place.desk.people.suspend(clerk))
    place.desk.people.readmit(clerk)
    assert [(act, reason) for act, _, _, reason in told(place, before)] == [
        *(("ACCESS_LIST_CHANGED", "CAUGHT_UP"), ("USER_SUSPENDED", None)),
        *(("ACCESS_LIST_CHANGED", None), ("USER_READMITTED", "CLERK")),
    ]


def test_a_root_that_was_pinned_and_not_noted_is_told(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    national = make_secretariat(tmp_path / "national")
    before = len(rows(place.desk.vault, "journal"))
    cut_off(place, monkeypatch, lambda: enrol(place, national))
    national.lock()
    place.reopen()
    assert ("ACCESS_LIST_CHANGED", place.desk.vault.user, place.desk.vault.user, "CAUGHT_UP LIST_ROOT") in told(
        place, before
    )


def test_what_a_change_that_did_arrive_notes_is_told_once(place: Place) -> None:
    before = len(rows(place.desk.vault, "journal"))
    add(place)
    place.reopen()
    assert [act for act, *_ in told(place, before)] == ["ACCESS_LIST_CHANGED", "USER_ADDED", "UNLOCKED"]


def test_the_sheet_is_named_where_it_signed_and_keys_where_they_changed() -> None:
    keys = new_vault().unlocked
    first = keys.access_list
    sheet = RecoveryKeys(RecoveryKind.SHEET, listed(7).x25519, ed25519_public(key(7)))
    with_sheet = replace(first, recovery=(sheet,))
    following = next_list(with_sheet, users=(*first.users, listed(2)))
    assert signer_of(sign_list(following, key(7)), with_sheet) == "sheet"
    assert signer_of(sign_list(following, keys.ed25519 or b""), with_sheet) == keys.user_id
    assert signer_of(sign_list(following, key(9)), with_sheet) is None
    rekeyed = next_list(following, users=first.users, key_generation=2, dek_id=key(5))
    assert [(change.act.value, change.object) for change in changes_of(following, rekeyed)] == [
        ("USER_REMOVED", listed(2).id),
        ("KEYS_CHANGED", first.vault_id.hex()),
    ]
