"""Which spans are calls of a model, and what was called: read from attributes of any convention (names.py)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from trivium.facts.keys import is_key
from trivium.intake.otlp.lexicon import Meaning
from trivium.intake.otlp.names import AROUND, LONGEST_NAME, MOST_TOKENS, USAGE_KEYS, USAGE_RANK, Said

Call = tuple[
    str, str | None, str | None, str | None, str | None, int | None, int | None, int | None, int | None, str
]  # fmt: skip
"""Operation, provider, model, model asked for, tier, tokens in, out, read from and written to a cache, version.

Provider and model are None where the span is no call of a model, and empty where it does not say them.
"""
_COUNTED: Final = frozenset({Said.INPUT, Said.OUTPUT, Said.CACHE_READ, Said.CACHE_WRITE, Said.USAGE})
NO_CALL: Final[Call] = ("", None, None, None, None, None, None, None, None, "")


def call_of(meanings: Iterable[Meaning]) -> Call:
    """Say what a span called.

    Spans around calls (agents, tools, chains) repeat the tokens of the calls inside, so they are none. Tokens that
    came from a cache are part of the input; who counts them beside it is seen by more of them than of the input.
    """
    counts: list[Meaning] = []
    names: list[Meaning] = []
    for meaning in meanings:
        (counts if meaning[0] in _COUNTED else names).append(meaning)
    operation, provider, answered, asked, tier, around, version = _named(tuple(names))
    said = _preferred(counts) if counts else {}
    if around or not (answered or said):
        return (operation, None, None, None, None, None, None, None, None, version)
    given, read, written = said.get(Said.INPUT), said.get(Said.CACHE_READ), said.get(Said.CACHE_WRITE)
    cached = (read or 0) + (written or 0)
    if cached > (given or 0):
        given = (given or 0) + cached
    return (operation, provider, answered, asked, tier, given, said.get(Said.OUTPUT), read, written, version)


@lru_cache(maxsize=4_096)
def _named(meanings: tuple[Meaning, ...]) -> tuple[str, str, str, str, str, bool, str]:
    """Read the names among meanings: operation, provider, model, model asked for, tier, whether it is around calls."""
    said = _preferred(meanings)
    operation, kind = _name(said.get(Said.OPERATION)), _name(said.get(Said.SPAN_KIND)).lower()
    asked, answered = _name(said.get(Said.REQUEST_MODEL)), _name(said.get(Said.RESPONSE_MODEL))
    tier = _name(said.get(Said.TIER)).lower()
    around = operation.lower() in AROUND or kind in AROUND
    provider = _name(said.get(Said.PROVIDER)).lower()
    version = version_of(said.get(Said.VERSION))
    return operation, provider, answered or asked, asked, "" if tier == "auto" else tier, around, version


def version_of(value: Any) -> str:
    """Give the key of a model version, or nothing where a text is none."""
    text = value if isinstance(value, str) else ""
    return text if text.startswith("model:") and "/" in text and is_key(text) and "\0" not in text else ""


def _preferred(meanings: Iterable[Meaning]) -> dict[Said, Any]:
    """Give what is said of each thing under the preferred of the names that are there."""
    ranks: dict[Said, int] = {}
    said: dict[Said, Any] = {}
    for what, rank, value in meanings:
        if what is Said.USAGE:
            for each, count in _usage(value):
                if each not in said:
                    said[each], ranks[each] = count, USAGE_RANK
        elif value is not None and rank < ranks.get(what, USAGE_RANK + 1):
            said[what], ranks[what] = value, rank
    return said


def _usage(value: Any) -> Iterable[tuple[Said, int]]:
    """Read MLflow's token usage: a JSON object, once or twice written as text."""
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                return
    if isinstance(value, dict):
        for key, what in USAGE_KEYS.items():
            count = value.get(key)
            if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS:
                yield what, count


def _name(value: Any) -> str:
    """Take a text for a name; MLflow writes texts as JSON."""
    text = value if isinstance(value, str) else ""
    if len(text) > 1 and text[0] == '"' == text[-1]:
        text = text[1:-1]
    return text[:LONGEST_NAME].replace("\0", "�")
