"""Which readers a pour into a dataset meets: those that start after it in the first stretch that has any.

Source: attribution.md §3, "A dataset is poured into…". Writes and ends of months cut time into stretches; a network is
one month, so only writes remain as cuts here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.draft import SUB, Draft
from trivium.finops.measures import shared_by
from trivium.finops.network import BUCKET, Int64, Tank
from trivium.finops.places import Places
from trivium.graph.flows import Uses
from trivium.graph.ordering import changes, in_order, ranks_of


@dataclass(frozen=True)
class Reads:
    """Reads of the month: which rows of `uses` which slice drains; by slice its share of its run, node and start step.

    `consumer` gives for each run the experiment or job (or run) among which equal shares are counted. All steps are
    below `width`.
    """

    uses: Uses
    row: Int64
    slice: Int64
    share: np.ndarray
    consumer: Int64
    node: Int64
    step: Int64
    width: int


class Stretches:
    """Finds the bucket node for each pour into a dataset at a step, and links buckets to their readers.

    Reads and cuts are sorted by one number each: dataset × width + step.
    """

    def __init__(self, draft: Draft, places: Places, reads: Reads, cut_at: Int64) -> None:
        self._draft, self._places, self._reads, self._width = draft, places, reads, reads.width
        read_at = reads.uses.dataset[reads.row].astype(np.int64) * self._width + reads.step[reads.slice]
        self._read_at, order = in_order(read_at)
        self._row, self._slice = reads.row[order], reads.slice[order]
        self._whole = bool((reads.share == 1).all())
        self._cut_at, _ = in_order(cut_at)

    def nodes(self, dataset: Int64, step: Int64) -> Int64:
        """Give the node into which each pour goes: a bucket before its first reader, or the dataset's closing tank."""
        at, order = in_order(dataset * self._width + step)
        dataset = at // self._width
        first = ranks_of(at, self._read_at, after_equals=True)
        found = np.append(self._read_at, np.iinfo(np.int64).max)[first] < (dataset + 1) * self._width
        ordered = np.empty(len(dataset), dtype=np.int64)
        unread, new = dataset[~found], changes(dataset[~found])
        ordered[~found] = self._tanks(unread[new])[np.cumsum(new) - 1]
        opened, new = first[found], changes(first[found])
        ordered[found] = self._open(opened[new])[np.cumsum(new) - 1]
        node = np.empty(len(dataset), dtype=np.int64)
        node[order] = ordered
        return node

    def _tanks(self, dataset: Int64) -> Int64:
        """Give the closing tanks of datasets."""
        place = self._places.first_dataset + dataset
        tanks = [Tank("dataset", self._places.key(number)) for number in place.tolist()]
        return self._draft.tanks(tanks, place, self._width - 1)

    def _open(self, first: Int64) -> Int64:
        """Make a bucket for each first read, linked to all reads from it up to the next write of the dataset."""
        reads = self._reads
        dataset, step = np.divmod(self._read_at[first], self._width)
        bucket = self._draft.nodes(step * SUB, BUCKET, self._places.first_dataset + dataset)
        count = self._stretch_end(first, dataset) - first
        assert (count > 0).all(), "a stretch holds at least its first read"
        owner = np.repeat(np.arange(len(first)), count)
        read = np.arange(len(owner)) + np.repeat(first - np.cumsum(count) + count, count)
        taker = self._slice[read]
        share = None if self._whole else reads.share[taker]
        weight = shared_by(owner, len(first), reads.uses, self._row[read], share, reads.consumer)
        self._draft.edges(bucket[owner], reads.node[taker], weight)
        return bucket

    def _stretch_end(self, first: Int64, dataset: Int64) -> Int64:
        """Give, for each first read, the place after the last read of its stretch: up to a write, or all there are."""
        cut = ranks_of(self._read_at[first], self._cut_at, after_equals=True)
        at = np.append(self._cut_at, np.iinfo(np.int64).max)[cut]
        return ranks_of(np.minimum(at, (dataset + 1) * self._width), self._read_at)
