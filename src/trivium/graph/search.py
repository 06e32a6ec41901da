"""Finds any asset by a part of its name."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.graph.assets import Asset, directory, runs_named

_RUNS = text(
    "SELECT n.key FROM graph_names n JOIN graph_runs r ON r.run = n.id WHERE n.key >= :low AND n.key < :high"
    " ORDER BY n.key LIMIT :limit"
)
_LAST: Final = "\U0010ffff"
RUNS_MAX: Final = 100
"""How many runs a search finds at most: there are too many to list."""


class Hit(msgspec.Struct, frozen=True):
    """A found asset; `rank` is 0 for the whole name, 1 for its beginning, 2 for that of a word, 3 for any part."""

    rank: int
    asset: Asset


def search(connection: Connection, words: str, limit: int = 20) -> list[Hit]:
    """Find assets whose key, title or documentation holds all words, the best first; upper and lower case are one.

    Runs are found by the beginning of their id, at most RUNS_MAX of them.
    """
    parts = words.casefold().split()
    if not parts:
        return []
    known = directory(connection)
    ranked = [
        Hit(rank, found)
        for found, names in zip(known.assets, known.finding, strict=True)
        if (rank := _rank(found, names, parts)) is not None
    ]
    ranked += [Hit(1, found) for found in _runs(connection, words.strip(), min(limit, RUNS_MAX))]
    ranked.sort(key=lambda hit: (hit.rank, len(hit.asset.key), hit.asset.key))
    return ranked[:limit]


def _rank(found: Asset, names: tuple[str, ...], parts: list[str]) -> int | None:
    worst = 0
    for part in parts:
        best = min((_place(name, part) for name in names if part in name), default=9)
        if best == 9 and part not in found.documentation.casefold():
            return None
        worst = max(worst, min(best, 4))
    return worst


def _place(name: str, part: str) -> int:
    at = name.find(part)
    if at < 0:
        return 9
    if at == 0:
        return 0 if name == part else 1
    return 3 if name[at - 1].isalnum() else 2


def _runs(connection: Connection, words: str, limit: int) -> list[Asset]:
    low = words if words.startswith("run:") else f"run:{words}"
    keys = connection.execute(_RUNS, {"low": low, "high": low + _LAST, "limit": limit}).scalars().all()
    return runs_named(connection, keys)
