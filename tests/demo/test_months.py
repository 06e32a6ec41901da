"""Is the demo's history the same story on every day of the year?"""

from __future__ import annotations

import pytest

from trivium.demo.months import day_of_month, days_of, months_of, through_of
from trivium.facts.instants import DAY, parse_instant

DAYS = [
    "2026-01-01T00:00:00Z",
    "2026-03-01T00:30:00Z",
    "2026-03-02T23:59:59Z",
    "2024-02-29T12:00:00Z",
    "2026-12-31T08:00:00Z",
]


@pytest.mark.parametrize("day", DAYS)
def test_four_months_follow_each_other_and_the_last_one_holds_yesterday(day: str) -> None:
    now = parse_instant(day)
    months = months_of(now)
    assert [month.end for month in months[:-1]] == [month.start for month in months[1:]]
    assert len(months) == 4
    assert through_of(now) - 1 in months[-1]
    assert all(month.end <= now for month in months[:-1])


@pytest.mark.parametrize("day", DAYS)
def test_every_day_that_is_over_is_told_once(day: str) -> None:
    now = parse_instant(day)
    days = [midnight for month in months_of(now) for midnight in days_of(month, through_of(now))]
    assert days == list(range(months_of(now)[0].start, through_of(now), DAY))
    assert all(midnight % DAY == 0 for midnight in days)


def test_days_are_counted_from_one() -> None:
    month = months_of(parse_instant("2026-05-09"))[0]
    assert [day_of_month(month.start, month), day_of_month(month.end - 1, month)] == [1, 28]


def test_the_open_month_is_that_of_yesterday() -> None:
    assert [str(month) for month in months_of(parse_instant("2026-03-01T00:30:00Z"))] == [
        "2025-11", "2025-12", "2026-01", "2026-02",
    ]  # fmt: skip
