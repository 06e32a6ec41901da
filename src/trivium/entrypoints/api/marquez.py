"""The read side of the OpenLineage protocol, as Marquez spells it: namespaces, datasets, jobs, runs, lineage.

`GET /api/v1/lineage?nodeId=&depth=`, `/api/v1/namespaces…` and `/api/v1/jobs/runs/ID`, with Marquez' field names; what
Trivium does not keep is null or empty. Money, quality and time travel are on our own interface.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints import policies
from trivium.entrypoints.answers.catalogue import Catalogue, Ran, Thing, catalogue
from trivium.entrypoints.answers.remedies import completed
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.lineage import refusal
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.facts.problem import ProblemError, refuse, shown

Endpoint = Callable[[Request], Awaitable[Response]]
Told = dict[str, Any]
ROOT: Final = "/api/v1"
_DEPTH: Final = 20
_LIMIT: Final = 100
_MOST: Final = 10_000


def marquez_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes of the read side. A namespace may hold slashes, percent-encoded: paths are taken apart raw."""
    return [
        policies.guarded_route(f"{ROOT}/lineage", _endpoint(rooms, _lineage), policies.READ, ["GET"]),
        policies.guarded_route(f"{ROOT}/namespaces", _endpoint(rooms, _namespaces), policies.READ, ["GET"]),
        policies.guarded_route(f"{ROOT}/namespaces/{{rest:path}}", _endpoint(rooms, _within), policies.READ, ["GET"]),
        policies.guarded_route(f"{ROOT}/jobs/runs/{{run}}", _endpoint(rooms, _run), policies.READ, ["GET"]),
    ]


def _endpoint(rooms: Rooms, tell: Callable[[Catalogue, Request], Told]) -> Endpoint:
    def told(request: Request) -> Told:
        return tell(catalogue(rooms, rooms.bookkeeping.state()), request)

    async def endpoint(request: Request) -> Response:
        try:
            content = msgspec.json.encode(await run_in_threadpool(told, request))
        except ProblemError as fault:
            return refusal(completed(fault.problem))
        return Response(content, media_type="application/json", headers={"cache-control": "private, no-store"})

    return endpoint


def _lineage(listed: Catalogue, request: Request) -> Told:
    node = request.query_params.get("nodeId", "")
    key = listed.nodes.get(node)
    fix = "Ask for dataset:NAMESPACE:NAME or job:NAMESPACE:NAME."
    if not node:
        raise refuse("bad_parameter", "'nodeId' is missing.", where="nodeId", fix=fix)
    if key is None:
        raise refuse("no_such_node", f"There is no node {shown(node)}.", status=404, where="nodeId", fix=fix)
    found = listed.around(key, _whole(request, "depth", _DEPTH, 0))
    there = {one.key for one in found}
    return {"graph": [_node(listed, one, there) for one in found]}


def _namespaces(listed: Catalogue, request: Request) -> Told:
    spaces = sorted({one.namespace for one in listed.things.values()})
    return {"namespaces": [_namespace(listed, name) for name in _page(request, spaces)]}


def _within(listed: Catalogue, request: Request) -> Told:
    """Answer below one namespace: itself, its datasets or jobs, one of them, or a job's runs."""
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    parts = [unquote(part) for part in raw.removeprefix(f"{ROOT}/namespaces/").split("/")]
    if not any(one.namespace == parts[0] for one in listed.things.values()):
        raise _nothing("namespace", parts[0])
    if len(parts) == 1:
        return _namespace(listed, parts[0])
    kind = {"datasets": "dataset", "jobs": "job"}.get(parts[1])
    if kind is None or len(parts) > 4 or (len(parts) == 4 and (kind, parts[3]) != ("job", "runs")):
        raise _nothing("address", "/".join(parts[1:]))
    if len(parts) == 2:
        things = listed.of_kind(kind, parts[0])
        told = [_dataset(one) if kind == "dataset" else _job(listed, one) for one in _page(request, things)]
        return {parts[1]: told, "totalCount": len(things)}
    key = listed.nodes.get(f"{kind}:{parts[0]}:{parts[2]}")
    if key is None:
        raise _nothing(kind, parts[2])
    if len(parts) == 4:
        runs = listed.things[key].runs
        return {"runs": [_ran(one) for one in _page(request, runs)], "totalCount": len(runs)}
    return _dataset(listed.things[key]) if kind == "dataset" else _job(listed, listed.things[key])


def _run(listed: Catalogue, request: Request) -> Told:
    found = listed.runs.get(f"run:{request.path_params['run']}")
    if found is None:
        raise _nothing("run", request.path_params["run"])
    return _ran(found)


def _node(listed: Catalogue, one: Thing, there: set[str]) -> Told:
    """Write a node of the lineage graph with the edges to nodes that are there too."""
    ways = {name: sorted(listed.things[key].node for key in keys & there)
            for name, keys in (("in", one.before), ("out", one.after))}  # fmt: skip
    is_job = kind_of(one.key) == "job"
    return {
        "id": one.node,
        "type": "JOB" if is_job else "DATASET",
        "data": _job(listed, one) if is_job else _dataset(one),
        "inEdges": [{"origin": other, "destination": one.node} for other in ways["in"]],
        "outEdges": [{"origin": one.node, "destination": other} for other in ways["out"]],
    }


def _namespace(listed: Catalogue, name: str) -> Told:
    firsts = [one.first for one in listed.things.values() if one.namespace == name and one.first is not None]
    lasts = [one.last for one in listed.things.values() if one.namespace == name and one.last is not None]
    times = {"createdAt": _time(min(firsts, default=None)), "updatedAt": _time(max(lasts, default=None))}
    return {"name": name, **times, "ownerName": "anonymous", "description": "", "isHidden": False}


def _dataset(one: Thing) -> Told:
    return {
        **_named(one), "type": "DB_TABLE", "physicalName": one.name, "sourceName": one.namespace, "fields": [],
        "tags": [], "lastModifiedAt": _time(one.last) if one.before else None, "description": "", "facets": {},
        "deleted": False,
    }  # fmt: skip


def _job(listed: Catalogue, one: Thing) -> Told:
    sides = {name: [_identity(listed.things[key]) for key in sorted(keys)]
             for name, keys in (("inputs", one.before), ("outputs", one.after))}  # fmt: skip
    return {
        **_named(one), "type": "BATCH", "simpleName": one.name, **sides, "location": None, "description": "",
        "latestRun": _ran(one.runs[0]) if one.runs else None, "facets": {}, "tags": [],
    }  # fmt: skip


def _named(one: Thing) -> Told:
    return {"id": _identity(one), **_identity(one), "createdAt": _time(one.first), "updatedAt": _time(one.last)}


def _identity(one: Thing) -> Told:
    return {"namespace": one.namespace, "name": one.name}


def _ran(one: Ran) -> Told:
    lasted = None if one.end is None else (one.end - one.start) // 1000
    return {
        "id": one.run.removeprefix("run:"), "createdAt": _time(one.start),
        "updatedAt": _time(one.start if one.end is None else one.end), "nominalStartTime": None,
        "nominalEndTime": None, "state": one.state, "startedAt": _time(one.start), "endedAt": _time(one.end),
        "durationMs": lasted, "args": {}, "facets": {},
    }  # fmt: skip


def _page(request: Request, items: Sequence[Any]) -> Sequence[Any]:
    start = _whole(request, "offset", 0, 0)
    return items[start : start + _whole(request, "limit", _LIMIT, 1)]


def _whole(request: Request, name: str, default: int, least: int) -> int:
    """Read a whole number of the query; refuses what is none."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isdecimal() and text.isascii() and len(text) < 9 and int(text) >= least):
        title = f"{shown(text)} is not a whole number of at least {least}."
        raise refuse("bad_parameter", title, where=name, fix="Leave it out for the default.")
    return min(int(text), _MOST)


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _nothing(kind: str, name: str) -> ProblemError:
    fix = f"`GET {ROOT}/namespaces` lists what there is."
    return refuse("no_such_node", f"There is no {kind} {shown(name)}.", status=404, where=kind, fix=fix)
