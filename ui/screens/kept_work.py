"""This person's drafts of the records of one kind, while their case is open."""

from __future__ import annotations

from dataclasses import replace

from desktop.rules.records import RecordDraft
from desktop.services.drafts import KeptDraft
from ui.screens.section import OpenCase, Section
from ui.widgets.record_row import NEW


class KeptWork:
    """What was kept, by the id of its record; what is kept or dropped here is also kept or dropped in the vault."""

    def __init__(self, section: Section, *, repeats: bool) -> None:
        """Serve `section`; `repeats` says whether a case may hold several records of its kind."""
        self._section, self._repeats = section, repeats
        self._kept: dict[str, KeptDraft] = {}

    def take(self, case: OpenCase) -> None:
        """Take the drafts of a case as it was read.

        A new record begun before somebody else made the only one there can be becomes a draft of that one, opened
        before its first revision: saving it shows both versions.
        """
        kind = self._section.name
        self._kept = {kept.draft.record_id or NEW: kept for kept in case.drafts if kept.draft.kind == kind}
        records = case.file.of(kind)
        new = self._kept.get(NEW)
        if records and new is not None and not self._repeats:
            self.drop(new.draft)
            self.keep(replace(new.draft, record_id=records[0].record_id))

    def of(self, record_id: str) -> KeptDraft | None:
        """Return the draft of a record, or None."""
        return self._kept.get(record_id)

    def any(self) -> bool:
        """Say whether anything is kept."""
        return bool(self._kept)

    def keep(self, draft: RecordDraft) -> None:
        """Keep a draft."""
        desk = self._section.seat.desk
        self._kept[draft.record_id or NEW] = KeptDraft(draft, desk.vault.now())
        self._section.seat.jobs.run(
            lambda: desk.drafts.keep([draft]), owner=self._section, done=_pass_by, failed=self._section.hindered.emit
        )

    def drop(self, draft: RecordDraft) -> None:
        """Forget the draft of the same piece of work."""
        drafts = self._section.seat.desk.drafts
        self._kept.pop(draft.record_id or NEW, None)
        self._section.seat.jobs.run(
            lambda: drafts.drop(draft), owner=self._section, done=_pass_by, failed=self._section.hindered.emit
        )


def _pass_by(_: object) -> None:
    """Kept or dropped; nothing to say."""
