"""The directory of service providers: who may be asked for what."""

from __future__ import annotations

from dataclasses import replace

from desktop.rules.records import Outcome, RecordDraft, Topic
from desktop.services import records
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault


class DirectoryService:
    """Keeping the directory."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def save(self, draft: RecordDraft) -> Outcome:
        """Save one provider. Raises NotAccepted, RevisionConflict as for any record."""
        self._vault.require("provider.save")
        with self._vault.writing() as session:
            stored = records.put(session, self._vault, replace(draft, kind="provider", case_id=None))
        return Outcome((stored.record_id,), stored.revision, frozenset({Topic.PROVIDERS}))

    def list(self) -> tuple[StoredRecord, ...]:
        """Return every provider that is not void."""
        self._vault.require("provider.list")
        with self._vault.reading() as session:
            return records.of_kind(session, self._vault, "provider")
