"""The product answers as the exact oracle does, to one micro-unit, on random histories (attribution.md §5)."""

from __future__ import annotations

import pytest

from tests.properties.parity import differences

BOUNDED = 300
LONG = 10_000
AT_ONCE = 50


@pytest.mark.parametrize("first", range(0, BOUNDED, AT_ONCE))
def test_product_and_oracle_agree(first: int) -> None:
    _agree(range(first, first + AT_ONCE))


@pytest.mark.full
@pytest.mark.parametrize("first", range(BOUNDED, LONG, AT_ONCE))
def test_product_and_oracle_agree_on_many_more(first: int) -> None:
    _agree(range(first, first + AT_ONCE))


def _agree(seeds: range) -> None:
    found = [line for seed in seeds for line in differences(seed)]
    assert not found, "\n".join(found)
