"""How times are written on pages: relative, with the exact instant on hover; UTC throughout."""

from __future__ import annotations

from markupsafe import Markup

from trivium.facts.instants import SECOND, Instant, format_instant, now, to_datetime
from trivium.facts.period import parse_period

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (60 * 86_400, 86_400, "d"))


def ago(instant: Instant | None) -> Markup:
    """Show how long ago an instant was; the page keeps it fresh. None is `never`."""
    if instant is None:
        return Markup('<span class="muted">never</span>')
    return Markup('<trivium-ago><time datetime="{}" title="{}">{}</time></trivium-ago>').format(
        format_instant(instant), exact_instant(instant), ago_text((now() - instant) // SECOND, instant)
    )


def ago_text(seconds: int, instant: Instant) -> str:
    """Say a distance in time in its largest unit up to days; beyond sixty days it is the date."""
    past = abs(seconds)
    if past < 5:
        return "now"
    for limit, size, unit in _STEPS:
        if past < limit:
            return f"in {past // size} {unit}" if seconds < 0 else f"{past // size} {unit} ago"
    return day_text(instant)


def exact_instant(instant: Instant) -> str:
    """Write an instant to the second: `21 Nov 2026, 08:10:00 UTC`."""
    return f"{day_text(instant)}, {to_datetime(instant):%H:%M:%S} UTC"


def day_text(instant: Instant) -> str:
    """Write the day of an instant: `21 Nov 2026`."""
    moment = to_datetime(instant)
    return f"{moment.day} {moment:%b} {moment.year}"


def month_text(period: str) -> str:
    """Write a calendar month `2026-11` as `November 2026`; any other period stays as it is."""
    found = parse_period(period)
    if str(found) != period or "/" in period:
        return period
    return f"{to_datetime(found.start):%B} {to_datetime(found.start).year}"
