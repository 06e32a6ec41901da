from __future__ import annotations

import pytest

from trivium.entrypoints.web import times
from trivium.facts.instants import SECOND, now, parse_instant

MOMENT = parse_instant("2026-11-21T08:10:00Z")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "now"), (4, "now"), (5, "5 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"),
     (3600, "1 h ago"),
     (86_399, "23 h ago"), (86_400, "1 d ago"), (60 * 86_400, "21 Nov 2026"), (-90, "in 1 min")],
)  # fmt: skip
def test_a_distance_is_in_its_largest_unit(seconds: int, text: str) -> None:
    assert times.ago_text(seconds, MOMENT) == text


def test_a_relative_time_carries_the_exact_instant() -> None:
    assert 'datetime="2026-11-21T08:10:00Z" title="21 Nov 2026, 08:10:00 UTC"' in times.ago(MOMENT)
    assert times.ago(now() - 7200 * SECOND).striptags() == "2 h ago"
    assert times.ago(None).striptags() == "never"


def test_a_month_is_named() -> None:
    assert times.month_text("2026-11") == "November 2026"
    assert times.month_text("2026-11-01/2026-12-15") == "2026-11-01/2026-12-15"
    assert times.month_text("2026") == "2026"
