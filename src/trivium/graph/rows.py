"""What is kept of a run and of a description, and how two reports of the same unite.

`united` is commutative, associative and idempotent, so that any order, repetition and batching of events gives the
same row (attribution.md §2: start is the earliest event, end the latest terminal one, COMPLETE after FAIL is success).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.statements import RunSeen

_TERMINAL: Final = {"complete": True, "fail": False, "abort": False}


class RunRow(msgspec.Struct, frozen=True):
    """A run as all its events so far say; keys are text, empty where unknown; `success` counts only with an end."""

    start_at: Instant | None = None
    end_at: Instant | None = None
    success: bool = False
    end_sequence: int = 0
    job: str = ""
    job_at: Instant | None = None
    parent: str = ""
    parent_at: Instant | None = None
    root: str = ""
    job_type: str = ""
    job_type_at: Instant | None = None
    checked: bool = False
    sequence: int = 0
    start_sequence: int = 0


class Description(msgspec.Struct, frozen=True):
    """One field of an asset: the value of the latest event, of two at one instant the greater text."""

    value: str
    at: Instant
    sequence: int


def row_of(seen: RunSeen, sequence: int) -> RunRow:
    """Make the row of one event."""
    ended = seen.event in _TERMINAL
    return RunRow(
        start_at=seen.at,
        end_at=seen.at if ended else None,
        success=_TERMINAL.get(seen.event, False),
        end_sequence=sequence if ended else 0,
        job=seen.job,
        job_at=seen.at if seen.job else None,
        parent=seen.parent,
        parent_at=seen.at if seen.parent else None,
        root=seen.root if not seen.parent else "",
        job_type=seen.job_type,
        job_type_at=seen.at if seen.job_type else None,
        sequence=sequence,
        start_sequence=sequence,
    )


def united(one: RunRow, other: RunRow) -> RunRow:
    """Unite two reports of one run: earliest start, latest end, the job and parent that were named first."""
    start_at, start_sequence = _earlier_start(one, other)
    end_at, success, end_sequence = _later_end(one, other)
    job, job_at = _earlier(one.job, one.job_at, other.job, other.job_at)
    parent, parent_at = _earlier(one.parent, one.parent_at, other.parent, other.parent_at)
    job_type, job_type_at = _earlier(one.job_type, one.job_type_at, other.job_type, other.job_type_at)
    return RunRow(
        start_at=start_at,
        end_at=end_at,
        success=success,
        end_sequence=end_sequence,
        job=job,
        job_at=job_at,
        parent=parent,
        parent_at=parent_at,
        root=min(one.root, other.root) if one.root and other.root else one.root or other.root,
        job_type=job_type,
        job_type_at=job_type_at,
        checked=one.checked or other.checked,
        sequence=min(one.sequence, other.sequence),
        start_sequence=start_sequence,
    )


def later(one: Description, other: Description) -> Description:
    """Unite two descriptions of one field; a repeat keeps the first sequence."""
    if (one.at, one.value) == (other.at, other.value):
        return one if one.sequence <= other.sequence else other
    return max(one, other, key=lambda description: (description.at, description.value))


def _earlier_start(one: RunRow, other: RunRow) -> tuple[Instant | None, int]:
    starts = [(row.start_at, row.start_sequence) for row in (one, other) if row.start_at is not None]
    return min(starts) if starts else (None, 0)


def _later_end(one: RunRow, other: RunRow) -> tuple[Instant | None, bool, int]:
    ends = [(row.end_at, row.success, -row.end_sequence) for row in (one, other) if row.end_at is not None]
    if not ends:
        return None, False, 0
    end_at, success, sequence = max(ends)
    return end_at, success, -sequence


def _earlier(one: str, one_at: Instant | None, other: str, other_at: Instant | None) -> tuple[str, Instant | None]:
    """Choose the text that was said first; of two at one instant the lesser text."""
    if one_at is None:
        return other, other_at
    if other_at is None:
        return one, one_at
    return (one, one_at) if (one_at, one) <= (other_at, other) else (other, other_at)
