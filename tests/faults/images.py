"""What a disk may hold after the power failed: all that was synced, and some of the rest, torn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tests.faults.traces import FILES, Step

SECTOR = 512


def crash_image(steps: Sequence[Step], moment: int, base: int, chance: random.Random, folder: Path) -> set[int]:
    """Write the files as they may be found when the power fails before step `moment`; gives the numbers acknowledged.

    Steps before `base` count as synced. Of what was not synced when the power failed, each write reaches the disk
    whole, in part (any of its sectors) or not at all; a file's length changes only if the truncation reached it.
    """
    kept = chance.random()
    for name in FILES:
        synced = max([base, *(place for place in range(base, moment) if steps[place] == Step("sync", name))])
        content: bytearray | None = None
        for place, step in enumerate(steps[:moment]):
            if step.file == name:
                content = _apply(content, step, None if place < synced else chance, kept)
        if content is not None:
            (folder / name).write_bytes(content)
    return {step.number for step in steps[:moment] if step.what == "ack"}


def _apply(content: bytearray | None, step: Step, chance: random.Random | None, kept: float) -> bytearray | None:
    """Apply one step for certain, or (with `chance`) as far as luck has it."""
    if step.what == "sync" or (chance and step.what != "write" and chance.random() > kept):
        return content
    if step.what == "remove":
        return None
    content = bytearray() if content is None else content
    if step.what == "cut":
        del content[step.offset :]
        return content.ljust(step.offset, b"\0")
    if chance is None or chance.random() < kept / 2:
        _put(content, step.offset, step.data)
    elif chance.random() < kept:
        for start in range(0, len(step.data), SECTOR):
            if chance.random() < kept:
                _put(content, step.offset + start, step.data[start : start + SECTOR])
    return content


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
