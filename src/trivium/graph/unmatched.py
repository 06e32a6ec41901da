"""Which names could not be joined, and what each most likely is: the report that asks people for an alias."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection, TextClause, bindparam, text

from trivium.facts.keys import kind_of
from trivium.graph.alike import Alike, suggestions
from trivium.graph.assets import directory
from trivium.graph.declarations import all_declared
from trivium.graph.flows import Flows
from trivium.graph.flows_reader import read_flows
from trivium.graph.identity import canonical_key, names_now
from trivium.graph.kept import kept
from trivium.graph.passed_over import passed_over
from trivium.graph.spelling import spell
from trivium.graph.words import keys_in

WITHOUT_JOB: Final = "run without a job"
_JOBLESS: Final = (
    "FROM graph_runs r JOIN graph_names n ON n.id = r.run WHERE r.job IS NULL AND r.start_at IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM graph_trials t WHERE t.run = r.run)"
)
_FIRST_JOBLESS = text(f"SELECT n.key {_JOBLESS} ORDER BY n.key LIMIT :limit")
_COUNT_JOBLESS = text(f"SELECT count(*) {_JOBLESS}")
_WHICH_JOBLESS = text(f"SELECT n.key {_JOBLESS} AND n.key IN :keys").bindparams(bindparam("keys", expanding=True))
_HEARD = text("SELECT key FROM graph_names WHERE key IN :keys AND first_at IS NOT NULL").bindparams(
    bindparam("keys", expanding=True)
)
_ALIKE_RUNS = text("SELECT key FROM graph_names WHERE key >= :low AND key < :high ORDER BY key LIMIT :limit")
_USED = text(
    "SELECT DISTINCT d.key, l.written FROM graph_links l JOIN graph_names d ON d.id = l.dataset"
    " WHERE d.kind = 'dataset' AND NOT (l.written = 1 AND EXISTS (SELECT 1 FROM graph_descriptions t"
    " WHERE t.asset = l.job AND t.field = 'job_type' AND t.value = 'TEST'))"
)
_BEGINNING: Final = len("run:") + 6
_LOOKS: Final = 500


class Unmatched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name that stands alone: why it is listed, and the names that it may mean, the likeliest first."""

    name: str
    reason: str
    suggestions: tuple[str, ...] = ()


def unmatched(connection: Connection, limit: int = 1000, flows: Flows | None = None) -> list[Unmatched]:
    """List the names of the graph that could not be joined, by reason and name; of runs without a job the first.

    Datasets that are read but that nobody writes, while a written one is spelled nearly alike; runs without a job that
    are no trial either; declared assets that no event names; versions that are used but whose origin is unknown; rules
    and lives that cannot be carried out. Give `flows` where they are read already.
    """
    sources = kept(connection, "sources", ("linked", "merged", "declared", "described"), _sources)
    absent = kept(connection, "absent", ("named", "declared", "merged", "linked", "described"), _absent, _unheard_runs)
    originless = _originless(read_flows(connection) if flows is None else flows)
    over = kept(connection, "passed over", ("declared", "merged", "described"), _passed_over)
    found = [*sources, *_jobless(connection, limit), *absent, *originless, *over]
    return sorted(found, key=lambda one: (one.reason, one.name))


def runs_heard(connection: Connection, runs: Collection[str]) -> set[str]:
    """Give those of some runs, by any of their names, that an event tells of."""
    found = _which(connection, _HEARD, runs)
    return found | {run for run in runs if run not in found and canonical_key(connection, run) != run}


def jobless(connection: Connection, runs: Collection[str]) -> set[str]:
    """Give those of some runs that have no job."""
    return _which(connection, _WHICH_JOBLESS, runs)


def count_jobless(connection: Connection) -> int:
    """Count the runs that have no job."""
    return int(connection.execute(_COUNT_JOBLESS).scalar_one())


def runs_like(connection: Connection, run: str) -> tuple[str, ...]:
    """Find the runs that a name may mean: those whose ids begin alike and differ in punctuation or case only."""
    low = run[:_BEGINNING]
    keys = connection.execute(_ALIKE_RUNS, {"low": low, "high": low + "\U0010ffff", "limit": _LOOKS}).scalars().all()
    return suggestions(run, keys)


def _sources(connection: Connection) -> list[Unmatched]:
    """List the datasets that are only read, where a written one may be meant; other sources are simply sources."""
    names, read, written = names_now(connection), set[str](), set[str]()
    for key, wrote in connection.execute(_USED):
        (written if wrote else read).add(names.get(key, key))
    alike = Alike(written)
    listed = [(key, alike.to(key)) for key in sorted(read - written)]
    return [Unmatched(key, "read, but never written", found) for key, found in listed if found]


def _passed_over(connection: Connection) -> list[Unmatched]:
    return [Unmatched(name, reason) for name, reason in passed_over(connection)]


def _jobless(connection: Connection, limit: int) -> list[Unmatched]:
    keys = connection.execute(_FIRST_JOBLESS, {"limit": limit}).scalars()
    return [Unmatched(key, WITHOUT_JOB) for key in keys]


def _which(connection: Connection, asked: TextClause, keys: Collection[str]) -> set[str]:
    """Ask a few names at a time which of them are as `asked` wants them."""
    ordered, found = sorted(set(keys)), set[str]()
    for start in range(0, len(ordered), _LOOKS):
        found.update(connection.execute(asked, {"keys": ordered[start : start + _LOOKS]}).scalars())
    return found


def _absent(connection: Connection) -> list[Unmatched]:
    """List datasets, jobs and runs that only declarations name."""
    names, heard = names_now(connection), directory(connection).heard
    named = {key for statement, _ in all_declared(connection) for key in keys_in(statement)}
    known = {names.get(key) or names.get(spell(key)) or spell(key) for key in named}
    absent = [name for name in known - heard if kind_of(name) in {"dataset", "job"}]
    alike = Alike(heard) if absent else None
    found = [(name, alike.to(name) if alike else ()) for name in absent]
    found += [(run, runs_like(connection, run)) for run in _unheard_runs(connection)]
    return [Unmatched(name, "declared, but no event names it", likely) for name, likely in sorted(found)]


def _unheard_runs(connection: Connection) -> tuple[str, ...]:
    """List the runs that declarations name and no event tells of."""

    def named(now: Connection) -> list[str]:
        said = {key for statement, _ in all_declared(now) for key in keys_in(statement)}
        return sorted(spell(key) for key in said if kind_of(key) == "run")

    runs = kept(connection, "runs named", ("declared",), named)
    return tuple(sorted(set(runs) - runs_heard(connection, runs)))


def _originless(flows: Flows) -> list[Unmatched]:
    """List the versions that somebody uses while no known run made them, nor what they were copied from."""
    versions = flows.versions
    made = np.zeros(len(versions.keys), np.bool_)
    made[flows.version_runs.version] = True
    known = made | (made[versions.copy_of] & (versions.copy_of >= 0))
    used = np.zeros(len(versions.keys), np.bool_)
    used[flows.consumptions.version] = used[flows.predictions.version] = True
    alike = Alike([versions.keys[place] for place in np.flatnonzero(known).tolist()])
    originless = [versions.keys[place] for place in np.flatnonzero(used & ~known).tolist()]
    return [Unmatched(key, "used, but its origin is unknown", alike.to(key)) for key in originless]
