"""Time as Trivium counts it: whole microseconds since 1970-01-01T00:00:00 UTC, and their text form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from trivium.facts.problem import refuse, shown

Instant = int

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
FIRST: Final = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, the first instant that has a text form."""
LAST: Final = 253_402_300_799 * SECOND + 999_999
"""9999-12-31T23:59:59.999999Z, the last instant that has a text form."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_MICROSECOND = timedelta(microseconds=1)


def parse_instant(text: str, where: str = "time") -> Instant:
    """Read an ISO 8601 date or date-time; without a zone it is UTC; digits finer than a microsecond are cut.

    Refuses what a zone moves out of the years 1 to 9999 UTC, for it could not be written again.
    """
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip()))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return of_datetime(moment.astimezone(UTC))
    except (ValueError, OverflowError) as fault:
        fix = "Write ISO 8601, as 2026-10-05T08:30:00Z."
        raise refuse("bad_time", f"{shown(text)} is no point in time.", where=where, fix=fix) from fault


def format_instant(instant: Instant) -> str:
    """Write an instant in ISO 8601 with `Z`, without a fraction when it has none."""
    moment = to_datetime(instant)
    return moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + (
        f".{moment.microsecond:06d}Z" if moment.microsecond else "Z"
    )


def to_datetime(instant: Instant) -> datetime:
    """Give the aware UTC datetime of an instant between the years 1 and 9999."""
    return _EPOCH + timedelta(microseconds=instant)


def of_datetime(moment: datetime) -> Instant:
    """Give the instant of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def now() -> Instant:
    """Read the clock."""
    return of_datetime(datetime.now(UTC))
