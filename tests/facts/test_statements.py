"""Is every declared statement written, read back and named so that its like replaces it?"""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts import kinds, statements
from trivium.facts.kinds import Kind
from trivium.facts.statements import (
    IDENTITY,
    Belongs,
    Declared,
    Owned,
    Rule,
    Valued,
    VersionRegistered,
    VersionUsed,
    Withdrawn,
    decode_statement,
    encode_statement,
    identity_of,
)

DECLARED: tuple[type[msgspec.Struct], ...] = typing.get_args(Declared)
OBSERVED: tuple[type[msgspec.Struct], ...] = typing.get_args(statements.Observed)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
by_annotation: dict[Any, st.SearchStrategy[Any]] = {
    str: text,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    tuple[str, ...]: st.lists(text, max_size=3).map(tuple),
    dict[str, str]: st.dictionaries(text, text, max_size=3),
}


def statements_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: by_annotation[hints[name]] for name in kind.__struct_fields__})


any_declared = st.one_of(*map(statements_of, DECLARED))


@given(any_declared)
def test_what_is_written_is_read_back(statement: Declared) -> None:
    body = encode_statement(statement)
    assert decode_statement(body) == statement
    assert encode_statement(decode_statement(body)) == body


@given(any_declared)
def test_the_body_is_json_with_its_tag(statement: Declared) -> None:
    body = msgspec.json.decode(encode_statement(statement))
    assert body["type"] == statement.__struct_config__.tag


@given(st.dictionaries(text, text, max_size=5))
def test_the_order_in_which_a_rule_was_typed_does_not_change_its_bytes(match: dict[str, str]) -> None:
    turned = dict(reversed(match.items()))
    assert encode_statement(Rule("r", match)) == encode_statement(Rule("r", turned))


@given(any_declared, any_declared)
def test_an_identity_names_type_and_identifying_fields_and_nothing_else(one: Declared, other: Declared) -> None:
    if isinstance(one, Withdrawn) or isinstance(other, Withdrawn):
        return
    parts = [(type(each), [getattr(each, name) for name in IDENTITY[type(each)]]) for each in (one, other)]
    assert (identity_of(one) == identity_of(other)) == (parts[0] == parts[1])


def test_a_later_statement_replaces_its_like_only() -> None:
    assert identity_of(Valued("product:p", "5", "EUR")) == identity_of(Valued("product:p", "6", "EUR"))
    assert identity_of(Valued("product:p", "5", "EUR")) != identity_of(Valued("product:p", "5", "USD"))
    assert identity_of(Owned("run:a", "team:t")) != identity_of(Belongs("run:a", "product:t"))
    used, ended = VersionUsed("model:m/1", "endpoint:e", 5), VersionUsed("model:m/1", "endpoint:e", 5, 9)
    assert identity_of(used) == identity_of(ended)
    assert identity_of(Owned("run:a", 'b"],"')) != identity_of(Owned('run:a","b', "]"))


def test_a_withdrawal_carries_the_identity_that_it_ends() -> None:
    owned = Owned("run:a", "team:t")
    assert identity_of(Withdrawn("asset.owned", identity_of(owned))) == identity_of(owned)


@pytest.mark.parametrize("kind", DECLARED)
def test_a_declared_statement_is_a_kind_of_fact(kind: type[msgspec.Struct]) -> None:
    assert Kind(str(kind.__struct_config__.tag)) in kinds.DECLARED
    assert kind is Withdrawn or set(IDENTITY[kind]) <= set(kind.__struct_fields__)


def test_every_declared_kind_has_its_statement() -> None:
    assert {str(kind.__struct_config__.tag) for kind in DECLARED} == set(map(str, kinds.DECLARED))


@pytest.mark.parametrize("kind", [*DECLARED, *OBSERVED])
def test_a_statement_is_immutable_and_says_what_it_is(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__doc__


@pytest.mark.parametrize("kind", [*DECLARED, *OBSERVED])
def test_fields_left_out_take_no_room(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.omit_defaults


def test_defaults_are_not_written() -> None:
    body = encode_statement(VersionRegistered(version="model:m/1", at=0))
    assert body == b'{"at":0,"type":"version.registered","version":"model:m/1"}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"type":"unknown"}',
        b'{"type":"asset.owned"}',
        b'{"type":"asset.owned","asset":1,"team":"t"}',
        b'{"type":"asset.owned","asset":"a","team":"\xff"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_statement_is_not_read(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError, UnicodeDecodeError)):
        decode_statement(body)
