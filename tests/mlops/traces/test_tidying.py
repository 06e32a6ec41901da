"""Compaction runs aside after many groups, one at a time; what is refused is noted and tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.intake.otlp.test_reader import read_pb
from tests.intake.otlp.told import request
from trivium.facts.problem import refuse
from trivium.lake.lake import Lake
from trivium.lake.manifest import current_files
from trivium.ledger.book import Ledger
from trivium.mlops.traces.committer import Committer
from trivium.mlops.traces.tidying import LOOKED_FOR, Tidying


def groups(tidying: Tidying, count: int) -> None:
    for _ in range(count):
        tidying()


def tidying_of(work: Callable[[], int], ledger: Ledger, lake: Lake) -> Tidying:
    return Tidying(ledger, lake, work)


def test_it_is_looked_after_many_groups_until_nothing_is_due(ledger: Ledger, lake: Lake) -> None:
    due, over = [0, 32, 32], threading.Event()

    def work() -> int:
        found = due.pop()
        if not due:
            over.set()
        return found

    tidying = tidying_of(work, ledger, lake)
    groups(tidying, LOOKED_FOR - 1)
    assert len(due) == 3
    groups(tidying, 1)
    assert over.wait(30)
    tidying.close()


def test_one_compaction_runs_at_a_time(ledger: Ledger, lake: Lake) -> None:
    begun, go, running = threading.Event(), threading.Event(), []

    def work() -> int:
        running.append(1)
        begun.set()
        go.wait(30)
        return 0

    tidying = tidying_of(work, ledger, lake)
    groups(tidying, LOOKED_FOR)
    assert begun.wait(30)
    groups(tidying, 3 * LOOKED_FOR)
    go.set()
    tidying.close()
    assert running == [1]


def test_what_is_refused_is_noted(ledger: Ledger, lake: Lake) -> None:
    begun = threading.Event()

    def work() -> int:
        begun.set()
        raise refuse("disk_full", "The disk is full.", status=503)

    tidying = tidying_of(work, ledger, lake)
    groups(tidying, LOOKED_FOR)
    assert begun.wait(30)
    tidying.close()
    assert tidying.refused == "The disk is full."


def test_many_groups_end_in_few_files_with_all_spans(ledger: Ledger, lake: Lake) -> None:
    committer, over = Committer(ledger, lake), threading.Event()
    compact = committer.tidying._work

    def work() -> int:
        found = compact()
        over.set()
        return found

    committer.tidying._work = work
    for number in range(1, LOOKED_FOR + 1):
        committer.submit(read_pb(request({"span": f"{number:016x}"})), 100).result(60)
    assert over.wait(60)
    committer.close()
    with lake.reading() as connection:
        assert len(current_files(connection, "spans")) == 1
    assert lake.query("SELECT count(DISTINCT span_id), count(*) FROM spans") == [(LOOKED_FOR, LOOKED_FOR)]
    assert lake.faults(hashes=True) == []
