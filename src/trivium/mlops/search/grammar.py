"""What a filter and an ordering mean: MLflow's grammar, with the words of one searched thing given as data.

A vocabulary says which entities, attributes and operators a thing has; what MLflow 3.17.2 refuses is refused here,
with HTTP 400, the value, the place and what to write instead.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from trivium.facts.problem import ProblemError, shown
from trivium.mlops.search.tokens import Clause, Word, check_sound, clauses, ordering, refused

Entity = Literal["attribute", "metric", "param", "tag", "dataset", "metadata"]
Measure = Literal["metric", "param", "tag", "dataset", "metadata", "text", "number", "identifier"]
"""What kind of value a comparison is made with; `identifier` is a whole number that is written as text."""
Value = str | int | float | tuple[str, ...] | tuple[int, ...] | None

ORDERED: Final = ("=", "!=", ">", ">=", "<", "<=")
EQUAL: Final = ("=", "!=")
LIKE: Final = ("=", "!=", "LIKE", "ILIKE")
LISTED: Final = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
NULLABLE: Final = ("=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL")

ORDERS_MAX: Final = 25
"""Fields to order by at most. Each is two terms, and SQLite 3.40 crashes the process at 64 terms over joined tables."""


class Comparison(msgspec.Struct, frozen=True):
    """One condition; all conditions of a filter hold at once.

    `operator` is in capitals. `value` is text for params, tags, datasets and texts, a number for metrics and numbers,
    a tuple with IN and NOT IN, absent with IS NULL and IS NOT NULL.
    """

    entity: Entity
    key: str
    operator: str
    value: Value


class OrderBy(msgspec.Struct, frozen=True):
    """One field to order by; what has no such value comes last either way."""

    entity: Entity
    key: str
    ascending: bool = True


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one searched thing. `attributes` gives each attribute the kind of its value.

    `lists` are the attributes that may stand before IN, `orders` those that may be ordered by. `aliases` gives other
    spellings of attributes. `quoted_entities` says whether `params` may stand in back-ticks, `quoted_attributes`
    whether attributes may stand in quotes, `quoted_numbers` whether a number may be written as text, `fractions`
    whether numbers may be compared with fractions, `any_case` whether LIKE and IN may be written small,
    `timestamps` whether `timestamp` may stand bare.
    """

    thing: str
    entities: Mapping[str, Entity]
    attributes: Mapping[str, Measure]
    operators: Mapping[Measure, tuple[str, ...]]
    orders: frozenset[str]
    order_entities: Mapping[str, Entity]
    lists: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = {}
    dataset_keys: frozenset[str] = frozenset()
    quoted_entities: bool = False
    quoted_attributes: bool = True
    quoted_numbers: bool = False
    fractions: bool = False
    any_case: bool = True
    timestamps: bool = False


def parse_filter(text: str, words: Vocabulary) -> tuple[Comparison, ...]:
    """Read a filter; refuse what the searched thing does not know, or what MLflow cannot compare."""
    return tuple(_comparison(clause, words) for clause in clauses(text, timestamps=words.timestamps))


def parse_order(text: str, words: Vocabulary, where: str) -> OrderBy:
    """Read one ordering; `where` names its place in the request."""
    named, ascending = ordering(text, where)
    entity, written = _entity(named, words, words.order_entities, where)
    key = unquoted(written)
    if entity == "attribute" and key not in words.orders:
        raise _unknown("ordering", key, words.orders, words, where)
    return OrderBy(entity, words.aliases.get(key, key), ascending)


def parse_orders(texts: Sequence[str], words: Vocabulary) -> tuple[OrderBy, ...]:
    """Read the orderings of a search."""
    check_orders(texts)
    return tuple(parse_order(text, words, f"order_by[{place}]") for place, text in enumerate(texts))


def check_orders(orders: Sequence[object]) -> None:
    """Refuse a search that orders by too many fields."""
    if len(orders) > ORDERS_MAX:
        title = f"The search orders by {len(orders)} fields; at most {ORDERS_MAX} are taken."
        raise refused(title, "order_by", "Order by fewer fields.")


def refuse_twice(orders: Sequence[OrderBy]) -> None:
    """Refuse a search that orders by the same field twice."""
    fields = [(order.entity, order.key) for order in orders]
    for place, field in enumerate(fields):
        if field in fields[:place]:
            title = f"The search orders twice by {shown('.'.join(field))}."
            raise refused(title, f"order_by[{place}]", "Name each field once.")


def unquoted(text: str) -> str:
    """Take one pair of quotes and then one pair of back-ticks from around a name; none within are undone."""
    for quotes in (("'", '"'), ("`",)):
        if len(text) >= 2 and text[0] in quotes and text[-1] == text[0]:
            text = text[1:-1]
    return text


def _comparison(clause: Clause, words: Vocabulary) -> Comparison:
    if clause.left.kind != "name":
        title = f"The filter compares {shown(clause.left.text)}, which is no name."
        raise refused(title, "filter", "Write the name on the left and the value on the right.")
    entity, written = _entity(clause.left.text, words, words.entities, "filter")
    key = unquoted(written)
    measure: Measure = entity if entity != "attribute" else _measure(key, written, words)
    if entity == "dataset" and key not in words.dataset_keys:
        raise _unknown("dataset", key, words.dataset_keys, words, "filter")
    operator = clause.operator.upper() if words.any_case else clause.operator
    if operator not in words.operators[measure]:
        _refuse_operator(f"{entity}.{key}", operator, words.operators[measure])
    value = None if clause.right is None else _value(clause.right, measure, key, words)
    if isinstance(value, tuple) is not (operator in ("IN", "NOT IN")):
        title = f"The filter compares {shown(f'{entity}.{key}')} with a list by {operator}."
        raise refused(title, "filter", "Use IN or NOT IN with a list, the other operators with one value.")
    return Comparison(entity, words.aliases.get(key, key), operator, value)


def _entity(text: str, words: Vocabulary, known: Mapping[str, Entity], where: str) -> tuple[Entity, str]:
    """Take a name apart at its first dot; a name without one is an attribute."""
    spelled, dot, key = text.partition(".")
    if not dot:
        return "attribute", text
    if words.quoted_entities and len(spelled) >= 2 and spelled[0] == spelled[-1] == "`":
        spelled = spelled[1:-1]
    if spelled not in known:
        title = f"{words.thing} have no {shown(spelled)}, of which {shown(text)} speaks."
        raise refused(title, where, f"Begin with one of {_listed(known)}.")
    return known[spelled], key


def _measure(key: str, written: str, words: Vocabulary) -> Measure:
    named = key if words.quoted_attributes else written
    if named not in words.attributes:
        raise _unknown("attribute", named, words.attributes, words, "filter")
    return words.attributes[named]


def _value(word: Word, measure: Measure, key: str, words: Vocabulary) -> Value:
    if measure == "metric":
        return float(_number(word, f"metric {key}"))
    if measure == "number":
        return _numeric(word, key, words)
    if word.kind == "list" and (key in words.lists or measure == "dataset"):
        items = _list(word)
        return items if measure != "identifier" else tuple(_whole(item, key) for item in items)
    if word.kind == "list":
        title = f"{shown(key)} is compared with the list {shown(word.text)}."
        raise refused(title, "filter", f"Lists may be compared with {_listed(words.lists) or 'datasets'} only.")
    text = _text(word, key)
    return text if measure != "identifier" else _whole(text, key)


def _numeric(word: Word, key: str, words: Vocabulary) -> int | float:
    """Read the value of an attribute that is a number."""
    if words.quoted_numbers and word.kind in ("quoted", "name"):
        return _whole(_text(word, key), key)
    text = _number(word, key)
    if word.kind == "integer":
        return _whole(text, key)
    if words.fractions:
        return float(text)
    raise refused(f"{key} is compared with {shown(text)}, which is not whole.", "filter", "Write a whole number.")


def _number(word: Word, name: str) -> str:
    if word.kind not in ("integer", "float"):
        title = f"The {name} is compared with {shown(word.text)}, which is no number."
        raise refused(title, "filter", "Write a number without quotes, as in 0.5, -3 or 1e-4.")
    return word.text


def _whole(text: str, key: str) -> int:
    try:
        return int(text)
    except ValueError as fault:
        title = f"{key} is compared with {shown(text)}, which is no whole number."
        raise refused(title, "filter", "Write a whole number.") from fault


def _text(word: Word, key: str) -> str:
    text = word.text
    if word.kind in ("quoted", "name") and len(text) >= 2 and text[0] in ("'", '"') and text[-1] == text[0]:
        return text[1:-1]
    title = f"{shown(key)} is compared with {shown(text)}, which is no quoted text."
    raise refused(title, "filter", "Write the value in single or double quotes.")


def _list(word: Word) -> tuple[str, ...]:
    """Read a list of texts, written as in Python, as MLflow reads it; nothing in it is carried out."""
    try:
        found = ast.literal_eval(word.text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as fault:
        raise _bad_list(word) from fault
    items = found if isinstance(found, tuple) else (found,)
    if not items or not all(isinstance(item, str) for item in items):
        raise _bad_list(word)
    for item in items:
        check_sound(item, "filter")
    return items


def _bad_list(word: Word) -> ProblemError:
    title = f"The filter's list {shown(word.text)} is no list of quoted texts."
    return refused(title, "filter", "Write at least one, as in ('a', 'b').")


def _refuse_operator(name: str, operator: str, known: tuple[str, ...]) -> None:
    title = f"The filter compares {shown(name)} by {shown(operator)}."
    raise refused(title, "filter", f"Use one of {_listed(known)}.")


def _unknown(
    what: str, key: str, known: Mapping[str, Measure] | frozenset[str], words: Vocabulary, where: str
) -> ProblemError:
    return refused(f"{words.thing} have no {what} {shown(key)}.", where, f"Use one of {_listed(known)}.")


def _listed(known: Mapping[str, object] | frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(known if isinstance(known, tuple) else sorted(known))
