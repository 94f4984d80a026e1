"""The only wiring: a data folder, the shipped vocabulary, a clock, and the services built on an unlocked vault."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from desktop.catalogue import Catalogue, load
from desktop.clock import Clock, SystemClock
from desktop.services.breaches import BreachService
from desktop.services.cases import CaseService
from desktop.services.consents import ConsentService
from desktop.services.directory import DirectoryService
from desktop.services.drafts import DraftService
from desktop.services.enrolment import EnrolmentService
from desktop.services.exports import ExportService
from desktop.services.imports import ImportService
from desktop.services.intake import IntakeService
from desktop.services.journal import JournalService
from desktop.services.lists import ListService
from desktop.services.lost_devices import LostDeviceService
from desktop.services.national_recovery import NationalRecoveryService
from desktop.services.office import OfficeService
from desktop.services.office_recovery import OfficeRecoveryService, after_unlock
from desktop.services.people import PeopleService
from desktop.services.receipts import ReceiptService
from desktop.services.records import office
from desktop.services.referrals import ReferralService
from desktop.services.secretariat import SecretariatService
from desktop.services.sending import SendingService
from desktop.services.session import OpenVault
from desktop.services.sheets import SheetService
from desktop.services.tables import TableService
from desktop.services.vault import VaultService


class Desk:
    """An unlocked vault with the services of an office and of the Secretariat; each checks the role itself."""

    def __init__(self, keeper: VaultService, vault: OpenVault) -> None:
        """Build the services once, on one vault."""
        self._keeper = keeper
        self.vault = vault
        self.breaches = BreachService(vault)
        self.cases = CaseService(vault)
        self.consents = ConsentService(vault)
        self.directory = DirectoryService(vault)
        self.drafts = DraftService(vault)
        self.enrolment = EnrolmentService(vault)
        self.exports = ExportService(vault)
        self.imports = ImportService(vault)
        self.intake = IntakeService(vault)
        self.journal = JournalService(vault)
        self.lists = ListService(vault)
        self.lost_devices = LostDeviceService(vault)
        self.national_recovery = NationalRecoveryService(vault)
        self.office = OfficeService(vault)
        self.office_recovery = OfficeRecoveryService(vault)
        self.people = PeopleService(vault)
        self.receipts = ReceiptService(vault)
        self.referrals = ReferralService(vault)
        self.secretariat = SecretariatService(vault)
        self.sending = SendingService(vault)
        self.sheets = SheetService(vault)
        self.tables = TableService(vault)

    def office_name(self) -> str:
        """Return the office's own name."""
        with self.vault.reading() as session:
            return office(session).name

    def lock(self) -> None:
        """Close the vault. The window replaces its process afterwards."""
        self._keeper.lock(self.vault)


class Door:
    """The desk before anybody unlocked it."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Stand before the vault in `folder`."""
        self.clock = clock or SystemClock()
        self.folder = folder
        self.vaults = VaultService(folder, lambda: self.catalogue, self.clock)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped vocabulary, read once."""
        return load()

    def unlock(self, desk_number: int, sentence: str) -> Desk:
        """Unlock and return the desk. Raises what VaultService.unlock raises."""
        vault = self.vaults.unlock(desk_number, sentence)
        try:
            after_unlock(vault)
        except BaseException:
            self.vaults.lock(vault)
            raise
        return Desk(self.vaults, vault)
