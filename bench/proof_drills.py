"""R18 and R30: what the tests walk as a whole, counted: the matrix of who may do what, and the drills of an office.

Each is a set of tests on real vaults, R30's on the real window and the real commands. They are run once, whatever
number is asked for: what they walk is finite, and walking it twice shows nothing more.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_RECOVER, _SHEET, _LOST = (
    "tests/ui/test_recover.py",
    "tests/ui/test_sheet_screens.py",
    "tests/flows/test_lost_device.py",
)

WALKED: dict[str, tuple[str, ...]] = {
    "R18": (
        "tests/unit/rules/test_access.py",
        "tests/unit/services/test_roles.py",
        "tests/unit/services/test_case_access.py",
        "tests/flows/test_clerks_position.py",
    ),
    "R30": (
        f"{_RECOVER}::test_an_office_gets_back_in_and_has_new_keys_by_following_the_screen_only",
        f"{_RECOVER}::test_a_clerk_removed_in_the_window_opens_the_vault_no_more_and_an_old_copy_only_as_it_was",
        f"{_RECOVER}::test_a_closed_desk_says_so_and_leads_to_the_two_ways_that_are_left",
        "tests/ui/test_recover_secretariat.py::test_the_secretariat_lets_a_new_supervisor_in_by_following_the_screen_only",
        f"{_SHEET}::test_the_drill_says_what_was_proved_and_counts_no_guess",
        f"{_SHEET}::test_a_new_sheet_is_written_down_typed_back_and_counts_from_then_on",
        f"{_SHEET}::test_a_removed_supervisor_is_out_with_the_sheet_in_the_same_step",
        "tests/flows/test_recovery_national.py",
        f"{_LOST}::test_the_command_lists_what_was_sent_and_ends_the_keys",
        f"{_LOST}::test_what_a_lost_laptop_sends_afterwards_is_refused_and_what_was_taken_stays",
        f"{_LOST}::test_a_new_laptop_of_the_office_is_enrolled_and_sends",
    ),
}


def measure(goal: str, _: int) -> dict[str, object]:
    """Run the tests of a goal; the figure is how many failed. A set that ran nothing is missed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
        subprocess.run(
            [*command, "-o", "junit_family=xunit1", "--junit-xml", str(report), *WALKED[goal]],
            cwd=_ROOT,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        suite = ElementTree.parse(report).getroot()[0]  # noqa: S314  # written by the run above
    ran, skipped = int(suite.get("tests", "0")), int(suite.get("skipped", "0"))
    failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    slowest = max((float(case.get("time", "0")) for case in suite.iter("testcase")), default=0.0)
    facts = {"figure": failed, "N": ran - skipped, "seed": "none: all of them", "met": failed == 0 and ran > skipped}
    return {**facts, "counts": {"walked": ran - skipped, "left out": skipped}, "slowest_s": round(slowest, 1)}
