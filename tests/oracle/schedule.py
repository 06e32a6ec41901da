"""The steps that runs take in one month: ordinary ones, and late ones at its first instant."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.readers import Step, drains
from tests.oracle.tanks import Position, Tanks
from tests.oracle.view import Run, Slice, View

FIRST, LATE, ENDS, STARTS, EFFECTS = range(5)


def start_position(part: Slice, view: View) -> Position:
    """Return the place of a slice's start among all steps."""
    return part.start, STARTS, 0, in_order(part.run, view), 0


def in_order(key: str, view: View) -> str:
    """Return the text by which steps of one instant are ordered: the key."""
    return key if view.rules.key_order else "".join(chr(1000 - ord(letter)) for letter in key)


def end_position(part: Slice, view: View) -> Position:
    """Return the place of a slice's end: before the starts of its instant, unless it has no length."""
    assert part.end is not None
    key = in_order(part.run, view)
    if part.end == part.start and view.rules.zero_length_is_one_step:
        return part.end, STARTS, 0, key, 1
    return part.end, ENDS if view.rules.ends_before_starts else EFFECTS, 0, key, 1


def reads_at(part: Slice, run: Run, view: View) -> Position | None:
    """Return where a slice reads: at its start."""
    if (part is not run.slices[0] and not view.rules.slices_read) or (
        run.end is None and not view.rules.open_runs_drain
    ):
        return None
    if part.end is not None and part.end > part.start and not view.rules.reads_at_start:
        return part.end, ENDS, -1, part.run, 0
    return start_position(part, view)


def is_over(part: Slice, opens: int, view: View) -> bool:
    """Say whether a slice ended before this month (at its first instant counts as before)."""
    if part.end is None or part.end > opens:
        return False
    return part.end < opens or (part.start < opens and view.rules.month_ends_after_its_ends)


def steps_of(run: Run, opens: int, tanks: Tanks, view: View) -> list[Step]:
    """Return the steps of a run in the month that opens at this instant.

    What is over and has something that no month has counted yet is one late step of no length.
    """
    over = [s for s in run.slices if is_over(s, opens, view)]
    steps = []
    if over and view.rules.late_run_is_one_step and missed(run, over, tanks, view):
        place = (opens, LATE, run.start if view.rules.late_in_order_of_start else 0, run.key)
        steps.append(Step(run.key, tuple(over), (*place, 0), (*place, 1), late=True))
    for part in run.slices:
        starts_next_month = view.month_ends and view.rules.next_starts_after_month_end and part.start >= view.as_of
        if part not in over and not starts_next_month:
            begins = reads_at(part, run, view)
            late = part.start < opens
            if late:
                begins = (opens, LATE, run.start, run.key, 2) if unread(run, tanks, view) else None
            finishes = end_position(part, view) if part.end is not None else None
            steps.append(Step(run.key, (part,), begins, finishes, late=late))
    return steps


def missed(run: Run, over: list[Slice], tanks: Tanks, view: View) -> bool:
    """Say whether a run that is over, or part of it, has anything that no month has counted yet."""
    ended = over[-1] is run.slices[-1] and tanks.ends.get(run.key) != (run.end, run.success)
    return run.key not in tanks.begun or ended or bool(unread(run, tanks, view) or unwritten(run, over, tanks))


def unread(run: Run, tanks: Tanks, view: View) -> list[str]:
    """Return the datasets that a run drains and no month has counted as read by it."""
    return [d for d in drains(run, view) if run.key not in tanks.begun or (run.key, d) not in tanks.read]


def unwritten(run: Run, over: Sequence[Slice], tanks: Tanks) -> list[str]:
    """Return the datasets that a run has written well and no month has counted as written by it."""
    if run.upkeep or not any(part.success for part in over):
        return []
    anew = over[-1] is run.slices[-1] and tanks.ends.get(run.key) != (run.end, run.success)
    fresh = anew or run.key not in tanks.begun
    return [d for d in sorted(run.written()) if fresh or (run.key, d) not in tanks.wrote]
