"""Which names could not be joined, and what each most likely is: the report that asks people for an alias."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.keys import KINDS, kind_of
from trivium.facts.statements import Belongs, ResourceUsed, VersionRegistered, VersionUsed
from trivium.graph.assets import all_assets
from trivium.graph.declarations import all_declared
from trivium.graph.flows_reader import read_flows
from trivium.graph.identity import canonical_names, merges_of
from trivium.graph.spelling import spell
from trivium.graph.words import RESOURCE, keys_in, resource_id

_RUNS_WITHOUT_JOB = text(
    "SELECT n.key FROM graph_runs r JOIN graph_names n ON n.id = r.run WHERE r.job IS NULL AND r.start_at IS NOT NULL"
    " ORDER BY n.key LIMIT :limit"
)
_ALIKE: Final = 0.8
_LOOKS: Final = 500
_NOISE = re.compile(r"[^a-z0-9]+")


class Unmatched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name that stands alone: why it is listed, and the names that it may mean, the likeliest first."""

    name: str
    reason: str
    suggestions: tuple[str, ...] = ()


def unmatched(connection: Connection, limit: int = 1000) -> list[Unmatched]:
    """List the names of the graph that could not be joined, by reason and name.

    Datasets that are read but that nobody writes, while a written one is spelled nearly alike; runs without a job;
    declared assets that no event names; versions that are used but whose origin is unknown.
    """
    found = [*_sources(connection), *_jobless(connection, limit), *_absent(connection), *_originless(connection)]
    return sorted(found, key=lambda one: (one.reason, one.name))[:limit]


def unmatched_names(names: Iterable[str], known: Collection[str]) -> list[Unmatched]:
    """List the names (tags of charges, resource ids) that no known asset key bears, each with suggestions.

    A name without a kind is compared with the names of all kinds.
    """
    spelled = {*known}
    bare = {key.partition(":")[2] for key in spelled}
    missing = (name for name in sorted(set(names)) if spell(name) not in spelled and name not in bare)
    return [Unmatched(name, "names no asset", suggestions(name, spelled)) for name in missing]


def suggestions(name: str, known: Collection[str], count: int = 3) -> tuple[str, ...]:
    """Find the known keys that a name most likely means: those equal but for punctuation and case, then near ones.

    A key is compared only with its own kind, and near ones are looked for among at most 500.
    """
    kind = kind_of(name) if kind_of(name) in KINDS else ""
    others = sorted(key for key in known if key != name and (not kind or kind_of(key) == kind))
    by_tail: dict[str, list[str]] = defaultdict(list)
    for key in others:
        by_tail[_tail(key)].append(key)
    near = get_close_matches(_tail(name), list(by_tail)[:_LOOKS], n=count, cutoff=_ALIKE)
    found = [key for tail in dict.fromkeys([_tail(name), *near]) for key in by_tail.get(tail, ())]
    return tuple(found[:count])


def _sources(connection: Connection) -> list[Unmatched]:
    """List the datasets that are only read, where a written one may be meant; other sources are simply sources."""
    flows = read_flows(connection)
    written = {flows.datasets[place] for place in set(flows.writes.dataset.tolist())}
    read = {flows.datasets[place] for place in set(flows.reads.dataset.tolist())}
    listed = [(key, suggestions(key, written)) for key in sorted(read - written)]
    return [Unmatched(key, "read, but never written", found) for key, found in listed if found]


def _jobless(connection: Connection, limit: int) -> list[Unmatched]:
    keys = connection.execute(_RUNS_WITHOUT_JOB, {"limit": limit}).scalars()
    return [Unmatched(key, "run without a job") for key in keys]


def _absent(connection: Connection) -> list[Unmatched]:
    """List datasets, jobs and runs that only declarations name."""
    canonical = canonical_names(merges_of(connection))
    assets = all_assets(connection, {"dataset", "job", "run"})
    seen = {one.key for one in assets if one.first_at is not None}
    named = {key for statement, _ in all_declared(connection) for key in keys_in(statement)}
    names = {canonical.get(key) or canonical.get(spell(key)) or spell(key) for key in named}
    absent = sorted(name for name in names - seen if kind_of(name) in {"dataset", "job", "run"})
    return [Unmatched(name, "declared, but no event names it", suggestions(name, seen)) for name in absent]


def _originless(connection: Connection) -> list[Unmatched]:
    said = [statement for statement, _ in all_declared(connection)]
    registered = {one.version for one in said if isinstance(one, VersionRegistered)}
    used = {one.version for one in said if isinstance(one, VersionUsed)}
    return [
        Unmatched(key, "used, but its origin is unknown", suggestions(key, registered))
        for key in sorted(used - registered)
    ]


def declared_resources(connection: Connection) -> dict[str, list[str]]:
    """Give the assets that use each declared resource: those whose resource no charge names can be reported."""
    users: dict[str, list[str]] = defaultdict(list)
    for statement, _ in all_declared(connection):
        if isinstance(statement, ResourceUsed):
            users[RESOURCE + resource_id(statement)].append(spell(statement.asset))
    return {resource: sorted(assets) for resource, assets in sorted(users.items())}


def productless(connection: Connection, kinds: Collection[str] = ("endpoint",)) -> list[str]:
    """List the assets of some kinds that belong to no product, sorted."""
    placed = {spell(one.asset) for one, _ in all_declared(connection) if isinstance(one, Belongs)}
    return [one.key for one in all_assets(connection, kinds) if one.key not in placed]


def _tail(key: str) -> str:
    """Reduce a key to the letters and digits of its last part, so that `Raw-Orders` and `raw_orders` are alike.

    Of a model version it is the model's name.
    """
    if key.startswith("model:"):
        return _NOISE.sub("", key.partition(":")[2].partition("/")[0].casefold())
    return _NOISE.sub("", key.rstrip("/").rpartition("/")[2].rpartition(":")[2].casefold())
