"""Names as numbers: which asset each number of the tables stands for once identity is resolved."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

import numpy as np
from sqlalchemy import Connection, text

from trivium.graph.columns import text_column
from trivium.graph.flows import Int32, Int64
from trivium.graph.identity import Merge, canonical_names, merges_of
from trivium.graph.spelling import spell

_IN_ORDER = text("SELECT group_concat(id) FROM (SELECT id FROM graph_names ORDER BY key)")
_OF_KIND = text("SELECT id FROM graph_names WHERE kind = :kind")


class Naming:
    """All names of the graph at one moment; numbers of canonical names that no fact used follow after the others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.keys: list[str] = ["", *text_column(connection, "key", "graph_names", "id")]
        self.merges: list[Merge] = merges_of(connection)
        self.canonical: dict[str, str] = canonical_names(self.merges)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each key."""
        found = {key: number for number, key in enumerate(self.keys)}
        for name in self.canonical.values():
            if name not in found:
                found[name] = len(self.keys)
                self.keys.append(name)
        return found

    @cached_property
    def by_key(self) -> Int64:
        """The numbers of all names in order of their keys."""
        count = len(self.keys)
        if self._connection.dialect.name == "sqlite" and not self.canonical:
            joined = self._connection.execute(_IN_ORDER).scalar_one()
            ordered = np.fromstring(joined or "", dtype=np.int64, sep=",")
            assert len(ordered) == count - 1, "every name has a number"
            return np.append(0, ordered)
        return np.array(sorted(range(count), key=self.keys.__getitem__), np.int64)

    @cached_property
    def asset(self) -> Int64:
        """For each number the number of the asset's canonical name."""
        numbers = self.numbers if self.canonical else {}
        assets = np.arange(len(self.keys), dtype=np.int64)
        for name, chosen in self.canonical.items():
            if name in numbers:
                assets[numbers[name]] = numbers[chosen]
        return assets

    def name(self, key: str) -> str:
        """Give the canonical name of a key however it is spelled; a key that nobody mentioned is its own."""
        spelled = spell(key)
        return self.canonical.get(key) or self.canonical.get(spelled) or spelled

    def others(self) -> dict[str, str]:
        """Give every other name of an asset and the canonical name that it stands for."""
        return {name: chosen for name, chosen in sorted(self.canonical.items()) if name != chosen}

    def of_kind(self, kind: str) -> Int64:
        """Give the numbers of all names of one kind."""
        found = self._connection.execute(_OF_KIND, {"kind": kind}).scalars().all()
        return np.array(found, np.int64)

    def numbers_of(self, keys: set[str]) -> Int64:
        """Give the numbers of some keys; those that no fact names have none."""
        if self.canonical:
            return np.array([self.numbers[key] for key in sorted(keys) if key in self.numbers], np.int64)
        ordered = self.by_key.tolist() if keys else []
        places = (bisect_left(ordered, key, key=self.keys.__getitem__) for key in sorted(keys))
        return np.array([ordered[at] for at, key in zip(places, sorted(keys), strict=True)
                         if at < len(ordered) and self.keys[ordered[at]] == key], np.int64)  # fmt: skip

    def listed(self, numbers: Int64) -> tuple[list[str], Int32]:
        """Name the assets of some numbers, sorted by key; and give for every number its asset's place in that list.

        The place is -1 where the asset is not in the list.
        """
        asset = self.asset
        listed = np.zeros(len(self.keys), np.bool_)
        listed[asset[numbers]] = True
        ordered = self.by_key[listed[self.by_key]]
        places = np.full(len(self.keys), -1, np.int32)
        places[ordered] = np.arange(len(ordered))
        keys = self.keys
        return [keys[number] for number in ordered.tolist()], places[asset] if self.canonical else places


class Placed:
    """Finds the place of a key in a sorted list."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys

    def get(self, key: str) -> int | None:
        """Give the place, None where the key is not in the list."""
        place = bisect_left(self._keys, key)
        return place if place < len(self._keys) and self._keys[place] == key else None
