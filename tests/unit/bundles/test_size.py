"""Decisions 23: three changed records in each of 100 cases fit into 64 KiB on the line."""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import date, timedelta

from desktop.bundles.records import RecordLine
from desktop.catalogue import Catalogue, load
from desktop.rules.forms import Field, FieldType, Form
from desktop.rules.journal_chain import HashRun
from desktop.rules.records import Value, encode_fields
from desktop.rules.views import pseudonymous_view
from tests.unit.bundles import world

TODAY = date(2026, 11, 25)
KINDS = ("person", "exploitation_episode", "referral")


def some_value(item: Field, catalogue: Catalogue, chance: random.Random) -> Value:
    codes = [code.code for code in catalogue.lists[item.list_name]] if item.list_name else []
    day = (TODAY - timedelta(days=chance.randrange(1500))).isoformat()
    made: dict[FieldType, Value] = {
        FieldType.INTEGER: chance.randrange(item.smallest or 0, min(item.largest or 60, 60) + 1),
        FieldType.BOOL: chance.random() < 0.5,
        FieldType.CODE: chance.choice(codes) if codes else None,
        FieldType.CODES: tuple(chance.sample(codes, chance.randrange(1, min(4, len(codes) + 1)))) if codes else None,
        FieldType.DATE: day,
        FieldType.PARTIAL_DATE: day[: chance.choice([4, 7, 10])],
        FieldType.DATETIME: f"{day}T10:30:00.000Z",
        FieldType.REF: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        FieldType.REFS: (str(uuid.UUID(int=chance.getrandbits(128), version=4)),),
    }
    return made.get(item.type)


def changed_record(form: Form, case: str, catalogue: Catalogue, chance: random.Random) -> RecordLine:
    """One record with three of four questions answered, answers spread evenly: more than an office's days hold."""
    fields = {item.name: some_value(item, catalogue, chance) for item in form.fields if chance.random() < 0.75}
    view = encode_fields(pseudonymous_view(form, fields, TODAY, catalogue.age_groups))
    assert len(view) >= 3
    return RecordLine(
        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        kind=form.kind,
        case=case,
        form=form.version,
        rev=2,
        parent=chance.randbytes(32).hex(),
        void=None,
        salt=chance.randbytes(16),
        view=view,
    )


def test_three_changed_records_in_each_of_100_cases_take_at_most_64_kib() -> None:
    chance, catalogue = random.Random(20261125), load()  # noqa: S311  # made-up records, the same at each run
    cases = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(100)]
    records = tuple(changed_record(catalogue.forms[kind], case, catalogue, chance) for case in cases for kind in KINDS)
    run = HashRun(1, tuple(hashlib.sha256(b"%d" % n).hexdigest() for n in range(400)))
    bundle = world.made(records=records, run=run)
    entries = {entry.name: entry.stored for entry in bundle.manifest.entries}
    assert len(world.opened(bundle.content).contents.records) == 300
    assert len(bundle.content) <= 65_536
    # Measured 56,273 bytes before padding, 12,810 of them the journal; 63,472 is what the bucket holds.
    assert bundle.used_bytes < 60_000, (bundle.used_bytes, entries)
