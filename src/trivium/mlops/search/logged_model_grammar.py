"""What a filter of logged models means (MLflow 3.17.2: search_logged_model_utils).

This grammar is looser than that of runs: a value may stand without quotes, single quotes around it are dropped, double
quotes belong to it; an attribute stands bare or after `attributes.`.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from trivium.facts.problem import ProblemError, shown
from trivium.mlops.search.grammar import LISTED, ORDERED, Comparison, Entity
from trivium.mlops.search.tokens import Clause, check_sound, clauses, refused

ALIASES: Final = {
    "creation_time": "creation_timestamp_ms",
    "creation_timestamp": "creation_timestamp_ms",
    "last_updated_timestamp": "last_updated_timestamp_ms",
}
NUMBERS: Final = ("creation_timestamp_ms", "last_updated_timestamp_ms")
ATTRIBUTES: Final = frozenset({
    *NUMBERS, "name", "model_id", "model_type", "source_run_id", "status", "experiment_id", "artifact_location",
    "lifecycle_stage",
})  # fmt: skip
_NAME: Final = re.compile(r"^([a-z]+)\.(.+)$")
_ENTITIES: Final[dict[str, Entity]] = {
    "attributes": "attribute",
    "metrics": "metric",
    "params": "param",
    "tags": "tag",
}


def parse_filter(text: str) -> tuple[Comparison, ...]:
    """Read a filter of logged models; numbers come as float, all else as text or a tuple of texts."""
    return tuple(_comparison(clause) for clause in clauses(text))


def attribute(written: str, where: str) -> str:
    """Give the name of an attribute for any of its spellings; `where` names the place of an unknown one."""
    key = ALIASES.get(written, written)
    if key not in ATTRIBUTES:
        known = ", ".join(sorted({*ATTRIBUTES, *ALIASES}))
        raise refused(f"Logged models have no attribute {shown(written)}.", where, f"Use one of {known}.")
    return key


def _comparison(clause: Clause) -> Comparison:
    entity, key = _named(clause.left.text)
    measured = entity == "metric" or (entity == "attribute" and key in NUMBERS)
    operator, known = clause.operator.upper(), ORDERED if measured else LISTED
    if operator not in known or clause.right is None:
        title = f"The filter compares {shown(clause.left.text)} by {shown(clause.operator)}."
        raise refused(title, "filter", f"Use one of {', '.join(known)}.")
    value = _number(clause.right.text, key) if measured else _text(clause.right.text)
    if isinstance(value, tuple) is not (operator in ("IN", "NOT IN")):
        title = f"The filter compares {shown(key)} with {shown(clause.right.text)} by {operator}."
        raise refused(title, "filter", "Use IN or NOT IN with a list, the other operators with one value.")
    return Comparison(entity, key, operator, value)


def _named(text: str) -> tuple[Entity, str]:
    match = _NAME.match(text)
    if match is None:
        return "attribute", attribute(text.strip("`"), "filter")
    if match.group(1) not in _ENTITIES:
        title = f"Logged models have no {shown(match.group(1))}, of which {shown(text)} speaks."
        raise refused(title, "filter", f"Begin with one of {', '.join(_ENTITIES)}.")
    entity, key = _ENTITIES[match.group(1)], match.group(2).strip("`")
    return entity, attribute(key, "filter") if entity == "attribute" else key


def _number(text: str, key: str) -> float:
    try:
        return float(text)
    except ValueError as fault:
        title = f"{shown(key)} is compared with {shown(text)}, which is no number."
        raise refused(title, "filter", "Write a number without quotes, as in 0.5, -3 or 1e-4.") from fault


def _text(text: str) -> str | tuple[str, ...]:
    """Read a text, or a list of texts and numbers written as in Python; nothing in it is carried out."""
    if not (text.startswith("(") and text.endswith(")")):
        return text.strip("'")
    try:
        found = ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as fault:
        raise _bad_list(text) from fault
    items = (found,) if isinstance(found, str) else found
    if not isinstance(items, (tuple, list)) or not all(type(item) in (str, int, float) for item in items):
        raise _bad_list(text)
    for item in items:
        check_sound(str(item), "filter")
    return tuple(str(item) for item in items)


def _bad_list(text: str) -> ProblemError:
    return refused(f"The filter's list {shown(text)} cannot be read.", "filter", "Write texts, as in ('a', 'b').")
