"""Is a stretch of time half-open, in UTC, and read back as it was written?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts.instants import DAY, FIRST, LAST, SECOND, parse_instant
from trivium.facts.period import Period, month_of, parse_period
from trivium.facts.problem import ProblemError

bounds = st.integers(FIRST, LAST + 1)
periods = st.lists(bounds, min_size=2, max_size=2, unique=True).map(lambda pair: Period(min(pair), max(pair)))


def period_of(start: str, end: str) -> Period:
    return Period(parse_instant(start), parse_instant(end))


@given(periods)
def test_what_is_written_is_read_back(period: Period) -> None:
    assert parse_period(str(period)) == period


@given(st.integers(FIRST, LAST))
def test_every_instant_is_in_its_month_and_in_no_other(instant: int) -> None:
    month = month_of(instant)
    assert instant in month
    assert parse_period(str(month)) == month
    assert len(str(month)) == 7


@given(periods, periods)
def test_overlap_is_counted_alike_from_both_sides(one: Period, other: Period) -> None:
    shared = one.overlap(other)
    assert shared == other.overlap(one)
    assert 0 <= shared <= min(one.end - one.start, other.end - other.start)
    assert one.overlap(one) == one.end - one.start


@given(st.integers(FIRST, LAST - 4000 * DAY), st.integers(1, 4000 * DAY))
def test_months_cover_the_period_without_a_gap(start: int, length: int) -> None:
    period = Period(start, start + length)
    months = period.months()
    assert months[0].start <= period.start < months[0].end
    assert months[-1].start < period.end <= months[-1].end
    assert all(one.end == two.start for one, two in pairwise(months))
    assert sum(period.overlap(month) for month in months) == length


def test_a_period_is_half_open() -> None:
    october = parse_period("2026-10")
    assert parse_instant("2026-10-01") in october
    assert parse_instant("2026-10-31T23:59:59.999999Z") in october
    assert parse_instant("2026-11-01") not in october
    assert "2026-10" not in october
    assert october.overlap(parse_period("2026-11")) == 0


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("1969-12", "1969-12-01", "1970-01-01"),
        ("0001-01", "0001-01-01", "0001-02-01"),
        (" 2026-10 ", "2026-10-01", "2026-11-01"),
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-10-05", "2026-10-05", "2026-10-06"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2026-10-01/2026-11-15", "2026-10-01", "2026-11-15"),
        ("2026-10-01T06:00+02:00/2026-10-02T00:00Z", "2026-10-01T04:00Z", "2026-10-02"),
        ("2026-10-01/P1M", "2026-10-01", "2026-11-01"),
        ("P1M/2026-10-01", "2026-09-01", "2026-10-01"),
        ("2024-02-29/P4Y", "2024-02-29", "2028-02-29"),
        ("P1Y/2025-01-31", "2024-01-31", "2025-01-31"),
        ("2026-11-30/P1Y2M", "2026-11-30", "2028-01-30"),
        ("2026-10-01/P2W", "2026-10-01", "2026-10-15"),
        ("2026-10-01/P1DT12H", "2026-10-01", "2026-10-02T12:00"),
        ("2026-10-01/PT90M", "2026-10-01", "2026-10-01T01:30"),
        ("2026-10-01/PT1S", "2026-10-01", "2026-10-01T00:00:01"),
    ],
)
def test_a_period_is_read(text: str, start: str, end: str) -> None:
    assert parse_period(text) == period_of(start, end)


def test_the_last_month_ends_with_time() -> None:
    for text in ("9999-12", "9999", "9999-12-31"):
        period = parse_period(text)
        assert period.end == LAST + 1
        assert LAST in period
        assert parse_period(str(period)) == period
    assert str(parse_period("9999-12-31")) == "9999-12-31T00:00:00Z/9999-12-31T24:00:00Z"
    assert len(parse_period("9999").months()) == 12


def test_the_first_months_have_four_digits() -> None:
    assert str(month_of(FIRST)) == "0001-01"
    assert str(Period(FIRST, FIRST + SECOND)) == "0001-01-01T00:00:00Z/0001-01-01T00:00:01Z"


def test_a_leap_year_has_one_day_more() -> None:
    lengths = {
        year: (parse_period(year).end - parse_period(year).start) // DAY for year in ("2023", "2024", "1900", "2000")
    }
    assert lengths == {"2023": 365, "2024": 366, "1900": 365, "2000": 366}


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "october", "2026-00", "2026-13", "0000", "0000-01", "10000", "20261", "2026-1", "2023-02-29",
        "2026-02-30", "２０２６-１０", "٢٠٢٦", "2026-10\x00", "2026-10-01/", "/2026-10-01",
        "2026-10-01/2026-10-01", "2026-10-02/2026-10-01",
        "2026-10/2026-12", "2026-10-01/15", "2026-10-01/P", "2026-10-01/PT", "2026-10-01/P1DT", "2026-10-01/P0D",
        "2026-10-01/P1H", "2026-10-01/-P1D", "2026-10-01/P1.5D", "2026-10-01/p1d", "2026-10-01/P١D", "P1M", "P1M/P1M",
        "2026-01-31/P1M", "2026-01-31/P1MT0S", "P1M/2026-03-31", "2024-02-29/P1Y", "P400D/0001-06-01", "P1Y/0001-06-01",
        "2026-10-01/P9000Y", "2026-10-01/PT999999999H", "2026-10-01/P999999Y", "2026-10-01/2026-10-02/2026-10-03",
        "2026-10-01/" + "9" * 100_000, "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_period(text)
    problem = refused.value.problem
    assert problem.code in {"bad_period", "bad_time"}
    assert problem.where == "period"
    assert problem.title.endswith(".")
    assert "2026-10" in problem.fix
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0, 0, "ends at 1970-01-01T00:00:00Z, not after its start"),
        (SECOND, 0, "not after its start at 1970-01-01T00:00:01Z"),
        (LAST + 1, LAST + 1, "not after its start at 9999-12-31T24:00:00Z"),
        (FIRST - 1, 0, "leaves the years 1 to 9999"),
        (0, LAST + 2, "leaves the years 1 to 9999"),
        (2**63, 2**63 + 1, "leaves the years 1 to 9999"),
        (0, FIRST - 1, "leaves the years 1 to 9999"),
    ],
)
def test_an_impossible_period_cannot_be_made(start: int, end: int, said: str) -> None:
    with pytest.raises(ProblemError) as refused:
        Period(start, end)
    assert said in refused.value.problem.title


def test_periods_sort_by_their_start() -> None:
    texts = ["2026-11", "2025-12", "2026-10-05", "2026-10"]
    assert [str(period)[:10] for period in sorted(map(parse_period, texts))] == [
        "2025-12", "2026-10", "2026-10-05", "2026-11",
    ]  # fmt: skip
