"""The read side of the OpenLineage protocol, as Marquez spells it: namespaces, datasets, jobs, runs, lineage.

`GET /api/v1/lineage?nodeId=&depth=`, `/api/v1/namespaces…` and `/api/v1/jobs/runs/ID`, with Marquez' field names.
Facets, tags, arguments, nominal times and locations are in the facts only, and null or empty here; every dataset is
called a `DB_TABLE` and every job `BATCH`. Money, quality and time travel are on our own interface.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints import policies
from trivium.entrypoints.answers.catalogue import Catalogue, Place, Thing, catalogue
from trivium.entrypoints.answers.remedies import completed
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.lineage import refusal
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of, run_key
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.graph.ran import Ran

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
        with catalogue(rooms, rooms.bookkeeping.state()) as listed:
            return tell(listed, request)

    async def endpoint(request: Request) -> Response:
        try:
            content = msgspec.json.encode(await run_in_threadpool(told, request))
        except ProblemError as fault:
            return refusal(completed(fault.problem))
        return Response(content, media_type="application/json", headers={"cache-control": "private, no-store"})

    return endpoint


def _lineage(listed: Catalogue, request: Request) -> Told:
    node = request.query_params.get("nodeId", "")
    key = listed.names.nodes.get(node)
    fix = "Ask for dataset:NAMESPACE:NAME or job:NAMESPACE:NAME."
    if not node:
        raise refuse("bad_parameter", "'nodeId' is missing.", where="nodeId", fix=fix)
    if key is None:
        raise refuse("no_such_node", f"There is no node {shown(node)}.", status=404, where="nodeId", fix=fix)
    found = listed.around(key, _whole(request, "depth", _DEPTH, 0))
    into, out = defaultdict[str, list[Told]](list), defaultdict[str, list[Told]](list)
    for edge in listed.edges_among(found):
        ends = {
            end: listed.names.places[key].node for end, key in (("origin", edge.source), ("destination", edge.target))
        }
        out[edge.source].append(ends)
        into[edge.target].append(ends)
    return {"graph": [_node(one, into[one.place.key], out[one.place.key]) for one in listed.told(found)]}


def _namespaces(listed: Catalogue, request: Request) -> Told:
    times = listed.times()
    return {"namespaces": [_namespace(name, times[name]) for name in _page(request, sorted(times))]}


def _within(listed: Catalogue, request: Request) -> Told:
    """Answer below one namespace: itself, its datasets or jobs, one of them, or a job's runs."""
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    parts = [unquote(part) for part in raw.removeprefix(f"{ROOT}/namespaces/").split("/")]
    if parts[0] not in listed.names.spaces:
        raise _nothing("namespace", parts[0])
    if len(parts) == 1:
        return _namespace(parts[0], listed.times()[parts[0]])
    kind = {"datasets": "dataset", "jobs": "job"}.get(parts[1])
    if kind is None or len(parts) > 4 or (len(parts) == 4 and (kind, parts[3]) != ("job", "runs")):
        raise _nothing("address", "/".join(parts[1:]))
    if len(parts) == 2:
        keys = listed.keys(parts[0], kind)
        return {parts[1]: [_told(one) for one in listed.told(_page(request, keys))], "totalCount": len(keys)}
    key = listed.names.nodes.get(f"{kind}:{parts[0]}:{parts[2]}")
    if key is None:
        raise _nothing(kind, parts[2])
    if len(parts) == 4:
        runs = listed.runs(key)
        return {"runs": [_ran(one) for one in _page(request, runs)], "totalCount": len(runs)}
    return _told(listed.told([key])[0])


def _run(listed: Catalogue, request: Request) -> Told:
    asked = request.path_params["run"]
    found = listed.run(run_key(asked))
    if found is None:
        raise _nothing("run", asked)
    return _ran(found)


def _node(one: Thing, into: list[Told], out: list[Told]) -> Told:
    """Write a node of the lineage graph with the edges to nodes that are there too."""
    kind = "JOB" if _is_job(one) else "DATASET"
    return {"id": one.place.node, "type": kind, "data": _told(one), "inEdges": into, "outEdges": out}


def _namespace(name: str, times: tuple[int | None, int | None]) -> Told:
    first, last = times
    return {
        "name": name, "createdAt": _time(first), "updatedAt": _time(last), "ownerName": "anonymous",
        "description": "", "isHidden": False,
    }  # fmt: skip


def _is_job(one: Thing) -> bool:
    return kind_of(one.place.key) == "job"


def _told(one: Thing) -> Told:
    return _job(one) if _is_job(one) else _dataset(one)


def _dataset(one: Thing) -> Told:
    fields: list[Told] = [
        {"name": name, "type": type_ or None, "tags": [], "description": None} for name, type_ in one.columns
    ]
    return {
        **_named(one), "type": "DB_TABLE", "physicalName": one.place.name, "sourceName": one.place.namespace,
        "fields": fields, "tags": [], "lastModifiedAt": _time(one.written), "description": one.description,
        "facets": {}, "deleted": False,
    }  # fmt: skip


def _job(one: Thing) -> Told:
    return {
        **_named(one), "type": "BATCH", "simpleName": one.place.name, "inputs": list(map(_identity, one.inputs)),
        "outputs": list(map(_identity, one.outputs)), "location": None, "description": one.description,
        "latestRun": None if one.latest is None else _ran(one.latest), "facets": {}, "tags": [],
    }  # fmt: skip


def _named(one: Thing) -> Told:
    name = _identity(one.place)
    return {"id": name, **name, "createdAt": _time(one.first), "updatedAt": _time(one.last)}


def _identity(place: Place) -> Told:
    return {"namespace": place.namespace, "name": place.name}


def _ran(one: Ran) -> Told:
    lasted = None if one.end is None or one.start is None else (one.end - one.start) // 1000
    return {
        "id": one.run.removeprefix("run:"), "createdAt": _time(one.start),
        "updatedAt": _time(one.start if one.end is None else one.end), "nominalStartTime": None,
        "nominalEndTime": None, "state": _state(one), "startedAt": _time(one.start), "endedAt": _time(one.end),
        "durationMs": lasted, "args": {}, "facets": {},
    }  # fmt: skip


def _state(one: Ran) -> str:
    """Say in Marquez' words how a run stands; an aborted run is a failed one here."""
    if one.end is None:
        return "NEW" if one.start is None else "RUNNING"
    return "COMPLETED" if one.success else "FAILED"


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
