"""The published words of the HTCDS 2.0 workbook: its headings, and its value labels matched to our codes.

Headings are held as published, misspellings included (data dictionary, mapping traps 8 and 9). A label is matched as a
whole, the longest first, because labels themselves hold commas and semicolons. What is no label is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# column letter -> heading in row 1, heading in row 2
HEADINGS: Mapping[str, tuple[str, str]] = {
    "B": ("cas_CaseOwner", "Case Owner"),
    "C": ("prs_Salutation", "Salutation"),
    "D": ("prs_FirstName", "First Name"),
    "E": ("prs_SecondName", "Second Name"),
    "F": ("con_Consent", "Consent"),
    "G": ("prs_Birthdate", "Birthdate"),
    "H": ("prs_Gender", "Gender"),
    "I": ("prs_Citizenship", "Citizenship"),
    "J": ("prs_Title", "Title"),
    "K": ("prs_Email", "Email"),
    "L": ("prs_HomePhone", "Home Phone"),
    "M": ("prs_MobilePhone", "Mobile Phone"),
    "N": ("prs_MailingCity", "Mailing Street"),
    "O": ("prs_MailingCountry", "Mailing City"),
    "P": ("prs_MailingState", "Mailing State/Province"),
    "Q": ("prs_MailingStreet", "Mailing Zip/Postal Code"),
    "R": ("prs_MailingPostalCode", "Mailing Country"),
    "S": ("vic_TraffickingStatus", "Trafficking Status"),
    "T": ("vic_TraffickinStatusDecisionMakingOrg", "Trafficking Status Decision Making Organization"),
    "U": ("vic_MethodOfRecruitment", "Method of Recruitment"),
    "V": ("vic_LocationOfRecruitment", "Location of Recruitment"),
    "W": ("vic_MethodsOfControl", "Methods of Control"),
    "X": ("vic_TypeOfExploitation", "Type of Exploitation"),
    "Y": ("vic_ForcedLabourIndustry", "Forced Labour Industry"),
    "Z": ("vic_TypeOfSexExploitation", "Type of Sex Exploitation"),
    "AA": ("vic_LocationOfExploitation", "Location of Exploitation"),
    "AB": ("cas_Status", "Status"),
    "AC": ("cas_ReferringOrganisation", "Referring Organisation"),
    "AD": ("cas_IncomingReferralDate", "Incoming Referral Date"),
    "AE": ("cas_ReferringPrimaryCaseWorker", "Referring Primary Case Worker"),
    "AF": ("cas_ReasonForIncomingReferral", "Reason for Incoming Referral"),
    "AG": ("cas_IncomingReferralDetails", "Incoming Referral Details"),
    "AH": ("cas_ReferredOrganisation", "Referred Organisation"),
    "AI": ("cas_ReferredPrimaryCaseWorker", "Referred Primary Case Worker"),
    "AJ": ("", "Reason for Outgoing Referral"),
    "AK": ("cas_OutgoingReferralDate", "Outgoing Referral Date"),
    "AL": ("cas_OutgoingReferralDetails", "Outgoing Referral Details"),
    "AM": ("cas_ReasonForCaseClosure", "Reason for Case Closure"),
}

# What the standard calls a column whose heading in row 1 is misspelt or missing.
_STANDARD_NAMES = {"T": "vic_TraffickingStatusDecisionMakingOrg", "AJ": "cas_ReasonForOutgoingReferral"}


def standard_name(column: str) -> str:
    """Return the standard's field name of a column; `column N` where two headings disagree or there is none."""
    if column in "NOPQR" or column not in HEADINGS:
        return f"column {column}"
    return _STANDARD_NAMES.get(column, HEADINGS[column][0])


def squeezed(text: str) -> str:
    """Return text with every run of blanks as one space and none at the ends."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Hit:
    """A label found in a cell. `folded`: in another case than published; `loses_meaning`: our code says less."""

    label: str
    list_name: str
    code: str
    folded: bool
    loses_meaning: bool


@dataclass(frozen=True)
class _Label:
    text: str
    list_name: str
    code: str
    loses_meaning: bool


class Labels:
    """The labels of one standard field, as the import side of `htcds_map.csv` has them."""

    def __init__(self, labels: Iterable[_Label]) -> None:
        """Index the labels; the longest stands first in the pattern."""
        self._by_text = {label.text: label for label in labels}
        self._by_lower = {text.lower(): label for text, label in self._by_text.items()}
        longest_first = sorted(map(re.escape, self._by_text), key=len, reverse=True)
        self._next = re.compile(rf"({'|'.join(longest_first)}) ?(?=[;,]|$)", re.IGNORECASE | re.ASCII)

    def find(self, cell: str) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
        """Return the labels in a cell in order, each code once, and the pieces that are no label."""
        hits: dict[tuple[str, str], Hit] = {}
        rest: list[str] = []
        text = squeezed(cell)
        while text := text.lstrip(" ;,"):
            match = self._next.match(text)
            if match is None:
                piece = re.split("[;,]", text, maxsplit=1)[0]
                rest.append(piece.strip())
                text = text[len(piece) :]
                continue
            label = self._by_text.get(match[1]) or self._by_lower[match[1].lower()]
            hit = Hit(label.text, label.list_name, label.code, match[1] != label.text, label.loses_meaning)
            hits.setdefault((hit.list_name, hit.code), hit)
            text = text[match.end() :]
        return tuple(hits.values()), tuple(rest)


def labels_by_field(map_rows: Iterable[Mapping[str, str]]) -> dict[str, Labels]:
    """Return, for each standard field with labels in the workbook, its labels (rows of `htcds_map.csv`)."""
    found: dict[str, list[_Label]] = {}
    for row in map_rows:
        text = squeezed(row["workbook_value"])
        if text and row["direction"] in ("both", "import"):
            loses = row["fit"] in ("broader", "nearest")
            found.setdefault(row["htcds_field"], []).append(_Label(text, row["our_list"], row["our_code"], loses))
    return {name: Labels(labels) for name, labels in found.items()}
