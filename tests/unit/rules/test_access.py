import pytest

from desktop.catalogue import load
from desktop.errors import NotPermitted
from desktop.rules.access import (
    ACTIONS,
    MATRIX,
    STANDINGS,
    TOUCHES,
    Role,
    Standing,
    answer,
    is_restricted,
    may_see_health,
    require,
    require_signature,
)
from desktop.rules.records import Damaged, Missing, Value

# Written out a second time on purpose: C clerk, O case officer, S supervisor, N national analyst, D national case desk.
EXPECTED = {
    "case.create": "COS",
    "case.open": "COS",
    "case.save": "COS",
    "case.search": "COS",
    "case.assign": "COS",
    "case.unassign": "S",
    "draft.keep": "COS",
    "consent.record": "COS",
    "basis.record": "S",
    "determination.record": "OS",
    "referral.create": "COS",
    "referral.issue_letter": "OS",
    "letter.open": "OS",
    "import.preview": "COS",
    "import.apply": "OS",
    "provider.list": "COS",
    "provider.save": "OS",
    "office.save": "S",
    "bundle.list": "COS",
    "bundle.make": "S",
    "bundle.hand_over": "S",
    "receipt.take_in": "COS",
    "table.export": "S",
    "office.enrol": "S",
    "people.manage": "S",
    "sentence.change": "COSND",
    "breach.record": "COS",
    "breach.close": "S",
    "journal.read": "S",
    "journal.verify": "COSND",
    "secretariat.init": "N",
    "secretariat.enrol": "N",
    "secretariat.lost_device": "N",
    "secretariat.intake": "ND",
    "secretariat.receipts": "ND",
    "secretariat.recover": "N",
}
LETTER = dict(zip(Role, "COSND", strict=True))


def may(role: Role, action: str) -> bool:
    try:
        require(role, action)
    except NotPermitted:
        return False
    return True


def test_L03_each_role_may_do_exactly_what_the_table_says() -> None:
    assert {action: "".join(LETTER[role] for role in Role if may(role, action)) for action in ACTIONS} == EXPECTED


# What a role that has the action may do with a case: assigned and restricted, assigned, restricted, neither; written
# out a second time on purpose. A allowed, R a reason first, H hidden, - refused.
MANY, ONE = "AAHA", "AAHR"
CASES: dict[str, dict[str, str]] = {
    "case.search": dict.fromkeys("COS", MANY),
    "draft.keep": dict.fromkeys("COS", MANY),
    "import.preview": dict.fromkeys("COS", MANY),
    "import.apply": dict.fromkeys("OS", MANY),
    "table.export": {"S": MANY},
    "journal.read": {"S": MANY},
    "case.unassign": {"S": MANY},
    "case.open": dict.fromkeys("COS", ONE),
    "case.save": dict.fromkeys("COS", ONE),
    "consent.record": dict.fromkeys("COS", ONE),
    "basis.record": {"S": ONE},
    "determination.record": dict.fromkeys("OS", ONE),
    "referral.create": dict.fromkeys("COS", ONE),
    "referral.issue_letter": dict.fromkeys("OS", ONE),
    "letter.open": dict.fromkeys("OS", ONE),
    "case.assign": {"C": "A-H-", "O": "A-H-", "S": MANY},
}
SHORT = {"ALLOWED": "A", "REASON": "R", "HIDDEN": "H", "REFUSED": "-"}


def test_the_whole_table_of_roles_and_cases_is_what_is_written_here() -> None:
    order = (Standing(True, True), Standing(True, False), Standing(False, True), Standing(False, False))
    assert set(order) == set(STANDINGS)
    assert CASES.keys() == TOUCHES.keys()
    for action in ACTIONS:
        for role in Role:
            expected = CASES.get(action, {}).get(LETTER[role])
            if expected is None:
                expected = "AAAA" if role in MATRIX[action] else "----"
            assert "".join(SHORT[answer(role, action, one)] for one in order) == expected, (action, role)


def test_an_action_that_is_none_is_refused_however_one_stands_to_the_case() -> None:
    assert {answer("SUPERVISOR", "case.burn", one) for one in STANDINGS} == {"REFUSED"}
    assert {answer("DIRECTOR", "case.open", one) for one in STANDINGS} == {"REFUSED"}


@pytest.mark.parametrize(
    ("value", "restricted"),
    [(None, False), (False, False), (True, True), *((one, True) for one in Missing), (Damaged("?"), True)],
)
def test_L06_a_case_of_which_it_is_not_known_counts_as_restricted(value: Value, restricted: bool) -> None:
    assert is_restricted({"restricted": value}) is restricted
    assert not is_restricted({})


def test_a_role_or_action_that_does_not_exist_may_do_nothing() -> None:
    for role, action in [("ADMIN", "case.open"), ("", "case.open"), ("SUPERVISOR", "case.burn"), ("SUPERVISOR", "")]:
        with pytest.raises(NotPermitted) as caught:
            require(role, action)
        assert caught.value.code == "ROLE_NOT_PERMITTED"
        assert caught.value.facts == {"role": role, "action": action}


def test_no_county_role_acts_for_the_secretariat_nor_the_other_way_round() -> None:
    national = {Role.SECRETARIAT, Role.SECRETARIAT_CASE}
    for action, roles in MATRIX.items():
        if action in {"journal.verify", "sentence.change"}:  # each place its own journal, everybody their own sentence
            continue
        assert roles <= national if action.startswith("secretariat.") else not roles & national


def test_the_supervisor_signs_where_the_receiver_rule_says_so() -> None:
    require_signature("CASE_OFFICER", supervisor_signs=False)
    require_signature("SUPERVISOR", supervisor_signs=True)
    with pytest.raises(NotPermitted) as caught:
        require_signature("CASE_OFFICER", supervisor_signs=True)
    assert caught.value.code == "SUPERVISOR_SIGNS"
    with pytest.raises(NotPermitted):
        require_signature("CLERK", supervisor_signs=False)


def test_L04_health_facts_are_for_officers_trained_and_bound_to_secrecy() -> None:
    allowed = {
        (role, trained, bound)
        for role in (*Role, "ADMIN")
        for trained in (False, True)
        for bound in (False, True)
        if may_see_health(role, trained=trained, bound_to_secrecy=bound)
    }
    assert allowed == {("CASE_OFFICER", True, True), ("SUPERVISOR", True, True)}


def test_every_role_is_in_the_code_list() -> None:
    assert {role.value for role in Role} <= {code.code for code in load().lists["user_roles"]}
