"""What the demo and its clients say to each other: which month to run, and what ran."""

from __future__ import annotations

import msgspec

from trivium.facts.instants import Instant


class Ran(msgspec.Struct, frozen=True):
    """A run as the bill and the declaration need it: times in microseconds since 1970 UTC."""

    run: str
    job: str
    start: Instant
    end: Instant
    resource: str = ""
    failed: bool = False


class Check(msgspec.Struct, frozen=True):
    """The result of one check: what was expected and what was found, in words."""

    name: str
    passed: bool
    expected: str
    actual: str
    column: str = ""


class Order(msgspec.Struct, frozen=True):
    """Run a month, and tell the server at `url`."""

    url: str
    month: str


class Told(msgspec.Struct, frozen=True):
    """A month that was run: its runs, how many events were sent, and the product's declaration as it now stands."""

    runs: list[Ran]
    events: int
    toml: str
