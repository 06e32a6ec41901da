"""Requests are read as protobuf's JSON is: what is not known is passed over, numbers may be text, null says nothing."""

from __future__ import annotations

import math

import pytest

from trivium.facts.problem import ProblemError
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.checks import check_batch, check_name, check_unique
from trivium.intake.mlflow.reader import read_body, read_query


def test_numbers_may_be_text_and_unknown_fields_are_passed_over() -> None:
    asked = read_body(b'{"run_id": "r", "value": "NaN", "timestamp": "5", "step": 2.0, "new": {"a": 1}}', ask.LogMetric)
    assert math.isnan(asked.value or 0)
    assert (asked.timestamp, asked.step) == (5, 2)


def test_null_says_nothing() -> None:
    asked = read_body(b'{"run_id": null, "tags": [{"key": "a", "value": null}], "metrics": null}', ask.LogBatch)
    assert (asked.run_id, asked.metrics) == ("", [])
    assert (asked.tags[0].key, asked.tags[0].value) == ("a", "")


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b'{"run_id": 5}', "run_id"),
        (b'{"timestamp": 5.5}', "timestamp"),
        (b'{"timestamp": 9223372036854775808}', "timestamp"),
        (b'{"value": "abc"}', "value"),
        (b"[]", ""),
        (b"5", ""),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(raw: bytes, where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_body(raw, ask.LogMetric)
    assert caught.value.problem.status in {400, 422}
    assert where in caught.value.problem.where


@pytest.mark.parametrize("raw", [b"{", b"", b'{"a": NaN}', b"\xff", b"[" * 100])
def test_bodies_that_are_no_json_are_refused(raw: bytes) -> None:
    if not raw:
        assert read_body(raw, ask.RunAsked) == ask.RunAsked()
        return
    with pytest.raises(ProblemError):
        read_body(raw, ask.RunAsked)


def test_a_query_says_a_list_by_saying_a_name_again() -> None:
    asked = read_query(
        [("run_ids", "a"), ("run_ids", "b"), ("metric_key", "m"), ("max_results", "5")], ask.MetricHistories
    )
    assert (asked.run_ids, asked.max_results) == (["a", "b"], 5)


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/./b", ".", "a\x00", "a=b", "a/", "é\n\n"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ProblemError, match="Names may"):
        check_name(name, "key")


@pytest.mark.parametrize("name", ["loss", "a/b.c-d e:f", "é", "", "a" * 300])
def test_names_that_lead_nowhere_else_are_taken(name: str) -> None:
    if name:
        check_name(name, "key")


def test_batches_have_their_limits() -> None:
    check_batch(1_000, 0, 0)
    for counts in ((1_001, 0, 0), (0, 101, 0), (0, 0, 101), (900, 100, 1)):
        with pytest.raises(ProblemError, match="at most"):
            check_batch(*counts)
    with pytest.raises(ProblemError, match="Duplicate"):
        check_unique(["a", "b", "a"])
