"""Small drawings that the server makes itself: sparklines, bars and splits, as SVG attributes, never as styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

Points = Sequence[Decimal | str | int | None]

WIDTH = 92
HEIGHT = 30
_EDGE = 3


def spark(points: Points, *, bad: bool = False) -> Markup:
    """Draw a line of 92 × 30 units over equally spaced points, its last one marked; gaps (None) interrupt it."""
    known = [Decimal(point) for point in points if point is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    step = Decimal(WIDTH - 2 * _EDGE) / (len(points) - 1)
    path, last, drawing = "", (Decimal(0), Decimal(0)), False
    for index, point in enumerate(points):
        if point is None:
            drawing = False
            continue
        last = (_EDGE + step * index, _height(Decimal(point), low, high))
        path += f"{'L' if drawing else 'M'}{last[0]:.1f} {last[1]:.1f}"
        drawing = True
    return Markup(
        '<svg class="spark{}" viewBox="0 0 {} {}" aria-hidden="true"><path d="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.4"/></svg>'
    ).format(" ends-bad" if bad else "", WIDTH, HEIGHT, path, *last)


def bar(amount: Decimal | str | None, largest: Decimal | str, discipline: str = "money") -> Markup:
    """Draw a bar as long as the amount's part of the largest one; a negative one is grey."""
    value, whole = abs(Decimal(amount or 0)), abs(Decimal(largest))
    percent = min(Decimal(100), 100 * value / whole) if whole else Decimal(0)
    sign = "below" if Decimal(amount or 0) < 0 else "above"
    return Markup(
        '<svg class="bar {}" aria-hidden="true"><rect class="{}" width="{:.2f}%" height="7" rx="3.5"/></svg>'
    ).format(discipline, sign, percent)


def split(parts: Iterable[Any]) -> Markup:
    """Draw a whole as one bar; a part has `title`, `amount`, `discipline` and stands in the order given."""
    shown = [part for part in parts if Decimal(field_of(part, "amount") or 0) > 0]
    whole = sum((Decimal(field_of(part, "amount")) for part in shown), Decimal(0))
    offset, drawn = Decimal(0), Markup("")
    seen: dict[str, int] = {}
    for part in shown:
        width = 100 * Decimal(field_of(part, "amount")) / whole
        discipline = str(field_of(part, "discipline") or "plain")
        nuance = ("", " second", " third")[min(seen.get(discipline, 0), 2)]
        seen[discipline] = seen.get(discipline, 0) + 1
        drawn += Markup('<rect class="{}{}" x="{:.3f}%" width="{:.3f}%" height="14"><title>{}</title></rect>').format(
            discipline, nuance, offset, width, field_of(part, "title")
        )
        offset += width
    return Markup(
        '<svg class="split" role="img" aria-label="The parts of the whole, in the table beside it">{}</svg>'
    ).format(drawn)


def largest(amounts: Iterable[Decimal | str | None]) -> Decimal:
    """Give the largest size among amounts, by which bars are scaled; 0 without any."""
    return max((abs(Decimal(amount)) for amount in amounts if amount is not None), default=Decimal(0))


def thread_rows(nodes: Sequence[Any], edges: Sequence[Any]) -> str:
    """Guess how many nodes stand above each other, `1` to `6` or `many`, so that the page keeps the room."""
    rank = {str(field_of(node, "key")): 0 for node in nodes}
    for _ in range(min(len(rank), 40)):
        moved = False
        for edge in edges:
            source, target = str(field_of(edge, "from")), str(field_of(edge, "to"))
            if source in rank and target in rank and rank[target] <= rank[source] < len(rank):
                rank[target], moved = rank[source] + 1, True
        if not moved:
            break
    ranks = list(rank.values())
    rows = max((ranks.count(value) for value in set(ranks)), default=1)
    return str(rows) if rows <= 6 else "many"


def _height(value: Decimal, low: Decimal, high: Decimal) -> Decimal:
    if low == high:
        return Decimal(HEIGHT) / 2
    return _EDGE + (high - value) / (high - low) * (HEIGHT - 2 * _EDGE)


def field_of(record: Any, name: str) -> Any:
    """Read a field of a mapping or of a record, whose field `from` is called `from_`; None where it is absent."""
    if isinstance(record, Mapping):
        return record.get(name)
    return getattr(record, name, None) if hasattr(record, name) else getattr(record, f"{name}_", None)
