"""The record drafts that one row of the HTCDS workbook makes. A fact that fits no record becomes a note of the case."""

from __future__ import annotations

from desktop.rules.htcds_row import RowFacts
from desktop.rules.records import Missing, RecordDraft, Value

# Exploitation that is work: the workbook's one industry column belongs to these.
_WORK = frozenset(
    {"FORCED_LABOUR", "CHILD_LABOUR", "DOMESTIC_SERVITUDE", "SERVITUDE", "SLAVERY", "SLAVERY_LIKE", "DEBT_BONDAGE"}
)


def drafts_of(facts: RowFacts) -> tuple[RecordDraft, ...]:
    """Return the drafts of one row: case and person always, the others where the row says something for them."""
    drafts = [
        RecordDraft("case", _case(facts)),
        RecordDraft("person", _person(facts)),
        *_single("determination", {}, _determination(facts)),
        *_single("recruitment", {}, {"method": facts.text("Recruitment.method")}),
        *_single(
            "journey_leg",
            {"seq": 1, "type": "RECRUITMENT"},
            {"place": facts.text("JourneyLeg[RECRUITMENT].place")},
        ),
        *_episodes(facts),
        *_single(
            "referral",
            {"direction": "IN", "date": facts.text("Case.incoming_date")},
            _part(facts, "Referral[IN]", "reason", "reason_short"),
        ),
        *_single(
            "referral",
            {"direction": "OUT"},
            _part(facts, "Referral[OUT]", "to_provider_name", "to_person", "reason", "date", "reason_short"),
        ),
        *_single("closure", {}, _part(facts, "Closure", "reason", "reason_text")),
        *(
            RecordDraft(
                "import_note",
                _said({"heading": note.heading, "text": note.text, "question": note.question})
                | {"settled": note.question is None},
            )
            for note in facts.notes
        ),
    ]
    return tuple(drafts)


def _said(fields: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value is not None}


def _part(facts: RowFacts, entity: str, *names: str) -> dict[str, Value]:
    return {name: facts.accepted.get(f"{entity}.{name}") for name in names}


def _single(kind: str, always: dict[str, Value], found: dict[str, Value]) -> list[RecordDraft]:
    """Return one draft when the row says any of `found`, else none."""
    return [RecordDraft(kind, _said(always) | _said(found))] if _said(found) else []


def _case(facts: RowFacts) -> dict[str, Value]:
    fields = _said(_part(facts, "Case", "officer", "source", "source_name", "incoming_date", "status", "narrative"))
    if "cas_ReferringOrganisation" in facts.kept_as_text:
        # The source was named, only not in our words: the questions that follow from it still apply.
        fields["source"] = Missing.NOT_ASKED
    if any(remark.code == "DRAFT" for remark in facts.asks):
        fields["status"] = "DRAFT"
    return fields


def _person(facts: RowFacts) -> dict[str, Value]:
    fields = _said(
        _part(
            facts,
            "Person",
            *("first_name", "surname", "sex", "gender_identity", "dob", "age_at_registration", "citizenship", "phone"),
        )
    )
    if facts.dob_not_known:
        fields["dob"] = Missing.DK
    if "dob" in fields or "age_at_registration" in fields:
        estimated = "age_at_registration" in fields or facts.accepted.get("Person.dob_estimated") is True
        fields["dob_estimated"] = estimated
    return fields


def _determination(facts: RowFacts) -> dict[str, Value]:
    fields = _part(facts, "Determination", "status", "decided_by_type")
    return fields | {"purposes": facts.codes("ExploitationEpisode.exploitation_type") or None}


def _episodes(facts: RowFacts) -> list[RecordDraft]:
    """Return one episode per exploitation type; control and place hold for each of them."""
    common: dict[str, Value] = _said(_part(facts, "ExploitationEpisode", "control", "place"))
    sector = facts.codes("ExploitationEpisode.sector")
    sex_forms = facts.codes("ExploitationEpisode.sex_forms")
    types = facts.codes("ExploitationEpisode.exploitation_type")
    if not types:
        always: dict[str, Value] = {"exploitation_type": Missing.NOT_ASKED}
        return _single("exploitation_episode", always, common | {"sector": sector or None})
    works = [code for code in types if code in _WORK] or types[:1]
    drafts = []
    for code in types:
        fields: dict[str, Value] = {"exploitation_type": code, **common}
        if sector and code in works:
            fields["sector"] = sector
        if sex_forms and code == "SEXUAL":
            fields["sex_forms"] = sex_forms
        drafts.append(RecordDraft("exploitation_episode", fields))
    return drafts
