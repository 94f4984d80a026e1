"""R17: random lives of a vault's keys against a model, and attackers with and without the data key at every step.

Each life is `key_life.Life`. After each step some of its people, the sheet and words that are void are tried; at some
steps a forgery of `key_attacks` stands in the place of the header. One that everybody is content with fails.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter

from desktop.crypto.encoding import Malformed
from desktop.crypto.recover import recovery_due
from desktop.crypto.sealing import open_sealed
from desktop.crypto.vaultkeys import Unlocked, open_with_sheet
from desktop.errors import DeskError, WrongSentence
from tests.hard.key_attacks import ATTACKS, EVERYBODY, ROGUE, ROGUE_SENTENCE, SHEET, Forgery
from tests.hard.key_life import CUTS, Gone, Life
from tests.keys import CHEAP_BOUNDS, WORDS, open_vault

STEPS_OF_A_LIFE = 25
_LOOKED_AT = 2
_CUT, _ATTACKED, _SEAT_CHANGES = 0.15, 0.4, 0.5


def measure(n: int) -> dict[str, object]:
    """Take so many steps; `figure` counts openings that were not as the model says, and forgeries that passed."""
    seed = secrets.randbits(32)
    wrong, counts = Counter[str](), Counter[str]()
    steps = 0
    while steps < n:
        dice = random.Random(f"{seed} {steps}")  # noqa: S311  it chooses acts, not keys
        steps += _live(dice, min(STEPS_OF_A_LIFE, n - steps), wrong, counts)
    for name in ATTACKS if n >= STEPS_OF_A_LIFE * 100 else ():
        wrong["attack never tried"] += not counts[f"refused: {name}"]
    return {"figure": wrong.total(), "N": steps, "seed": seed, "counts": dict(counts), "wrong": dict(+wrong)}


def _live(dice: random.Random, steps: int, wrong: Counter[str], counts: Counter[str]) -> int:
    life = Life(dice)
    for _ in range(steps):
        act = dice.choice(life.acts)
        cut = dice.choice(CUTS) if dice.random() < _CUT else None
        done = life.step(act, cut)
        counts["steps"] += 1
        counts[f"did: {act.__name__.replace('_', ' ')}"] += done
        if done and cut is not None:
            counts[f"cut off {cut}"] += 1
        _look(life, wrong)
        if dice.random() < _SEAT_CHANGES:  # and the slot of whoever sits down pins the last list
            life.sign_in()
        if dice.random() < _ATTACKED:
            name = dice.choice(list(ATTACKS))
            forged = ATTACKS[name](life)
            if forged is not None:
                _judge(name, life, forged, wrong, counts)
    return steps


def _look(life: Life, wrong: Counter[str]) -> None:
    """Try some of those who must get in, and some who must not, on the files as they lie."""
    truth, dice = life.truth, life.dice
    for user_id in dice.sample(sorted(truth.people), min(_LOOKED_AT, len(truth.people))):
        one = truth.people[user_id]
        try:
            opened = open_vault(*life.copies, one.sentence, one.desk)
        except WrongSentence:
            wrong["kept out"] += not one.suspended
            continue
        except DeskError:
            wrong["refused its own"] += 1
            continue
        wrong["let in"] += one.suspended
        wrong["another vault"] += not _is_truth(life, opened, user_id)
        wrong["pin"] += opened.pin.version != one.pin
        wrong["note"] += not life.reached(opened)
    for desk, sentence in dice.sample(sorted(truth.void), min(1, len(truth.void))):
        try:
            open_vault(*life.copies, sentence, desk)
        except WrongSentence:
            continue
        wrong["an old sentence opens"] += 1
    try:
        opened_by = open_with_sheet(*life.copies, truth.sheet, WORDS, bounds=CHEAP_BOUNDS)
        wrong["another vault by the sheet"] += (opened_by.dek, dict(opened_by.r)) != (life.keys.dek, dict(life.keys.r))
    except DeskError:
        wrong["the sheet does not open"] += 1
    for words in dice.sample(sorted(truth.void_sheets), min(1, len(truth.void_sheets))):
        try:
            open_with_sheet(*life.copies, words, WORDS, bounds=CHEAP_BOUNDS)
        except WrongSentence:
            continue
        wrong["an old sheet opens"] += 1
    wrong["recovery due"] += recovery_due(life.keys.header.access_lists) != truth.recovery_due
    removed = [gone for gone in life.gone if gone.removed]
    for gone in dice.sample(removed, min(1, len(removed))):
        wrong["a removed person reads on"] += _reads(life.keys, gone)


def _is_truth(life: Life, opened: Unlocked, user_id: str) -> bool:
    one, current = life.truth.people[user_id], opened.access_list
    halves = set(current.r.in_use) if one.role == "SUPERVISOR" else set()
    return (
        (opened.user_id, opened.role, opened.dek) == (user_id, one.role, life.keys.dek)
        and opened.list_sha256 == life.keys.list_sha256
        and (current.version, current.key_generation) == (life.truth.version, life.truth.generation)
        and len(current.r.in_use) == life.truth.halves
        and {user.id for user in current.users} == life.truth.people.keys()
        and opened.r.keys() == halves
        and all(life.keys.r[public] == private for public, private in opened.r.items())
    )


def _reads(keys: Unlocked, gone: Gone) -> bool:
    """Say whether a removed person's own key opens anything that is sealed in the header of today."""
    sealed = [slot.dek for slot in keys.header.user_slots] + [slot.sealed for slot in keys.header.recovery_slots]
    sealed += [half.sealed for slot in keys.header.user_slots for half in slot.r]
    for one in sealed:
        try:
            open_sealed(one, gone.x25519)
        except Malformed:
            continue
        return True
    return gone.dek == keys.dek


def _judge(name: str, life: Life, forged: Forgery, wrong: Counter[str], counts: Counter[str]) -> None:
    """Let everybody try the forgery: who must be refused is, and nobody is let in to anything but what is genuine."""
    bitten = older = 0
    for user_id, one in life.truth.people.items():
        if one.suspended:
            continue
        must = bool({EVERYBODY, user_id} & set(forged.refused))
        older_pin = one.pin < forged.unless_pinned_before
        try:
            opened = open_vault(forged.data, forged.data, one.sentence, one.desk)
        except DeskError:
            bitten += 1
            counts["refused: by the desk"] += 1
            continue
        if older_pin:
            counts["not told by a slot that pins an older list (threat-model 7.3)"] += 1
            older += 1
        elif forged.keyless and not life.reached(opened):
            bitten += 1
            counts["refused: by the vault's note"] += 1
        elif must:
            wrong[f"accepted: {name}"] += 1
        else:
            wrong[f"not genuine: {name}"] += not _is_truth(life, opened, user_id)
    if ROGUE in forged.refused:
        try:
            open_vault(forged.data, forged.data, ROGUE_SENTENCE, forged.rogue_desk)
            wrong[f"the rogue got in: {name}"] += 1
        except DeskError:
            bitten += 1
    if SHEET in forged.refused:
        try:
            open_with_sheet(forged.data, forged.data, life.truth.sheet, WORDS, bounds=CHEAP_BOUNDS)
            wrong[f"accepted by the sheet: {name}"] += 1
        except DeskError:
            bitten += 1
    wrong[f"missed everybody: {name}"] += not (bitten or older)
    counts[f"refused: {name}"] += bool(bitten)
