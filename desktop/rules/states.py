"""Permitted moves: a referral's by `referral_transitions.csv`, a bundle's by threat-model 5.7. There are no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from desktop.errors import NotAccepted, NotPermitted, Problem

START = "NEW"  # the start of a referral, not a status


class Direction(StrEnum):
    """Whether this office sent the referral or received it."""

    OUT = "OUT"
    IN = "IN"


@dataclass(frozen=True)
class Transition:
    """One permitted move of a referral. `needs` says in words what the service must have first; empty for nothing."""

    state: str
    event: str
    to: str
    roles: frozenset[str]
    direction: Direction
    needs: str


class BundleState(StrEnum):
    """Where a bundle stands on this side; only the Secretariat's receipt ends it."""

    MADE = "MADE"
    HANDED_OVER = "HANDED_OVER"
    RECEIVED = "RECEIVED"
    RETURNED = "RETURNED"


# A receipt may come for a bundle whose hand-over nobody recorded: the far side's word is the stronger fact.
_BUNDLE_MOVES: Mapping[BundleState, frozenset[BundleState]] = {
    BundleState.MADE: frozenset({BundleState.HANDED_OVER, BundleState.RECEIVED, BundleState.RETURNED}),
    BundleState.HANDED_OVER: frozenset({BundleState.RECEIVED, BundleState.RETURNED}),
    BundleState.RECEIVED: frozenset(),
    BundleState.RETURNED: frozenset(),
}


def parse_transitions(rows: Iterable[Mapping[str, str]]) -> tuple[Transition, ...]:
    """Turn the rows of `referral_transitions.csv` into moves."""
    return tuple(
        Transition(
            state=row["from"],
            event=row["event"],
            to=row["to"],
            roles=frozenset(row["who"].split()),
            direction=Direction(row["direction"]),
            needs=row["needs"],
        )
        for row in rows
    )


def next_state(
    transitions: Iterable[Transition], state: str, event: str, role: str, direction: Direction = Direction.OUT
) -> str:
    """Return the state an event leads to.

    Raises:
        NotAccepted: No such move from this state (REFERRAL_MOVE_UNKNOWN).
        NotPermitted: The move exists, but not for this role (REFERRAL_MOVE_ROLE).
    """
    for move in transitions:
        if (move.state, move.event, move.direction) == (state, event, direction):
            if role not in move.roles:
                raise NotPermitted("REFERRAL_MOVE_ROLE", state=state, event=event)
            return move.to
    raise NotAccepted((Problem("REFERRAL_MOVE_UNKNOWN", "referral.status"),), "REFERRAL_MOVE_UNKNOWN")


def next_bundle_state(state: BundleState, to: BundleState) -> BundleState:
    """Return `to` when a bundle may move there.

    Raises:
        NotAccepted: A bundle never moves back, and an answered one never moves (BUNDLE_MOVE_UNKNOWN).
    """
    if to not in _BUNDLE_MOVES[state]:
        raise NotAccepted((Problem("BUNDLE_MOVE_UNKNOWN", "bundle.state"),), "BUNDLE_MOVE_UNKNOWN")
    return to
