"""The whole graph as one document: equal graphs give equal text, whatever order their facts came in."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection

from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.graph.assets import Asset, all_assets
from trivium.graph.declarations import claimed_versions
from trivium.graph.flows import FAILED, FOREVER, OPEN, Flows, Int32
from trivium.graph.flows_reader import read_flows

_OUTCOMES = {OPEN: "running", FAILED: "failed"}


def graph_export(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Give all assets but runs, and the flows of all runs that name datasets, sorted; no sequences, no recording times.

    `{"assets": [{"asset", "kind", …}], "flows": [{"run", "job", "reads", "writes", …}]}`.
    """
    flows = read_flows(connection)
    claimed = {flows.names.get(key, key) for key in claimed_versions(connection)}
    return {"assets": _assets(all_assets(connection), flows, claimed), "flows": _flows(flows)}


def _assets(assets: list[Asset], flows: Flows, claimed: set[str]) -> list[dict[str, Any]]:
    described = {asset.key: _described(asset) for asset in assets}
    for key in flows.versions.keys:
        described.setdefault(key, {"asset": key, "kind": kind_of(key)})
    for key, days in zip(flows.datasets, flows.life_days.tolist(), strict=True):
        if days and key in described:
            described[key]["life_days"] = days
    _add_versions(described, flows, claimed)
    return [described[key] for key in sorted(described)]


def _described(asset: Asset) -> dict[str, Any]:
    entry: dict[str, Any] = {"asset": asset.key, "kind": asset.kind}
    for field in ("title", "documentation", "owners", "products"):
        if value := getattr(asset, field):
            entry[field] = list(value) if isinstance(value, tuple) else value
    return entry


def _add_versions(described: dict[str, dict[str, Any]], flows: Flows, claimed: set[str]) -> None:
    """Say of each version when it was registered (if somebody claims it), out of what, and who uses it."""
    versions = flows.versions
    for index, key in enumerate(versions.keys):
        entry = described[key]
        if key in claimed:
            entry["at"] = format_instant(int(versions.at[index]))
        if versions.experiment[index] >= 0:
            entry["experiment"] = flows.experiments[versions.experiment[index]]
        if versions.copy_of[index] >= 0:
            entry["copy_of"] = versions.keys[versions.copy_of[index]]
    for version, run in zip(flows.version_runs.version.tolist(), flows.version_runs.run.tolist(), strict=True):
        described[versions.keys[version]].setdefault("runs", []).append(flows.runs.keys[run])
    uses = flows.consumptions
    for version, user in sorted(set(zip(uses.version.tolist(), uses.consumer.tolist(), strict=True))):
        described[versions.keys[version]].setdefault("used_by", []).append(flows.consumers[user])


def _flows(flows: Flows) -> list[dict[str, Any]]:
    reads, writes = _by_run(flows.reads.run, flows.reads.dataset), _by_run(flows.writes.run, flows.writes.dataset)
    return [_flow(flows, run, reads.get(run, []), writes.get(run, [])) for run in sorted({*reads, *writes})]


def _flow(flows: Flows, run: int, reads: list[int], writes: list[int]) -> dict[str, Any]:
    runs = flows.runs
    end = int(runs.end[run])
    return {
        "run": runs.keys[run],
        "job": flows.jobs[runs.job[run]] if runs.job[run] >= 0 else "",
        "reads": [flows.datasets[dataset] for dataset in reads],
        "writes": [flows.datasets[dataset] for dataset in writes],
        "start": format_instant(int(runs.start[run])),
        "end": None if end == FOREVER else format_instant(end),
        "outcome": "upkeep" if runs.upkeep[run] else _OUTCOMES.get(int(runs.outcome[run]), "success"),
    }


def _by_run(run: Int32, dataset: Int32) -> dict[int, list[int]]:
    """Group datasets by run; both columns are sorted by run, then dataset."""
    places, starts = np.unique(run, return_index=True)
    return dict(zip(places.tolist(), (part.tolist() for part in np.split(dataset, starts[1:])), strict=False))
