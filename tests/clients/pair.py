"""Two servers asked alike by one MLflow client: do they answer alike?

Runs inside an environment of MLflow, beside `listener.py`. Ids that a server made are called by handles (`R3`, `M1`),
times that a server took by the operation in which it took them, so that two servers' answers can be compared.
"""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Metric, RunData, RunInputs, RunOutputs
from mlflow.entities._mlflow_object import _MlflowObject
from mlflow.tracking._tracking_service.utils import _get_store
from mlflow.utils.rest_utils import http_request

_MADE = re.compile(r"m-[0-9a-f]{32}|[0-9a-f]{32}")
_TIMES = {
    "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp",
    "creation_timestamp_ms", "last_updated_timestamp_ms",
}  # fmt: skip
_PASSED = {"workspace", "_tracking_uri"}


class Side:
    """One of the two servers, what it called things, and when each operation began on it."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.client = MlflowClient(tracking_uri=url, registry_uri=url)
        self.made: dict[str, str] = {}
        self.handles: dict[str, str] = {}
        self.begun: list[int] = []

    def real(self, handle: str) -> str:
        """Give what this server calls a thing; what is no handle stands for itself."""
        return _HANDLE.sub(lambda found: self.made.get(found[0], found[0]), handle)

    def bind(self, handle: str, real: str) -> None:
        """Note what this server calls a thing."""
        self.made[handle], self.handles[real] = real, handle

    def ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Send a request as no client would write it; give the status and the error's code, or what was told."""
        credentials = _get_store(self.url).get_host_creds()
        said = {"params": body} if method == "GET" else {"json": body}
        response = http_request(credentials, path, method, max_retries=0, **said)
        told = response.json() if response.content else {}
        if response.status_code == 200:
            return told
        return {"status": response.status_code, "code": told.get("error_code")}

    def plain(self, value: Any, field: str = "") -> Any:
        """Give a value as both servers would tell it."""
        if field in _TIMES:
            return f"operation {bisect_right(self.begun, value or 0)}"
        if isinstance(value, str):
            return _MADE.sub(lambda found: self.handles.get(found[0], found[0]), value)
        if isinstance(value, float):
            return "NaN" if math.isnan(value) else value
        if isinstance(value, RunData):
            told = {"params": value.params, "tags": value.tags, "metrics": _sorted(value._metric_objs)}
            return {name: self.plain(child) for name, child in told.items()}
        if isinstance(value, (RunInputs, RunOutputs)):
            return {name: sorted(map(self.plain, child), key=repr) for name, child in value}
        if isinstance(value, LoggedModel):
            told = dict(value) | {"metrics": _sorted(value.metrics or [])}
            return {name: self.plain(child, name) for name, child in told.items() if name not in _PASSED}
        if isinstance(value, _MlflowObject):
            return {name: self.plain(child, name) for name, child in value if name not in _PASSED}
        if isinstance(value, dict):
            return {self.plain(name): self.plain(child, str(name)) for name, child in value.items()}
        if isinstance(value, (list, tuple)):
            told = [self.plain(child) for child in value]
            token = getattr(value, "token", None)
            return {"page": told, "token": token} if token else told
        return value


_HANDLE = re.compile(r"<[RM]\d+>")


class Pair:
    """Both servers; `differences` are what they answered differently."""

    def __init__(self, ours: str, theirs: str) -> None:
        self.sides = (Side("ours", ours), Side("theirs", theirs))
        self.differences: list[dict[str, Any]] = []
        self.refused = self.count = 0

    def both(self, name: str, call: Callable[[Side], Any], said: object = None, handle: str = "") -> Any:
        """Do the same on both; give what ours answered, None where it refused.

        `handle` names what the operation makes, by the id that it gives.
        """
        self.count += 1
        outcomes = []
        for side in self.sides:
            side.begun.append(int(time.time() * 1000))
            outcomes.append(_outcome(side, call, handle))
        (ours, value), (theirs, _) = outcomes
        words = [outcome.pop("words", "") for outcome in (ours, theirs)]
        self.refused += "refused" in ours
        if ours != theirs:
            told = {"operation": self.count, "name": name, "said": repr(said)[:600], "words": words}
            self.differences.append(told | {"ours": _cut(ours, theirs), "theirs": _cut(theirs, ours)})
        return value

    def known(self, real: Any) -> str:
        """Give the handle of what ours named."""
        return self.sides[0].handles.get(real, real)


def _outcome(side: Side, call: Callable[[Side], Any], handle: str) -> tuple[dict[str, Any], Any]:
    try:
        value = call(side)
    except Exception as fault:
        return {"refused": getattr(fault, "error_code", type(fault).__name__), "words": str(fault)[:300]}, None
    if handle:
        side.bind(handle, _id_of(value))
    return {"told": side.plain(value)}, value


def _id_of(value: Any) -> str:
    return value.info.run_id if hasattr(value, "info") else value.model_id


def _sorted(metrics: list[Metric]) -> list[Metric]:
    return sorted(metrics, key=lambda one: (one.key, one.timestamp, one.step, one.dataset_name or "", one.run_id or ""))


def _cut(told: Any, other: Any) -> Any:
    """Keep of an answer only where it differs from the other."""
    if isinstance(told, dict) and isinstance(other, dict):
        return {name: _cut(one, other.get(name)) for name, one in told.items() if one != other.get(name)}
    if isinstance(told, list) and isinstance(other, list):
        if len(told) == len(other):
            return {place: _cut(a, b) for place, (a, b) in enumerate(zip(told, other, strict=True)) if a != b}
        return {"count": len(told), "only here": [one for one in told if one not in other]}
    return told
