"""Which class a place of the desk is."""

from __future__ import annotations

from ui.screens.screen import Screen
from ui.seat import Place, Seat


def make_screen(seat: Seat, place: Place) -> Screen:
    """Make a screen of the desk. Each is imported when one first goes there."""
    match place.screen:
        case "cases":
            from ui.screens.case_list import CaseList

            return CaseList(seat, place)
        case "caseFile":
            from ui.screens.case_file import CaseFileScreen

            return CaseFileScreen(seat, place)
        case "importWorkbook":
            from ui.screens.import_workbook import ImportWorkbook

            return ImportWorkbook(seat, place)
        case "referrals":
            from ui.screens.referral_list import ReferralList

            return ReferralList(seat, place)
        case "letter":
            from ui.screens.letter import LetterScreen

            return LetterScreen(seat, place)
        case "breaches":
            from ui.screens.breaches import Breaches

            return Breaches(seat, place)
        case "breachNotice":
            from ui.screens.breach_notice import BreachNotice

            return BreachNotice(seat, place)
        case "directory":
            from ui.screens.directory import Directory

            return Directory(seat, place)
        case "sending":
            from ui.screens.sending import Sending

            return Sending(seat, place)
        case "enrolment":
            from ui.screens.enrolment import EnrolmentScreen

            return EnrolmentScreen(seat, place)
        case "tables":
            from ui.screens.tables import TablesScreen

            return TablesScreen(seat, place)
        case "intake":
            from ui.screens.intake import Intake

            return Intake(seat, place)
        case "offices":
            from ui.screens.offices import Offices

            return Offices(seat, place)
        case "lostLaptop":
            from ui.screens.lost_laptop import LostLaptop

            return LostLaptop(seat, place)
        case "receipts":
            from ui.screens.receipts import Receipts

            return Receipts(seat, place)
        case "journal":
            from ui.screens.journal import Journal

            return Journal(seat, place)
        case "people":
            from ui.screens.people import People

            return People(seat, place)
        case "newKeys" | "newSheet":
            from ui.screens.sheet_new import SheetNew

            return SheetNew(seat, place)
        case "trySheet":
            from ui.screens.sheet_try import SheetTry

            return SheetTry(seat, place)
        case "closeDesk":
            from ui.screens.sheet_try import CloseDesk

            return CloseDesk(seat, place)
        case "sentence":
            from ui.screens.sentence import SentenceScreen

            return SentenceScreen(seat, place)
        case "settings":
            from ui.screens.settings import SettingsScreen

            return SettingsScreen(seat, place)
        case _:
            from ui.screens.today import Today

            return Today(seat, place)
