"""What the notice of a breach may draw on: the record's own fields and the office's letterhead, no case at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desktop.rules.breach import Due
from desktop.rules.records import Value

# Every text a person typed that the notice prints.
TYPED = ("facts", "effects", "action", "police_ob", "advice", "unauthorised_person", "why_late", "delayed_by")


@dataclass(frozen=True)
class Letterhead:
    """The office as it stands at the head of its papers."""

    office: str
    ministry: str
    phone: str
    code: str


@dataclass(frozen=True)
class NoticeFacts:
    """The facts of one notice. `due`: the Commissioner's clock; `made_at` and `officer`: when and by whom printed."""

    fields: Mapping[str, Value] = field(repr=False)
    head: Letterhead
    due: Due
    reference: str
    officer: str = field(repr=False)
    made_at: datetime
    practice: bool
