"""What is an asset called: its declared title, a run by its job, else the end of its key."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from trivium.facts.keys import kind_of
from trivium.graph.flows import Flows


class Names:
    """Names in one state. `titles` are the declared ones, by key."""

    def __init__(self, titles: Mapping[str, str], flows: Flows) -> None:
        self._titles, self._flows = titles, flows

    def of(self, key: str) -> str:
        """Give what people call an asset, under any of its names; a named account keeps its name."""
        key = self._flows.names.get(key, key)
        return self.declared(key) or self._run(key) or (title_of(key) if ":" in key else key)

    def declared(self, key: str) -> str:
        """Give the declared title, or nothing."""
        return self._titles.get(key, "")

    def job_of(self, key: str) -> str:
        """Give the job of a run, or nothing."""
        runs = self._flows.runs
        place: int = bisect_left(runs.keys, key) if kind_of(key) == "run" else len(runs.keys)
        if place == len(runs.keys) or runs.keys[place] != key or runs.job[place] < 0:
            return ""
        return self._flows.jobs[int(runs.job[place])]

    def _run(self, key: str) -> str:
        """Call a run by its job and the beginning of its id."""
        job = self.job_of(key)
        return f"{self.of(job)}, {key[4:12]}" if job else ""


def title_of(key: str) -> str:
    """Shorten a key to what tells it apart: the end of a dataset's or job's name, the whole name of anything else."""
    kind, _, name = key.partition(":")
    if kind == "model":
        return name.replace("%2F", "/").replace("%25", "%")
    return name.rstrip("/").rpartition("/")[2] or name
