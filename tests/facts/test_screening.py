"""Screening piece by piece refuses and cuts exactly what `check_bounds` and `redact` do with the whole text."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.facts.test_redaction import SECRETS
from tests.graph.graph_made import event
from tests.shared_data import shared
from trivium.facts.bounds import MAX_DEPTH, MAX_KEY, check_bounds, decode
from trivium.facts.problem import ProblemError
from trivium.facts.redaction import redact
from trivium.facts.screening import KEPT_BYTES, LONGEST, Screen

SEEN = Screen()
"""Remembers across the examples, as the server's does across events."""
AWKWARD = st.sampled_from(
    [
        "{", "}", '"', "\\", '\\"', "{{", '":', '"}', "a{b", "@", "://", "ü{", "\x00", "\u2028", "password", "=",
        "k" * (MAX_KEY + 1), "{" * 20, "[" * 70, "1e999", "9" * 20, *SECRETS.values(),
    ]
)  # fmt: skip
NESTED = [json.dumps({name: 'a{"\\b', "note": "{}"}) for name in ("password", "plain")]
AWKWARD |= st.sampled_from([*NESTED, *map(json.dumps, NESTED), '\\"token\\": \\"', '\\\\\\"token\\\\\\":\\\\\\"x{'])
TEXTS = st.lists(st.one_of(AWKWARD, st.text(max_size=4)), max_size=4).map("".join)
NUMBERS = st.one_of(st.integers(-(2**65), 2**65), st.floats(allow_nan=True), st.sampled_from([1e300, 2**63]))
VALUES = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(VALUES, st.booleans())
def test_pieces_are_judged_as_the_whole_is(value: Any, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    _compare(raw)
    _compare(raw.replace(b": ", b":"))


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(0, 400), st.binary(max_size=3))
def test_broken_json_is_not_let_through_by_its_pieces(value: Any, place: int, planted: bytes) -> None:
    raw = json.dumps(value).encode()
    _compare(raw[:place] + planted + raw[place:])


@pytest.mark.parametrize("kind", sorted(SECRETS))
@pytest.mark.parametrize("frame", ["%s", "{%s", "a{b%s", '{"', "%s{", '\\"{%s}'])
def test_a_secret_beside_braces_and_quotes_is_cut(kind: str, frame: str) -> None:
    text = frame % SECRETS[kind] if "%s" in frame else frame + SECRETS[kind]
    raw = event("r", "START", "2026-10-05", job="j", sql={"query": text}, conf={"password": text})
    _compare(raw)
    assert Screen()(raw) == redact(raw) != raw


@pytest.mark.parametrize("text", NESTED)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("more", ["", "{", '"{', "\\{"])
def test_json_within_json_is_judged_as_a_whole(text: str, level: int, more: str) -> None:
    text = json.dumps({"text": text}) if level else text
    raw = json.dumps({"a": {"text": text + more}, "b": {"text": more + text}}).encode()
    _compare(raw)
    assert (Screen()(raw) != raw) == ("password" in text)


@pytest.mark.parametrize("quote", ["", 'said "', '\\ "', '"{"'])
def test_a_password_that_holds_a_brace_is_cut(quote: str) -> None:
    screen = Screen()
    for rest in ("none", "ss@db:5432/clinic"):
        raw = json.dumps({"a": {"text": f"{quote}postgres://ada:pa{{{rest}{quote}"}}).encode()
        assert b"ss@" not in screen(raw)
        _compare(raw)


@pytest.mark.parametrize("quote", ["", '"', '"{"'])
def test_a_long_key_that_holds_braces_is_refused(quote: str) -> None:
    screen, part = Screen(), quote + "k" * (MAX_KEY // 2)
    screen(json.dumps({part + "{": 1, "{" + part: 1}).encode())
    raw = json.dumps({part + "{" + part + "{" + part: 1}).encode()
    with pytest.raises(ProblemError, match="key"):
        screen(raw)
    _compare(raw)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(ProblemError, match="UTF-8"):
        Screen()(b'{"a": {"b": "\xff"}}')


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1])
@pytest.mark.parametrize("unit", ['{"a":', "["])
def test_depth_is_counted_over_all_pieces(depth: int, unit: str) -> None:
    closing = "}" if unit.startswith("{") else "]"
    _compare((unit * depth + "1" + closing * depth).encode())


def test_many_shallow_pieces_are_not_deep() -> None:
    raw = json.dumps([{"a": [1]}] * 200).encode()
    assert Screen()(raw) is raw


def test_long_texts_are_judged_as_a_whole_and_memory_is_bounded() -> None:
    screen = Screen()
    big = json.dumps({"text": "x" * LONGEST, "secret": "y"}).encode()
    assert screen(big) == redact(big) != big
    for number in range(3 * KEPT_BYTES // 60_000):
        screen(json.dumps({"text": f"{number} " * (50_000 // len(f"{number} "))}).encode())
    assert screen._bytes <= KEPT_BYTES + 2 * LONGEST


def test_recorded_events_pass_twice() -> None:
    for raw in shared("data/openlineage/dbt_structured.jsonl").read_bytes().splitlines():
        assert SEEN(raw) is raw
        assert SEEN(raw) is raw


def _compare(raw: bytes) -> None:
    """Compare with the whole-text functions, for a fresh memory and for one that is full of pieces."""
    expected = _outcome(partial(_judged_whole, raw), raw)
    for screen in (Screen(), SEEN, SEEN):
        assert _outcome(partial(screen, raw), raw) == expected


def _judged_whole(raw: bytes) -> bytes:
    check_bounds(raw)
    return redact(raw)


def _outcome(judge: Callable[[], bytes], raw: bytes) -> Any:
    """Give the text that is kept, or why it is refused; what is no JSON is refused by whoever decodes it."""
    try:
        kept = judge()
    except ProblemError as fault:
        return fault.problem.code if _is_json(raw) else "refused"
    return kept if _is_json(kept) else "refused"


def _is_json(raw: bytes) -> bool:
    try:
        decode(raw)
    except ProblemError as fault:
        return "out of range" in fault.problem.title
    return True
