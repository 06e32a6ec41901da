"""Names as numbers: which asset each number of the tables stands for once identity is resolved."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sqlalchemy import Connection, text

from trivium.facts.keys import kind_of
from trivium.graph.flows import Int32, Int64
from trivium.graph.identity import Merge, canonical_names, merges_of
from trivium.graph.spelling import spell


class Naming:
    """All names of the graph at one moment; numbers of canonical names that no fact used follow after the others."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(text("SELECT id, key FROM graph_names ORDER BY id")).all()
        self.keys: list[str] = ["", *(key for _, key in rows)]
        self.merges: list[Merge] = merges_of(connection)
        self.canonical: dict[str, str] = canonical_names(self.merges)
        self._numbers: dict[str, int] | None = None

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
    def asset(self) -> Int64:
        """For each number the number of the asset's canonical name."""
        numbers = self.numbers
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

    def position(self, keys: list[str]) -> Int32:
        """Give for each number the place of its asset in a list of canonical keys, -1 where it is not in the list."""
        places = np.full(len(self.keys), -1, np.int32)
        numbers = self.numbers
        if keys:
            places[np.fromiter((numbers[key] for key in keys), np.int64, len(keys))] = np.arange(len(keys))
        return places[self.asset]

    def of_kind(self, kind: str) -> list[str]:
        """List the canonical names of one kind, sorted."""
        found = {self.canonical.get(key, key) for key in self.keys if kind_of(key) == kind}
        return sorted(key for key in found if kind_of(key) == kind)
