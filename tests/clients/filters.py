"""Random filters and orderings in MLflow's search grammar, and some that are none."""

from __future__ import annotations

import random
from typing import Any

_NONE = ["attribute.nothing = '1'", "metrics.m1 = 'x'", "params.p1 > '1'", "tags.t1 ~ 'x'", "name =", "a b c", "1 = 1"]
_NUMBER = ["=", "!=", ">", ">=", "<", "<="]
_TEXT = ["=", "!=", "LIKE", "ILIKE", "like"]


class Filters:
    """Writes what may be asked of the things that a history made."""

    def __init__(self, chance: random.Random, history: Any) -> None:
        self._random, self._history = chance, history

    def _one(self, *values: Any) -> Any:
        return self._random.choice(values)

    def _joined(self, *conditions: Any) -> str | None:
        """Join up to three conditions; seldom write what is none."""
        if self._random.random() < 0.06:
            return str(self._one(*_NONE))
        count = self._one(0, 1, 1, 1, 2, 2, 3)
        return " AND ".join(self._one(*conditions)() for _ in range(count)) or None

    def _text(self, name: str, *values: str) -> str:
        return f"{name} {self._one(*_TEXT)} '{self._one(*values)}'"

    def _number(self, name: str, *values: object) -> str:
        return f"{name} {self._one(*_NUMBER)} {self._one(*values)}"

    def _tag(self) -> str:
        return self._text(f"{self._one('tags', 'tag')}.{self._key('t')}", "1", "text", "%e%", "x%", "")

    def _key(self, letter: str) -> str:
        key = f"{letter}{self._random.randrange(5)}"
        return self._one(key, f"`{key}`", f'"{key}"')

    def runs(self) -> str | None:
        """Write a filter of runs."""
        return self._joined(
            lambda: self._number(f"metrics.{self._key('m')}", 0, 0.25, -1, 3, 1e300),
            lambda: self._number(f"metric.{self._key('m')}", 0.5, 2),
            lambda: self._text(f"params.{self._key('p')}", "1", "0.5", "%t%", "_"),
            self._tag,
            lambda: self._text("attributes.status", "FINISHED", "RUNNING", "FAILED", "F%"),
            lambda: self._text(self._one("run_name", "attributes.run_name"), "same name", "run%", "named"),
            lambda: self._text("attributes.`Run name`", "same name", "run%"),
            lambda: self._number("attributes.start_time", *self._history.starts[:2]),
            lambda: self._number("attributes.end_time", 1_700_000_400_000),
            lambda: f"attributes.run_id IN ('{self._one(*self._history.runs)}', 'nobody')",
            lambda: f"attributes.run_id NOT IN ('{self._one(*self._history.runs)}')",
            lambda: self._text(f"datasets.{self._one('name', 'digest', 'context')}", "d1", "1", "train", "d%"),
            lambda: self._text("attributes.user_id", "root", "%o%"),
        )  # fmt: skip

    def run_order(self) -> list[str] | None:
        """Write orderings of runs."""
        return self._orders(
            f"metrics.{self._key('m')}", f"params.{self._key('p')}", f"tags.{self._key('t')}", "attributes.start_time",
            "start_time", "attributes.status", "attributes.run_name", "run_name", "attributes.end_time", "created",
            "nothing",
        )  # fmt: skip

    def experiments(self) -> str | None:
        """Write a filter of experiments."""
        names = (*self._history.names, "e%", "%-1", "Default")
        return self._joined(
            lambda: self._text(self._one("name", "attribute.name"), *names),
            self._tag,
            lambda: self._number(self._one("creation_time", "last_update_time"), 4_000_000_000_000),
        )

    def experiment_order(self) -> list[str] | None:
        """Write orderings of experiments."""
        return self._orders("name", "experiment_id", "creation_time", "last_update_time", "attribute.name", "nothing")

    def registered(self) -> str | None:
        """Write a filter of registered models."""
        names = (*self._history.registered, "r%", "%-1", "R%")
        return self._joined(
            lambda: self._text("name", *names),
            self._tag,
            lambda: f"name {self._one('IN', 'NOT IN')} ('{self._one(*names)}', 'nobody')",
            lambda: f"tags.`mlflow.prompt.is_prompt` {self._one('=', '!=')} '{self._one('true', 'false')}'",
        )

    def registered_order(self) -> list[str] | None:
        """Write orderings of registered models."""
        return self._orders("name", "timestamp", "last_updated_timestamp", "nothing")

    def versions(self) -> str | None:
        """Write a filter of versions."""
        names = (*self._history.registered, "r%", "%-1")
        return self._joined(
            lambda: self._text("name", *names),
            self._tag,
            lambda: self._number("version_number", 1, 2, "'2'", 1.5),
            lambda: self._text("source_path", "s3://bucket/model", "models:%", "runs:%"),
            lambda: f"run_id {self._one('=', '!=')} '{self._one(*self._history.runs)}'",
            lambda: f"run_id IN ('{self._one(*self._history.runs)}', 'nobody')",
            lambda: f"tags.`mlflow.prompt.is_prompt` {self._one('=', '!=')} '{self._one('true', 'false')}'",
        )

    def version_order(self) -> list[str] | None:
        """Write orderings of versions."""
        return self._orders("name", "version_number", "creation_timestamp", "last_updated_timestamp", "nothing")

    def logged_models(self) -> str | None:
        """Write a filter of logged models."""
        return self._joined(
            lambda: self._text(self._one("name", "attributes.name"), "lm", "other%", "%m"),
            lambda: self._text("tags.t1", "1", "text", "%e%"),
            lambda: self._text("params.p1", "1", "2", "%"),
            lambda: self._number(f"metrics.{self._key('m')}", 0, 0.25, 3),
            lambda: self._text("attributes.status", "READY", "PENDING", "FAILED"),
            lambda: self._text("source_run_id", *self._history.runs),
            lambda: self._number("creation_timestamp", 0, 1_700_000_000_000),
        )

    def logged_model_order(self) -> list[dict[str, Any]] | None:
        """Write orderings of logged models."""
        if self._random.random() < 0.4:
            return None
        field = self._one(
            "creation_timestamp", "last_updated_timestamp", "name", f"metrics.m{self._random.randrange(5)}"
        )
        order: dict[str, Any] = {"field_name": field, "ascending": self._one(True, False)}
        if field.startswith("metrics") and self._random.random() < 0.3:
            order |= {"dataset_name": "d1", "dataset_digest": "1"}
        return [order]

    def _orders(self, *names: str) -> list[str] | None:
        count = self._one(0, 0, 1, 1, 2)
        chosen = self._random.sample(names[:-1], k=count) if self._random.random() > 0.05 else [names[-1]]
        return [f"{name}{self._one('', ' ASC', ' DESC', ' desc')}" for name in chosen] or None
