from desktop.crypto.encoding import canonical_json, strict_json
from desktop.rules.records import Damaged, Missing, RecordDraft, Value, decode_fields, encode_fields

EVERY_SHAPE: dict[str, Value] = {
    "surname": "Ng'ang'a",
    "empty": "",
    "age": 0,
    "estimated": False,
    "citizenship": ("KEN", "UGA"),
    "sex": Missing.REFUSED,
}


def test_every_shape_comes_back_from_storage_as_it_went_in() -> None:
    stored = strict_json(canonical_json(encode_fields(EVERY_SHAPE)), limit_bytes=10_000)
    back = decode_fields(stored)
    assert back == EVERY_SHAPE
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in EVERY_SHAPE.items()
    }


def test_a_question_that_does_not_apply_is_not_stored() -> None:
    assert encode_fields({"deceased_on": None}) == {}
    assert decode_fields({"deceased_on": None}) == {}


def test_an_answer_refused_is_not_the_text_refused() -> None:
    assert encode_fields({"answer": "REFUSED"}) == {"answer": "REFUSED"}
    assert encode_fields({"answer": Missing.REFUSED}) == {"answer": {"missing": "REFUSED"}}


def test_B03_values_of_no_known_shape_are_marked_and_the_rest_is_read() -> None:
    bad = {"float": 1.5, "nested": [["x"]], "unknown": {"missing": "LATER"}, "list": {"missing": []}, "map": {"a": 1}}
    fields = decode_fields({**bad, "surname": "Wafula"})
    assert fields["surname"] == "Wafula"
    assert {name for name, value in fields.items() if isinstance(value, Damaged)} == set(bad)


def test_B03_a_damaged_value_goes_back_into_storage_untouched() -> None:
    assert encode_fields(decode_fields({"dob": {"year": 1990}})) == {"dob": {"year": 1990}}


def test_B03_something_that_is_no_record_at_all_opens_empty() -> None:
    assert decode_fields(["not", "fields"]) == {}


def test_a_draft_and_a_damaged_value_do_not_show_what_they_hold() -> None:
    draft = RecordDraft("person", {"surname": "Secretname", "dob": Damaged("Secretvalue")})
    assert "Secret" not in repr(draft)
    assert "Secret" not in repr(draft.fields["dob"])
