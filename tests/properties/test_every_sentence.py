"""The product answers the case of each sentence of the rule as it was computed by hand (attribution.md §1–§4)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracle.cases import CASES
from tests.oracle.cases.figures import Figure, Sums, Value
from tests.oracle.cases.telling import Case, at
from tests.properties.asked import asked
from tests.properties.told import spoken

MICRO, LAST_UNIT = Fraction(1, 10**6), Fraction(1, 10**18)
TOLD = [case for case in CASES if not case.alone]


@pytest.mark.parametrize("case", TOLD, ids=lambda case: f"{case.number}: {case.name}")
def test_the_product_answers_by_hand(case: Case) -> None:
    for figure in case.figures:
        found = asked(spoken(case.history), at(case.as_of), figure)
        assert found.keys() == figure.expected.keys()
        assert [name for name, value in figure.expected.items() if not _agree(figure, found[name], value)] == []


def _agree(figure: Figure, found: Value, expected: Value) -> bool:
    """Say whether an amount is within a micro-unit, a total within the last digit of a bill, and words are equal."""
    if isinstance(found, Fraction) and isinstance(expected, Fraction):
        return abs(found - expected) < (LAST_UNIT if isinstance(figure, Sums) else MICRO)
    return found == expected


def test_what_only_the_oracle_is_asked_has_a_reason() -> None:
    assert {case.number: case.alone for case in CASES if case.alone}.keys() == {"1.10b"}
