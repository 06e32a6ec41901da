"""The directory of all assets: what each is called, who owns it, which product it serves, when it was heard of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.facts.instants import Instant
from trivium.facts.keys import KINDS, kind_of
from trivium.facts.statements import Belongs, Declared, Owned, ResourceUsed, Titled
from trivium.graph.declarations import all_declared
from trivium.graph.identity import canonical_key, canonical_names, merges_of, names_now, names_of
from trivium.graph.kept import kept
from trivium.graph.spelling import spell
from trivium.graph.words import RESOURCE, keys_in, resource_id

LISTED: Final = frozenset(KINDS) - {"run"}
"""Kinds that the directory lists unless it is asked for others: runs are too many, and flows tell of them."""
_ALL: Final = 2**63 - 1
_AT_ONCE: Final = 1_000
_TEST_RUN = (
    "(r.job_type = 'TEST' OR (r.job_type = '' AND EXISTS (SELECT 1 FROM graph_descriptions d WHERE d.asset = r.job"
    " AND d.field = 'job_type' AND d.value = 'TEST')))"
)
_SEEN = (
    "(n.kind <> 'dataset' OR n.named = 1 OR EXISTS (SELECT 1 FROM graph_uses u JOIN graph_runs r ON r.run = u.run"
    f" WHERE u.dataset = n.id AND u.written = 1 AND NOT {_TEST_RUN}))"
)
_NAMES = text(
    "SELECT n.id, n.key, n.first_at, n.last_at FROM graph_names n"
    f" WHERE n.kind IN :kinds AND n.first_at IS NOT NULL AND {_SEEN}"
).bindparams(bindparam("kinds", expanding=True))
_UNNAMED = text(
    "SELECT count(*) FROM graph_names n WHERE n.kind = 'dataset' AND n.named = 0 AND n.first_at IS NOT NULL"
    f" AND {_SEEN}"
)
_ONE = text(
    "SELECT n.id, n.key, n.first_at, n.last_at FROM graph_names n"
    f" WHERE n.key IN :keys AND n.first_at IS NOT NULL AND {_SEEN}"
).bindparams(bindparam("keys", expanding=True))
_DESCRIBED = text(
    "SELECT n.key, d.field, d.value, d.at FROM graph_descriptions d JOIN graph_names n ON n.id = d.asset"
    " WHERE d.field IN ('owners', 'documentation') ORDER BY d.at, d.value"
)
_JOB = text(
    "SELECT n.key, j.key FROM graph_names n JOIN graph_runs r ON r.run = n.id JOIN graph_names j ON j.id = r.job"
    " WHERE n.key IN :keys"
).bindparams(bindparam("keys", expanding=True))
_FACTS = text(
    "SELECT DISTINCT m.sequence FROM graph_mentions m JOIN graph_names n ON n.id = m.asset WHERE n.key IN :keys"
    " AND m.sequence < :before ORDER BY m.sequence DESC LIMIT :limit"
).bindparams(bindparam("keys", expanding=True))


class Asset(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One asset of the directory; `first_at` and `last_at` are none when it is only declared."""

    key: str
    kind: str
    title: str = ""
    documentation: str = ""
    owners: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    first_at: Instant | None = None
    last_at: Instant | None = None


@dataclass(frozen=True)
class Directory:
    """The assets that are no runs, sorted by key, without the times at which they were heard of.

    `heard` are those that an event names; the others are only declared. `finding` are, for each asset, the texts in
    which a search looks, in lower case: the end of its key, its title, its key.
    """

    assets: tuple[Asset, ...]
    heard: frozenset[str]
    finding: tuple[tuple[str, str, str], ...]

    def of_kind(self, kind: str) -> tuple[Asset, ...]:
        """List the assets of one kind."""
        return tuple(one for one in self.assets if one.kind == kind)


def directory(connection: Connection) -> Directory:
    """Give the directory, kept until what it stands on changes."""
    marks = ("named", "declared", "merged", "described", "linked")
    return kept(connection, "directory", marks, _directory, lambda now: now.execute(_UNNAMED).scalar_one())


def all_assets(connection: Connection, kinds: Collection[str] = LISTED) -> list[Asset]:
    """List the assets of some kinds, sorted by key: whatever an event or a declaration names, but no audit table."""
    canonical = canonical_names(merges_of(connection)) if "run" in kinds else names_now(connection)
    seen = _heard(connection, canonical, kinds)
    said = all_declared(connection)
    for key in _declared_keys(said):
        if kind_of(key) in kinds:
            seen.setdefault(canonical.get(key, canonical.get(spell(key), spell(key))), (None, None))
    words = _words(connection) if "run" not in kinds else _Words(connection, said, canonical)
    return [words.asset(key, *seen[key]) for key in sorted(seen) if kind_of(key) in kinds]


def asset(connection: Connection, key: str) -> Asset | None:
    """Give one asset, however its key is spelled; None when nobody mentioned it."""
    chosen, names = canonical_key(connection, key), names_of(connection, key)
    times = [row[2:] for row in connection.execute(_ONE, {"keys": names})]
    words = _words(connection)
    if not times and not any(spelled in words.mentioned for spelled in names):
        return None
    found = words.asset(chosen, min((t[0] for t in times), default=None), max((t[1] for t in times), default=None))
    if kind_of(key) != "run":
        return found
    return _Words(connection, all_declared(connection), dict.fromkeys(names, chosen)).asset(
        chosen, found.first_at, found.last_at
    )


def runs_named(connection: Connection, keys: Iterable[str]) -> list[Asset]:
    """Give some runs that events name, in the order of their keys; what is declared is laid out once for all."""
    names = {key: names_of(connection, key) for key in keys}
    if not names:
        return []
    chosen = {key: canonical_key(connection, key) for key in names}
    canonical = {name: chosen[key] for key, spelled in names.items() for name in spelled}
    times = _times(connection.execute(_ONE, {"keys": sorted(canonical)}), canonical)
    words = _Words(connection, all_declared(connection), canonical)
    return [words.asset(key, *times[key]) for key in dict.fromkeys(chosen.values()) if key in times]


def times_heard(
    connection: Connection, kinds: Collection[str], keys: Collection[str] | None = None
) -> dict[str, tuple[Instant | None, Instant | None]]:
    """Give when assets of some kinds (no runs) were first and last heard of, by the name they go by.

    With `keys` only those; an asset that is only declared is left out.
    """
    canonical = names_now(connection)
    if keys is None:
        return _heard(connection, canonical, kinds)
    names = sorted({name for key in keys for name in names_of(connection, key)})
    parts = (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
    rows = (row for part in parts for row in connection.execute(_ONE, {"keys": part}))
    return {key: times for key, times in _times(rows, canonical).items() if kind_of(key) in kinds}


def _directory(connection: Connection) -> Directory:
    listed = all_assets(connection)
    assets = tuple(msgspec.structs.replace(one, first_at=None, last_at=None) for one in listed)
    return Directory(
        assets,
        frozenset(one.key for one in listed if one.first_at is not None),
        tuple((_short(one.key).casefold(), one.title.casefold(), one.key.casefold()) for one in assets),
    )


def _heard(
    connection: Connection, canonical: Mapping[str, str], kinds: Collection[str]
) -> dict[str, tuple[Instant | None, Instant | None]]:
    """Give the assets that events name, with the first and last instant."""
    return _times(connection.execute(_NAMES, {"kinds": sorted(kinds)}), canonical)


def _times(rows: Iterable[Any], canonical: Mapping[str, str]) -> dict[str, tuple[Instant | None, Instant | None]]:
    """Give the first and last instant of each asset, of rows that have them for each of its names."""
    seen: dict[str, tuple[Instant | None, Instant | None]] = {}
    for _, key, first_at, last_at in rows:
        name = canonical.get(key, key)
        known = seen.get(name)
        seen[name] = (first_at, last_at) if known is None else (_least(known[0], first_at), _most(known[1], last_at))
    return seen


def _words(connection: Connection) -> _Words:
    """Give what is said of assets that are no runs, kept until somebody says something else."""

    def read(now: Connection) -> _Words:
        return _Words(now, all_declared(now), names_now(now))

    return kept(connection, "words", ("declared", "merged", "described"), read)


def _short(key: str) -> str:
    """Give the last part of a key: a table without its schema, a file without its folder."""
    return key.rstrip("/").rpartition("/")[2].rpartition(".")[2] or key


def declared_keys(connection: Connection) -> frozenset[str]:
    """Give the keys that declarations name, as they spell them and as they are spelled; kept."""
    return _words(connection).mentioned


def job_of(connection: Connection, run: str) -> str:
    """Give the job of a run, under any of its names; empty where none is known."""
    keys = {row[0]: row[1] for row in connection.execute(_JOB, {"keys": names_of(connection, run)})}
    return next((names_now(connection).get(keys[name], keys[name]) for name in sorted(keys)), "")


def facts_about(connection: Connection, key: str, limit: int = 1000, before: int = 0) -> list[int]:
    """List the sequences of the facts that name an asset by any of its names, the newest first.

    With `before` only those below that sequence.
    """
    asked = {"keys": names_of(connection, key), "limit": limit, "before": before or _ALL}
    return list(connection.execute(_FACTS, asked).scalars())


class _Words:
    """What is said of assets, by canonical key."""

    def __init__(self, connection: Connection, said: list[tuple[Declared, int]], canonical: Mapping[str, str]) -> None:
        declared = _declared_keys(said)
        self.mentioned = frozenset(declared | {spell(key) for key in declared})
        """What declarations name, as they spell it and as it is spelled."""
        self._titles: dict[str, str] = {}
        self._documentation: dict[str, str] = {}
        self._products: dict[str, set[str]] = defaultdict(set)
        self._observed: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, set[str]] = defaultdict(set)
        for key, field, value, _ in connection.execute(_DESCRIBED):
            name = canonical.get(key, key)
            if field == "owners":
                self._observed[name] = msgspec.json.decode(value, type=tuple[str, ...])
            else:
                self._documentation[name] = value
        for statement, _ in said:
            if isinstance(statement, Titled | Owned | Belongs):
                self._hear(
                    statement,
                    canonical.get(statement.asset) or canonical.get(spell(statement.asset)) or spell(statement.asset),
                )

    def _hear(self, statement: Titled | Owned | Belongs, name: str) -> None:
        if isinstance(statement, Titled):
            self._titles[name] = statement.title
        elif isinstance(statement, Owned):
            self._owners[name].add(statement.team)
        else:
            self._products[name].add(statement.product)

    def asset(self, key: str, first_at: Instant | None, last_at: Instant | None) -> Asset:
        """Make the directory's entry of a canonical key."""
        return Asset(
            key=key,
            kind=kind_of(key),
            title=self._titles.get(key, ""),
            documentation=self._documentation.get(key, ""),
            owners=tuple(sorted(self._owners.get(key) or self._observed.get(key, ()))),
            products=tuple(sorted(self._products.get(key, ()))),
            first_at=first_at,
            last_at=last_at,
        )


def _declared_keys(said: list[tuple[Declared, int]]) -> set[str]:
    keys = {key for statement, _ in said for key in keys_in(statement)}
    return keys | {RESOURCE + resource_id(one) for one, _ in said if isinstance(one, ResourceUsed)}


def _least(one: Instant | None, other: Instant | None) -> Instant | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _most(one: Instant | None, other: Instant | None) -> Instant | None:
    return max((at for at in (one, other) if at is not None), default=None)
