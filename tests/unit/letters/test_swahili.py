"""One Swahili word for one thing, in the sentences that offices read most."""

from __future__ import annotations

import re
import tomllib

import pytest

from desktop.letters.phrases import phrases
from desktop.paths import resource

AREAS = ("vault", "window", "imports", "bundles", "letters")
# namba: nambari. faili is of class 9. A backup is a nakala ya akiba, a receipt a stakabadhi.
WRONG = re.compile(r"\b(namba|faili l\w+|faili hili|rudufu|risiti)\b", re.IGNORECASE)


@pytest.mark.parametrize("area", AREAS)
def test_messages_use_the_agreed_words(area: str) -> None:
    sentences = tomllib.loads(resource("messages", f"{area}.toml").read_text(encoding="utf-8"))
    # In "Jibu la jinsia lililo kwenye faili limehifadhiwa" the verb belongs to the answer.
    found = {
        code: WRONG.findall(row["sw"].replace("kwenye faili limehifadhiwa", "")) for code, row in sentences.items()
    }
    assert {code: words for code, words in found.items() if words} == {}


def test_a_date_to_act_or_answer_by_is_never_called_before() -> None:
    printed = [text for table in phrases("sw").values() for text in table.values()]
    assert [text for text in printed if "kabla ya" in text] == []
    assert phrases("sw")["label"]["act_by"] == "Itimizwe ifikapo"
