"""Finds any asset by a part of its name."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.graph.assets import Asset, all_assets, asset

_RUNS = text(
    "SELECT n.key FROM graph_names n JOIN graph_runs r ON r.run = n.id WHERE n.key >= :low AND n.key < :high"
    " ORDER BY n.key LIMIT :limit"
)
_LAST: Final = "\U0010ffff"


class Hit(msgspec.Struct, frozen=True):
    """A found asset; `rank` is 0 for the whole name, 1 for its beginning, 2 for that of a word, 3 for any part."""

    rank: int
    asset: Asset


def search(connection: Connection, words: str, limit: int = 20) -> list[Hit]:
    """Find assets whose key, title or documentation holds all words, the best first; upper and lower case are one.

    Runs are found by the beginning of their id.
    """
    parts = words.casefold().split()
    if not parts:
        return []
    ranked = [Hit(rank, found) for found in all_assets(connection) if (rank := _rank(found, parts)) is not None]
    ranked += [Hit(1, found) for found in _runs(connection, words.strip(), limit)]
    ranked.sort(key=lambda hit: (hit.rank, len(hit.asset.key), hit.asset.key))
    return ranked[:limit]


def _rank(found: Asset, parts: list[str]) -> int | None:
    names = [name.casefold() for name in (_short(found.key), found.title, found.key) if name]
    ranks = []
    for part in parts:
        best = min((_place(name, part) for name in names), default=9)
        if best == 9:
            best = 4 if part in found.documentation.casefold() else 9
        ranks.append(best)
    return None if max(ranks) == 9 else max(ranks)


def _place(name: str, part: str) -> int:
    at = name.find(part)
    if at < 0:
        return 9
    if at == 0:
        return 0 if name == part else 1
    return 3 if name[at - 1].isalnum() else 2


def _short(key: str) -> str:
    """Give the last part of a key: a table without its schema, a file without its folder."""
    return key.rstrip("/").rpartition("/")[2].rpartition(".")[2] or key


def _runs(connection: Connection, words: str, limit: int) -> list[Asset]:
    low = words if words.startswith("run:") else f"run:{words}"
    keys = connection.execute(_RUNS, {"low": low, "high": low + _LAST, "limit": limit}).scalars().all()
    return [found for key in keys if (found := asset(connection, key)) is not None]
