"""`rufaa-cli import`: what every row of a workbook or list would do and why; with --apply, do it."""

from __future__ import annotations

import argparse

from desktop.commands.common import add_vault_options, cases_in_words, say, tell, unlocked
from desktop.commands.mapping import read_mapping, tell_suggestion
from desktop.crypto.access_list import VaultKind
from desktop.errors import NotAccepted
from desktop.files import read_file
from desktop.messages import Language, sentence, sentences
from desktop.rules.htcds_row import Remark
from desktop.services.imports import ImportPreview, RowAction

MAX_WORKBOOK_BYTES = 20 * 1024 * 1024
_ACTIONS = {
    RowAction.ADD: "ACTION_ADD",
    RowAction.CHANGE: "ACTION_CHANGE",
    RowAction.SKIP: "ACTION_SKIP",
    RowAction.REFUSE: "ACTION_REFUSE",
}


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `import` subcommand."""
    workbook = commands.add_parser("import", help="preview an HTCDS workbook or any list; --apply takes it in")
    add_vault_options(workbook)
    workbook.add_argument("workbook", help="the .xlsx or .csv file")
    workbook.add_argument(
        "--mapping",
        metavar="FILE",
        help="how the columns of a list are read (TOML); without one a list with unknown headings is not read, "
        "but a mapping for it is suggested",
    )
    workbook.add_argument("--keep-mapping", metavar="NAME", help="keep the mapping for later files with these headings")
    workbook.add_argument(
        "--apply",
        action="store_true",
        help="after the preview, take in every row but those skipped or refused; without it nothing is written",
    )
    workbook.add_argument("--county", metavar="CODE", help="county code of the new cases (default: the office's)")
    workbook.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    data = read_file(options.workbook, MAX_WORKBOOK_BYTES)
    document = read_mapping(options.mapping) if options.mapping else None
    with unlocked(options, VaultKind.OFFICE) as desk:
        mapping = None
        if document is not None:
            mapping = desk.lists.parse(document)
        else:
            found = desk.lists.headings(data)
            if found.is_suggestion:
                tell_suggestion(options, found)
                if options.apply or options.keep_mapping:
                    raise NotAccepted((), "LIST_NOT_KNOWN")
                return 0
            mapping = found.mapping
        if options.keep_mapping and mapping is None:
            raise NotAccepted((), "LIST_IS_HTCDS")
        county = desk.imports.county(options.county)
        preview = desk.imports.preview(data, mapping)
        if mapping is not None:
            tell(options, "LIST_READ_BY", name=mapping.name)
        _tell_preview(options, preview)
        if mapping is None or "COUNTY_MISSING" in preview.sheet.asks_once:
            name = desk.vault.catalogue.lists["counties"].label(county, options.language)
            tell(options, "IMPORT_COUNTY", county=county, name=name)
        if options.keep_mapping and mapping is not None:
            desk.lists.keep_mapping(options.keep_mapping, mapping)
            tell(options, "LIST_MAPPING_KEPT")
        if not options.apply:
            tell(options, "IMPORT_NOT_YET")
            return 0
        outcome = desk.imports.apply(preview, county=county)
    tell(options, "IMPORT_DONE", cases=cases_in_words(len(outcome.record_ids), options.language))
    return 0


def _tell_preview(options: argparse.Namespace, preview: ImportPreview) -> None:
    for row in preview.rows:
        action, at = sentence(_ACTIONS[row.action], options.language), row.reading
        if at.sheet:
            tell(options, "IMPORT_ROW_OF_SHEET", sheet=at.sheet, row=at.row, action=action)
        else:
            tell(options, "IMPORT_ROW", row=at.row, action=action)
        # The same question of two columns is two lines; one that names no column is said once.
        said = dict.fromkeys(remark_in_words(remark, options.language) for remark in row.remarks)
        say(*(f"    {line}" for line in said))
    say(counts_in_words(preview, options.language))
    # The county is settled by this command; the other questions are for the person.
    asked = [Remark(code) for code in preview.sheet.asks_once if code != "COUNTY_MISSING"]
    if whole := [*asked, *preview.sheet.remarks]:
        tell(options, "IMPORT_WHOLE_FILE")
        say(*(f"    {remark_in_words(remark, options.language)}" for remark in whole))


def counts_in_words(preview: ImportPreview, language: Language) -> str:
    """Return how many rows would be treated how."""
    counts = {action.value.lower(): preview.count(action) for action in RowAction}
    return sentence("IMPORT_COUNTS", language, **counts)


def remark_in_words(remark: Remark, language: Language) -> str:
    """Return a remark's sentence with its facts, and the column it speaks of where the sentence names none."""
    text = sentence(remark.code, language, **remark.facts)
    if "column" in remark.facts and "{column}" not in sentences()[remark.code][language]:
        return sentence("IMPORT_COLUMN", language, column=remark.facts["column"], text=text)
    return text
