"""Runs one product's pipelines month by month and tells of them, as it is told on standard input; says what ran."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Protocol

import msgspec

from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.told import Metered, Order, Told
from trivium.facts.instants import Instant, parse_instant
from trivium.facts.period import Period, parse_period


class Sender(Protocol):
    """What collects things to tell, and sends them."""

    def send(self, url: str) -> int:
        """Send what was collected and give how much it was."""
        ...


class Pipelines(Protocol):
    """A product's pipelines."""

    reporter: Reporter

    @property
    def senders(self) -> Sequence[Sender]:
        """Give what is to be sent, in this order."""
        ...

    def month(self, month: Period) -> str:
        """Run a month up to the last midnight and give the declaration as it then stands."""
        ...

    def metered(self) -> list[Metered]:
        """Give the tokens that were used since this was asked last."""
        ...


def work(make: Callable[[Path, Instant], Pipelines]) -> int:
    """Serve orders, one JSON object a line, until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the folder that stands for the bucket")
    parser.add_argument("--now", required=True, help="the instant from which the months are seen, ISO 8601")
    asked = parser.parse_args()
    answers = sys.stdout.buffer
    with redirect_stdout(sys.stderr):
        worker = Worker(make(asked.work, parse_instant(asked.now)))
        for line in sys.stdin.buffer:
            order = msgspec.json.decode(line, type=Order)
            if order.month:
                worker.run(parse_period(order.month))
            else:
                answers.write(msgspec.json.encode(worker.tell(order.url)) + b"\n")
                answers.flush()
    return 0


class Worker:
    """Runs months as it is told to, and tells of them when it is told to."""

    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines
        self._told = 0
        self._toml = ""

    def run(self, month: Period) -> None:
        """Run one month's pipelines."""
        self._toml = self._pipelines.month(month)

    def tell(self, url: str) -> Told:
        """Send what there is to tell, and give what ran since the last time."""
        sent = sum(sender.send(url) for sender in self._pipelines.senders)
        runs = self._pipelines.reporter.runs[self._told :]
        self._told += len(runs)
        return Told(runs, sent, self._toml, self._pipelines.metered())
