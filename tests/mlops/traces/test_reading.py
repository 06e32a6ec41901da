"""What the fold keeps of traces and usage, whatever the order in which groups came; estimates and what has none."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from tests.intake.otlp.told import BEGIN, CHAT, CHILD, ROOT, TRACE
from tests.mlops.traces.test_committer import told
from trivium.facts.instants import DAY, SECOND
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger
from trivium.mlops.traces.committer import commit
from trivium.mlops.traces.reading import (
    Wanted,
    count_traces,
    find_trace,
    find_traces,
    spans_of,
    spent,
    used_between,
    used_by_traces,
    used_up_to,
)

ROOT_SPAN = {"name": "POST /ask", "kind": 2, "lasts": 3 * SECOND}
CALL = {"span": CHILD, "parent": ROOT, "name": "chat", "kind": 3, "at": BEGIN + SECOND, "attributes": CHAT}
ODD_CALL = CALL | {"span": "03" * 8, "attributes": CHAT | {"gen_ai.request.model": "nobody-knows-1"}, "status": 2}


def fill(ledger: Ledger, lake: Lake, *groups: tuple[dict[str, Any], ...]) -> None:
    for group in groups:
        commit([told(*group)], ledger, lake)
    ledger.catch_up()


def test_a_trace_has_its_times_names_and_tokens(ledger: Ledger, lake: Lake) -> None:
    fill(ledger, lake, (ROOT_SPAN, CALL, ODD_CALL))
    with ledger.reading() as connection:
        found = find_trace(connection, TRACE)
        used = used_by_traces(connection, [TRACE])[TRACE]
    assert found is not None
    assert (found.name, found.endpoint, found.root, found.failed) == ("POST /ask", "endpoint:assistant", True, False)
    assert (found.start, found.end, found.spans, found.errors) == (BEGIN, BEGIN + 3 * SECOND, 3, 1)
    assert used.tokens.requests == 2
    assert used.tokens.input_tokens == 2_000
    assert used.amount == Decimal("0.0035"), "1,000 in at 2.50 and 100 out at 10.00 a million"
    assert used.unpriced == 1
    assert [span.name for span in spans_of(lake, found)] == ["POST /ask", "chat", "chat"]


def test_any_order_of_groups_gives_the_same(tmp_path: Any) -> None:
    from trivium.lake.manifest import Manifest
    from trivium.mlops.traces.fold import TracesFold
    from trivium.mlops.traces.standing import StandingFold

    states = set()
    for number, order in enumerate(
        itertools.permutations([(ROOT_SPAN,), (CALL, CALL), (ODD_CALL,), (CALL, ROOT_SPAN)])
    ):
        folds = [Manifest(), StandingFold(), TracesFold()]
        with Ledger.open(tmp_path / f"h{number}", folds=folds) as ledger:
            lake = Lake(tmp_path / f"h{number}" / "lake", ledger.reading)
            fill(ledger, lake, *order)
            with ledger.reading() as connection:
                states.add((
                    find_trace(connection, TRACE), tuple(used_between(connection, 0, 2**62)),
                    tuple(used_by_traces(connection, [TRACE]).items()),
                ))  # fmt: skip
            assert all(rebuilt.equal for rebuilt in ledger.rebuild())
            lake.close()
    assert len(states) == 1


def test_until_the_root_comes_the_earliest_span_names_a_trace(ledger: Ledger, lake: Lake) -> None:
    fill(ledger, lake, (ODD_CALL | {"at": BEGIN + 2 * SECOND}, CALL))
    with ledger.reading() as connection:
        before = find_trace(connection, TRACE)
    fill(ledger, lake, (ROOT_SPAN,))
    with ledger.reading() as connection:
        after = find_trace(connection, TRACE)
    assert before is not None
    assert after is not None
    assert (before.name, before.root, before.failed) == ("chat", False, False)
    assert (after.name, after.root) == ("POST /ask", True)


def test_traces_are_found_by_what_is_asked(ledger: Ledger, lake: Lake) -> None:
    traces = [{"trace": f"{number:032x}", "at": BEGIN + number * DAY, "status": number % 3} for number in range(-6, 0)]
    traces = [one | {"trace": f"{number:032x}"} for number, one in enumerate(traces, 1)]
    fill(ledger, lake, tuple(traces))
    with ledger.reading() as connection:
        every = find_traces(connection, Wanted(), 10)
        assert [one.trace[-1] for one in every] == list("654321")
        first = find_traces(connection, Wanted(), 2)
        last = first[-1]
        rest = find_traces(connection, Wanted(before=(last.start, last.trace)), 10)
        assert first + rest == every
        assert {one.trace[-1] for one in find_traces(connection, Wanted(failed=True), 10)} == {"3", "6"}
        period = Wanted(start=BEGIN - 3 * DAY, end=BEGIN - DAY)
        assert count_traces(connection, period) == len(find_traces(connection, period, 10)) == 2
        assert find_traces(connection, Wanted(endpoint="endpoint:other"), 10) == []


def test_usage_up_to_a_sequence_leaves_out_what_came_later(ledger: Ledger, lake: Lake) -> None:
    fill(ledger, lake, (CALL,))
    fill(ledger, lake, (CALL | {"span": "04" * 8},), (ODD_CALL,))
    with ledger.reading() as connection:
        at_first = used_up_to(connection, 1, BEGIN + DAY)
        at_last = used_up_to(connection, 3, BEGIN + DAY)
        assert at_last == used_between(connection, 0, BEGIN + DAY)
    assert spent(at_first).tokens.requests == 1
    assert spent(at_last).tokens.requests == 3


def test_requests_above_a_threshold_are_kept_apart(ledger: Ledger, lake: Lake) -> None:
    def call(span: str, tokens: int) -> dict[str, Any]:
        named = {"gen_ai.provider.name": "gcp.gemini", "gen_ai.request.model": "gemini-2.5-pro"}
        return CALL | {"span": span * 8, "attributes": named | {"gen_ai.usage.input_tokens": tokens}}

    fill(ledger, lake, (call("05", 200_000), call("06", 200_001), call("07", 1)))
    with ledger.reading() as connection:
        rows = used_between(connection, 0, 2**62)
    assert sorted((at.band, tokens.input_tokens) for at, tokens in rows) == [
        (0, 1),
        (199_999, 200_000),
        (200_000, 200_001),
    ]
    assert spent(rows).amount == Decimal("1.25") / 10**6 * 200_001 + Decimal("2.5") / 10**6 * 200_001
