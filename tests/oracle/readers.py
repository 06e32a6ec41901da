"""Who reads and writes a dataset in a month, in the order of steps, and who shares a pour."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.shares import by_groups, by_measure
from tests.oracle.tanks import Pending, Position
from tests.oracle.view import Measure, Run, Slice, View


@dataclass(frozen=True)
class Step:
    """Some slices of one run that start, end, or do both, at one position; a late one began in an earlier month."""

    run: str
    slices: tuple[Slice, ...]
    begins: Position | None
    finishes: Position | None
    late: bool = False


@dataclass(frozen=True)
class Reading:
    """One read of a dataset by a step."""

    position: Position
    run: str
    measure: Measure
    group: str


def drains(run: Run, view: View) -> list[str]:
    """Return the datasets that a run drains: none for upkeep, none it also writes."""
    if run.upkeep and view.rules.upkeep_drains_nothing:
        return []
    if run.end is not None and not run.success and not view.rules.failed_runs_drain:
        return []
    own = set(run.written()) if view.rules.no_drain_of_own_writes else set()
    return sorted(set(run.reads) - own)


def measure_of(run: Run, dataset: str, slices: tuple[Slice, ...], view: View) -> Measure:
    """Return what some slices of a run read: their seconds' part of the run's measure."""
    whole = sum(s.seconds for s in run.slices)
    if whole == 0 or not view.rules.slice_measure_by_seconds:
        return run.reads[dataset]
    part = Fraction(sum(s.seconds for s in slices), whole)
    size, rows = run.reads[dataset]
    return (None if size is None else size * part, None if rows is None else rows * part)


def group_of(run: Run) -> str:
    """Return the job, else the experiment, as whose read this counts."""
    if run.job is not None:
        return run.job
    return run.key if run.experiment in (None, "0") else f"experiment:{run.experiment}"


class Readers:
    """All reads and writes of one month, known before the first step is taken."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.reads: dict[str, list[Reading]] = {}
        self.writes: dict[str, list[Position]] = {}
        self.shared: dict[tuple[str, int, int], dict[Position, Fraction]] = {}
        """Shares found before: all reads are known, and those after a pour are the last ones of their stretch."""

    def add_read(self, dataset: str, step: Step, position: Position) -> None:
        """Note a read."""
        run = self.view.runs[step.run]
        size = measure_of(run, dataset, step.slices, self.view)
        self.reads.setdefault(dataset, []).append(Reading(position, step.run, size, group_of(run)))

    def add_write(self, dataset: str, position: Position) -> None:
        """Note a write, which cuts time into stretches."""
        places = self.writes.setdefault(dataset, [])
        places.append(position)
        places.sort()

    def stretch(self, dataset: str, position: Position) -> int:
        """Return the number of the stretch in which a step lies."""
        if not self.view.rules.writes_cut:
            return 0
        return bisect_left(self.writes.get(dataset, []), position)

    def sharers(self, dataset: str, pour: Pending, stretch: int) -> list[Reading]:
        """Return the reads of a stretch that start after a pour."""
        after = self.view.rules.reads_start_after_pour
        return [
            r
            for r in self.reads.get(dataset, [])
            if (not after or r.position > pour.position) and self.stretch(dataset, r.position) == stretch
        ]

    def share(self, dataset: str, pour: Pending, position: Position) -> Fraction:
        """Return the share of a pour that the read at this position drains."""
        stretch = self.stretch(dataset, position)
        if pour.position > position or pour.stretch not in (None, stretch):
            return Fraction(0)
        sharers = self.sharers(dataset, pour, stretch)
        place = (dataset, stretch, len(sharers))
        if place not in self.shared:
            self.shared[place] = self._shares(sharers)
        return self.shared[place][position]

    def _shares(self, sharers: list[Reading]) -> dict[Position, Fraction]:
        """Share by the finest measure that all have, else equally per job or experiment."""
        readings = {r.position: r for r in sharers}
        rows = self.view.rules.rows_after_bytes
        measures = {p: r.measure for p, r in readings.items()}
        measured = by_measure(measures, rows) if self.view.rules.read_by_bytes else None
        if measured is None:
            grouped = self.view.rules.equal_per_group
            measured = by_groups({p: r.group if grouped else str(p) for p, r in readings.items()})
        return measured
