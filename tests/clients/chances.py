"""What a random client of MLflow may say: names, keys, values and things that are there, and some that are not.

Runs inside an environment of MLflow, beside `pair.py`. The same seed gives the same choices.
"""

from __future__ import annotations

import random
from typing import Any

from filters import Filters
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric
from pair import Pair, Side

BEGIN_MS = 1_700_000_000_000
BAD_NAMES = ["", " ", "a/b", "a:b", "../x", ".", "n" * 300, "ünïcode", "tab\there"]
VALUES = ["", "1", "0.5", "text", "ünïcode ✓", "with 'quotes' and \"more\"", "long" * 1600, "%_*", "None"]
NUMBERS = [0.0, -1.5, 0.25, 3.0, 1e308, -1e-308, float("nan"), float("inf"), float("-inf"), 7]
STAGES = ["None", "Staging", "Production", "Archived", "production", "Nowhere"]


class Chances:
    """What was done so far, and what may be said next."""

    def __init__(self, ours: str, theirs: str, seed: int) -> None:
        self.pair, self.random, self.seed = Pair(ours, theirs), random.Random(seed), seed
        self.experiments, self.runs, self.models = ["0"], list[str](), list[str]()
        self.names, self.registered = [f"e{seed}-{place}" for place in range(8)], [f"r{seed}-{n}" for n in range(5)]
        self.starts = [BEGIN_MS + seed * 10**8 + 1000 * place for place in range(2000)]
        self.random.shuffle(self.starts)
        self.filters = Filters(self.random, self)

    def one(self, *values: Any) -> Any:
        """Choose one of some values."""
        return self.random.choice(values)

    def seldom(self, share: float = 0.1) -> bool:
        """Say yes in a share of all cases."""
        return self.random.random() < share

    def key(self, letter: str) -> str:
        """Give a key of a param, metric or tag, mostly a sound one."""
        return self.one(*BAD_NAMES) if self.seldom(0.05) else f"{letter}{self.random.randrange(5)}"

    def value(self) -> str:
        """Give a text."""
        return self.one(*VALUES)

    def experiment(self) -> str:
        """Give an experiment's id, seldom one that there is not."""
        return self.one("999999", "abc") if self.seldom(0.05) else self.one(*self.experiments)

    def a_run(self) -> str:
        """Give a run's handle, seldom one that there is not."""
        return self.one("0" * 32, "no such run") if self.seldom(0.03) else self.one(*self.runs)

    def model(self) -> str:
        """Give a logged model's handle, seldom one that there is not."""
        return "m-" + "0" * 32 if self.seldom(0.05) or not self.models else self.one(*self.models)

    def name(self) -> str:
        """Give a registered model's name, seldom one that there cannot be."""
        return self.one(*BAD_NAMES) if self.seldom(0.03) else self.one(*self.registered)

    def version(self) -> str:
        """Give a version's number, seldom one that there cannot be."""
        return self.one("99", "x", "0", "-1") if self.seldom(0.07) else str(self.random.randint(1, 4))

    def do(self, name: str, method: str, *arguments: Any, handle: str = "", **named: Any) -> Any:
        """Call a method of the client on both; handles among the arguments become what each server calls them."""

        def call(side: Side) -> Any:
            given = [_resolved(side, one) for one in arguments]
            return getattr(side.client, method)(*given, **{key: _resolved(side, one) for key, one in named.items()})

        return self.pair.both(name, call, (method, arguments, named), handle)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send a request as no client would."""

        def call(side: Side) -> Any:
            return side.ask(method, f"/api/2.0/mlflow/{path}", _resolved(side, body))

        return self.pair.both("ask", call, (method, path, body))


def _resolved(side: Side, value: Any) -> Any:
    """Give a value with what the server calls things instead of handles."""
    if isinstance(value, str):
        return side.real(value)
    if isinstance(value, dict):
        return {key: _resolved(side, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolved(side, one) for one in value]
    if isinstance(value, Metric) and value.model_id:
        return Metric(value.key, value.value, value.timestamp, value.step, model_id=side.real(value.model_id))
    if isinstance(value, LoggedModelInput):
        return LoggedModelInput(side.real(value.model_id))
    if isinstance(value, LoggedModelOutput):
        return LoggedModelOutput(side.real(value.model_id), value.step)
    return value
