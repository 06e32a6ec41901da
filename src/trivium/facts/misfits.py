"""Why a value does not fit a record, in words that a person reads: msgspec's message without its type names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from trivium.facts.problem import shown

_KINDS: Final = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "nothing", "decimal": "a number", "datetime": "a point in time",
}  # fmt: skip
_BOUNDS: Final = {
    ">=": "of at least {0}", "<=": "of at most {0}", ">": "above {0}", "<": "below {0}",
    "of length >=": "of at least {0} {1}", "of length <=": "of at most {0} {1}",
}  # fmt: skip
_EXPECTED: Final = re.compile(r"Expected `([^`]+)`(?: (of length [<>]=|[<>]=?) (-?[\d.]+))?(?:, got `([^`]+)`)?")
_FIELD: Final = re.compile(r"Object (missing required|contains unknown) field `([^`]+)`")


def misfit(message: str, given: Any = None) -> tuple[str, str]:
    """Say what a msgspec.ValidationError means: a sentence with the value, and the place (`a.b[0]`, empty for all).

    `given` is what was to fit; without it, or where the place is not in it, the sentence names no value.
    """
    reason, _, path = message.partition(" - at ")
    place = path.strip("`").removeprefix("$").removeprefix(".")
    if field := _FIELD.fullmatch(reason):
        name = f"{place}.{field[2]}" if place else field[2]
        return (f"{shown(field[2])} is missing." if field[1] == "missing required" else
                f"{shown(field[2])} is not known here."), name  # fmt: skip
    found = _EXPECTED.fullmatch(reason)
    if found is None:
        return f"{reason.rstrip('.')}.", place
    kinds = [_KINDS.get(kind, kind) for kind in found[1].split(" | ") if kind != "null"] or ["nothing"]
    wanted = " or ".join(kinds)
    if found[2]:
        wanted += " " + _BOUNDS[found[2]].format(found[3], "characters" if "str" in found[1] else "elements")
    value = _at(given, place)
    if value is not None:
        return f"{shown(value)} is not {wanted}.", place
    if found[4] == "null":
        return f"null is not {wanted}.", place
    got = _KINDS.get(found[4], "") if found[4] else ""
    return f"It is {got}, not {wanted}." if got else f"It is not {wanted}.", place


def _at(value: Any, place: str) -> Any:
    """Walk a place such as `inputs[2].name`; None where it leads nowhere."""
    for part in place.replace("[", ".").replace("]", "").split(".") if place else ():
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
