"""When two names are one thing: which name each asset goes by, and the evidence for it (design.md §8).

Names are joined by evidence: another spelling, a symlink that a producer sent, an OpenLineage run that names its MLflow
run, an alias that a person declared. What people declare wins: an asset is called what its alias says, and an alias of
a name to itself (`name = means`) cuts it loose from everything that was only observed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.facts.keys import kind_of
from trivium.facts.statements import Alias
from trivium.graph.declarations import declared_now
from trivium.graph.kept import kept
from trivium.graph.spelling import spell

ALIAS: Final = "alias"
_AT_ONCE: Final = 1_000
_AROUND = text(
    "SELECT name, means, reason, sequence FROM graph_merges WHERE name IN :names"
    " UNION SELECT name, means, reason, sequence FROM graph_merges WHERE means IN :names"
).bindparams(bindparam("names", expanding=True))


class Merge(msgspec.Struct, frozen=True, order=True):
    """Two names are one thing, because of `reason`, as the fact `sequence` says first."""

    name: str
    means: str
    reason: str
    sequence: int


def merges_of(connection: Connection, *, runs: bool = True) -> list[Merge]:
    """List all evidence that two names are one thing, sorted; without `runs` only that of other assets."""
    where = "" if runs else " WHERE name < 'run:' OR name >= 'run;'"
    found = connection.execute(text(f"SELECT name, means, reason, sequence FROM graph_merges{where}"))
    return sorted([*(Merge(*row) for row in found), *_aliases(connection)])


def names_now(connection: Connection) -> dict[str, str]:
    """Give for every merged name the one its asset goes by, but for runs. It is shared: do not change it."""
    return kept(connection, "names", ("merged", "declared"), lambda made: canonical_names(merges_of(made, runs=False)))


def evidence_of(connection: Connection, key: str) -> list[Merge]:
    """List the evidence for all names that are one thing with a key, sorted."""
    return sorted(_evidence(connection, {key, spell(key)}))


def run_names(connection: Connection, runs: Collection[str]) -> dict[str, str]:
    """Give for every name of some runs the one the run goes by; runs of one name only are left out."""
    return canonical_names(_evidence(connection, set(runs)))


def canonical_key(connection: Connection, key: str) -> str:
    """Give the name that an asset goes by, however its key is spelled; a key that nobody mentioned is spelled."""
    canonical = _around(connection, key)
    return canonical.get(key) or canonical.get(spell(key)) or spell(key)


def names_of(connection: Connection, key: str) -> list[str]:
    """List all names of the asset that a key names, its canonical one too, sorted."""
    canonical = _around(connection, key)
    chosen = canonical.get(key) or canonical.get(spell(key)) or spell(key)
    if kind_of(key) == "run":
        return sorted({chosen, *(name for name, one in canonical.items() if one == chosen)})
    return sorted({chosen, *_groups(connection).get(chosen, ())})


def _around(connection: Connection, key: str) -> dict[str, str]:
    """Give the names around a key; of runs, of which there are many, only those that are one thing with it."""
    return canonical_names(evidence_of(connection, key)) if kind_of(key) == "run" else names_now(connection)


def _evidence(connection: Connection, names: set[str]) -> set[Merge]:
    """Find the evidence for all names that are one thing with any of these."""
    aliases = _aliases(connection)
    found: set[Merge] = set()
    known, new = set(names), set(names)
    while new:
        asked = sorted(new)
        merges = {alias for alias in aliases if alias.name in new or alias.means in new}
        for start in range(0, len(asked), _AT_ONCE):
            rows = connection.execute(_AROUND, {"names": asked[start : start + _AT_ONCE]})
            merges.update(Merge(*row) for row in rows)
        found |= merges
        new = {name for merge in merges for name in (merge.name, merge.means)} - known
        known |= new
    return found


def _groups(connection: Connection) -> dict[str, list[str]]:
    """Give all names of each merged asset by the name that it goes by, but of runs."""

    def grouped(now: Connection) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, chosen in names_now(now).items():
            found.setdefault(chosen, []).append(name)
        return found

    return kept(connection, "groups", ("merged", "declared"), grouped)


def _aliases(connection: Connection) -> list[Merge]:
    """Give the declared aliases, and the spellings that they use."""
    return kept(connection, "aliases", ("declared",), _read_aliases)


def _read_aliases(connection: Connection) -> list[Merge]:
    merges = []
    for statement, sequence in declared_now(connection, Alias):
        merges.append(Merge(spell(statement.name), spell(statement.means), ALIAS, sequence))
        otherwise = (key for key in (statement.name, statement.means) if spell(key) != key)
        merges.extend(Merge(key, spell(key), "spelling", sequence) for key in otherwise)
    return merges


def canonical_names(merges: Iterable[Merge]) -> dict[str, str]:
    """Give for every merged name the one its asset goes by, also for that one itself.

    It is the last `means` of the latest chain of aliases, else the least key of those that are joined.
    """
    merges = list(merges)
    alone = {merge.name for merge in merges if merge.reason == ALIAS and merge.name == merge.means}
    parents: dict[str, str] = {}
    for merge in merges:
        if merge.reason == ALIAS or not (merge.name in alone or merge.means in alone):
            _join(parents, merge.name, merge.means)
    groups: dict[str, list[str]] = {}
    for name in parents:
        groups.setdefault(_top(parents, name), []).append(name)
    called = _declared_names([merge for merge in merges if merge.reason == ALIAS], parents)
    spelled = {merge.means for merge in merges}
    canonical = {}
    for top, group in groups.items():
        chosen = called.get(top) or min(name for name in group if spell(name) == name or name in spelled)
        canonical.update(dict.fromkeys(group, chosen))
    return canonical


def _declared_names(aliases: list[Merge], parents: dict[str, str]) -> dict[str, str]:
    """Choose for each joined group the name that people gave it: an end of a chain, of several the latest."""
    names = {alias.name for alias in aliases if alias.name != alias.means}
    called: dict[str, tuple[bool, int, str]] = {}
    for alias in aliases:
        top = _top(parents, alias.means)
        rank = (alias.means not in names, alias.sequence, alias.means)
        called[top] = max(called.get(top, rank), rank)
    return {top: rank[2] for top, rank in called.items()}


def _join(parents: dict[str, str], one: str, other: str) -> None:
    one_top, other_top = _top(parents, one), _top(parents, other)
    if one_top != other_top:
        parents[max(one_top, other_top)] = min(one_top, other_top)


def _top(parents: dict[str, str], name: str) -> str:
    """Find the name that stands for the group, and shorten the way to it."""
    top = parents.setdefault(name, name)
    while parents[top] != top:
        top = parents[top]
    while parents[name] != top:
        parents[name], name = top, parents[name]
    return top
