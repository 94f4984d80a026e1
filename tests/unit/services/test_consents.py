from __future__ import annotations

import pytest

from desktop.rules.records import Value
from desktop.services.consents import rows_of
from desktop.services.records import StoredRecord


def stored(kind: str, **fields: Value) -> StoredRecord:
    at = "2026-11-25T08:00:00.000Z"
    return StoredRecord(f"{kind}-1", kind, "case-1", 1, fields, frozenset(), None, at, "user-1", "00" * 32)


def own_yes(at: str) -> StoredRecord:
    return stored("consent", scope="SHARE_SECRETARIAT_ID", answer="GIVEN", at=at, given_by="SELF")


@pytest.mark.parametrize(
    ("at", "as_child"),
    [("2026-11-19T23:59+03:00", True), ("2026-11-20T00:00+03:00", False), ("2026-11-19T21:30Z", False), ("", True)],
)
def test_an_answer_says_whether_the_person_was_a_child_on_its_day_in_kenya(at: str, as_child: bool) -> None:
    (row,) = rows_of((stored("person", dob="2008-11-20"), own_yes(at)))
    assert row.as_child is as_child


def test_an_answer_of_somebody_whose_age_nobody_knows_is_a_childs() -> None:
    (row,) = rows_of((own_yes("2026-11-20T09:00+03:00"),))
    assert row.as_child
