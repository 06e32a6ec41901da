"""The features, answers and scores of a version's predictions, read from the lake as profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from trivium.facts.instants import DAY, Instant
from trivium.facts.period import Period
from trivium.facts.predictions import FEATURE
from trivium.mlops.drift.profile import Column, Profile, column_of, united_columns

if TYPE_CHECKING:
    import pyarrow as pa

ENOUGH: Final = 1_000
"""Predictions from which on a window is a reference."""
LONGEST: Final = 28 * DAY
"""How long the window of a version's first predictions may last."""
MOST_ROWS: Final = 500_000
"""Rows that are read at once, so that memory stays bounded; a day with more is read whole."""
READ_AS_NUMBERS: Final = 0.95
"""The share of texts that must be numbers for a column of texts to be one of numbers."""
MOST_CLASSES: Final = 20
"""Answers that differ, up to which they are classes, even where they look like numbers."""
_COLUMNS_AT_ONCE: Final = 16
_OWN: Final = ("prediction", "score")
_WHERE: Final = (
    "FROM predictions WHERE version IN (SELECT unnest($1)) AND error = ''"
    ' AND "at" >= make_timestamp(CAST($2 AS BIGINT)) AND "at" < make_timestamp(CAST($3 AS BIGINT))'
)


class Rows(Protocol):
    """The lake as it is asked here."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT as of a ledger sequence."""
        ...

    def query_arrow(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> pa.Table:
        """Answer one SELECT as an Arrow table."""
        ...


class DayCount(msgspec.Struct, frozen=True):
    """How many answers a version gave on a UTC day, by the day's first instant."""

    day: Instant
    rows: int


class Asked(msgspec.Struct, frozen=True):
    """Whose predictions are read: the `names` of one version, up to a ledger sequence."""

    names: tuple[str, ...]
    as_of: int | None = None


def days_of(lake: Rows, asked: Asked, before: Instant) -> list[DayCount]:
    """Count a version's answers by day before an instant, in order."""
    sql = (
        f"SELECT epoch_us(CAST(date_trunc('day', \"at\") AS TIMESTAMP)) AS day, count(*) {_WHERE} GROUP BY 1 ORDER BY 1"
    )
    return [DayCount(*row) for row in lake.query(sql, [list(asked.names), _EARLY, before], as_of=asked.as_of)]


def first_window(days: Sequence[DayCount]) -> Period | None:
    """Give the days of a version's first predictions: until there are 1,000, at most 28 days; None without any."""
    rows = 0
    for one in days:
        rows += one.rows
        if rows >= ENOUGH or one.day + DAY - days[0].day >= LONGEST:
            return Period(days[0].day, one.day + DAY)
    return Period(days[0].day, days[-1].day + DAY) if days else None


def profile_between(lake: Rows, asked: Asked, stretches: Sequence[Period]) -> Profile:
    """Profile what a version was asked and answered in some stretches of time, a bounded part at a time.

    A column that is null in all rows was not sent: it may be another version's.
    """
    columns = _kinds(lake, asked, stretches)
    found: dict[str, list[Column]] = {name: [] for name, _ in columns}
    rows = 0
    for part in stretches:
        for at in range(0, max(len(columns), 1), _COLUMNS_AT_ONCE):
            table = _read(lake, asked, columns[at : at + _COLUMNS_AT_ONCE], part)
            rows += table.num_rows if at == 0 else 0
            for name, _ in columns[at : at + _COLUMNS_AT_ONCE]:
                found[name].append(column_of(name, table.column(name)))
    united = (united_columns(found[name]) for name in sorted(found) if found[name])
    return Profile(rows, tuple(column for column in united if column.nulls < column.rows))


def stretches_of(days: Sequence[DayCount], period: Period) -> list[Period]:
    """Cut a period into stretches of whole days with a bounded number of rows; days without any are left out."""
    found: list[Period] = []
    start, end, rows = 0, 0, 0
    for one in days:
        if one.day + DAY <= period.start or one.day >= period.end:
            continue
        if rows and rows + one.rows > MOST_ROWS:
            found.append(Period(max(start, period.start), min(end, period.end)))
            rows = 0
        start = start if rows else one.day
        end, rows = one.day + DAY, rows + one.rows
    if rows:
        found.append(Period(max(start, period.start), min(end, period.end)))
    return found


def _read(lake: Rows, asked: Asked, columns: Sequence[tuple[str, str]], part: Period) -> pa.Table:
    listed = ", ".join(f"{sql} AS {_quoted(name)}" for name, sql in columns) or "1 AS one"
    values = [list(asked.names), part.start, part.end]
    return lake.query_arrow(f"SELECT {listed} {_WHERE}", values, as_of=asked.as_of)


def _kinds(lake: Rows, asked: Asked, stretches: Sequence[Period]) -> list[tuple[str, str]]:
    """List the columns with the SQL that reads each: texts that are numbers become numbers, answers classes if few."""
    if not stretches:
        return []
    schema = lake.query_arrow("SELECT * FROM predictions LIMIT 0", as_of=asked.as_of).schema
    wanted = [field for field in schema if field.name.startswith(FEATURE) or field.name in _OWN]
    texts = [field.name for field in wanted if str(field.type) in {"string", "large_string", "string_view"}]
    counts = "count(DISTINCT prediction)" + "".join(
        f", count({_quoted(name)}), count(TRY_CAST({_quoted(name)} AS DOUBLE))" for name in texts
    )
    values = [list(asked.names), min(part.start for part in stretches), max(part.end for part in stretches)]
    classes, *counted = lake.query(f"SELECT {counts} {_WHERE}", values, as_of=asked.as_of)[0]
    numbers = {
        name
        for place, name in enumerate(texts)
        if counted[2 * place] and counted[2 * place + 1] >= READ_AS_NUMBERS * counted[2 * place]
    }
    if classes <= MOST_CLASSES:
        numbers.discard("prediction")
    return sorted(
        (
            _named(field.name),
            f"TRY_CAST({_quoted(field.name)} AS DOUBLE)" if field.name in numbers else _quoted(field.name),
        )
        for field in wanted
    )


def _named(column: str) -> str:
    return column.removeprefix(FEATURE) if column.removeprefix(FEATURE) not in _OWN else column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_EARLY: Final = 0
