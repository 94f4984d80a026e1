"""A column mapping as the text a person edits: read from a TOML file, and written as a suggestion."""

from __future__ import annotations

import argparse
import json
import tomllib
from typing import Any

from desktop.commands.common import say
from desktop.errors import NotAccepted
from desktop.files import read_start
from desktop.messages import sentence
from desktop.rules.columns import ColumnMapping
from desktop.services.lists import ListHeadings

_MAX_FILE_BYTES = 64 * 1024
_MAX_LINE_BYTES = 2 * 1024  # a heading fits; names joined by points beyond all measure do not


def read_mapping(path: str) -> dict[str, Any]:
    """Return the plain values of a mapping file.

    Raises:
        NotAccepted: MAPPING_FILE_TOO_LARGE, or MAPPING_NOT_TOML.
        Obstacle: The file cannot be read.
    """
    data = read_start(path, _MAX_FILE_BYTES)
    if len(data) > _MAX_FILE_BYTES or max(map(len, data.split(b"\n"))) > _MAX_LINE_BYTES:
        raise NotAccepted((), "MAPPING_FILE_TOO_LARGE")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # also of numbers with thousands of digits and of brackets without end
        # `from None`: the parser's own text repeats what stands in the file.
        raise NotAccepted((), "MAPPING_NOT_TOML") from None


def tell_suggestion(options: argparse.Namespace, found: ListHeadings) -> None:
    """Write the suggestion for a list as TOML, all that is no TOML as comments.

    Raises:
        NotAccepted: LIST_HAS_NO_HEADINGS, there is none.
    """
    if found.mapping is None:
        raise NotAccepted((), "LIST_HAS_NO_HEADINGS")
    say(f"# {sentence('LIST_SUGGESTION', options.language)}", "#")
    say(f"# {sentence('LIST_TARGETS', options.language)}", *(f"#   {target}" for target in found.targets), "")
    say(*mapping_lines(found.mapping, default_name=sentence("LIST_NAME", options.language)))


def mapping_lines(mapping: ColumnMapping, *, default_name: str) -> list[str]:
    """Return a mapping as lines of TOML; `default_name` stands where it has no name yet."""
    document = mapping.document()
    document["name"] = mapping.name or default_name
    columns, colours = document.pop("column"), document.pop("colours")
    lines = [f"{key} = {_value(value)}" for key, value in document.items()]
    if colours:
        lines += ["", "[colours]", *(f"{key} = {_value(value)}" for key, value in colours.items())]
    for column in columns:
        lines += ["", "[[column]]", *(f"{key} = {_value(value)}" for key, value in column.items())]
    return lines


def _value(value: Any) -> str:
    # Texts, whole numbers and lists of them are written in TOML as in JSON.
    return json.dumps(value, ensure_ascii=False)
