"""The steps that runs take in one month: ordinary ones, and late ones at its first instant."""

from __future__ import annotations

from tests.oracle.readers import Step, drains
from tests.oracle.tanks import Position, Tanks
from tests.oracle.view import Run, Slice, View

FIRST, LATE, ENDS, STARTS, EFFECTS = range(5)


def start_position(part: Slice) -> Position:
    """Return the place of a slice's start among all steps."""
    return part.start, STARTS, 0, part.run, 0


def end_position(part: Slice, view: View) -> Position:
    """Return the place of a slice's end: before the starts of its instant, unless it has no length."""
    assert part.end is not None
    if part.end == part.start:
        return part.end, STARTS, 0, part.run, 1
    return part.end, ENDS if view.rules.ends_before_starts else EFFECTS, 0, part.run, 1


def is_over(part: Slice, opens: int, tanks: Tanks, view: View) -> bool:
    """Say whether a slice ended before this month (at its first instant counts as before)."""
    if part.end is None or part.end > opens:
        return False
    before = part.end < opens or (part.start < opens and view.rules.month_ends_after_its_ends)
    return before or (part.run, part.start) in tanks.ended


def missed(run: Run, part: Slice, tanks: Tanks, view: View) -> bool:
    """Say whether a slice that is over has anything that no month has counted yet."""
    place = (run.key, part.start)
    reads = any((*place, d) not in tanks.read for d in drains(run, view))
    writes = part.success and any((*place, d) not in tanks.wrote for d in run.written())
    return place not in tanks.ended or reads or writes


def steps_of(run: Run, opens: int, tanks: Tanks, view: View) -> list[Step]:
    """Return the steps of a run in the month that opens at this instant."""
    over = [s for s in run.slices if is_over(s, opens, tanks, view)]
    late = tuple(s for s in over if missed(run, s, tanks, view))
    steps = []
    if late and view.rules.late_run_is_one_step:
        place = (opens, LATE, run.start, run.key)
        steps.append(Step(run.key, late, (*place, 0), (*place, 1)))
    for part in run.slices:
        starts_next_month = view.month_ends and part.start >= view.as_of
        if part not in over and not starts_next_month:
            begins: Position | None = start_position(part)
            if part.start < opens:
                known = (run.key, part.start) in tanks.started and not unread(run, part, tanks, view)
                begins = None if known else (opens, LATE, run.start, run.key, 2)
            finishes = end_position(part, view) if part.end is not None else None
            steps.append(Step(run.key, (part,), begins, finishes))
    return steps


def unread(run: Run, part: Slice, tanks: Tanks, view: View) -> bool:
    """Say whether a slice under way has a read that no month has counted."""
    return any((run.key, part.start, d) not in tanks.read for d in drains(run, view))
