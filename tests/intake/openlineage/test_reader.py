from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graph.graph_made import event
from tests.shared_data import shared
from trivium.facts.bounds import MAX_DEPTH, check_bounds, is_too_deep
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import parse_instant
from trivium.facts.keys import parse
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.facts.statements import DatasetSeen, RunSeen
from trivium.intake.openlineage.names import MAX_NAME
from trivium.intake.openlineage.reader import accept, accept_batch, statements

RUN = {"eventTime": "2026-10-05T08:00:00Z", "run": {"runId": "r"}, "job": {"namespace": "n", "name": "j"}}


def problem_of(raw: bytes) -> Any:
    with pytest.raises(ProblemError) as refused:
        accept(raw)
    return refused.value.problem


def test_a_fact_is_the_event_as_it_was_sent() -> None:
    raw = b' {"eventTime": "2026-10-05T10:00:00+02:00", "job": {"namespace": "n", "name": "j"}, "unknown": [1.50]}\n'
    fact = accept(raw)
    assert (fact.kind, fact.subject, fact.source) == (Kind.LINEAGE_EVENT, "job:n/j", "openlineage")
    assert fact.happened_at == parse_instant("2026-10-05T08:00:00Z")
    assert (fact.body, fact.key) == (raw, hashlib.sha256(raw).hexdigest())


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"eventTime": 5}, "$.eventTime", "5 is not text."),
        ({"eventTime": "soon"}, "$.eventTime", "'soon'"),
        ({"run": {}}, "$.run.runId", "'runId' is missing."),
        ({"run": {"runId": 7}}, "$.run.runId", "7 is not text."),
        ({"run": {"runId": ""}}, "$.run.runId", "''"),
        ({"run": []}, "$.run", "[] is not an object."),
        ({"job": None}, "$.job", "names no job"),
        ({"job": {"namespace": "n", "name": ""}}, "$.job.name", "empty"),
        ({"job": {"namespace": "n"}}, "$.job.name", "'name' is missing."),
        ({"eventType": "BEGIN"}, "$.eventType", "'BEGIN'"),
        ({"inputs": {}}, "$.inputs", "{} is not a list."),
        ({"inputs": [{"namespace": "n", "name": "x"}, {"namespace": "n", "name": None}]}, "$.inputs[1].name", "null"),
        ({"outputs": [{"namespace": "n", "name": "x" * 2000}]}, "$.outputs[0].name", "more than"),
    ],
)
def test_a_refusal_names_the_path_and_the_value(change: dict[str, Any], where: str, words: str) -> None:
    problem = problem_of(json.dumps(RUN | change).encode())
    assert (problem.status, problem.where) == (422, where)
    assert words in problem.title
    assert problem.fix


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "no JSON"),
        (b"[]", 422, "[] is not an object"),
        (b"{}", 422, "eventTime"),
        (b'{"eventTime": "2026-10-05"}', 422, "no run, dataset or job"),
        (b"{" * 100_000, 422, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, 422, "deeper than 64"),
        (b"[" * 100_000 + b"]" * 100_000, 422, "deeper than 64"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "out of range"),
        (b'{"a": 9223372036854775808}', 422, "64 bits"),
        (b'{"a": [-9223372036854775809]}', 422, "64 bits"),
        (b'{"a": 1e400}', 400, "out of range"),
        (b'{"a": 1.5E+309}', 400, "out of range"),
        (b'{"a": NaN}', 400, "no JSON"),
        (b'{"a": "\\ud800"}', 400, "no JSON"),
        (b'{"a": "\\ud800x"}', 400, "no JSON"),
        (b'{"a": ["x\\u0000"]}', 422, "NUL"),
        (b'{"a\\u0000": 1}', 422, "NUL"),
        (b'{"a": "\x00"}', 400, "no JSON"),
        (b'{"a": "\xff"}', 400, "no UTF-8"),
        (b'{"' + b"k" * 257 + b'": 1}', 422, "longer than 256"),
        (b'{"' + b'\\"' * 257 + b'": 1}', 422, "longer than 256"),
        (b'{"a": "' + b"x" * (2**20 + 1) + b'"}', 422, "longer than 1048576"),
        (b" " * (10 * 2**20 + 1), 413, "10485761 bytes"),
    ],
)
def test_bombs_are_refused_at_once(raw: bytes, status: int, words: str) -> None:
    problem = problem_of(raw)
    assert problem.status == status
    assert words in problem.title


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "' + b'\\"' * 500_000 + b'"}',
        b'{"a": "' + b"password=" * 100_000 + b'"}',
        b'{"a": [' + b"[]," * 1_000_000 + b"[]]}",
        b'{"a": "' + b"{" * 100_000 + b'"}',
        b'{"a": "' + b"1e999 0e000" * 90_000 + b'"}',
        b'{"' + b"k" * 256 + b'": ["' + b"\\\\" * 1000 + b'", 1e10, 9223372036854775807, "\\ud83d\\ude00"]}',
    ],
    ids=["quotes", "passwords", "brackets", "braces in text", "exponents in text", "just within"],
)
def test_large_but_allowed_is_allowed(raw: bytes) -> None:
    accepted = accept(raw[:-1] + b', "eventTime": "2026-10-05", "job": {"namespace": "n", "name": "j"}}')
    assert accepted.kind == "lineage.event"


nested = st.recursive(
    st.text('{}[]",\\a') | st.integers(0, 9), lambda inner: st.lists(inner) | st.dictionaries(st.text('{"\\'), inner)
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, database=None)
@given(nested, st.integers(0, MAX_DEPTH + 1))
def test_depth_is_counted_outside_of_strings(value: Any, around: int) -> None:
    raw = b"[" * around + json.dumps(value).encode() + b"]" * around
    assert is_too_deep(raw) == (around + _depth(value) > MAX_DEPTH)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


hostile = st.sampled_from(
    [
        "__proto__", "{{7*7}}", "../", "..%252f", "file:///etc/passwd", "=1+1", "<svg onload=alert(1)>", "\u202e",
        "\u200b", "%", "a/b", ":", "://", "'; drop table facts; --", "\U0001f600", " ",
    ]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)  # fmt: skip
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=6,
)
facet_names = st.sampled_from(
    [
        "parent", "schema", "columnLineage", "dataQualityAssertions", "dataQualityMetrics", "test", "inputStatistics",
        "outputStatistics", "nominalTime", "sql", "ownership", "tags", "symlinks", "version", "externalQuery",
        "jobType", "processing_engine", "errorMessage", "mlflow", "mlflow.run_id", "documentation",
    ]
)  # fmt: skip
inner_names = st.sampled_from(
    [
        "run", "runId", "root", "fields", "inputFields", "assertions", "columnMetrics", "tests", "owners", "tags",
        "identifiers", "name",
    ]
)  # fmt: skip
facet = anything | st.dictionaries(
    inner_names, anything | st.lists(st.dictionaries(inner_names, anything, max_size=3), max_size=2), max_size=3
)
facets = anything | st.dictionaries(facet_names, facet, max_size=4)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(hostile, hostile, facets, facets, facets, anything)
def test_no_facet_and_no_name_breaks_the_meaning(
    name: str, run: str, one: Any, two: Any, three: Any, extra: Any
) -> None:
    dataset = {"namespace": name, "name": run, "facets": one, "inputFacets": two}
    body = {
        "eventTime": "2026-10-05T08:00:00Z", "run": {"runId": run, "facets": three}, "extra": extra,
        "job": {"namespace": run, "name": name, "facets": two}, "inputs": [dataset], "outputs": [dataset],
    }  # fmt: skip
    fact = accept(json.dumps(body).encode())
    said = statements(RecordedFact(sequence=1, recorded_at=0, fact=fact))
    assert said[0].reads[0].dataset.startswith("dataset:")


def test_ids_of_runs_are_lenient_and_uuids_are_written_one_way() -> None:
    upper = "0199B5A0-0000-7000-8000-00000000000A"
    assert accept(event(upper, "START", "2026-10-05")).subject == f"run:{upper.lower()}"
    assert accept(event("Scheduled__2026", "START", "2026-10-05")).subject == "run:Scheduled__2026"


def test_a_batch_takes_what_is_right_and_says_what_is_not() -> None:
    good, bad = json.dumps(RUN), json.dumps(RUN | {"run": {"runId": 7}})
    facts, failures = accept_batch(f"[{good}, {bad}, 3, {good}]".encode())
    assert [fact.subject for fact in facts] == ["run:r", "run:r"]
    assert [(failure.index, failure.retriable) for failure in failures] == [(1, False), (2, False)]
    assert "$.run.runId" in failures[0].reason
    assert accept_batch(b"[]") == ([], [])
    for raw, status in ((b"{}", 422), (b"[1", 400), (b"", 400)):
        with pytest.raises(ProblemError) as refused:
            accept_batch(raw)
        assert refused.value.problem.status == status


def test_every_recorded_event_is_accepted_byte_for_byte() -> None:
    for form in ("legacy", "structured"):
        for raw in shared(f"data/openlineage/dbt_{form}.jsonl").read_bytes().splitlines():
            assert accept(raw).body is raw


def test_bounds_of_ordinary_events_are_checked_without_reading_them() -> None:
    check_bounds(event("r", "START", "2026-10-05", reads=["x"]))


@pytest.mark.parametrize("long", [False, True])
def test_a_name_in_a_facet_that_no_key_can_hold_is_as_good_as_absent(long: bool) -> None:
    count = MAX_NAME + 1 if long else MAX_NAME
    name, pair = "/" * count, {"namespace": "%" * (count - 1), "name": "x"}
    raw = event(
        "r", "START", "2026-10-05T00:00:00Z",
        reads=[{"namespace": "n", "name": "d", "facets": {
            "symlinks": {"identifiers": [pair]},
            "ownership": {"owners": [{"name": name}]},
            "columnLineage": {"fields": {"a": {"inputFields": [pair | {"field": "b"}]}}},
        }}],
        parent=name, root=name,
        tags={"tags": [{"key": "mlflow.run_id", "value": name}, {"key": "trivium.resource_id", "value": name}]},
        externalQuery={"externalQueryId": name},
    )  # fmt: skip
    fact = accept(raw)
    run, *others = statements(RecordedFact(sequence=1, recorded_at=0, fact=fact))
    assert isinstance(run, RunSeen)
    named = [run.parent, run.root, *run.same_as, *run.resources, *run.queries]
    for dataset in others:
        assert isinstance(dataset, DatasetSeen)
        named += [*dataset.symlinks, *dataset.owners, *(key for column in dataset.columns for key, _ in column.sources)]
    keys = [one for one in named if one]
    assert len(keys) == (0 if long else 8)
    assert all(parse(key if ":" in key else f"resource:{key}") for key in keys)
