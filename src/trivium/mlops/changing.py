"""How a change is decided: what a command needs in order to state it as a fact."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection

from trivium.facts.fact import Fact
from trivium.facts.instants import Instant, now
from trivium.facts.keys import AssetKey
from trivium.facts.kinds import Kind
from trivium.facts.tracking import Change, encode_change, kind_of_change

SOURCE: Final = "mlflow"
_PROCESS: Final = uuid4().hex
_COUNT: Final = count(1)
DEFAULT_EXPERIMENT: Final = "experiment:0"
"""MLflow's experiment 0 is where runs land that nobody sorted; it is called by its number."""


class Decision:
    """A command over experiments, runs and models; what it is asked is given when it is made.

    `told` is what the caller hears, once the command was carried out.
    """

    def __init__(self) -> None:
        self.at: Instant = now()
        self.told: Any = None

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """Give the facts to append; refuses with ProblemError."""
        return [fact_of(change, subject, self.at) for subject, change in self.changes(connection)]

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Decide: give what changes, each with the key of the asset that it is about."""
        raise NotImplementedError

    def answer(self, connection: Connection) -> None:
        """Read what is told, once the changes stand."""


def fact_of(change: Change, subject: str, at: Instant) -> Fact:
    """State a change as a fact of its own: what is sent twice, happened twice.

    Its key is this process' own name and a count, which costs less than a number drawn for each.
    """
    return Fact(
        kind=Kind(kind_of_change(change)),
        subject=subject,
        happened_at=at,
        source=SOURCE,
        key=unique_key(),
        body=encode_change(change),
    )


def unique_key() -> str:
    """Make the key of a fact that is like no other."""
    return f"{_PROCESS}.{next(_COUNT)}"


def milliseconds(at: Instant) -> int:
    """Give an instant in MLflow's unit."""
    return at // 1000


def experiment_key(number: int, name: str) -> str:
    """Write the key of an experiment."""
    return f"experiment:{name}" if number else DEFAULT_EXPERIMENT


def model_key(name: str, version: int | None = None) -> str:
    """Write the key of a registered model, or of one of its versions."""
    return str(AssetKey("model", name, version="" if version is None else str(version)))
