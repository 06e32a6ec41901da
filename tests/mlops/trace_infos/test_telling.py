"""Traces told in groups: one fact and one file, contents in no fact, a refusal for its own request alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.otlp.test_reader import read_pb
from tests.intake.otlp.told import CHILD, ROOT, TRACE, request
from tests.mlops.tracked import experiment
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.facts.trace_infos import Assessed, TraceInfo
from trivium.intake.mlflow import requests as ask
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger
from trivium.mlops.fold import ModelsFold
from trivium.mlops.trace_infos.changing import DeleteTraces, LinkTraces, TagTrace
from trivium.mlops.trace_infos.fold import TraceInfosFold
from trivium.mlops.trace_infos.names import NAME
from trivium.mlops.trace_infos.reading import whole_infos
from trivium.mlops.trace_infos.search import TraceSearch, find_traces
from trivium.mlops.trace_infos.telling import Teller, Telling, tell
from trivium.mlops.traces.committer import commit
from trivium.mlops.traces.standing import StandingFold
from trivium.mlops.tracking.runs import MakeRun


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    folds = [Manifest(), StandingFold(), ModelsFold(), TraceInfosFold()]
    with Ledger.open(tmp_path / "home", folds=folds) as opened:
        yield opened


def telling(trace: str, at_ms: int = 5_000, number: int = 1, **more: object) -> Telling:
    info = TraceInfo(trace=trace, experiment=number, request_ms=at_ms, state="OK", **more)  # type: ignore[arg-type]
    return Telling(info=info, content={"request_preview": "my name is Ada"})


def found(ledger: Ledger, **asked: object) -> list[str]:
    with ledger.reading() as connection:
        return list(find_traces(connection, TraceSearch(experiments=(1,), **asked)).ids)  # type: ignore[arg-type]


def test_a_group_is_one_fact_and_its_contents_are_in_the_lake(ledger: Ledger, lake: Lake) -> None:
    experiment(ledger)
    before = ledger.head().sequence
    assert tell([telling("tr-1"), telling("tr-2", 6_000)], ledger, lake) == [None, None]
    (fact,) = ledger.read(before)
    assert (fact.fact.kind, b"Ada" in fact.fact.body) == (Kind.TRACES_TOLD, False)
    assert found(ledger) == ["tr-2", "tr-1"]
    with ledger.reading() as connection:
        (one,) = whole_infos(connection, lake, ["tr-1"])
    assert one.content == {"request_preview": "my name is Ada"}
    assert one.tags["mlflow.artifactLocation"] == "mlflow-artifacts:/1/traces/tr-1/artifacts"


def test_a_refusal_is_told_to_its_own_request_alone(ledger: Ledger, lake: Lake) -> None:
    experiment(ledger)
    thought = Assessed(trace="tr-9", assessment="a-1", name="ok", kind="feedback", at_ms=1)
    outcomes = tell([telling("tr-1"), telling("tr-2", number=7), Telling(assessments=((thought, {}),))], ledger, lake)
    assert [None if one is None else one.problem.code for one in outcomes] == [
        None, "resource_does_not_exist", "resource_does_not_exist",
    ]  # fmt: skip
    assert found(ledger) == ["tr-1"]
    nothing = ledger.head().sequence
    assert isinstance(tell([telling("tr-3", number=7)], ledger, lake)[0], ProblemError)
    assert ledger.head().sequence == nothing
    [(rows,)] = lake.query("SELECT count(*) FROM trace_contents")
    assert rows == 1


def test_told_again_the_later_counts_and_everything_comes_again_from_the_facts(ledger: Ledger, lake: Lake) -> None:
    experiment(ledger)
    teller = Teller(ledger, lake)
    for state in ("IN_PROGRESS", "ERROR"):
        info = TraceInfo(trace="tr-1", experiment=1, request_ms=1, state=state, tags={NAME: state})
        assert teller.submit(Telling(info=info, content={"response_preview": state}), 10).result(30) is None
    teller.close()
    with ledger.reading() as connection:
        (one,) = whole_infos(connection, lake, ["tr-1"])
    assert (one.row.state, one.tags[NAME], one.content) == ("ERROR", "ERROR", {"response_preview": "ERROR"})
    assert all(again.equal for again in ledger.rebuild())


@pytest.mark.parametrize("told_first", [True, False])
def test_what_a_client_tells_counts_before_what_its_spans_say(ledger: Ledger, lake: Lake, told_first: bool) -> None:
    experiment(ledger)
    spans = read_pb(request({"name": "root"}, {"span": CHILD, "parent": ROOT}), experiment="1")
    if told_first:
        tell([telling(f"tr-{TRACE}")], ledger, lake)
    commit([spans], ledger, lake)
    if not told_first:
        assert found(ledger, filter="attributes.name = 'root'") == [f"tr-{TRACE}"]
        tell([telling(f"tr-{TRACE}")], ledger, lake)
    with ledger.reading() as connection:
        (one,) = whole_infos(connection, lake, [f"tr-{TRACE}"])
    assert (one.row.request_ms, one.row.state, one.tags[NAME]) == (5_000, "OK", "root")


def test_a_trace_whose_root_has_not_ended_is_in_progress(ledger: Ledger, lake: Lake) -> None:
    experiment(ledger)
    commit([read_pb(request({"span": CHILD, "parent": ROOT}), experiment="1")], ledger, lake)
    assert found(ledger, filter="status = 'IN_PROGRESS'") == [f"tr-{TRACE}"]
    commit([read_pb(request({"name": "root"}), experiment="1")], ledger, lake)
    assert found(ledger, filter="status = 'IN_PROGRESS'") == []


def test_traces_are_tagged_linked_and_deleted(ledger: Ledger, lake: Lake) -> None:
    experiment(ledger)
    tell([telling(f"tr-{number}", number) for number in range(1, 6)], ledger, lake)
    made = MakeRun(ask.CreateRun(experiment_id="1"))
    ledger.execute(made)
    ledger.execute(TagTrace("tr-2", "colour", "red"))
    with ledger.reading() as connection:
        made.answer(connection)
    run = made.told["run"].info.run_id
    ledger.execute(LinkTraces(["tr-3"], run))
    assert found(ledger, filter="tags.colour LIKE 'r%'") == ["tr-2"]
    assert found(ledger, filter=f"run_id = '{run}'") == ["tr-3"]
    assert found(ledger, filter="tags.colour IS NULL", order_by=("timestamp_ms ASC",)) == [
        "tr-1", "tr-3", "tr-4", "tr-5",
    ]  # fmt: skip
    deletion = DeleteTraces(1, [], 3, 2)
    ledger.execute(deletion)
    assert deletion.told == {"traces_deleted": 2}
    assert found(ledger) == ["tr-5", "tr-4", "tr-3"]
    with pytest.raises(ProblemError, match="not found"):
        ledger.execute(TagTrace("tr-1", "a", "b"))
    with pytest.raises(ProblemError, match="not both"):
        DeleteTraces(1, ["tr-1"], 5, None)
