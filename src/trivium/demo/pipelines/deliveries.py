"""Sends what an endpoint answered and what people later said was right: predictions at once, labels when they come.

Beside them go the rows that a version was trained on, of which the server keeps a profile.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from trivium.demo.server import Server
from trivium.facts.instants import Instant, format_instant

A_BATCH: Final = 20_000
"""Rows of one batch at most."""
Label = tuple[Instant, str, str]
"""When somebody gave it, of which prediction it is, and what it says."""


@dataclass
class Deliveries:
    """Predictions and labels of one endpoint; `as_file` sends predictions as Parquet, else as batches of JSON."""

    endpoint: str
    as_file: bool = False
    _predictions: list[pa.Table] = field(default_factory=list)
    _trained: list[tuple[str, pa.Table]] = field(default_factory=list)
    _waiting: list[Label] = field(default_factory=list)
    _given: list[Label] = field(default_factory=list)

    def predicted(self, table: pa.Table) -> None:
        """Note predictions: prediction_id, at, version, prediction, latency_ms, error, and features."""
        self._predictions.append(table)

    def trained(self, version: str, table: pa.Table) -> None:
        """Note the rows that a version was trained on, with the columns that its predictions have."""
        self._trained.append((version, table))

    def labelled(self, labels: list[Label]) -> None:
        """Note labels that somebody gives, or will give."""
        self._waiting.extend(labels)

    def until(self, instant: Instant) -> None:
        """Let time pass: labels given before the instant are sent, the others wait."""
        self._given.extend(sorted(label for label in self._waiting if label[0] < instant))
        self._waiting = [label for label in self._waiting if label[0] >= instant]

    def send(self, url: str) -> int:
        """Send what was noted and give how many rows it is; raises ProblemError with what the server refuses."""
        tables, self._predictions = self._predictions, []
        labels, self._given = self._given, []
        trained, self._trained = self._trained, []
        server = Server(url)
        try:
            for version, rows in trained:
                name = f"{version.replace('/', '-')}.parquet"
                server.upload("/import/reference", _written(rows), name=name, version=version)
            table = pa.concat_tables(tables, promote_options="default") if tables else pa.table({})
            if table.num_rows and self.as_file:
                name = f"{self.endpoint}-{table['at'][0].as_py()[:7]}.parquet"
                server.upload("/import/predictions", _written(table), name=name, endpoint=self.endpoint)
            elif table.num_rows:
                self._send(server, "predictions", table.to_pylist())
            self._send(server, "labels", [_row(label) for label in labels])
        finally:
            server.close()
        return int(table.num_rows) + len(labels)

    def _send(self, server: Server, what: str, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), A_BATCH):
            server.tell(f"/{what}", {what: rows[start : start + A_BATCH], "endpoint": self.endpoint})


def _written(table: pa.Table) -> bytes:
    written = io.BytesIO()
    pyarrow.parquet.write_table(table, written)
    return written.getvalue()


def _row(label: Label) -> dict[str, Any]:
    at, prediction, said = label
    return {"prediction_id": prediction, "label": said, "at": format_instant(at)}
