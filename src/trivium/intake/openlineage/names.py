"""The words of OpenLineage that this reader knows, and what they are called here (specification 2-0-2)."""

from __future__ import annotations

from typing import Any, Final

from trivium.facts.keys import MAX_LENGTH, dataset, job, run_key

SOURCE: Final = "openlineage"
MAX_NAME: Final = MAX_LENGTH // 3 - 64
"""Characters of namespace and name together, of a run's id and of a team: escaped, they still fit an asset key."""
EVENTS: Final = {
    "START": "start", "RUNNING": "running", "COMPLETE": "complete", "FAIL": "fail", "ABORT": "abort", "OTHER": "other",
}  # fmt: skip
TEST: Final = "TEST"
RUN_ID_TAGS: Final = ("mlflow.run_id", "mlflow.runId", "mlflow_run_id")
RESOURCE_TAG: Final = "trivium.resource_id"
TEAM: Final = "team:"


def pair_of(value: Any) -> tuple[str, str] | None:
    """Take namespace and name out of a dataset, a job or a symlink; None when they are not both there, or too long."""
    if not isinstance(value, dict):
        return None
    namespace, name = value.get("namespace"), value.get("name")
    if isinstance(namespace, str) and isinstance(name, str) and name and len(namespace) + len(name) <= MAX_NAME:
        return namespace, name
    return None


def named_run(run_id: str) -> str:
    """Write the key of a run named in a facet; empty when it names none, or one too long for a key."""
    return run_key(run_id) if fits(run_id) else ""


def fits(name: str) -> bool:
    """Say whether a name that a facet gives can be part of an asset key: not empty, not too long."""
    return 0 < len(name) <= MAX_NAME


def dataset_key(value: Any) -> str:
    """Write the key of a dataset named in a facet; empty when it names none."""
    pair = pair_of(value)
    return dataset(*pair) if pair else ""


def job_key(value: Any) -> str:
    """Write the key of a job named in a facet; empty when it names none."""
    pair = pair_of(value)
    return job(*pair) if pair else ""


def team_key(owner: str) -> str:
    """Write the key of the team that an ownership facet names, with or without the prefix `team:`."""
    return owner if owner.startswith(TEAM) and len(owner) > len(TEAM) else TEAM + owner
