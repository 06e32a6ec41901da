"""Traces of MLflow's clients: kept, searched, judged, read back as they were told, and their words in no fact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.talking import Client, ClientError
from tests.stories.served import Served

TRACED = """
import mlflow
experiment = mlflow.set_experiment(name).experiment_id
@mlflow.trace(span_type="LLM")
def ask_model(question):
    span = mlflow.get_current_active_span()
    span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
    return question + "!"
@mlflow.trace
def answer(question):
    return ask_model(question)
@mlflow.trace
def broken():
    raise ValueError("the scanner is off")
with mlflow.start_run() as run:
    answer("is it malignant")
answer("and this one")
try:
    broken()
except ValueError:
    pass
mlflow.flush_trace_async_logging()
run.info.run_id
"""
SEARCH = """
client = mlflow.MlflowClient()
found = client.search_traces(locations=[experiment], **asked)
[(one.info.tags["mlflow.traceName"], str(one.info.state.value), len(one.data.spans)) for one in found]
"""
OLD = """
import mlflow
from mlflow.entities.trace_status import TraceStatus
from mlflow.tracking._tracking_service.client import TrackingServiceClient
experiment = mlflow.set_experiment(name).experiment_id
tracing = TrackingServiceClient(mlflow.get_tracking_uri())
begun = tracing.start_trace(experiment, 1000, {"user": "ada"}, {"mlflow.traceName": "answer"})
was = [begun.status.value, begun.execution_time_ms]
tracing.end_trace(begun.request_id, 3500, TraceStatus.OK, {"mlflow.traceInputs": "is it malignant"}, {"k": "v"})
info = tracing.get_trace_info(begun.request_id)
found = [one.request_id for one in tracing._search_traces([experiment])[0]]
[was, info.status.value, info.execution_time_ms, info.request_metadata, info.tags["k"], found == [begun.request_id]]
"""


@pytest.fixture(scope="module")
def traced(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, str]]:
    with Client("mlflow3", server.address, tmp_path_factory.mktemp("client")) as client:
        yield client, client.run(TRACED, name="chat")


def search(client: Client, **asked: Any) -> Any:
    return client.run(SEARCH, asked=asked)


def test_traces_are_found_newest_first_with_their_spans(traced: tuple[Client, str]) -> None:
    client, run = traced
    assert sorted(search(client)) == [["answer", "OK", 2], ["answer", "OK", 2], ["broken", "ERROR", 1]]
    assert search(client)[-1] == ["answer", "OK", 2]
    assert search(client, run_id=run) == [["answer", "OK", 2]]
    assert search(client, filter_string="status = 'ERROR'") == [["broken", "ERROR", 1]]
    assert search(client, filter_string="attributes.name = 'answer'", max_results=1) == [["answer", "OK", 2]]
    assert search(client, order_by=["timestamp_ms ASC"])[0] == ["answer", "OK", 2]
    assert search(client, filter_string="tags.colour = 'red'") == []


def test_a_trace_is_read_back_as_it_was_told(traced: tuple[Client, str]) -> None:
    client, _ = traced
    search(client)
    told = client.run(
        "one = client.get_trace(found[-1].info.trace_id)\n"
        "spans = [[span.name, span.inputs, span.outputs, span.span_type, span.parent_id is None] for span in"
        " one.data.spans]\n"
        "[one.info.token_usage, one.info.request_preview, one.info.response_preview, spans]"
    )
    usage, request, response, spans = told
    assert usage == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert (request, response) == ('{"question": "is it malignant"}', '"is it malignant!"')
    assert spans == [
        ["answer", {"question": "is it malignant"}, "is it malignant!", "UNKNOWN", True],
        ["ask_model", {"question": "is it malignant"}, "is it malignant!", "LLM", False],
    ]
    frame = client.run("mlflow.search_traces(locations=[experiment])[['state', 'request']].values.tolist()")
    assert sorted(state for state, _ in frame) == ["ERROR", "OK", "OK"]


def test_a_trace_is_tagged_judged_and_linked(traced: tuple[Client, str]) -> None:
    client, _ = traced
    search(client)
    trace = client.run("trace = found[1].info.trace_id; trace")
    client.run("client.set_trace_tag(trace, 'colour', 'red')")
    assert len(search(client, filter_string="tags.colour = 'red'")) == 1
    client.run("client.delete_trace_tag(trace, 'colour')")
    with pytest.raises(ClientError) as caught:
        client.run("client.delete_trace_tag(trace, 'colour')")
    assert caught.value.code == "RESOURCE_DOES_NOT_EXIST"
    client.run("judged = mlflow.log_feedback(trace_id=trace, name='helpful', value=True, rationale='it was')")
    read = "[[one.name, one.value, one.rationale] for one in client.get_trace(trace).info.assessments]"
    assert client.run(read) == [["helpful", True, "it was"]]
    client.run("mlflow.delete_assessment(trace_id=trace, assessment_id=judged.assessment_id)")
    assert client.run(read) == []
    assert client.run("client.get_trace(trace).info.trace_id") == trace


def test_what_people_said_is_in_no_fact(traced: tuple[Client, str], server: Served) -> None:
    client, _ = traced
    search(client)
    with (server.home / "ledger.db").open("rb") as book, (server.home / "ledger.db-wal").open("rb") as log:
        written = book.read() + log.read()
    assert b"malignant" not in written
    assert b"it was" not in written


def test_a_trace_of_an_experiment_that_is_not_there_is_refused(traced: tuple[Client, str]) -> None:
    client, _ = traced
    with pytest.raises(ClientError) as caught:
        client.run("client.get_trace('tr-' + '0' * 32)")
    assert "not found" in caught.value.words


def test_deleted_traces_are_gone(traced: tuple[Client, str]) -> None:
    client, _ = traced
    before = len(search(client))
    assert client.run("client.delete_traces(experiment, trace_ids=[found[0].info.trace_id])") == 1
    assert len(search(client)) == before - 1


def test_an_older_client_traces_too(server: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Client("mlflow2", server.address, tmp_path_factory.mktemp("older")) as client:
        found = client.run(OLD, name="older chat")
    metadata = {"user": "ada", "mlflow.traceInputs": "is it malignant"}
    assert found == [["IN_PROGRESS", 0], "OK", 2_500, metadata, "v", True]
