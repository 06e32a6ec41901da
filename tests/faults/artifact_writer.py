"""A process that stores artifacts and says on its output which are acknowledged; tests kill it.

`python -m tests.faults.artifact_writer HOME START COUNT`: each line is `ack NUMBER`, written once the artifact stands.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers.rooms import Rooms
from trivium.mlops.artifacts.storing import StoreArtifact

SIZES = (0, 10, 100_000, 2_000_000)


def content_of(number: int) -> bytes:
    """Make the content of a number; every fifth is that of the one before."""
    number -= number % 5 == 4
    return random.Random(number).randbytes(SIZES[number % len(SIZES)])


def path_of(number: int) -> str:
    return f"0/run/artifacts/{number}.bin"


def store(rooms: Rooms, number: int) -> None:
    incoming = rooms.blobs.receive()
    content = content_of(number)
    for start in range(0, len(content), 1 << 16):
        incoming.write(content[start : start + (1 << 16)])
    blob = incoming.publish()
    rooms.ledger.execute(StoreArtifact(path_of(number), blob, incoming.size))
    incoming.settle()
    incoming.discard()


def main() -> None:
    home, start, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with open_rooms(home) as rooms:
        for number in range(start, start + count):
            store(rooms, number)
            os.write(1, f"ack {number}\n".encode())


if __name__ == "__main__":
    main()
