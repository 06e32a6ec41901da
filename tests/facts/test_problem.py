"""Does a refusal say what happened, where and what to do, on one safe line?"""

from __future__ import annotations

import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts.problem import Problem, ProblemError, refuse, shown


def test_a_refusal_is_one_sentence_with_place_and_advice() -> None:
    refused = refuse("bad_time", "'x' is no point in time.", where="$.eventTime", fix="Write ISO 8601.")
    assert str(refused) == "'x' is no point in time. (at $.eventTime) Write ISO 8601."
    assert refused.problem.status == 422


def test_what_is_not_known_is_left_out() -> None:
    problem = Problem(code="gone", title="The run is gone.", status=404)
    assert problem.sentence() == "The run is gone."
    assert msgspec.json.decode(msgspec.json.encode(problem)) == {
        "code": "gone",
        "title": "The run is gone.",
        "status": 404,
    }


def test_a_problem_crosses_processes_whole() -> None:
    refused = refuse("bad_row", "Row 7 has no cost.", status=400, where="bill.csv:7", fix="Add BilledCost.")
    arrived = pickle.loads(pickle.dumps(refused))
    assert isinstance(arrived, ProblemError)
    assert arrived.problem == refused.problem
    assert str(arrived) == str(refused)


@given(st.text() | st.binary() | st.integers() | st.floats() | st.none())
def test_a_shown_value_is_short_printable_ascii(value: object) -> None:
    text = shown(value)
    assert len(text) <= 80
    assert text.isprintable()
    assert text.rstrip("…").isascii()


@pytest.mark.parametrize("value", ["\x1b[31mred", "\u202eabc", "\ud800", "a\nb", "\x00"])
def test_a_shown_value_cannot_move_the_cursor_or_turn_the_text(value: str) -> None:
    assert shown(value).isascii()
    assert shown(value).isprintable()


def test_the_limit_of_a_shown_value_can_be_chosen() -> None:
    assert shown("abcdef", limit=5) == "'abc…"
    assert shown("abc", limit=5) == "'abc'"
