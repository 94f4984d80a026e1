"""What stands over a case: number, alias or initials, age band and sex, stage and status. Never the name."""

from __future__ import annotations

from desktop.catalogue import Catalogue
from desktop.clock import Clock, today
from desktop.rules.dates import age_band, age_from_statement, age_on, bounds, is_partial_date
from desktop.rules.names import initials
from desktop.services.cases import CaseFile
from desktop.services.records import StoredRecord
from ui.languages import current, words

_SCHEME = "RETURN"  # of age_groups.csv, as in letters and the monthly return


def band_facts(file: CaseFile, catalogue: Catalogue, clock: Clock) -> dict[str, str]:
    """Return the facts by the names of `ui.widgets.band.FACTS`, in the language in force."""
    case, person = file.one("case"), file.one("person")
    sex = person.text("sex") if person else ""
    age = _age(person, catalogue, clock) if person else ""
    return {
        "case_ref": file.case_ref,
        "shown_as": _shown_as(person) if person else "",
        "age_sex": ", ".join(filter(None, (age, catalogue.lists["sex"].label(sex, current()) if sex else ""))),
        "stage": _label(catalogue, "case_stages", case.text("stage") if case else ""),
        "status": _label(catalogue, "case_statuses", case.text("status") if case else ""),
    }


def is_restricted(file: CaseFile) -> bool:
    """Say whether the case is marked as restricted."""
    case = file.one("case")
    return case is not None and case.fields.get("restricted") is True


def _shown_as(person: StoredRecord) -> str:
    return person.text("safe_alias") or initials(
        *(person.text(one) for one in ("first_name", "other_names", "surname"))
    )


def _age(person: StoredRecord, catalogue: Catalogue, clock: Clock) -> str:
    born, age, said_on = person.text("dob"), person.fields.get("age_at_registration"), person.text("age_said_on")
    if is_partial_date(born):
        ages = age_on(born, today(clock))
    elif isinstance(age, int) and is_partial_date(said_on):
        ages = age_from_statement(age, bounds(said_on)[0], today(clock))
    elif isinstance(age, int):
        ages = age, age
    else:
        return words("CASEFILE_AGE_UNKNOWN")
    labels = {group.code: group.labels[current()] for group in catalogue.age_groups if group.scheme == _SCHEME}
    low, high = (labels[age_band(catalogue.age_groups, _SCHEME, one)] for one in ages)
    # Where the age may be in two bands, both stand there.
    band = low if low == high else f"{low} / {high}"
    return words("CASEFILE_AGE_BAND", band=band.replace("-", "\N{EN DASH}"))


def _label(catalogue: Catalogue, name: str, code: str) -> str:
    return catalogue.lists[name].label(code, current()) if code else ""
