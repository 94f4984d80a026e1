"""`rufaa-cli list …`: what the program holds, for acceptance and for translators."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from desktop.commands.common import say


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `list` subcommand."""
    parser = commands.add_parser("list", help="list what the program holds")
    parser.add_argument("what", choices=tuple(_LISTS), help="what to list")
    parser.add_argument("--json", action="store_true", help="one JSON array instead of lines")
    parser.set_defaults(run=_list)


def _list(options: argparse.Namespace) -> int:
    rows = _LISTS[options.what]()
    if options.json:
        say(json.dumps(rows, ensure_ascii=False, sort_keys=True))
    else:
        for row in rows:
            say("  ".join(_shown(value) for value in row.values() if not isinstance(value, dict)))
    return 0


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else f"{value}"


def _messages() -> list[dict[str, Any]]:
    from desktop.messages import sentences

    return [{"code": code, **texts} for code, texts in sorted(sentences().items())]


def _fields() -> list[dict[str, Any]]:
    from desktop.catalogue import load

    return [
        {
            "form": form.kind,
            "name": item.name,
            "type": item.type.value,
            "sensitivity": item.sensitivity.value,
            "out": item.out.value,
            "sealed": item.sealed,
            "en": item.labels["en"],
            "sw": item.labels["sw"],
        }
        for form in load().forms.values()
        for item in form.fields
    ]


def _actions() -> list[dict[str, Any]]:
    from desktop.rules.access import MATRIX, TOUCHES

    # `cases`: what a role may do with a case it stands so to; none where the action touches no case.
    return [
        {"action": action, "roles": sorted(roles), "cases": _cases(action, sorted(roles)) if action in TOUCHES else {}}
        for action, roles in MATRIX.items()
    ]


def _cases(action: str, roles: list[str]) -> dict[str, dict[str, str]]:
    from desktop.rules.access import STANDINGS, answer

    return {
        role: {
            f"{'assigned' if one.assigned else 'unassigned'}{'-restricted' if one.restricted else ''}": answer(
                role, action, one
            ).value
            for one in STANDINGS
        }
        for role in roles
    }


def _codelists() -> list[dict[str, Any]]:
    from desktop.catalogue import load

    return [{"list": name, "codes": len(found.codes)} for name, found in sorted(load().lists.items())]


def _screens() -> list[dict[str, Any]]:
    import tomllib

    from desktop.paths import resource

    declared = tomllib.loads(resource("screens.toml").read_text(encoding="utf-8"))
    return [{"screen": name, **facts} for name, facts in declared.items()]


_LISTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "messages": _messages,
    "fields": _fields,
    "actions": _actions,
    "screens": _screens,
    "codelists": _codelists,
}
