"""Which staged rows stand already: a prediction counts once for its endpoint, a label once for its prediction.

What stands is asked of the lake, so that nothing beside it must be kept: an exact join on the ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from trivium.facts.deliveries import Trouble
from trivium.facts.predictions import LABELS, PREDICTIONS
from trivium.intake.files.troubles import NOTED, REFUSED, Troubles
from trivium.intake.predictions.report import SENTENCES
from trivium.lake.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

_CONTENT: Final = 'row({0}"at", {0}version, {0}error, {0}prediction)'
"""What makes two predictions of one id the same."""
_STANDING: Final = {
    PREDICTIONS: f"SELECT g.part, g.line, {_CONTENT.format('g.')} IS NOT DISTINCT FROM {_CONTENT.format('p.')} AS same"
    " FROM given g JOIN predictions p USING (endpoint, id)",
    LABELS: 'SELECT part, line, true AS same FROM given SEMI JOIN labels USING (endpoint, id, "at", label)',
}
_WITHIN: Final = """
    SELECT part, line, {content} IS NOT DISTINCT FROM first AS same FROM (
        SELECT *, row_number() OVER held AS place, first_value({content}) OVER held AS first
        FROM given SEMI JOIN (SELECT {keys} FROM given GROUP BY ALL HAVING count(*) > 1) AS several USING ({keys})
        WINDOW held AS (PARTITION BY {keys} ORDER BY part, line)
    ) AS ranked WHERE place > 1
"""
_REPEATED: Final = {
    PREDICTIONS: f"{_STANDING[PREDICTIONS]} UNION " + _WITHIN.format(keys="endpoint, id", content=_CONTENT.format("")),
    LABELS: f"{_STANDING[LABELS]} UNION " + _WITHIN.format(keys='endpoint, id, "at", label', content="label"),
}


class Repeats(msgspec.Struct, frozen=True):
    """Lines of one staged part that are left out: they stand with the same content, or with another one."""

    same: tuple[int, ...]
    other: tuple[int, ...]


def repeats(lake: Lake, table: str, parts: Sequence[Path]) -> dict[int, Repeats]:
    """Find, by part number, the staged rows that stand already, in the lake or earlier in the delivery."""
    found: dict[int, dict[int, bool]] = {}
    rows = lake.query_staged(_REPEATED[table], parts)
    columns = (rows[name].to_pylist() for name in ("part", "line", "same"))
    for part, line, same in zip(*columns, strict=True):
        lines = found.setdefault(part, {})
        lines[line] = lines.get(line, True) and same
    return {
        part: Repeats(
            tuple(sorted(line for line, same in lines.items() if same)),
            tuple(sorted(line for line, same in lines.items() if not same)),
        )
        for part, lines in found.items()
    }


def troubles_of(found: Sequence[Repeats]) -> tuple[Trouble, ...]:
    """Say of one file which of its rows were left out for that."""
    troubles = Troubles(SENTENCES)
    for one in found:
        if one.same:
            troubles.add(NOTED, "repeat", "id", np.array(one.same, np.int64))
        if one.other:
            troubles.add(REFUSED, "other_content", "id", np.array(one.other, np.int64))
    return troubles.listed()


def without(path: Path, left_out: Repeats, target: Path) -> int:
    """Write a staged part again without some lines, and give how many rows are left; none leave no file."""
    import pyarrow.parquet as pq

    gone = np.array(sorted((*left_out.same, *left_out.other)), np.int64)
    rows = 0
    with pq.ParquetFile(path) as source:
        writer: pq.ParquetWriter | None = None
        for batch in _kept(source, gone):
            writer = writer or pq.ParquetWriter(target, batch.schema, compression="lz4")
            writer.write_batch(batch)
            rows += batch.num_rows
        if writer is not None:
            writer.close()
    path.unlink()
    return rows


def _kept(source: object, gone: np.ndarray) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in source.iter_batches():  # type: ignore[attr-defined]
        kept = batch.filter(pa.array(~np.isin(batch["line"].to_numpy(), gone)))
        if kept.num_rows:
            yield kept
