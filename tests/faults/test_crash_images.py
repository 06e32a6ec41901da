"""A power cut loses nothing acknowledged: thousands of disks as they may be found, built from real system calls."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.images import crash_image
from tests.faults.traces import Step, run_traced
from tests.faults.writer import numbered
from trivium.ledger.verify import reading, verify

FACTS = 120


def traced(tmp_path: Path, synchronous: str) -> tuple[list[Step], int]:
    """Trace a writer that checkpoints often; also give the first acknowledgement's place."""
    steps = run_traced(tmp_path / "home", FACTS, "--synchronous", synchronous)
    acks = [place for place, step in enumerate(steps) if step.what == "ack"]
    assert len(acks) == FACTS
    assert sum(step.what == "write" and step.file == "ledger.db" for step in steps[acks[0] : acks[-1]]) > 20
    return steps, acks[0]


def losses(steps: Sequence[Step], base: int, count: int, folder: Path) -> list[str]:
    """Build `count` images and say what is wrong with each that lost something or does not verify."""
    chance = random.Random(400)
    last = max(place for place, step in enumerate(steps) if step.what == "ack")
    wrong = []
    for number in range(count):
        image = folder / f"image{number}"
        image.mkdir()
        moment = chance.randrange(base + 1, last + 2)
        acknowledged = crash_image(steps, moment, base, chance, image)
        wrong += [f"image {number} at step {moment}: {fault}" for fault in faults(image, acknowledged)]
        for path in image.iterdir():
            path.unlink()
    return wrong


def faults(image: Path, acknowledged: set[int]) -> list[str]:
    """Recover an image and compare it with what was acknowledged."""
    try:
        found = verify(image)
        if not found.ok:
            return [found.problems[0]]
        with reading(image) as connection:
            rows = connection.execute("SELECT key, body FROM facts").fetchall()
    except (sqlite3.DatabaseError, FileNotFoundError) as fault:
        return [str(fault)]
    present = [int(key.removeprefix("key-")) for key, _ in rows]
    lost = acknowledged - set(present)
    changed = [key for key, body in rows if body != numbered(int(key.removeprefix("key-"))).body]
    twice = len(present) - len(set(present))
    return [f"lost {sorted(lost)}"] * bool(lost) + [f"changed {changed}"] * bool(changed) + ["twice"] * bool(twice)


def test_no_image_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """0 of 400 images bounds the rate at about 3/400."""
    steps, base = traced(tmp_path, "FULL")
    assert losses(steps, base, 400, tmp_path) == []


@pytest.mark.full
def test_no_image_of_thousands_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """0 of 4,000 images bounds the rate at about 3/4,000."""
    steps, base = traced(tmp_path, "FULL")
    assert losses(steps, base, 4_000, tmp_path) == []


def test_the_images_show_the_loss_where_the_writer_does_not_sync(tmp_path: Path) -> None:
    """The same images of a writer with synchronous=OFF lose acknowledged facts: the test above can fail."""
    steps, base = traced(tmp_path, "OFF")
    wrong = losses(steps, base, 60, tmp_path)
    assert len(wrong) > 30


def test_the_images_show_the_loss_where_only_checkpoints_sync(tmp_path: Path) -> None:
    steps, base = traced(tmp_path, "NORMAL")
    wrong = losses(steps, base, 60, tmp_path)
    assert len(wrong) > 20


def test_the_image_of_the_last_moment_holds_everything(tmp_path: Path) -> None:
    steps, _ = traced(tmp_path, "FULL")
    moment = max(place for place, step in enumerate(steps) if step.what == "ack") + 1
    (tmp_path / "image").mkdir()
    acknowledged = crash_image(steps, moment, moment, random.Random(1), tmp_path / "image")
    assert acknowledged == set(range(FACTS))
    with reading(tmp_path / "image") as connection, closing(connection.execute("SELECT count(*) FROM facts")) as cursor:
        assert cursor.fetchone() == (FACTS,)
