"""Reads the whole graph as the columns that finops works on."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection, text

from trivium.facts.statements import (
    LONGEST_LIFE,
    Belongs,
    Declared,
    Life,
    Owned,
    ResourceUsed,
    Rule,
    TrialOf,
    VersionRegistered,
)
from trivium.graph.asked_columns import enter_asked
from trivium.graph.columns import integer_columns
from trivium.graph.declarations import all_declared
from trivium.graph.flows import OPEN, Flows, Int32, ResourceUse, Runs
from trivium.graph.fold_runs import brackets, carriers, upkeep
from trivium.graph.moment_columns import read_ends, read_starts
from trivium.graph.naming import Naming, Placed
from trivium.graph.passed_over import LIFE_FIELD, is_carried_out, tagged_days
from trivium.graph.run_columns import RunColumns, read_runs
from trivium.graph.use_columns import RawUses, list_datasets, read_uses, united_uses
from trivium.graph.version_columns import (
    VersionBook,
    book_of,
    consumptions_of,
    predictions_of,
    version_keys,
    version_runs_of,
    versions_of,
)
from trivium.graph.words import SHARED, keys_in, resource_id

DEFAULT_EXPERIMENT: Final = "experiment:0"
"""MLflow's experiment 0 is where runs land that nobody sorted: it groups nothing."""
UNGROUPED: Final = -2
_DESCRIBED = text("SELECT asset, value, sequence FROM graph_descriptions WHERE field = :field ORDER BY at, value")
_TRIED = text("SELECT DISTINCT experiment FROM graph_trials")
_RESOURCES = text("SELECT asset, resource, sequence FROM graph_resources")

Said = list[tuple[Declared, int]]


def read_flows(connection: Connection, sequence: int | None = None) -> Flows:
    """Read everything that carries cost; `sequence` is the head they are read at, else the graph's own.

    About 2 µs for each run and 0.7 µs for each use.
    """
    naming = Naming(connection)
    said = all_declared(connection)
    runs = read_runs(connection, naming)
    reads, writes = read_uses(connection, runs)
    datasets, dataset_place = list_datasets(connection, naming, writes, _declared_keys(said, naming, "dataset:"))
    book = book_of(said, naming)
    _enter_model_uris(book, naming, runs, reads, writes)
    enter_asked(book, connection, naming)
    book.notice_used()
    experiments = _experiments(connection, said, naming)
    versions, consumers = version_keys(book), _consumers(book, said, naming)
    run_place = Placed(runs.keys)
    version_runs = version_runs_of(book, versions, run_place)
    experiment = _trials(connection, said, naming, runs, experiments)
    read, written = united_uses(reads, dataset_place), united_uses(writes, dataset_place)
    places = {key: place for place, key in enumerate(experiments)}
    user_places = {key: place for place, key in enumerate(consumers)}
    return Flows(
        start_sequences=read_starts(connection, runs),
        ends=read_ends(connection, runs),
        runs=_resolved(runs, experiment, read.run, written.run, version_runs.run),
        jobs=runs.jobs,
        datasets=datasets,
        experiments=experiments,
        consumers=consumers,
        reads=read,
        writes=written,
        versions=versions_of(book, versions, places),
        version_runs=version_runs,
        consumptions=consumptions_of(book, versions, user_places),
        predictions=predictions_of(book, versions, user_places),
        life_days=_lives(connection, said, naming, datasets),
        resources=_resources(connection, said, naming),
        rules=_rules(said, naming),
        owners=_owners(connection, said, naming),
        products=_grouped((naming.name(s.asset), naming.name(s.product)) for s, _ in said if isinstance(s, Belongs)),
        names=naming.others(),
        sequence=graph_head(connection) if sequence is None else sequence,
    )


def graph_head(connection: Connection) -> int:
    """Give the sequence of the last fact that the graph has folded, 0 before the first."""
    return int(connection.execute(text("SELECT coalesce(max(sequence), 0) FROM graph_head")).scalar_one())


def _resolved(runs: RunColumns, experiment: Int32, reading: Int32, writing: Int32, leading: Int32) -> Runs:
    """Decide for each run whether it stands, folds, spreads or only looked."""
    has_reads, has_writes, leads = (np.zeros(len(runs.keys), np.bool_) for _ in range(3))
    has_reads[reading], has_writes[writing], leads[leading] = True, True, True
    product = has_writes | leads | (experiment != -1)
    stands = has_reads | product
    carrier = carriers(runs.parent, stands, has_reads | has_writes)
    return Runs(
        keys=runs.keys,
        start=runs.start,
        end=runs.end,
        outcome=runs.outcome,
        job=runs.job,
        experiment=np.maximum(experiment, -1),
        parent=runs.parent,
        carrier=carrier,
        bracket=brackets(runs.parent, stands, carrier),
        names=has_reads | has_writes,
        tracked=experiment != -1,
        upkeep=upkeep(runs.test, runs.checked, has_reads, product),
        sequence=runs.sequence,
        end_sequence=runs.end_sequence,
    )


def _enter_model_uris(book: VersionBook, naming: Naming, runs: RunColumns, reads: RawUses, writes: RawUses) -> None:
    """Take datasets named by a model URI for versions: who reads one uses it from then on, who writes one made it."""
    models = naming.of_kind("model")
    if not len(models):
        return
    for uses, written in ((reads, False), (writes, True)):
        named = naming.asset[uses.name[uses.row]]
        is_model = np.zeros(len(naming.keys), np.bool_)
        is_model[naming.asset[models]] = True
        for place in np.flatnonzero(is_model[named]).tolist():
            index = int(uses.row[place])
            key, run = naming.keys[named[place]], int(uses.run[index])
            start, sequence = int(runs.start[run]), int(uses.sequence[index])
            if written:
                at = start if runs.outcome[run] == OPEN else int(runs.end[run])
                book.make(key, runs.keys[run], at, sequence)
            elif runs.job[run] >= 0:
                book.use(key, runs.jobs[runs.job[run]], start, start + 1, sequence)


def _declared_keys(said: Said, naming: Naming, kind: str) -> set[str]:
    keys = {naming.name(key) for statement, _ in said for key in keys_in(statement)}
    return {key for key in keys if key.startswith(kind)}


def _experiments(connection: Connection, said: Said, naming: Naming) -> list[str]:
    found = {naming.name(s.experiment) for s, _ in said if isinstance(s, TrialOf | VersionRegistered) and s.experiment}
    found |= {naming.keys[naming.asset[number]] for (number,) in connection.execute(_TRIED)}
    return sorted(found - {DEFAULT_EXPERIMENT})


def _trials(connection: Connection, said: Said, naming: Naming, runs: RunColumns, experiments: list[str]) -> Int32:
    """Give each run its experiment's place; UNGROUPED for a tracked run that no experiment groups.

    What is declared counts before what was seen.
    """
    run_place = Placed(runs.keys)
    places = {key: place for place, key in enumerate(experiments)} | {DEFAULT_EXPERIMENT: UNGROUPED}
    experiment = np.full(len(runs.keys), -1, np.int32)
    tried, group = integer_columns(connection, ["run", "experiment"], "graph_trials")
    numbers, which = np.unique(group, return_inverse=True)
    grouped = np.array([places[naming.keys[naming.asset[number]]] for number in numbers.tolist()], np.int32)
    known = runs.place[tried] >= 0
    experiment[runs.place[tried[known]]] = grouped[which[known]] if len(numbers) else -1
    for statement, _ in said:
        if isinstance(statement, TrialOf) and (run := run_place.get(naming.name(statement.run))) is not None:
            experiment[run] = places.get(naming.name(statement.experiment), -1)
    return experiment


def _consumers(book: VersionBook, said: Said, naming: Naming) -> list[str]:
    users = {by for _, by, _, _ in book.used} | {by for _, by, _ in book.predicted}
    return sorted(users | _declared_keys(said, naming, "endpoint:"))


def _lives(connection: Connection, said: Said, naming: Naming, datasets: list[str]) -> Int32:
    """Give each dataset its life in days: as declared, else as its tag `trivium:life` says."""
    days: dict[str, int] = {}
    for asset, value, _ in connection.execute(_DESCRIBED, {"field": LIFE_FIELD}):
        if found := tagged_days(value):
            key = naming.keys[naming.asset[asset]]
            days[key] = max(days.get(key, 0), found)
    days |= {naming.name(s.dataset): s.days for s, _ in said if isinstance(s, Life) and s.days <= LONGEST_LIFE}
    return np.array([days.get(key, 0) for key in datasets], np.int32)


def _resources(connection: Connection, said: Said, naming: Naming) -> list[ResourceUse]:
    """List who uses which billed resource: declared ones count before those that tags and query ids name."""
    found: dict[tuple[str, str], ResourceUse] = {}
    tagged = connection.execute(_DESCRIBED, {"field": "tag:trivium.resource_id"}).all()
    for asset, resource, sequence in [*connection.execute(_RESOURCES), *tagged]:
        use = ResourceUse(naming.keys[naming.asset[asset]], resource, Fraction(1), sequence)
        known = found.get((use.asset, resource), use)
        found[use.asset, resource] = min(known, use, key=lambda one: one.sequence)
    for statement, sequence in said:
        if isinstance(statement, ResourceUsed):
            asset, resource = naming.name(statement.asset), resource_id(statement)
            found[asset, resource] = ResourceUse(asset, resource, Fraction(statement.weight), sequence)
    return [found[key] for key in sorted(found)]


def _rules(said: Said, naming: Naming) -> list[Rule]:
    """List the rules that can be carried out, in the order in which they are tried."""
    rules = [
        msgspec.structs.replace(
            rule,
            to=rule.to if rule.to in {"", SHARED} else naming.name(rule.to),
            spread=tuple(naming.name(key) for key in rule.spread),
        )
        for rule, _ in said
        if isinstance(rule, Rule) and is_carried_out(rule)
    ]
    return sorted(rules, key=lambda rule: (rule.position, rule.name))


def _owners(connection: Connection, said: Said, naming: Naming) -> dict[str, tuple[str, ...]]:
    """Give assets their teams: the declared ones, else those of the latest ownership facet."""
    owners: dict[str, tuple[str, ...]] = {}
    for asset, value, _ in connection.execute(_DESCRIBED, {"field": "owners"}):
        owners[naming.keys[naming.asset[asset]]] = msgspec.json.decode(value, type=tuple[str, ...])
    declared = _grouped((naming.name(s.asset), naming.name(s.team)) for s, _ in said if isinstance(s, Owned))
    return dict(sorted((owners | declared).items()))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return {key: tuple(sorted(values)) for key, values in sorted(groups.items())}
