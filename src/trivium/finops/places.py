"""Where money can stand: every asset of the graph and every named account as one integer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from trivium.graph.flows import Flows

ACCOUNTS: Final = (
    "idle", "shared", "unallocated", "unowned", "tax", "credit", "adjustment", "purchase", "commitment_unused",
    "prepaid", "failed", "running", "rounding",
)  # fmt: skip
"""Named accounts, never hidden (design.md §7)."""


@dataclass
class Places:
    """Numbers assets by kind: a run's number is its index in the flows, then datasets, then all other keys.

    Keys that the graph does not know (a team, a product, a resource that a tag names) are numbered as they are met.
    """

    flows: Flows
    others: list[str] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    @property
    def first_dataset(self) -> int:
        """Give the number of the first dataset."""
        return len(self.flows.runs.keys)

    @property
    def first_other(self) -> int:
        """Give the number of the first key that is neither a run nor a dataset."""
        return len(self.flows.runs.keys) + len(self.flows.datasets)

    def key(self, place: int) -> str:
        """Give the asset key or account name of a place."""
        assert place >= 0
        if place < self.first_dataset:
            return self.flows.runs.keys[place]
        if place < self.first_other:
            return self.flows.datasets[place - self.first_dataset]
        return self.others[place - self.first_other]

    def place(self, key: str) -> int:
        """Give the place of a key, numbering it when it is new; other names of an asset count as its own."""
        if not self._known:
            self._number_known()
        key = self.flows.names.get(key, key)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.first_other + len(self.others)
            self.others.append(key)
        return found

    def known(self, key: str) -> int:
        """Give the place of a key, -1 where it has none."""
        if not self._known:
            self._number_known()
        return self._known.get(self.flows.names.get(key, key), -1)

    def _number_known(self) -> None:
        known = {key: place for place, key in enumerate(self.flows.runs.keys)}
        known.update((key, self.first_dataset + place) for place, key in enumerate(self.flows.datasets))
        known.update((key, self.first_other + place) for place, key in enumerate(self.others))
        self._known = known or {"": -1}

    def is_run(self, place: int) -> bool:
        """Say whether a place is a run."""
        return place < self.first_dataset

    def is_dataset(self, place: int) -> bool:
        """Say whether a place is a dataset."""
        return self.first_dataset <= place < self.first_other
