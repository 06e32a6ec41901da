"""How one comparison becomes SQL that means the same on SQLite and PostgreSQL; values are always bound.

As on MLflow's own server: LIKE tells capitals apart on every database, ILIKE folds the letters A to Z, `%` stands for
any text, `_` for one character, and nothing escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from trivium.facts.bounds import INT64
from trivium.facts.problem import shown
from trivium.mlops.search.grammar import Value
from trivium.mlops.search.tokens import refused

EXPERIMENTS_MAX: Final = 20_000
"""Experiments of a search at most: SQLite binds 32,766 values in one statement."""
PATTERN_MAX: Final = 50_000
"""Bytes of a pattern that SQLite takes."""
_SMALL: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_GLOB: Final = {ord("%"): "*", ord("_"): "?", ord("*"): "[*]", ord("?"): "[?]", ord("["): "[[]"}


class Like(FunctionElement[bool]):
    """A column matches a pattern, capitals told apart. Arguments: the column, the pattern for GLOB, that for LIKE."""

    type = Boolean()
    name = "like_told_apart"
    inherit_cache = True


class ILike(FunctionElement[bool]):
    """A column matches a pattern, A to Z folded. Arguments as those of Like."""

    type = Boolean()
    name = "like_folded"
    inherit_cache = True


class LaterFirst(FunctionElement[int]):
    """Order by a column, the greatest first and NULL last, which SQLite does by itself and faster than when told."""

    type = BigInteger()
    name = "later_first"
    inherit_cache = True


def compared(column: ColumnElement[Any], operator: str, value: Value) -> ColumnElement[bool]:
    """Write the condition that a column fulfils; where the column is NULL it does not hold."""
    if operator in ("LIKE", "ILIKE"):
        return _like(column, operator, str(value))
    if operator in ("IN", "NOT IN"):
        assert isinstance(value, tuple)
        items = [_bindable(item) for item in value]
        return column.in_(items) if operator == "IN" else column.not_in(items)
    return _OPERATORS[operator](column, _bindable(value))


def within(column: ColumnElement[Any], experiments: Iterable[Any]) -> ColumnElement[bool]:
    """Write the condition that something belongs to one of some experiments."""
    wanted = sorted({_bindable(experiment) for experiment in experiments})
    if len(wanted) > EXPERIMENTS_MAX:
        title = f"The search names {len(wanted)} experiments; at most {EXPERIMENTS_MAX} are taken."
        raise refused(title, "experiment_ids", "Ask for fewer experiments at once.")
    return column.in_(wanted)


def _bindable(value: Any) -> Any:
    """Give a whole number that no database can bind as the nearest float: compared with int64 it means the same."""
    if not isinstance(value, int) or value in INT64:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


_OPERATORS: Final[Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
}


def _like(column: ColumnElement[Any], operator: str, pattern: str) -> ColumnElement[bool]:
    glob = (pattern if operator == "LIKE" else pattern.translate(_SMALL)).translate(_GLOB)
    if len(glob.encode()) > PATTERN_MAX:
        title = f"The pattern {shown(pattern)} is longer than {PATTERN_MAX} bytes."
        raise refused(title, "filter", "Compare with a shorter pattern.")
    escaped = pattern.replace("!", "!!")
    made = Like if operator == "LIKE" else ILike
    return made(column, literal(glob, Text), literal(escaped, Text))


@compiles(Like)
def _write_like(element: Like, compiler: SQLCompiler, **options: Any) -> str:
    column, _, pattern = element.clauses
    return f"({compiler.process(column, **options)} LIKE {compiler.process(pattern, **options)} ESCAPE '!')"


@compiles(Like, "sqlite")
def _write_glob(element: Like, compiler: SQLCompiler, **options: Any) -> str:
    column, glob, _ = element.clauses
    return f"({compiler.process(column, **options)} GLOB {compiler.process(glob, **options)})"


@compiles(ILike)
def _write_ilike(element: ILike, compiler: SQLCompiler, **options: Any) -> str:
    column, _, pattern = element.clauses
    return f"({compiler.process(column, **options)} ILIKE {compiler.process(pattern, **options)} ESCAPE '!')"


@compiles(ILike, "sqlite")
def _write_folded_glob(element: ILike, compiler: SQLCompiler, **options: Any) -> str:
    column, glob, _ = element.clauses
    return f"(lower({compiler.process(column, **options)}) GLOB {compiler.process(glob, **options)})"


@compiles(LaterFirst)
def _write_later_first(element: LaterFirst, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} DESC NULLS LAST"


@compiles(LaterFirst, "sqlite")
def _write_descending(element: LaterFirst, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} DESC"
