"""Spans in any order, cut into any requests and groups, sent again and again, are the same traces, usage and money."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.otlp.test_reader import read_pb
from tests.intake.otlp.told import BEGIN, request
from trivium.facts.instants import DAY, SECOND
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger
from trivium.mlops.traces.committer import commit
from trivium.mlops.traces.fold import TracesFold
from trivium.mlops.traces.reading import Wanted, find_traces, used_between, used_by_traces
from trivium.mlops.traces.standing import StandingFold

MODELS = ("gpt-4o", "gemini-2.5-pro", "nobody-knows-1")


@st.composite
def spans(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Make spans of a few traces; each has an id of its own."""
    made = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        tokens = draw(st.sampled_from([0, 1, 200_000, 200_001]))
        named = {"gen_ai.request.model": draw(st.sampled_from(MODELS)), "gen_ai.usage.input_tokens": tokens}
        made.append({
            "trace": f"{draw(st.integers(1, 3)):032x}", "span": f"{number:016x}",
            "parent": draw(st.sampled_from(["", f"{1:016x}"])), "name": draw(st.sampled_from("abc")),
            "at": BEGIN + draw(st.integers(-3, 3)) * DAY // 2, "lasts": draw(st.integers(0, 3)) * SECOND,
            "status": draw(st.integers(0, 2)), "kind": draw(st.integers(0, 5)),
            "attributes": named if draw(st.booleans()) else {},
        })  # fmt: skip
    return made


def state(groups: list[list[dict[str, Any]]]) -> tuple[Any, ...]:
    """Commit groups, check that a replay gives the same tables, and give everything that can be asked."""
    with TemporaryDirectory() as folder:
        folds = [Manifest(), StandingFold(), TracesFold()]
        with Ledger.open(Path(folder) / "home", folds=folds) as ledger:
            lake = Lake(Path(folder) / "home" / "lake", ledger.reading)
            for group in groups:
                commit([read_pb(request(one)) for one in group], ledger, lake)
            ledger.catch_up()
            assert all(rebuilt.equal for rebuilt in ledger.rebuild())
            with ledger.reading() as connection:
                found = find_traces(connection, Wanted(), 100)
                used = used_by_traces(connection, [one.trace for one in found])
                rows = lake.query("SELECT trace_id, span_id, name, input_tokens FROM spans ORDER BY ALL")
                lake.close()
                return tuple(found), tuple(sorted(used.items())), tuple(used_between(connection, 0, 2**62)), tuple(rows)


@settings(max_examples=20)
@given(told=spans(), data=st.data())
def test_order_groups_and_repeats_show_nowhere(told: list[dict[str, Any]], data: st.DataObject) -> None:
    again = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=6))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(again)), max_size=4)))
    groups = [again[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(again)], strict=True)]
    assert state([told]) == state(groups)
