"""Many small files become one: the same rows, earlier states as they were."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.book import RefusingBook
from trivium.facts.fact import Fact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.spans import TABLE, SpansReceived, encode_spans
from trivium.lake import compaction
from trivium.lake.compaction import compact, due
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger


def put(ledger: Ledger, lake: Lake, number: int) -> None:
    """Enter one file with one row, as a group of spans does."""
    stage = lake.stage()
    path = stage.path(TABLE, 0)
    pq.write_table(pa.table({"trace_id": [f"{number:032x}"]}), path)
    files = stage.publish([(TABLE, path, 1)])
    body = encode_spans(SpansReceived(files=files, spans=1))
    ledger.append([Fact(kind=Kind.SPANS_RECEIVED, subject="", happened_at=0, source="t", key=str(number), body=body)])
    stage.discard()


def ids(lake: Lake, as_of: int | None = None) -> list[int]:
    return [int(one, 16) for (one,) in lake.query("SELECT trace_id FROM spans ORDER BY 1", as_of=as_of)]


def test_many_small_files_become_one_with_the_same_rows(ledger: Ledger, lake: Lake) -> None:
    for number in range(5):
        put(ledger, lake, number)
    assert compact(lake, ledger, TABLE, many=6) == 0
    assert compact(lake, ledger, TABLE, many=5) == 5
    assert ids(lake) == [0, 1, 2, 3, 4]
    assert ids(lake, as_of=3) == [0, 1, 2]
    assert len(due(lake, TABLE, 1)) == 1
    assert lake.faults(hashes=True) == []
    fact = ledger.read(5)[0].fact
    assert fact.kind == Kind.LAKE_COMPACTED
    assert all(rebuilt.equal for rebuilt in ledger.rebuild(["lake"]))


def test_files_that_come_after_a_compaction_stand_beside_it(ledger: Ledger, lake: Lake) -> None:
    for number in range(3):
        put(ledger, lake, number)
    compact(lake, ledger, TABLE, many=3)
    put(ledger, lake, 3)
    assert ids(lake) == [0, 1, 2, 3]
    assert compact(lake, ledger, TABLE, many=2) == 2
    assert ids(lake) == [0, 1, 2, 3]


def test_what_the_ledger_refuses_changes_nothing(ledger: Ledger, lake: Lake) -> None:
    for number in range(3):
        put(ledger, lake, number)
    before = sorted(path.name for path in Path(lake.folder / TABLE).iterdir())
    book = RefusingBook(ledger, refuse("read_only", "The disk is full.", status=503))
    with pytest.raises(ProblemError, match="full"):
        compact(lake, book, TABLE, many=3)
    assert sorted(path.name for path in Path(lake.folder / TABLE).iterdir()) == before
    assert ids(lake) == [0, 1, 2]


def test_two_compactions_of_the_same_files_are_refused(ledger: Ledger, lake: Lake) -> None:
    for number in range(3):
        put(ledger, lake, number)
    stale = due(lake, TABLE, 3)
    compact(lake, ledger, TABLE, many=3)
    body = b'{"table":"spans","files":[],"ended":["%b"]}' % stale[0]["path"].encode()
    with pytest.raises(ProblemError, match="no longer holds"):
        ledger.append([Fact(kind=Kind.LAKE_COMPACTED, subject="", happened_at=0, source="t", key="x", body=body)])
    assert ids(lake) == [0, 1, 2]


def test_rows_of_several_groups_stand_once_each(ledger: Ledger, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_GROUP_ROWS", 2)
    for number in range(5):
        put(ledger, lake, number)
    assert compact(lake, ledger, TABLE, many=5) == 5
    assert ids(lake) == [0, 1, 2, 3, 4]
    [file] = due(lake, TABLE, 1)
    assert pq.ParquetFile(lake.folder / file["path"]).num_row_groups == 3
