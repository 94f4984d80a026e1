"""Every code a person can meet has its sentence in both languages, which needs no fact the program does not give."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import desktop
from desktop import confinement, messages
from desktop.bundles import codes as bundle_codes
from desktop.errors import DeskError, NotAccepted, NotTrusted, Obstacle, Problem
from desktop.messages import LANGUAGES, Language, explain, explain_problem, sentence, sentences

ROOT = Path(desktop.__file__).parents[1]
SOURCES = sorted(path for part in ("desktop", "db", "ui") for path in (ROOT / part).rglob("*.py"))
# Functions of ours that make an error, a problem or a remark from the code they are given first.
MAKERS = {"Problem", "Remark", "_warn", "_refused", "_unreadable", "warn", "ask"}
REASONS = (
    *(bundle_codes.ReasonCode, bundle_codes.SequenceReason, bundle_codes.RecordReason),
    *(bundle_codes.ReceiptReason, bundle_codes.TrustReason, bundle_codes.RecoveryReason),
)


@dataclass(frozen=True)
class Said:
    """One place where a code is said: `facts` None where they are not written out."""

    code: str
    facts: frozenset[str] | None
    where: str


def error_names() -> set[str]:
    for module in pkgutil.walk_packages(desktop.__path__, "desktop."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = {"DeskError"}, [DeskError]
    while waiting:
        waiting += (below := waiting.pop().__subclasses__())
        found |= {kind.__name__ for kind in below}
    return found


def literals(node: ast.expr) -> list[str]:
    """The codes an argument may be: a literal, a member of an enumeration of ours, or one of two."""
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.Attribute) and node.attr.isupper() and isinstance(node.value, ast.Name):
        return [node.attr] if node.value.id.endswith("Reason") or node.value.id == "ReasonCode" else []
    return []


@cache
def said() -> tuple[Said, ...]:
    return tuple(_said(error_names()))


def _said(errors: set[str]) -> Iterator[Said]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name not in errors | MAKERS:
                continue
            named = {keyword.arg for keyword in node.keywords}
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            facts = None if None in named else frozenset(filter(None, named)) - {"code"}
            arguments = list(node.args)
            if name == "NotAccepted":
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"] or arguments[1:2]
                arguments, facts = given or [ast.Constant("NOT_ACCEPTED")], frozenset()
            elif name == "Problem":
                facts = frozenset({"limit"}) if len(arguments) > 3 or "limit" in named else frozenset()
            elif name == "Remark" and len(arguments) > 1:
                facts = None
            if arguments:
                yield from (Said(code, facts, where) for code in literals(arguments[0]))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_search_finds_codes_of_every_kind() -> None:
    found = {item.code for item in said()}
    assert {
        *("WRONG_SENTENCE", "RECORD_GONE", "REVISION_CONFLICT", "NOT_ACCEPTED", "CONSENT_MISSING", "DIGITS_DIFFER"),
        *("FILE_TOO_LARGE", "DISK_FULL", "PHONE_TWO", "JUSTIFICATION_MISSING", "ROLE_NOT_PERMITTED"),
    } <= found
    assert len(said()) > 150


def test_every_code_that_is_said_has_a_sentence() -> None:
    missing = {item.code: item.where for item in said() if item.code not in sentences()}
    for reasons in REASONS:
        missing |= {code.value: reasons.__name__ for code in reasons if code.value not in sentences()}
    for task in confinement.TASKS.values():
        missing |= {code: "confinement" for code in task.refusals if code not in sentences()}
    assert missing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_needs_a_fact_that_is_not_given(language: Language) -> None:
    unfilled = {
        item.where: (item.code, sorted(needed))
        for item in said()
        if item.code in sentences()
        and item.facts is not None
        and (needed := placeholders(sentences()[item.code][language]) - item.facts)
    }
    assert unfilled == {}


def test_no_sentence_is_left_that_nobody_says() -> None:
    spoken: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                spoken.add(node.value)
    plurals = {f"{code}_{count}" for code in spoken for count in ("ONE", "MANY")}
    assert sorted(sentences().keys() - spoken - plurals) == []


def test_sentences_are_whole_and_calm_in_both_languages() -> None:
    wrong = {}
    # Titles and labels of the window are no sentences; what is said of an error is.
    told = {item.code for item in said()} | {code.value for reasons in REASONS for code in reasons}
    for code in sorted(told):
        en, sw = sentences()[code]["en"], sentences()[code]["sw"]
        if placeholders(en) != placeholders(sw) or en == sw:
            wrong[code] = "the languages differ"
        end = ":" if code == "NOT_ACCEPTED" else "."  # what must be put right is listed beneath it
        for text in (en, sw):
            if "!" in text or not text.endswith(end) or text != " ".join(text.split()) or not text[0].isupper():
                wrong[code] = text
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_and_its_problems_are_told_with_their_facts_filled_in(language: Language) -> None:
    assert "7" in explain(Obstacle("WAIT_BEFORE_TRYING", seconds=7), language)
    assert "40" in explain_problem(Problem("TEXT_TOO_LONG", "person.surname", limit=40), language)
    assert explain_problem(Problem("SAFE_HOUSE_ADDRESS", "provider.address"), language)
    assert explain(NotTrusted(bundle_codes.ReasonCode.SIGNATURE_WRONG), language) == sentence(
        "SIGNATURE_WRONG", language
    )
    assert explain(NotAccepted((Problem("DATE_IMPOSSIBLE", "person.dob"),)), language)


def test_a_code_in_two_files_or_without_a_language_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "resource", lambda *_: tmp_path)
    (tmp_path / "a.toml").write_text('[ONE]\nen = "One."\nsw = "Moja."\n')
    assert set(sentences.__wrapped__()) == {"ONE"}
    (tmp_path / "b.toml").write_text('[ONE]\nen = "One."\nsw = "Moja."\n')
    with pytest.raises(ValueError, match="ONE"):
        sentences.__wrapped__()
    (tmp_path / "b.toml").write_text('[TWO]\nen = "Two."\n')
    with pytest.raises(ValueError, match="TWO"):
        sentences.__wrapped__()


def test_facts_of_any_name_reach_the_sentence_and_none_takes_the_place_of_its_code() -> None:
    facts: dict[str, int | str] = {"code": 1, "language": "sw", "limit_mib": 20}
    assert "20 MiB" in explain(NotTrusted("FILE_TOO_LARGE", **facts), "en")
