"""The relations that a question may use, as SQL in DuckDB's dialect, made from the manifest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import RowMapping

from trivium.facts import predictions, spans, trace_infos
from trivium.facts.charges import AMOUNT, COLUMNS, LONG, REAL, RESOURCES, TEXT, TIME, TRUTH, WHOLE
from trivium.lake.manifest import State

_TYPES: Final = {
    TEXT: "VARCHAR",
    AMOUNT: "DECIMAL(38,18)",
    TIME: "TIMESTAMP",
    WHOLE: "INTEGER",
    LONG: "BIGINT",
    REAL: "DOUBLE",
    TRUTH: "BOOLEAN",
}
_BATCH_COLUMNS: Final = (
    ("batch", "INTEGER"), ("delivery", "BIGINT"), ("issuer", "VARCHAR"), ("account", "VARCHAR"),
    ("period", "TIMESTAMP"), ("currency", "VARCHAR"), ("source", "VARCHAR"), ("rows", "BIGINT"),
    ("billed_cost", "DECIMAL(38,18)"), ("effective_cost", "DECIMAL(38,18)"), ("since_sequence", "BIGINT"),
    ("until_sequence", "BIGINT"),
)  # fmt: skip


ROWS: Final = {
    spans.TABLE: spans.COLUMNS,
    trace_infos.TABLE: trace_infos.COLUMNS,
    predictions.PREDICTIONS: predictions.PREDICTION_COLUMNS,
    predictions.LABELS: predictions.LABEL_COLUMNS,
}
"""Tables whose rows hold from the fact that brought them, with their columns."""
_OPEN: Final = frozenset({predictions.PREDICTIONS})
"""Tables whose files may have further columns, which differ from file to file."""


def relations(folder: Path, current: State, history: State) -> dict[str, str]:
    """Define `batches`, `charges`, `charges_history`, `resources`, and the tables of plain rows (`ROWS`).

    `charges` holds what is current at the state's sequence; `charges_history` also what was replaced until then, with
    the sequence that replaced it in `until_sequence`.
    """
    paths = _paths(history, "resources")
    return {
        "batches": _batches(current),
        "charges": _charges(folder, current),
        "charges_history": _charges(folder, history),
        "resources": _parquet(folder, paths, RESOURCES),
        **{
            table: _parquet(folder, _paths(current, table), columns, united=table in _OPEN)
            for table, columns in ROWS.items()
        },
    }


def _charges(folder: Path, state: State) -> str:
    paths = _paths(state, "charges")
    numbers = f"(SELECT batch, delivery, since_sequence, until_sequence FROM ({_batches(state)}))"
    return f"SELECT * FROM ({_parquet(folder, paths, COLUMNS)}) JOIN {numbers} USING (batch)"


def _paths(state: State, table: str) -> list[str]:
    return [row["path"] for row in state.files if row["table"] == table]


def staged(paths: Iterable[Path]) -> str:
    """Define files of a stage as a relation; `part` is the number in a file's name."""
    listed = ", ".join(_text(str(path)) for path in paths)
    number = "CAST(regexp_extract(filename, '-(\\d+)\\.parquet$', 1) AS INTEGER) AS part"
    return f"SELECT *, {number} FROM read_parquet([{listed}], filename=true, union_by_name=true)"


def _parquet(folder: Path, paths: Iterable[str], columns: Iterable[tuple[str, str]], *, united: bool = False) -> str:
    """Read files of the lake; without any, an empty relation of the same columns. `united`: files differ in columns."""
    listed = ", ".join(_text(str(folder / path)) for path in paths)
    if listed:
        return f"SELECT * FROM read_parquet([{listed}]{', union_by_name=true' if united else ''})"
    empty = ", ".join(f'CAST(NULL AS {_TYPES[kind]}) AS "{name}"' for name, kind in columns)
    return f"SELECT {empty} WHERE false"


def _batches(state: State) -> str:
    names = ", ".join(f'"{name}"' for name, _ in _BATCH_COLUMNS)
    casts = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in _BATCH_COLUMNS if name != "period")
    rows = ", ".join(_batch(row, state.sequence) for row in state.batches)
    blank = "(" + ", ".join("NULL" for _ in _BATCH_COLUMNS) + ")"
    where = "" if rows else " WHERE false"
    return (
        f'SELECT {casts}, make_timestamp(CAST("period" AS BIGINT)) AS "period" '
        f"FROM (VALUES {rows or blank}) AS held({names}){where}"
    )


def _batch(row: RowMapping, sequence: int | None) -> str:
    """Write one batch as SQL values; an end later than the asked sequence was not known then."""
    until = row["until_sequence"]
    if until is not None and sequence is not None and until > sequence:
        until = None
    values: dict[str, object] = {name: row[name] for name, _ in _BATCH_COLUMNS} | {"until_sequence": until}
    return "(" + ", ".join(_value(values[name]) for name, _ in _BATCH_COLUMNS) + ")"


def _value(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
