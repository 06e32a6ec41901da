"""Does a person read why a value does not fit, without a word of Python?"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from trivium.facts.misfits import misfit
from trivium.facts.problem import shown


class Inner(msgspec.Struct):
    name: str = ""


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=3)] = ""
    names: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = ()
    yes: bool = False


class Needed(msgspec.Struct):
    key: str


def told(value: Any, kind: type = Wanted) -> tuple[str, str]:
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert(value, kind, strict=False)
    return misfit(str(fault.value), value)


@pytest.mark.parametrize(("value", "sentence", "place"), [
    ({"count": "x"}, "'x' is not a whole number.", "count"),
    ({"count": "0"}, "'0' is not a whole number of at least 1.", "count"),
    ({"count": 10}, "10 is not a whole number of at most 9.", "count"),
    ({"text": "four"}, "'four' is not text of at most 3 characters.", "text"),
    ({"names": "a"}, "'a' is not a list.", "names"),
    ({"inner": [{"name": "a"}, {"name": []}]}, "[] is not text.", "inner[1].name"),
    ({"yes": "perhaps"}, "'perhaps' is not true or false.", "yes"),
    ({"colour": 1}, "'colour' is not known here.", "colour"),
    ([], "[] is not an object.", ""),
])  # fmt: skip
def test_a_misfit_is_told_with_its_value(value: Any, sentence: str, place: str) -> None:
    assert told(value) == (sentence, place)


def test_what_is_missing_is_named() -> None:
    assert told({}, Needed) == ("'key' is missing.", "key")


def test_without_the_value_the_kind_is_told() -> None:
    assert misfit("Expected `str`, got `int` - at `$.period`") == ("It is a whole number, not text.", "period")
    assert misfit("Expected `int` >= 1 - at `$.depth`") == ("It is not a whole number of at least 1.", "depth")
    assert misfit("Expected `str`, got `null` - at `$.a.b`", {"a": {"b": None}}) == ("null is not text.", "a.b")
    assert misfit("Something new") == ("Something new.", "")


def test_bytes_are_shown_as_their_text() -> None:
    assert shown(b"{\xff\x00'") == '"{\\xff\\x00\'"'
    assert shown(b"") == "''"
