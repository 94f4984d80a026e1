"""What was taken out of the office by other ways than a bundle: counted with the act, told by the next bundle.

The Secretariat learns of bulk (threat-model attack 9). A table or letter counts once it was let go: that it did not
arrive is only said. Whoever opens the vault with other tools can write other figures; that is not found out here.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from db.models.office import Office
from desktop.rules.taken_out import MOST, TakenOut
from desktop.services import records


def count(session: Session, *, cases: int = 0, letters: int = 0, tables: int = 0) -> None:
    """Add to the figures in the transaction that lets it go."""
    office = records.office(session)
    so_far = since_last_bundle(office)
    office.out_cases = min(so_far.cases + cases, MOST)
    office.out_letters = min(so_far.letters + letters, MOST)
    office.out_tables = min(so_far.tables + tables, MOST)


def since_last_bundle(office: Office) -> TakenOut:
    """Return what the next bundle tells."""
    return TakenOut(_figure(office.out_cases), _figure(office.out_letters), _figure(office.out_tables))


def begin_anew(office: Office) -> None:
    """Begin at nothing in the transaction that makes the bundle: one that fails leaves the figures as they were."""
    office.out_cases = office.out_letters = office.out_tables = 0


def _figure(written: object) -> int:
    """Return a figure as it may be told. What can only have been planted is told as the most, and stops no bundle."""
    return written if isinstance(written, int) and 0 <= written <= MOST else MOST
