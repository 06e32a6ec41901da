"""Is time read, counted and written without loss, from the year 1 to the year 9999?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts.instants import (
    DAY,
    FIRST,
    LAST,
    SECOND,
    format_instant,
    now,
    of_datetime,
    parse_instant,
    to_datetime,
)
from trivium.facts.problem import ProblemError

instants = st.integers(FIRST, LAST)


@given(instants)
def test_what_is_written_is_read_back(instant: int) -> None:
    written = format_instant(instant)
    assert parse_instant(written) == instant
    assert written.endswith("Z")
    assert len(written) in {20, 27}


@given(instants)
def test_datetimes_keep_every_microsecond(instant: int) -> None:
    assert of_datetime(to_datetime(instant)) == instant
    assert to_datetime(instant).utcoffset() == timedelta(0)


@given(instants, instants)
def test_text_sorts_as_time_does(one: int, other: int) -> None:
    ends = [format_instant(instant)[:-1] for instant in (one, other)]
    assert (one < other) == (ends[0] < ends[1])


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)), st.integers(-1439, 1439))
def test_zones_are_resolved(moment: datetime, offset_minutes: int) -> None:
    zone = timezone(timedelta(minutes=offset_minutes))
    assert parse_instant(moment.replace(tzinfo=zone).isoformat()) == of_datetime(moment.replace(tzinfo=zone))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-10-05T08:30:00Z", "2026-10-05T08:30:00Z"),
        ("2026-10-05", "2026-10-05T00:00:00Z"),
        ("2026-10-05 08:30", "2026-10-05T08:30:00Z"),
        ("2026-10-05T08:30:00", "2026-10-05T08:30:00Z"),
        ("2026-10-05T08:30:00+02:00", "2026-10-05T06:30:00Z"),
        ("2026-10-05T08:30:00.5Z", "2026-10-05T08:30:00.500000Z"),
        ("2026-10-05T08:30:00.123456789Z", "2026-10-05T08:30:00.123456Z"),
        ("2026-10-05T08:30:00.999999999Z", "2026-10-05T08:30:00.999999Z"),
        ("2026-10-05T08:30:00,123456789Z", "2026-10-05T08:30:00.123456Z"),
        ("2026-10-05T08:30:00." + "9" * 5000 + "Z", "2026-10-05T08:30:00.999999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("1900-01-01T00:00:00.000001Z", "1900-01-01T00:00:00.000001Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("0999-06-01", "0999-06-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("  2026-10-05 \n", "2026-10-05T00:00:00Z"),
    ],
)
def test_iso_8601_is_read_and_written(text: str, written: str) -> None:
    assert format_instant(parse_instant(text)) == written


def test_time_is_counted_from_1970_in_whole_microseconds() -> None:
    assert parse_instant("1970-01-01") == 0
    assert parse_instant("1970-01-01T00:00:01Z") == SECOND
    assert parse_instant("1969-12-31") == -DAY
    assert parse_instant("1969-12-31T23:59:59.999999Z") == -1
    assert (parse_instant("0001-01-01"), parse_instant("9999-12-31T23:59:59.999999Z")) == (FIRST, LAST)


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-13-01", "2026-02-29", "2026-10-05T25:00", "2026-10-05T08:30:61Z", "2026-10",
        "10000-01-01", "0000-01-01", "-0001-01-01", "1759653000", "2026-10-05T08:30:00+25:00", "２０２６-10-05",
        "١٢٣٤-10-05",
        "2026-10-05T08:\ud8000", "2026-10-05\x00", "NaN", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "x" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_no_point_in_time_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_instant(text, "$.eventTime")
    problem = refused.value.problem
    assert "is no point in time" in problem.title
    assert (problem.code, problem.where) == ("bad_time", "$.eventTime")
    assert "2026-10-05T08:30:00Z" in problem.fix
    assert len(str(refused.value)) < 300


def test_now_is_between_two_looks_at_the_clock() -> None:
    before = datetime.now(UTC)
    assert of_datetime(before) <= now() <= of_datetime(datetime.now(UTC))
