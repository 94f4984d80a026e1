from itertools import product

import pytest

from desktop.catalogue import load
from desktop.errors import NotAccepted, NotPermitted
from desktop.rules.states import START, BundleState, Direction, next_bundle_state, next_state

CATALOGUE = load()
MOVES = CATALOGUE.transitions


def test_a_draft_is_made_issued_and_served() -> None:
    state = START
    for event, to in [("CREATE", "DRAFT"), ("ISSUE", "ISSUED"), ("ACCEPT", "ACCEPTED"), ("SERVE", "SERVED")]:
        state = next_state(MOVES, state, event, "CASE_OFFICER")
        assert state == to


def test_a_clerk_makes_a_draft_but_issues_no_letter() -> None:
    assert next_state(MOVES, START, "CREATE", "CLERK") == "DRAFT"
    with pytest.raises(NotPermitted) as caught:
        next_state(MOVES, "DRAFT", "ISSUE", "CLERK")
    assert caught.value.code == "REFERRAL_MOVE_ROLE"


@pytest.mark.parametrize(
    ("state", "event"), [("SERVED", "ACCEPT"), ("DRAFT", "ACCEPT"), ("DECLINED", "SERVE"), ("X", "Y")]
)
def test_no_other_move_exists(state: str, event: str) -> None:
    with pytest.raises(NotAccepted) as caught:
        next_state(MOVES, state, event, "SUPERVISOR")
    assert caught.value.code == "REFERRAL_MOVE_UNKNOWN"


def test_a_referral_received_follows_its_own_moves() -> None:
    assert next_state(MOVES, START, "RECORD_IN", "CLERK", Direction.IN) == "RECEIVED"
    with pytest.raises(NotPermitted):
        next_state(MOVES, "RECEIVED", "ACCEPT", "CLERK", Direction.IN)
    assert next_state(MOVES, "RECEIVED", "ACCEPT", "CLERK", Direction.OUT) == "ACCEPTED"


def test_the_table_names_only_states_and_events_of_the_lists_and_each_move_once() -> None:
    states, events = CATALOGUE.lists["referral_statuses"], CATALOGUE.lists["referral_events"]
    assert {move.to for move in MOVES} | {move.state for move in MOVES} - {START} <= {code.code for code in states}
    assert {move.event for move in MOVES} <= {code.code for code in events}
    assert len({(move.state, move.event, move.direction) for move in MOVES}) == len(MOVES) == 68


def test_a_terminal_state_has_no_move() -> None:
    terminal = {code.code for code in CATALOGUE.lists["referral_statuses"] if code.extra["terminal"] == "yes"}
    assert not terminal & {move.state for move in MOVES}


BUNDLE_MOVES = {
    *((BundleState.MADE, to) for to in (BundleState.HANDED_OVER, BundleState.RECEIVED, BundleState.RETURNED)),
    *((BundleState.HANDED_OVER, to) for to in (BundleState.RECEIVED, BundleState.RETURNED)),
}


@pytest.mark.parametrize(("state", "to"), list(product(BundleState, BundleState)))
def test_a_bundle_moves_forward_only_and_an_answer_ends_it(state: BundleState, to: BundleState) -> None:
    if (state, to) in BUNDLE_MOVES:
        assert next_bundle_state(state, to) is to
    else:
        with pytest.raises(NotAccepted) as caught:
            next_bundle_state(state, to)
        assert caught.value.code == "BUNDLE_MOVE_UNKNOWN"
