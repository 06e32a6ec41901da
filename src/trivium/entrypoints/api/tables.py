"""An answer's table as a file: CSV that no spreadsheet runs, Parquet with exact decimals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from starlette.responses import Response

from trivium.entrypoints.answers.questions import Question
from trivium.entrypoints.answers.terms import spread_fields
from trivium.entrypoints.web.downloads import Cell, csv_bytes
from trivium.entrypoints.web.headers import download_headers
from trivium.facts.money import DIGITS, SCALE

FORMATS: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
AMOUNTS: Final = frozenset({
    "amount", "carried", "billed", "cost", "cost_before", "money", "build", "run_cost", "total", "per_accurate",
})  # fmt: skip
"""The names of columns that hold money."""
MEASURES: Final = ("currency", "period")
"""What an answer says once of all its rows, and its file in each of them: a file leaves the answer behind."""


def table_response(question: Question, answer: msgspec.Struct, form: str) -> Response:
    """Give the answer's table as a download."""
    kind, rows = rows_of(question, answer)
    said = {name: getattr(answer, name) for name in MEASURES if hasattr(answer, name)}
    names, rows = spread([field.encode_name for field in msgspec.structs.fields(kind)], rows, spread_fields(kind))
    names += said
    rows = [{**row, **said} for row in rows]
    content = csv_table(names, rows) if form == "csv" else parquet_bytes(names, rows)
    file_name = f"trivium-{question.name.replace('_', '-')}.{form}"
    return Response(content, headers=download_headers(file_name), media_type=FORMATS[form])


def rows_of(question: Question, answer: msgspec.Struct) -> tuple[type[msgspec.Struct], list[dict[str, Any]]]:
    """Give the record of a row, and the rows as plain values."""
    field = next(one for one in msgspec.structs.fields(type(answer)) if one.name == question.table)
    kind = _row_type(field.type)
    return kind, [msgspec.to_builtins(row) for row in getattr(answer, question.table)]


def spread(
    names: Sequence[str], rows: list[dict[str, Any]], fields: Collection[str]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Give each key of a field that maps names to values a column of its own, in the place of the field."""
    wide: list[str] = []
    for name in names:
        wide += dict.fromkeys(key for row in rows for key in row[name]) if name in fields else [name]
    found = []
    for row in rows:
        flat = {name: value for name, value in row.items() if name not in fields}
        inner = {key: value for name in fields for key, value in row[name].items()}
        found.append({name: flat.get(name, inner.get(name)) for name in wide})
    return wide, found


def csv_table(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    """Write CSV: money stays a number, text that a spreadsheet would run is quoted with an apostrophe."""
    return csv_bytes(names, [[_cell(name, row[name]) for name in names] for row in rows])


def parquet_bytes(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    """Write Parquet; money is DECIMAL(38,18)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name in names:
        values = [row[name] for row in rows]
        if name in AMOUNTS:
            money = [None if value is None else Decimal(value) for value in values]
            columns[name] = pa.array(money, pa.decimal128(DIGITS, SCALE))
        elif all(isinstance(value, str | None) for value in values):
            columns[name] = pa.array(values, pa.string())
        else:
            columns[name] = _column(values)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _column(values: list[Any]) -> Any:
    """Write a column of numbers, or of what is not all of one kind as text."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) == 1:
        return pa.array([float(value) if kinds == {int, float} and value is not None else value for value in values])
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _cell(name: str, value: Any) -> Cell:
    """Give a cell as the writer of CSV takes it; a list becomes text."""
    if name in AMOUNTS and isinstance(value, str):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    return value if isinstance(value, int | str) or value is None else msgspec.json.encode(value).decode()


def _row_type(kind: Any) -> type[msgspec.Struct]:
    """Find the record in `tuple[Record, ...]`, annotated or not."""
    kind = kind.__origin__ if hasattr(kind, "__metadata__") else kind
    found: type[msgspec.Struct] = kind.__args__[0]
    return found
