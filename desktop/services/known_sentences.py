"""Somebody who fears that others know their sentence says so; only a supervisor can change the keys."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from desktop.rules.journal_chain import Act


def reported(session: Session) -> tuple[int, ...]:
    """Return the desk numbers of those who said so since the keys were last changed, whoever left left out."""
    changed = select(func.max(JournalEntry.n)).where(JournalEntry.act == Act.KEYS_CHANGED.value)
    since = session.scalar(changed) or 0
    query = (
        select(DeskUser.desk_number)
        .join(JournalEntry, JournalEntry.object == DeskUser.id)
        .where(JournalEntry.act == Act.SENTENCE_REPORTED.value, JournalEntry.n > since, DeskUser.left_at.is_(None))
        .distinct()
        .order_by(DeskUser.desk_number)
    )
    return tuple(session.scalars(query))
