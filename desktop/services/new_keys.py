"""Acts that give the vault new keys: worked out, written as the next generation, and noted in it (threat-model 5.2)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from desktop.crypto import people
from desktop.crypto.recover import supervisors_gone
from desktop.crypto.sheet import SheetKeys
from desktop.rules.journal_chain import Act
from desktop.rules.records import Topic
from desktop.services import assignments, journal, rotation
from desktop.services.access_lists import settle
from desktop.services.offers import new_slots
from desktop.services.people_facts import PeopleChanged
from desktop.services.session import OpenVault

Report = Callable[[int, int], object]  # told how many steps are done, of how many; what it raises stops


def unwatched(_done: int, _of: int) -> None:
    """Nobody watches."""


def give_new_keys(
    vault: OpenVault,
    act: Act,
    object_id: str,
    report: Report,
    *,
    reason: str | None = None,
    without: str | None = None,
    afresh: tuple[str, str] | None = None,
    sentence: str | None = None,
    new_sealed_class: bool,
    sheet: SheetKeys | None = None,
) -> PeopleChanged:
    """Give the vault new keys for an act on somebody, or on the vault itself. The keys are those of `people.rekey`.

    Args:
        vault: The open vault; afterwards it is the new generation.
        act: What is noted, and on whom or what.
        object_id: The person's id, or the vault's.
        report: Told the steps.
        reason: Noted with the act.
        without, afresh, sentence, new_sealed_class, sheet: As `people.rekey`.

    Raises:
        As `people.rekey` and `rotation.rotate`.
    """
    settle(vault)
    listed = vault.keys.access_list.user(object_id)
    made = people.rekey(
        vault.keys,
        new_slots(),
        without=without,
        afresh=afresh,
        sentence=sentence,
        new_sealed_class=new_sealed_class,
        sheet=sheet,
    )

    def entries(session: Session) -> None:
        journal.append(session, vault, act, object_id, reason=reason)
        if act is Act.USER_REMOVED:
            assignments.hand_over(session, vault)
        if act is not Act.KEYS_CHANGED:
            journal.append(session, vault, Act.KEYS_CHANGED, vault.vault.hex(), reason=act.value)
        if sheet is not None:
            journal.append(session, vault, Act.SHEET_REMADE, vault.vault.hex(), revision_hash=made.keys.list_sha256)

    rotation.rotate(vault, made, entries, report)
    return PeopleChanged(
        object_id,
        listed.desk_number if listed else vault.keys.desk_number,
        made.admitted.sentence if made.admitted else None,
        keys_changed=True,
        sealing_due=rotation.sealing_due(vault),
        sheet_due=bool(supervisors_gone(vault.keys.header.access_lists)),
        topics=frozenset({Topic.PEOPLE, Topic.OFFICE}),
    )
