"""Makes graphs for tests: events and declared statements become recorded facts, and facts a folded database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.instants import parse_instant
from trivium.facts.kinds import Kind
from trivium.facts.statements import Declared, Statement, decode_statement, encode_statement
from trivium.graph.fold import GraphFold
from trivium.graph.tables import metadata
from trivium.intake.openlineage.reader import accept, statements

NUMBERED = {"run", "dataset", "job", "asset", "parent", "root"}
ORDERED = {"sequence", "start_sequence", "end_sequence", "id"}
NS = "s3://lake"


def read_any(recorded: RecordedFact) -> Sequence[Statement]:
    """Read a fact of any kind, as bootstrap's reader does."""
    if recorded.fact.kind is Kind.LINEAGE_EVENT:
        return statements(recorded)
    return [decode_statement(recorded.fact.body)]


def event(
    run: str,
    kind: str,
    at: str,
    job: str = "etl",
    reads: Iterable[Any] = (),
    writes: Iterable[Any] = (),
    parent: str = "",
    root: str = "",
    job_type: str = "",
    **run_facets: Any,
) -> bytes:
    """Write a run event; datasets are names, or whole dataset objects."""
    facets: dict[str, Any] = dict(run_facets)
    if parent:
        facets["parent"] = {"run": {"runId": parent}, "job": {"namespace": "n", "name": "above"}}
        if root:
            facets["parent"]["root"] = {"run": {"runId": root}, "job": {"namespace": "n", "name": "root"}}
    body = {
        "eventTime": at,
        "eventType": kind,
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": "n", "name": job, "facets": {"jobType": {"jobType": job_type}} if job_type else {}},
        "inputs": [_dataset(one) for one in reads],
        "outputs": [_dataset(one) for one in writes],
    }
    return json.dumps(body).encode()


def ran(run: str, start: str, end: str, **details: Any) -> list[bytes]:
    """Write START and COMPLETE of one run."""
    return [event(run, "START", start, **details), event(run, "COMPLETE", end, **details)]


def recorded(
    said: Iterable[bytes | Declared | Fact], first: int = 1, source: str = "declare:test"
) -> list[RecordedFact]:
    """Give facts their sequences as the ledger does; events are accepted, declared statements written as facts."""
    facts = []
    for sequence, one in enumerate(said, first):
        fact = accept(one) if isinstance(one, bytes) else one if isinstance(one, Fact) else declared_fact(one, source)
        facts.append(RecordedFact(sequence=sequence, recorded_at=parse_instant("2026-12-01"), fact=fact))
    return facts


def declared_fact(statement: Declared, source: str = "declare:test") -> Fact:
    """Write a declared statement as a fact."""
    kind = Kind(str(statement.__struct_config__.tag))
    return Fact(kind=kind, subject="", happened_at=0, source=source, key="k", body=encode_statement(statement))


def connection_with(*folds: Any) -> Connection:
    """Open an empty database in memory and make the folds' tables."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    connection = engine.connect()
    for fold in folds:
        fold.create(connection)
    return connection


def graph_of(*said: bytes | Declared | Fact | list[bytes]) -> Connection:
    """Fold what is said into a new graph."""
    flat = [one for part in said for one in (part if isinstance(part, list) else [part])]
    fold = GraphFold(read_any)
    connection = connection_with(fold)
    fold.apply(connection, recorded(flat))
    return connection


def recording(path: Path) -> list[bytes]:
    """Read the events of a recorded file."""
    return path.read_bytes().splitlines()


def state(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Give all tables with names instead of numbers, sorted, without sequences."""
    keys = {row[0]: row[1] for row in connection.execute(text("SELECT id, key FROM graph_names"))}
    found = {}
    for table in metadata.sorted_tables:
        if table.name in {"graph_mentions", "graph_head", "graph_starts"}:
            continue
        columns = [column.name for column in table.columns if column.name not in ORDERED]
        rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table.name}"))
        found[table.name] = sorted(
            (
                tuple(keys.get(cell) if name in NUMBERED else cell for name, cell in zip(columns, row, strict=True))
                for row in rows
            ),
            key=repr,
        )
    return found


def rows(connection: Connection) -> list[Any]:
    """Give all tables as they stand, with numbers and sequences."""
    return [
        (table.name, connection.execute(text(f"SELECT * FROM {table.name}")).all()) for table in metadata.sorted_tables
    ]


def _dataset(one: Any) -> dict[str, Any]:
    return one if isinstance(one, dict) else {"namespace": NS, "name": one}
