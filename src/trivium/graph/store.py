"""How a batch is united with the tables: read the rows that it touches, unite them in Python, write them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, TextClause, bindparam, text

from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of
from trivium.graph.batch import Batch, NameRow
from trivium.graph.rows import Description, RunRow, later, united
from trivium.ledger.direct import put_many

_CHUNK: Final = 500
_KNOWN_NAMES = text("SELECT id, key, named, first_at, last_at FROM graph_names WHERE key IN :keys").bindparams(
    bindparam("keys", expanding=True)
)
_KNOWN_RUNS = text(
    "SELECT r.run, r.start_at, r.end_at, r.success, r.end_sequence, coalesce(j.key, ''), r.job_at,"
    " coalesce(p.key, ''), r.parent_at, coalesce(o.key, ''), r.job_type, r.job_type_at, r.checked, r.sequence,"
    " r.start_sequence, r.job, r.parent, r.root FROM graph_runs r LEFT JOIN graph_names j ON j.id = r.job"
    " LEFT JOIN graph_names p ON p.id = r.parent LEFT JOIN graph_names o ON o.id = r.root WHERE r.run IN :runs"
).bindparams(bindparam("runs", expanding=True))
_KNOWN_DESCRIPTIONS = text(
    "SELECT asset, field, value, at, sequence FROM graph_descriptions WHERE asset IN :assets"
).bindparams(bindparam("assets", expanding=True))

_PUT_NAME = text(
    "INSERT INTO graph_names (id, key, kind, named, first_at, last_at, sequence)"
    " VALUES (:id, :key, :kind, :named, :first_at, :last_at, :sequence) ON CONFLICT (id) DO UPDATE SET"
    " named = excluded.named, first_at = excluded.first_at, last_at = excluded.last_at"
)
_PUT_RUN = text(
    "INSERT INTO graph_runs (run, start_at, end_at, success, end_sequence, job, job_at, parent, parent_at, root,"
    " job_type, job_type_at, checked, sequence, start_sequence) VALUES (:run, :start_at, :end_at, :success,"
    " :end_sequence, :job, :job_at, :parent, :parent_at, :root, :job_type, :job_type_at, :checked, :sequence,"
    " :start_sequence)"
    " ON CONFLICT (run) DO UPDATE SET start_at = excluded.start_at, end_at = excluded.end_at,"
    " success = excluded.success, end_sequence = excluded.end_sequence, job = excluded.job, job_at = excluded.job_at,"
    " parent = excluded.parent, parent_at = excluded.parent_at, root = excluded.root, job_type = excluded.job_type,"
    " job_type_at = excluded.job_type_at, checked = excluded.checked, sequence = excluded.sequence,"
    " start_sequence = excluded.start_sequence"
)
_PUT_START = text(
    "INSERT INTO graph_starts (run, at, sequence) VALUES (:run, :at, :sequence) ON CONFLICT (run, at) DO NOTHING"
)
_PUT_END = text(
    "INSERT INTO graph_ends (run, at, success, sequence) VALUES (:run, :at, :success, :sequence)"
    " ON CONFLICT (run, at, success) DO NOTHING"
)
_PUT_TRIAL = text(
    "INSERT INTO graph_trials (run, experiment, sequence) VALUES (:run, :experiment, :sequence)"
    " ON CONFLICT (run) DO UPDATE SET experiment = excluded.experiment, sequence = excluded.sequence"
    " WHERE excluded.sequence < graph_trials.sequence"
)
_PUT_USE = text(
    "INSERT INTO graph_uses (run, written, dataset, bytes, rows, sequence)"
    " VALUES (:run, :written, :dataset, :bytes, :rows, :sequence) ON CONFLICT (run, written, dataset) DO UPDATE SET"
    " bytes = CASE WHEN excluded.bytes > bytes THEN excluded.bytes ELSE bytes END,"
    " rows = CASE WHEN excluded.rows > rows THEN excluded.rows ELSE rows END"
)
_PUT_LINK = text(
    "INSERT INTO graph_links (job, written, dataset, first_at, sequence)"
    " VALUES (:job, :written, :dataset, :first_at, :sequence) ON CONFLICT (job, written, dataset) DO UPDATE SET"
    " first_at = CASE WHEN excluded.first_at < first_at THEN excluded.first_at ELSE first_at END"
)
_PUT_DESCRIPTION = text(
    "INSERT INTO graph_descriptions (asset, field, value, at, sequence)"
    " VALUES (:asset, :field, :value, :at, :sequence) ON CONFLICT (asset, field) DO UPDATE SET"
    " value = excluded.value, at = excluded.at, sequence = excluded.sequence"
)
_PUT_RESOURCE = text(
    "INSERT INTO graph_resources (asset, resource, sequence) VALUES (:asset, :resource, :sequence)"
    " ON CONFLICT (asset, resource) DO NOTHING"
)
_PUT_MERGE = text(
    "INSERT INTO graph_merges (name, means, reason, sequence) VALUES (:name, :means, :reason, :sequence)"
    " ON CONFLICT (name, means, reason) DO NOTHING"
)
_PUT_MENTION = text(
    "INSERT INTO graph_mentions (asset, sequence) VALUES (:asset, :sequence) ON CONFLICT (asset, sequence) DO NOTHING"
)
_PUT_DECLARED = text(
    "INSERT INTO graph_declared (source, identity, statement, recorded_at, sequence)"
    " VALUES (:source, :identity, :statement, :recorded_at, :sequence) ON CONFLICT (source, identity) DO UPDATE SET"
    " recorded_at = CASE WHEN statement = excluded.statement THEN recorded_at ELSE excluded.recorded_at END,"
    " sequence = CASE WHEN statement = excluded.statement THEN sequence ELSE excluded.sequence END,"
    " statement = excluded.statement"
)
_ADD_ASKED = text(
    "INSERT INTO graph_asked (consumer, version, day, logged, requests, errors, sequence)"
    " VALUES (:consumer, :version, :day, :logged, :requests, :errors, :sequence)"
    " ON CONFLICT (consumer, version, day, logged) DO UPDATE SET requests = requests + excluded.requests,"
    " errors = errors + excluded.errors"
)
_PUT_HEAD = text(
    "INSERT INTO graph_head (one, sequence) VALUES (1, :sequence) ON CONFLICT (one) DO UPDATE SET"
    " sequence = CASE WHEN excluded.sequence > sequence THEN excluded.sequence ELSE sequence END"
)


def store(connection: Connection, batch: Batch, head: int) -> None:
    """Unite a batch with the tables; `head` is the last sequence that it covers."""
    ids = _store_names(connection, batch.names)
    _store_runs(connection, batch, ids)
    _store_uses(connection, batch, ids)
    _store_descriptions(connection, batch.descriptions, ids)
    put = _Put(connection)
    put(
        _PUT_TRIAL,
        ({"run": ids[run], "experiment": ids[e], "sequence": s} for run, (e, s) in batch.trials.items()),
    )
    put(_PUT_RESOURCE, ({"asset": ids[a], "resource": r, "sequence": s} for (a, r), s in batch.resources.items()))
    put(
        _PUT_MERGE,
        ({"name": n, "means": m, "reason": r, "sequence": s} for (n, m, r), s in batch.merges.items()),
    )
    put(_PUT_MENTION, ({"asset": ids[asset], "sequence": sequence} for asset, sequence in batch.mentions))
    put(_PUT_DECLARED, (msgspec.structs.asdict(row) for row in batch.declared))
    put(_ADD_ASKED, _asked_rows(batch, ids))
    put(_PUT_HEAD, [{"sequence": head}])


def _asked_rows(batch: Batch, ids: dict[str, int]) -> Iterator[dict[str, int]]:
    for (endpoint, version, day, logged), (requests, errors, sequence) in batch.asked.items():
        yield {
            "consumer": ids[endpoint], "version": ids[version] if version else 0, "day": day, "logged": int(logged),
            "requests": requests, "errors": errors, "sequence": sequence,
        }  # fmt: skip


class _Put:
    """Runs one statement for many rows, and none for none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, statement: TextClause, rows: Iterable[dict[str, Any]]) -> None:
        put_many(self._connection, statement, rows)


def _store_names(connection: Connection, names: dict[str, NameRow]) -> dict[str, int]:
    """Give each name its number, new names the next ones in the order in which the batch names them."""
    ids: dict[str, int] = {}
    for chunk in _chunks(names):
        for number, key, named, first_at, last_at in connection.execute(_KNOWN_NAMES, {"keys": chunk}):
            ids[key] = number
            row = names[key]
            row.named = row.named or bool(named)
            row.first_at = _end(min, row.first_at, first_at)
            row.last_at = _end(max, row.last_at, last_at)
    following = int(connection.execute(text("SELECT coalesce(max(id), 0) FROM graph_names")).scalar_one())
    for key in names:
        if key not in ids:
            following += 1
            ids[key] = following
    _Put(connection)(
        _PUT_NAME,
        (
            {
                "id": ids[key],
                "key": key,
                "kind": kind_of(key),
                "named": int(row.named),
                "first_at": row.first_at,
                "last_at": row.last_at,
                "sequence": row.sequence,
            }
            for key, row in names.items()
        ),
    )
    return ids


def _store_runs(connection: Connection, batch: Batch, ids: dict[str, int]) -> None:
    runs, before = batch.runs, dict[str, RunRow]()
    keys = {ids[run]: run for run in runs}
    numbers = dict(ids)
    for chunk in _chunks(keys):
        for found in connection.execute(_KNOWN_RUNS, {"runs": chunk}):
            run, known = found[0], _run_row(found[1:15])
            before[keys[run]] = known
            numbers.update(zip((known.job, known.parent, known.root), found[15:], strict=True))
    numbers[""] = None  # type: ignore[assignment]
    _store_starts(connection, batch, before, ids)
    _store_ends(connection, batch, before, ids)
    runs.update({run: united(known, runs[run]) for run, known in before.items()})
    _Put(connection)(
        _PUT_RUN,
        (
            {
                **{field: getattr(row, field) for field in row.__struct_fields__},
                "run": number,
                "success": int(row.success),
                "checked": int(row.checked),
                "job": numbers[row.job],
                "parent": numbers[row.parent],
                "root": numbers[row.root],
            }
            for number, run in keys.items()
            for row in (runs[run],)
        ),
    )


def _store_starts(connection: Connection, batch: Batch, before: dict[str, RunRow], ids: dict[str, int]) -> None:
    """Keep the starts that were known until an earlier event came."""
    rows: dict[tuple[str, Instant], int] = {}
    for run, known in before.items():
        start = batch.runs[run].start_at
        if known.start_at is not None and start is not None and start < known.start_at:
            rows[run, known.start_at] = known.start_sequence
    for (run, at), sequence in batch.starts.items():
        first = before[run].start_at if run in before else None
        if first is None or at < first:
            rows[run, at] = sequence
    _Put(connection)(_PUT_START, ({"run": ids[run], "at": at, "sequence": s} for (run, at), s in sorted(rows.items())))


def _store_ends(connection: Connection, batch: Batch, before: dict[str, RunRow], ids: dict[str, int]) -> None:
    """Keep all terminal events of the runs that have several: of most runs the row says all there is."""
    found: dict[str, dict[tuple[Instant, bool], int]] = {}
    for (run, at, success), sequence in batch.ends.items():
        found.setdefault(run, {})[at, success] = sequence
    for run, ends in found.items():
        known = before.get(run)
        if known is not None and known.end_at is not None:
            ends[known.end_at, known.success] = known.end_sequence
    _Put(connection)(
        _PUT_END,
        (
            {"run": ids[run], "at": at, "success": int(success), "sequence": sequence}
            for run, ends in found.items()
            if len(ends) > 1
            for (at, success), sequence in sorted(ends.items())
        ),
    )


def _run_row(fields: Sequence[Any]) -> RunRow:
    row = RunRow(*fields)
    return msgspec.structs.replace(row, success=bool(row.success), checked=bool(row.checked))


def _store_uses(connection: Connection, batch: Batch, ids: dict[str, int]) -> None:
    put = _Put(connection)
    put(
        _PUT_USE,
        (
            {
                "run": ids[run],
                "written": written,
                "dataset": ids[dataset],
                "bytes": measures[0],
                "rows": measures[1],
                "sequence": measures[2],
            }
            for (run, written, dataset), measures in batch.uses.items()
        ),
    )
    put(
        _PUT_LINK,
        (
            {
                "job": ids[job],
                "written": written,
                "dataset": ids[dataset],
                "first_at": first_at,
                "sequence": sequence,
            }
            for (job, written, dataset), (first_at, sequence) in batch.links.items()
        ),
    )


def _store_descriptions(
    connection: Connection, descriptions: dict[tuple[str, str], Description], ids: dict[str, int]
) -> None:
    keys = {ids[asset]: asset for asset, _ in descriptions}
    for chunk in _chunks(keys):
        for asset, field, value, at, sequence in connection.execute(_KNOWN_DESCRIPTIONS, {"assets": chunk}):
            if new := descriptions.get((keys[asset], field)):
                descriptions[keys[asset], field] = later(Description(value, at, sequence), new)
    _Put(connection)(
        _PUT_DESCRIPTION,
        (
            {
                "asset": ids[asset],
                "field": field,
                "value": row.value,
                "at": row.at,
                "sequence": row.sequence,
            }
            for (asset, field), row in descriptions.items()
        ),
    )


def _chunks(items: Iterable[Any]) -> Iterator[Sequence[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _end(choose: Any, one: int | None, other: int | None) -> int | None:
    return choose(one, other) if one is not None and other is not None else other if one is None else one
