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
from trivium.finops.ordering import changes, order_of
from trivium.finops.places import Places


@dataclass(frozen=True)
class Reads:
    """Reads of the month by slices: the reader's node and start step, measures as in the flows, and its consumer."""

    dataset: Int64
    step: Int64
    node: Int64
    bytes: Int64
    rows: Int64
    share: np.ndarray
    consumer: Int64
    """The experiment or job (or run) among which equal shares are counted."""
    run: Int64

    def sorted(self, width: int) -> Reads:
        """Order the reads by (dataset, step); all steps are below `width`."""
        order = order_of(self.dataset * width + self.step)
        return Reads(*(column[order] for column in vars(self).values()))


class Stretches:
    """Finds the bucket node for each pour into a dataset at a step, and links buckets to their readers."""

    def __init__(self, draft: Draft, places: Places, reads: Reads, cuts: tuple[Int64, Int64], last: int) -> None:
        self._draft, self._places, self._last = draft, places, last
        self._width = last + 1
        self._reads = reads.sorted(self._width)
        self._read_at = self._reads.dataset * self._width + self._reads.step
        self._cut_at = np.sort(cuts[0] * self._width + cuts[1])

    def nodes(self, dataset: Int64, step: Int64) -> Int64:
        """Give the node into which each pour goes: a bucket before its first reader, or the dataset's closing tank."""
        order = order_of(dataset * self._width + step)
        dataset = dataset[order]
        first = np.searchsorted(self._read_at, dataset * self._width + step[order], side="right")
        inside = first < len(self._read_at)
        found = np.zeros(len(dataset), dtype=np.bool_)
        found[inside] = self._reads.dataset[first[inside]] == dataset[inside]
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
        return self._draft.tanks(tanks, place, self._last)

    def _open(self, first: Int64) -> Int64:
        """Make a bucket for each first read, linked to all reads from it up to the next write of the dataset."""
        reads = self._reads
        place = self._places.first_dataset + reads.dataset[first]
        bucket = self._draft.nodes(reads.step[first] * SUB, BUCKET, place)
        count = self._stretch_end(first) - first
        assert (count > 0).all(), "a stretch holds at least its first read"
        owner = np.repeat(np.arange(len(first)), count)
        read = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + first[owner]
        weight = shared_by(
            owner,
            len(first),
            reads.bytes[read],
            reads.rows[read],
            reads.share[read],
            reads.consumer[read],
            reads.run[read],
        )
        self._draft.edges(bucket[owner], reads.node[read], weight)
        return bucket

    def _stretch_end(self, first: Int64) -> Int64:
        """Give, for each first read, the place after the last read of its stretch."""
        dataset = self._reads.dataset[first]
        end = np.searchsorted(self._read_at, (dataset + 1) * self._width)
        cut = np.searchsorted(self._cut_at, self._read_at[first], side="right")
        inside = cut < len(self._cut_at)
        at = np.where(
            inside, self._cut_at[np.minimum(cut, max(len(self._cut_at) - 1, 0))] if len(self._cut_at) else 0, 0
        )
        same = inside & (at // self._width == dataset)
        end[same] = np.searchsorted(self._read_at, at[same])
        return np.asarray(end, dtype=np.int64)
