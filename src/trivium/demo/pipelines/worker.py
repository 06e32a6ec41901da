"""Runs one product's pipelines month by month, as it is told on standard input; says on standard output what ran."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.told import Order, Told
from trivium.facts.instants import Instant, parse_instant
from trivium.facts.period import Period, parse_period


class Pipelines(Protocol):
    """A product's pipelines."""

    reporter: Reporter

    def month(self, month: Period) -> str:
        """Run a month up to the last midnight and give the declaration as it then stands."""
        ...


def work(make: Callable[[Path, Instant], Pipelines]) -> int:
    """Serve orders, one JSON object a line, until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the folder that stands for the bucket")
    parser.add_argument("--now", required=True, help="the instant from which the months are seen, ISO 8601")
    asked = parser.parse_args()
    pipelines = make(asked.work, parse_instant(asked.now))
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        told = run_month(pipelines, order)
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def run_month(pipelines: Pipelines, order: Order) -> Told:
    """Run one month's pipelines, then send what they have to tell."""
    before = len(pipelines.reporter.runs)
    toml = pipelines.month(parse_period(order.month))
    return Told(pipelines.reporter.runs[before:], pipelines.reporter.send(order.url), toml)
