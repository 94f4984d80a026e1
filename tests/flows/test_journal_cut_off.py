"""A journal cut off below what the Secretariat anchored: the office goes on, and the next bundle tells."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.factory import Place, make_case, send


@pytest.mark.usefixtures("gates_here")
def test_a_journal_cut_off_below_its_anchor_still_reaches_the_secretariat(pair: tuple[Place, Place]) -> None:
    office, national = pair
    make_case(office)
    office.desk.receipts.take_in(national.desk.intake.receive(send(office)).receipt)
    make_case(office)
    with office.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER journal_no_delete"))
        session.execute(text("DELETE FROM journal WHERE n > 2"))
    taken = national.desk.intake.receive(send(office))
    assert (taken.outcome, taken.reason) == ("DISPUTED", "JOURNAL_DIFFERS")
