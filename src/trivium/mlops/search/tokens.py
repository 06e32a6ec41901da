"""What stands on each side of every comparison of a filter, and what an ordering names; read by sqlparse.

MLflow's own server reads these texts with the same library, so quotes, blanks, keywords and comments end where they
end there. Which words mean something is the grammar's affair.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, Literal

import msgspec
import sqlparse
from sqlparse import tokens as types
from sqlparse.sql import Comparison, Identifier, Parenthesis, Statement, Token

from trivium.facts.problem import ProblemError, refuse, shown

CODE: Final = "invalid_parameter_value"
"""The code of every refusal of a search; the face of MLflow's protocol says it in capitals."""
TEXT_MAX: Final = 128 * 1024
"""Characters of a filter at most, a list of 3,600 run ids; the worst are refused within two seconds."""
CLAUSES_MAX: Final = 200
"""Comparisons of a filter at most; MLflow's server on SQLite ends at about 60."""
_FILTER_FIX: Final = "Write comparisons joined by AND, as in metrics.loss < 0.1 AND params.depth = '7'."
_ORDER_FIX: Final = "Write one field and perhaps ASC or DESC, as in metrics.loss DESC."
_UNSOUND: Final = re.compile("[\0\ud800-\udfff]")
_BY_KEYWORDS: Final = (("IN",), ("NOT", "IN"), ("IS", "NULL"), ("IS", "NOT NULL"))

WordKind = Literal["name", "quoted", "integer", "float", "list", "other"]
_KINDS: Final[dict[Any, WordKind]] = {
    types.Literal.String.Single: "quoted",
    types.Literal.Number.Integer: "integer",
    types.Literal.Number.Float: "float",
}


class Word(msgspec.Struct, frozen=True):
    """One side of a comparison as it was written; names keep their back-ticks and quotes."""

    kind: WordKind
    text: str


class Clause(msgspec.Struct, frozen=True):
    """One comparison as it was written; `right` is absent for IS NULL and IS NOT NULL. `operator` keeps its case."""

    left: Word
    operator: str
    right: Word | None


def refused(title: str, where: str, fix: str) -> ProblemError:
    """Make the error of a search that is refused: HTTP 400 with MLflow's code INVALID_PARAMETER_VALUE."""
    return refuse(CODE, title, status=400, where=where, fix=fix)


def clauses(text: str, *, timestamps: bool = False) -> tuple[Clause, ...]:
    """Take a filter apart into its comparisons; an empty filter has none.

    `timestamps` lets `timestamp` stand without quotes on the left, as it may in a filter of traces.
    """
    if not text:
        return ()
    statement = _statement(text, "filter", _FILTER_FIX)
    found = tuple(_clauses([token for token in statement.tokens if not token.is_whitespace], timestamps=timestamps))
    if len(found) > CLAUSES_MAX:
        title = f"The filter has {len(found)} comparisons; at most {CLAUSES_MAX} are taken."
        raise refused(title, "filter", "Ask for less at once, or list values with IN.")
    return found


def ordering(text: str, where: str) -> tuple[str, bool]:
    """Take an ordering apart into the field that it names and whether it ascends.

    A field with a direction loses its quotes and back-ticks, one without keeps them.
    """
    named = _ordered_name(text, where)
    try:
        words = shlex.split(named.replace("`", '"'))
    except ValueError as fault:
        raise refused(f"The ordering {shown(text)} has a quote that does not end.", where, _ORDER_FIX) from fault
    if len(words) == 2 and words[1].lower() in ("asc", "desc"):
        return words[0].strip(), words[1].lower() == "asc"
    if len(words) > 1:
        raise refused(f"The ordering {shown(text)} has more than a field and a direction.", where, _ORDER_FIX)
    return named.strip(), True


def check_sound(text: str, where: str) -> None:
    """Refuse a text that no database can compare with: NUL, or half a character (a lone surrogate)."""
    if _UNSOUND.search(text):
        raise refused(f"{shown(text)} holds NUL or half a character.", where, "Send text in UTF-8.")


def _statement(text: str, where: str, fix: str) -> Statement:
    if len(text) > TEXT_MAX:
        title = f"The text has {len(text)} characters; at most {TEXT_MAX} are taken."
        raise refused(title, where, "Ask for less at once.")
    check_sound(text, where)
    try:
        statements = list(islice(sqlparse.parsestream(text), 2))
    except Exception as fault:
        raise refused(f"{shown(text)} is too long or nested too deep to be read.", where, fix) from fault
    if len(statements) != 1:
        said = "more than one statement" if statements else "nothing"
        raise refused(f"{shown(text)} holds {said}.", where, fix)
    return statements[0]


def _ordered_name(text: str, where: str) -> str:
    tokens = _statement(text, where, _ORDER_FIX).tokens
    first, last = tokens[0], tokens[-1]
    if len(tokens) == 1 and isinstance(first, Identifier):
        return str(first.value)
    if first.ttype is types.Name.Builtin and first.value == "timestamp":
        if len(tokens) == 1:
            return "timestamp"
        if last.ttype is types.Keyword.Order and all(token.is_whitespace for token in tokens[1:-1]):
            return f"timestamp {last.value}"
    raise refused(f"The ordering {shown(text)} names no field.", where, _ORDER_FIX)


def _clauses(tokens: Sequence[Token], *, timestamps: bool) -> Iterator[Clause]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if isinstance(token, Comparison):
            yield _comparison(token)
            place += 1
        elif _is_keyword(token, "AND"):
            place += 1
        else:
            clause, length = _in_pieces(tokens[place : place + 4], timestamps=timestamps)
            yield clause
            place += length


def _comparison(token: Comparison) -> Clause:
    parts = [part for part in token.tokens if not part.is_whitespace]
    if len(parts) != 3:
        title = f"The filter's clause {shown(str(token))} has {len(parts)} parts instead of three."
        raise refused(title, "filter", _FILTER_FIX)
    return Clause(_word(parts[0]), str(parts[1].value), _word(parts[2]))


def _in_pieces(tokens: Sequence[Token], *, timestamps: bool) -> tuple[Clause, int]:
    """Read a comparison that sqlparse leaves in pieces, and say of how many."""
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, Identifier):
        for keywords in _BY_KEYWORDS:
            if not _begins(rest, keywords):
                continue
            if keywords[-1] != "IN":
                return Clause(_word(first), " ".join(keywords), None), len(keywords) + 1
            if len(rest) > len(keywords) and isinstance(listed := rest[len(keywords)], Parenthesis):
                # Searches that take operators in capitals only take `not in` as it is: MLflow writes it anew.
                operator = str(rest[0].value) if len(keywords) == 1 else "NOT IN"
                return Clause(_word(first), operator, _word(listed)), len(keywords) + 2
    if timestamps and _is_timestamp(tokens):
        return Clause(Word("name", str(first.value)), str(tokens[1].value), _word(tokens[2])), 3
    raise refused(f"The filter holds {shown(str(first))}, which is no comparison.", "filter", _FILTER_FIX)


def _begins(tokens: Sequence[Token], keywords: Sequence[str]) -> bool:
    return len(tokens) >= len(keywords) and all(map(_is_keyword, tokens, keywords))


def _is_keyword(token: Token, keyword: str) -> bool:
    return token.ttype is types.Keyword and str(token.value).upper() == keyword


def _is_timestamp(tokens: Sequence[Token]) -> bool:
    return (
        len(tokens) >= 3
        and tokens[0].ttype is types.Name.Builtin
        and tokens[0].value in ("timestamp", "timestamp_ms")
        and tokens[1].ttype is types.Operator.Comparison
        and tokens[1].value in (">", ">=", "!=", "=", "<", "<=")
        and tokens[2].ttype is types.Literal.Number.Integer
    )


def _word(token: Token) -> Word:
    if isinstance(token, Identifier):
        return Word("name", str(token.value))
    if isinstance(token, Parenthesis):
        return Word("list", str(token.value))
    return Word(_KINDS.get(token.ttype, "other"), str(token.value))
