"""A process that appends facts and says on its output which are acknowledged; tests kill it, trace it, starve it.

`python -m tests.faults.writer HOME START COUNT [--threads N] [--checkpoint-pages N] [--synchronous LEVEL]`: each line
is `ack NUMBER SEQUENCE`, written at once, or `refused NUMBER CODE`; the last is `end STATE`.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from tests.ledger.facts_made import fact
from trivium.facts.fact import Fact
from trivium.facts.problem import ProblemError
from trivium.ledger import sqlite
from trivium.ledger.book import Ledger


def numbered(number: int) -> Fact:
    """Make the fact of a number, with a body of up to 3,000 bytes."""
    return fact(number, body=random.Random(number).randbytes(1 + number * 997 % 3_000))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("start", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--checkpoint-pages", type=int, default=40)
    parser.add_argument("--synchronous", default="FULL")
    given = parser.parse_args()
    sqlite._prepare_writer = prepared(sqlite._prepare_writer, given.checkpoint_pages, given.synchronous)
    with Ledger.open(given.home) as ledger:
        numbers = range(given.start, given.start + given.count)
        shares = [numbers[share :: given.threads] for share in range(given.threads)]
        threads = [threading.Thread(target=append, args=(ledger, share)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say(f"end {ledger.health().state}")


def prepared(
    usual: Callable[[sqlite3.Connection], None], pages: int, synchronous: str
) -> Callable[[sqlite3.Connection], None]:
    """Prepare the writer's connection as usual, then set how often it checkpoints and how it syncs."""

    def prepare(connection: sqlite3.Connection) -> None:
        usual(connection)
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        if synchronous != "FULL":
            connection.execute(f"PRAGMA synchronous = {synchronous}")

    return prepare


def append(ledger: Ledger, numbers: range) -> None:
    for number in numbers:
        try:
            (receipt,) = ledger.append([numbered(number)])
        except ProblemError as refused:
            say(f"refused {number} {refused.problem.code}")
        else:
            say(f"ack {number} {receipt.sequence}")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
