"""Sending over the line that the roster names: what the courier is given, what it brought about, what it brought back.

The services start no process: `desktop.errand` does, beside them, and what it hears is noted here.
"""

from __future__ import annotations

from sqlalchemy import select

from db.models.office import OutgoingBundle
from desktop.bundles.roster import Line
from desktop.errand import Errand, Task
from desktop.errors import NotTrusted, Obstacle
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, Topic
from desktop.rules.states import BundleState
from desktop.services import journal
from desktop.services.enrolment import roster_in_force
from desktop.services.receipts import Answer, ReceiptService
from desktop.services.session import OpenVault


class SendingService:
    """The vault's side of the courier."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def has_line(self) -> bool:
        """Say whether the roster names a line. Where there is no roster, or none to be trusted, there is none."""
        self._vault.require("bundle.list")
        try:
            self._line()
        except (Obstacle, NotTrusted):  # told to whoever sends
            return False
        return True

    def errand(self, bundle_id: str) -> Errand:
        """Return the errand that brings a bundle, from where an earlier one stopped.

        Raises:
            Obstacle: LINE_NONE, OFFICE_NOT_ENROLLED, BUNDLE_UNKNOWN, or BUNDLE_ANSWERED: it has arrived.
        """
        self._vault.require("bundle.hand_over")
        line = self._line()
        with self._vault.reading() as session:
            bundle = session.get(OutgoingBundle, bundle_id)
            if bundle is None:
                raise Obstacle("BUNDLE_UNKNOWN")
            if bundle.state not in (BundleState.MADE, BundleState.HANDED_OVER):
                raise Obstacle("BUNDLE_ANSWERED")
            return Errand(
                Task.SEND,
                bundle.id,
                bundle.sequence,
                line.url,
                line.pin,
                bundle.sha256.hex(),
                bundle.sealed_file,
                bundle.upload_url,
            )

    def note_begun(self, bundle_id: str, url: str) -> None:
        """Keep where the server has begun to take a bundle in."""
        self._vault.require("bundle.hand_over")
        with self._vault.writing() as session:
            bundle = session.get(OutgoingBundle, bundle_id)
            if bundle is None:
                raise Obstacle("BUNDLE_UNKNOWN")
            bundle.upload_url = url

    def note_sent(self, bundle_id: str) -> Outcome:
        """Note that the server has taken a bundle. That it arrived at the Secretariat, only a receipt says."""
        self._vault.require("bundle.hand_over")
        with self._vault.writing() as session:
            bundle = session.get(OutgoingBundle, bundle_id)
            if bundle is None:
                raise Obstacle("BUNDLE_UNKNOWN")
            bundle.upload_url = None
            if bundle.state == BundleState.MADE:
                bundle.state = BundleState.HANDED_OVER.value
                bundle.handed_over_at = self._vault.now()
            journal.append(session, self._vault, Act.BUNDLE_HANDED_OVER, bundle_id, reason="LINE")
        return Outcome((bundle_id,), 0, frozenset({Topic.BUNDLES}))

    def receipt_errands(self) -> tuple[Errand, ...]:
        """Return the errands that look for the receipts waited for, the oldest first. Raises as `errand`."""
        self._vault.require("receipt.take_in")
        line = self._line()
        row = OutgoingBundle
        query = select(row.id, row.sequence, row.sha256).where(row.state == BundleState.HANDED_OVER.value)
        with self._vault.reading() as session:
            return tuple(
                Errand(Task.RECEIPT, bundle_id, sequence, line.url, line.pin, sha256.hex())
                for bundle_id, sequence, sha256 in session.execute(query.order_by(row.sequence))
            )

    def take_receipt(self, content: bytes) -> Answer:
        """Take in what the courier brought: verified as any receipt is. Raises as `ReceiptService.take_in`."""
        return ReceiptService(self._vault).take_in(content)

    def _line(self) -> Line:
        with self._vault.reading() as session:
            line = roster_in_force(session, self._vault).line
        if line is None:
            raise Obstacle("LINE_NONE")
        return line
