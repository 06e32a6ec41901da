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


class Metered(msgspec.Struct, frozen=True):
    """Tokens that a gateway counted on one UTC day: `sku` names model and sort, `day` is the day's first instant."""

    resource: str
    day: Instant
    sku: str
    tokens: int


class Check(msgspec.Struct, frozen=True):
    """The result of one check: what was expected and what was found, in words."""

    name: str
    passed: bool
    expected: str
    actual: str
    column: str = ""


class Order(msgspec.Struct, frozen=True):
    """Run a month; or, without one, tell the server at `url` of what ran since it was last told."""

    month: str = ""
    url: str = ""


class Told(msgspec.Struct, frozen=True):
    """A month that was run: its runs, how much was sent, the product's declaration as it now stands, tokens."""

    runs: list[Ran]
    sent: int
    toml: str
    metered: list[Metered] = []
