"""A fault planted in each sentence's mechanism turns the case of that sentence red."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tests.oracle.cases import CASES
from tests.oracle.cases.telling import Case, at
from tests.oracle.faults import FAULTS, faulty
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.sentences import SENTENCES

BY_NUMBER = {case.number: case for case in CASES}
PLANTED = [(number, switch) for number, switches in FAULTS.items() for switch in switches]


def is_green(case: Case, rules: Rules) -> bool:
    """Say whether every figure of a case is as it was computed by hand."""
    return all(figure.asked(case.history, at(case.as_of), rules) == figure.expected for figure in case.figures)


@pytest.mark.parametrize(("number", "switch"), PLANTED)
def test_the_fault_turns_its_case_red(number: str, switch: str) -> None:
    assert is_green(BY_NUMBER[number], AS_WRITTEN)
    assert not is_green(BY_NUMBER[number], faulty(switch)), f"nobody noticed that {switch} was turned off"


def test_every_sentence_has_a_fault() -> None:
    assert list(FAULTS) == list(SENTENCES)
    assert all(FAULTS.values())


def test_every_mechanism_is_planted_once() -> None:
    assert {field.name for field in fields(Rules)} == {switch for _, switch in PLANTED}
