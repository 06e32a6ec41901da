"""Deliveries that change places between two closes change no answer of the product (design.md §5, promise 3)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.oracle.history import Charge, History, Prediction, Resource, Use, Version
from tests.oracle.random_histories import as_of, history, months_to, shuffled
from tests.properties.parity import named
from tests.properties.told import books, rounded, spoken, tell
from trivium.facts.period import parse_period
from trivium.finops.coverage import coverage
from trivium.finops.explain import explain
from trivium.finops.loaded import loaded
from trivium.finops.statement import BY, statement

BOUNDED, LONG, AT_ONCE, ASSETS = 80, 2_000, 20, 4


def answers(told: History, at: int, assets: list[str]) -> Iterator[object]:
    """Give all statements, bases, loaded costs and explanations, in every currency."""
    product = tell(told)
    for currency in told.currencies():
        ours = books(product, at, months_to(at)[-1], currency)
        for month in map(parse_period, months_to(at)):
            yield from (statement(ours, month, by) for by in BY)
            book = ours.of(month)
            yield {} if book is None else coverage(book)
            yield from (loaded(ours, asset, month) for asset in assets)
        yield from (loaded(ours, asset) for asset in assets)
        yield from (explain(ours, asset) for asset in assets)


def moved(seeds: range) -> list[int]:
    """List the seeds whose answers change when deliveries change places."""
    found = []
    for seed in seeds:
        given, at = rounded(history(seed)), as_of(seed)
        mixed = shuffled(given, seed)
        assert mixed != given
        assets = sorted(named(given))
        assets = Random(seed).sample(assets, min(ASSETS, len(assets)))
        if list(answers(spoken(mixed), at, assets)) != list(answers(spoken(given), at, assets)):
            found.append(seed)
    return found


@pytest.mark.parametrize("first", range(0, BOUNDED, AT_ONCE))
def test_shuffled_deliveries_answer_the_same(first: int) -> None:
    assert moved(range(first, first + AT_ONCE)) == []


@pytest.mark.full
@pytest.mark.parametrize("first", range(BOUNDED, LONG, AT_ONCE))
def test_many_more_shuffled_deliveries_answer_the_same(first: int) -> None:
    assert moved(range(first, first + AT_ONCE)) == []


def test_everything_that_can_be_told_is_among_what_is_shuffled() -> None:
    kinds = {type(fact) for seed in range(BOUNDED) for fact in history(seed).deliveries}
    assert {Prediction, Charge, Resource, Use, Version} <= kinds
