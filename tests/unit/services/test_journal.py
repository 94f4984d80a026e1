"""R19, small: an insider with the data key rewrites the journal; the program's own check sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from desktop.errors import NotTrusted
from tests.factory import Place, count, make_case

LAST = -1
# what is rewritten, and the number the first entry that no longer fits should have
REWRITES = {
    "another act": ("UPDATE journal SET act = 'SEARCHED' WHERE n = 3", 3),
    "another time": ("UPDATE journal SET at = '2026-11-25T06:00:00.000Z' WHERE n = 3", 3),
    "another person": ("UPDATE journal SET user = object WHERE n = 3", 3),
    "another object": ("UPDATE journal SET object = '' WHERE n = 3", 3),
    "a reason added": ("UPDATE journal SET reason = 'X' WHERE n = 3", 3),
    "an empty reason for none": ("UPDATE journal SET reason = '' WHERE n = 1", 1),
    "a hash of its own": ("UPDATE journal SET hash = zeroblob(32) WHERE n = 3", 3),
    "no hash at all": ("UPDATE journal SET hash = 'abc' WHERE n = 3", 3),
    "one cut out": ("DELETE FROM journal WHERE n = 3", 3),
    "the first cut off": ("DELETE FROM journal WHERE n = 1", 1),
    "a number skipped": ("UPDATE journal SET n = n + 1000 WHERE n = (SELECT max(n) FROM journal)", LAST),
}


@contextmanager
def insider(office: Place) -> Iterator[None]:
    """The triggers out of the way, and everything back afterwards."""
    triggers = {
        "journal_no_update": "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal",
        "journal_no_delete": "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal",
    }
    with office.desk.vault.writing() as session:
        session.execute(text("CREATE TABLE kept AS SELECT * FROM journal"))
        for name in triggers:
            session.execute(text(f"DROP TRIGGER {name}"))
    yield
    with office.desk.vault.writing() as session:
        session.execute(text("DELETE FROM journal"))
        session.execute(text("INSERT INTO journal SELECT * FROM kept"))
        session.execute(text("DROP TABLE kept"))
        for beginning in triggers.values():
            session.execute(text(f"{beginning} BEGIN SELECT RAISE(ABORT, 'append-only'); END"))


@pytest.mark.parametrize(("rewrite", "bad"), REWRITES.values(), ids=REWRITES)
def test_a_rewritten_journal_is_told_by_the_number_of_the_first_bad_entry(
    office: Place, rewrite: str, bad: int
) -> None:
    make_case(office)
    whole = office.desk.journal.verify()
    assert whole == count(office.desk.vault, "journal") > 3
    with insider(office):
        with office.desk.vault.writing() as session:
            session.execute(text(rewrite))
        with pytest.raises(NotTrusted, match="JOURNAL_BROKEN") as broken:
            office.desk.journal.verify()
        assert broken.value.facts == {"n": whole if bad == LAST else bad}
    assert office.desk.journal.verify() == whole


def test_what_stood_last_at_unlock_is_told_with_who_made_it(office: Place) -> None:
    make_case(office)
    stood = count(office.desk.vault, "journal")
    office.reopen()
    make_case(office)
    last = office.desk.journal.last_saved()
    assert last is not None
    assert (last.n, last.by) == (stood, "A. Supervisor")
