"""What is an asset called: its declared title, a run by its job, else the end of its key."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import partial

from trivium.facts.keys import kind_of
from trivium.graph.flows import Flows

Run = Callable[[str], tuple[str, str]]
"""Gives the name that a run goes by, and its job; empty where none is known."""


class Names:
    """Names in one state. `titles` are the declared ones, by key; `others` every other name of an asset but runs.

    `logged` gives the name that a client gave a run.
    """

    def __init__(
        self,
        titles: Mapping[str, str],
        others: Mapping[str, str],
        run: Run,
        logged: Callable[[str], str] | None = None,
    ) -> None:
        self._titles, self._others, self._ask, self._logged = titles, others, run, logged
        self._runs: dict[str, tuple[str, str]] = {}

    @classmethod
    def of_flows(cls, titles: Mapping[str, str], flows: Flows) -> Names:
        """Take names from flows."""
        return cls(titles, flows.names, partial(_run_in, flows))

    def of(self, key: str) -> str:
        """Give what people call an asset, under any of its names; a named account keeps its name."""
        key = self._run(key)[0] if kind_of(key) == "run" else self._others.get(key, key)
        return self.declared(key) or self._short(key) or (title_of(key) if ":" in key else key)

    def declared(self, key: str) -> str:
        """Give the declared title, or nothing."""
        return self._titles.get(key, "")

    def job_of(self, key: str) -> str:
        """Give the job of a run, or nothing."""
        return self._run(key)[1] if kind_of(key) == "run" else ""

    def _run(self, key: str) -> tuple[str, str]:
        found = self._runs.get(key)
        if found is None:
            found = self._runs[key] = self._ask(key)
        return found

    def _short(self, key: str) -> str:
        """Call a run by its job and the beginning of its id; one without a job by the name that its client gave it."""
        job = self.job_of(key)
        if job:
            return f"{self.of(job)}, {key[4:12]}"
        return self._logged(key) if self._logged and kind_of(key) == "run" else ""


def _run_in(flows: Flows, key: str) -> tuple[str, str]:
    name, runs = flows.names.get(key, key), flows.runs
    place: int = bisect_left(runs.keys, name)
    if place == len(runs.keys) or runs.keys[place] != name or runs.job[place] < 0:
        return name, ""
    return name, flows.jobs[int(runs.job[place])]


def title_of(key: str) -> str:
    """Shorten a key to what tells it apart: the end of a dataset's or job's name, the whole name of anything else."""
    kind, _, name = key.partition(":")
    if kind == "model":
        return name.replace("%2F", "/").replace("%25", "%")
    return name.rstrip("/").rpartition("/")[2] or name
