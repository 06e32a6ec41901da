"""A stretch of time, half-open and in UTC: `2026-10`, `2026-10-05`, `2026`, or an ISO 8601 interval."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from trivium.facts.instants import (
    DAY,
    FIRST,
    LAST,
    SECOND,
    Instant,
    format_instant,
    of_datetime,
    parse_instant,
    to_datetime,
)
from trivium.facts.problem import refuse, shown

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEAR = re.compile(r"[0-9]{4}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_END_OF_TIME = "9999-12-31T24:00:00Z"
_FIX = "Write a month as 2026-10, or an ISO 8601 interval as 2026-10-01/2026-11-15."


class Period(msgspec.Struct, frozen=True, order=True):
    """All instants from `start` (included) to `end` (excluded), in microseconds since 1970 UTC."""

    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        if min(self.start, self.end) < FIRST or max(self.start, self.end) > LAST + 1:
            raise refuse("bad_period", "The period leaves the years 1 to 9999.", where="period", fix=_FIX)
        if self.end <= self.start:
            title = f"The period ends at {_written(self.end)}, not after its start at {_written(self.start)}."
            raise refuse("bad_period", title, where="period", fix=_FIX)

    def __contains__(self, instant: object) -> bool:
        """Say whether an instant falls in the period."""
        return isinstance(instant, int) and self.start <= instant < self.end

    def __str__(self) -> str:
        """Write `2026-10` for a calendar month, else the ISO interval."""
        if self == month_of(self.start):
            return to_datetime(self.start).strftime("%Y-%m").zfill(7)
        return f"{format_instant(self.start)}/{_written(self.end)}"

    def overlap(self, other: Period) -> int:
        """Count the microseconds that both periods share."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def months(self) -> list[Period]:
        """List the calendar months that the period touches, in order."""
        month = month_of(self.start)
        touched = [month]
        while month.end < self.end:
            month = month_of(month.end)
            touched.append(month)
        return touched


def parse_period(text: str) -> Period:
    """Read a period; refuses anything else with a sentence."""
    text = text.strip()
    try:
        return _read(text)
    except (ValueError, OverflowError) as fault:
        raise refuse("bad_period", f"{shown(text)} is no period.", where="period", fix=_FIX) from fault


def month_of(instant: Instant) -> Period:
    """Give the calendar month (UTC) in which an instant falls."""
    moment = to_datetime(min(instant, LAST))
    return Period(_month_start(moment.year, moment.month), _month_start(moment.year, moment.month + 1))


def _read(text: str) -> Period:
    if month := _MONTH.fullmatch(text):
        return month_of(of_datetime(datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)))
    if _YEAR.fullmatch(text):
        return Period(_month_start(int(text), 1), _month_start(int(text) + 1, 1))
    if _DATE.fullmatch(text):
        start = parse_instant(text, "period")
        return Period(start, start + DAY)
    first, slash, second = text.partition("/")
    if not slash:
        raise ValueError(text)
    if first.startswith("P"):
        end = parse_instant(second, "period")
        return Period(_shift(end, first, -1), end)
    start = parse_instant(first, "period")
    if second == _END_OF_TIME:
        return Period(start, LAST + 1)
    return Period(start, _shift(start, second, 1) if second.startswith("P") else parse_instant(second, "period"))


def _shift(instant: Instant, duration: str, sign: int) -> Instant:
    """Move an instant by an ISO 8601 duration; months keep the day of the month and refuse when it is absent."""
    found = _DURATION.fullmatch(duration)
    if not found or duration.endswith(("P", "T")):
        raise ValueError(duration)
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    moment = to_datetime(instant)
    count = moment.year * 12 + moment.month - 1 + sign * (years * 12 + months)
    moved = of_datetime(moment.replace(year=count // 12, month=count % 12 + 1))
    return moved + sign * ((weeks * 7 + days) * DAY + (hours * 3600 + minutes * 60 + seconds) * SECOND)


def _written(instant: Instant) -> str:
    return _END_OF_TIME if instant > LAST else format_instant(instant)


def _month_start(year: int, month: int) -> Instant:
    year, month = (year, month) if month <= 12 else (year + 1, 1)
    if year > 9999:
        return LAST + 1
    return of_datetime(datetime(year, month, 1, tzinfo=UTC))
