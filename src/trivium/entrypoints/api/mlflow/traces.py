"""The routes of traces: told, judged, tagged, searched and read back, by clients of 3.17 and 2.22."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.mlflow.answering import PREFIX, Answering, Path, asked_of, changing, looking, told
from trivium.entrypoints.api.mlflow.trace_shapes import info_json, old_info_json, span_json
from trivium.entrypoints.policies import INGEST, guarded_route
from trivium.facts.instants import now
from trivium.facts.problem import ProblemError
from trivium.facts.trace_infos import Assessed
from trivium.facts.trace_infos import TraceInfo as Told
from trivium.intake.mlflow import trace_requests as ask
from trivium.intake.mlflow.checks import bad_value, experiment_number, invalid, required
from trivium.intake.mlflow.requests import Pair
from trivium.intake.mlflow.trace_requests import duration_ms_of, milliseconds_of, timestamp
from trivium.mlops.trace_infos.changing import DeleteTraces, LinkTraces, TagTrace
from trivium.mlops.trace_infos.names import CONTENTS, FINALIZED, STATES
from trivium.mlops.trace_infos.names import PREFIX as TRACE_PREFIX
from trivium.mlops.trace_infos.reading import Info, assessment_of, find_info, whole_infos
from trivium.mlops.trace_infos.search import TraceSearch, find_traces
from trivium.mlops.trace_infos.telling import Telling
from trivium.mlops.traces.reading import Trace, find_trace, spans_of

NEW: Final = "/api/3.0/mlflow/traces"
OLD: Final = f"{PREFIX}/traces"
_CONTENT_MAX: Final = 1 << 20


def trace_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes; fixed names stand before those of single traces."""
    look = Looks(rooms)
    return [
        guarded_route(NEW, TellsTrace(rooms), INGEST, ["POST"]),
        guarded_route(OLD, TellsOldTrace(rooms), INGEST, ["POST"]),
        looking(rooms, OLD, ask.SearchTraces, look.old_search, "GET"),
        looking(rooms, f"{NEW}/get", ask.TraceAsked, look.whole, "GET"),
        looking(rooms, f"{NEW}/batchGet", ask.TracesAsked, look.wholes, "GET"),
        looking(rooms, f"{NEW}/batchGetInfos", ask.TracesAsked, look.infos, "POST"),
        looking(rooms, f"{NEW}/search", ask.SearchTraces, look.search, "POST"),
        changing(rooms, f"{OLD}/link-to-run", ask.TracesAsked, lambda asked: LinkTraces(asked.trace_ids, asked.run_id)),
        *(changing(rooms, f"{base}/delete-traces", ask.DeleteTraces, _deletion) for base in (OLD, NEW)),
        *(route for base in (OLD, NEW) for route in _tag_routes(rooms, base)),
        guarded_route(f"{NEW}/{{trace_id}}/assessments", Assesses(rooms), INGEST, ["POST"]),
        guarded_route(
            f"{NEW}/{{trace_id}}/assessments/{{assessment_id}}", Assesses(rooms), INGEST, ["PATCH", "DELETE"]
        ),
        looking(rooms, f"{NEW}/{{trace_id}}/assessments/{{assessment_id}}", ask.Assess, look.assessment, "GET"),
        looking(rooms, f"{OLD}/{{trace_id}}/info", ask.TraceAsked, look.old_info, "GET"),
        guarded_route(f"{OLD}/{{trace_id}}", EndsOldTrace(rooms), INGEST, ["PATCH"]),
        looking(rooms, f"{NEW}/{{trace_id}}", ask.TraceAsked, look.info, "GET"),
    ]


def _tag_routes(rooms: Rooms, base: str) -> list[BaseRoute]:
    path = f"{base}/{{trace_id}}/tags"
    return [
        changing(
            rooms, path, ask.TraceTag, lambda asked, at: TagTrace(at["trace_id"], asked.key, asked.value), "PATCH"
        ),
        changing(rooms, path, ask.TraceTag, lambda asked, at: TagTrace(at["trace_id"], asked.key, None), "DELETE"),
    ]


def _deletion(asked: ask.DeleteTraces) -> DeleteTraces:
    required(asked.experiment_id, "experiment_id")
    number = experiment_number(asked.experiment_id)
    return DeleteTraces(number, asked.request_ids, asked.max_timestamp_millis, asked.max_traces)


class Looks:
    """Reads traces back; spans are folded up to what was acknowledged first."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def info(self, connection: Connection, _: ask.TraceAsked, path: Path) -> Any:
        """Tell of one trace."""
        return {"trace": {"trace_info": info_json(self._one(connection, path["trace_id"]))}}

    def old_info(self, connection: Connection, _: ask.TraceAsked, path: Path) -> Any:
        """Tell of one trace as 2.x reads it."""
        return {"trace_info": old_info_json(self._one(connection, path["trace_id"]))}

    def infos(self, connection: Connection, asked: ask.TracesAsked, _: Path) -> Any:
        """Tell of several traces."""
        return {"trace_infos": [info_json(one) for one in whole_infos(connection, self._rooms.lake, asked.trace_ids)]}

    def whole(self, connection: Connection, asked: ask.TraceAsked, _: Path) -> Any:
        """Tell of one trace with its spans."""
        required(asked.trace_id, "trace_id")
        return {"trace": self._wholes(connection, [self._one(connection, asked.trace_id).row.trace])[0]}

    def wholes(self, connection: Connection, asked: ask.TracesAsked, _: Path) -> Any:
        """Tell of several traces with their spans."""
        found = self._wholes(connection, asked.trace_ids)
        return {"traces": found} if found else {}

    def search(self, connection: Connection, asked: ask.SearchTraces, _: Path) -> Any:
        """Tell what a search finds, without spans."""
        if not asked.locations:
            raise invalid("Missing value for required parameter 'locations'.", where="locations")
        places = [one.mlflow_experiment.experiment_id for one in asked.locations if one.mlflow_experiment]
        return self._found(connection, asked, places, info_json)

    def old_search(self, connection: Connection, asked: ask.SearchTraces, _: Path) -> Any:
        """Tell what a search of 2.x finds."""
        return self._found(connection, asked, asked.experiment_ids, old_info_json)

    def assessment(self, connection: Connection, _: ask.Assess, path: Path) -> Any:
        """Tell what somebody thinks of a trace."""
        row = find_info(connection, path["trace_id"])
        return {"assessment": assessment_of(self._rooms.lake, row.trace, path["assessment_id"])}

    def _found(
        self, connection: Connection, asked: ask.SearchTraces, places: Sequence[str], shape: Callable[[Info], Any]
    ) -> Any:
        search = TraceSearch(
            experiments=tuple(map(experiment_number, places)),
            filter=asked.filter,
            order_by=tuple(asked.order_by),
            page_token=asked.page_token,
            **({} if asked.max_results is None else {"max_results": asked.max_results}),
        )
        page = find_traces(connection, search)
        found = [shape(one) for one in whole_infos(connection, self._rooms.lake, page.ids)]
        answer = {"traces": found, "next_page_token": page.next_page_token}
        return {key: value for key, value in answer.items() if value}

    def _one(self, connection: Connection, trace: str) -> Info:
        find_info(connection, trace)
        return whole_infos(connection, self._rooms.lake, [trace])[0]

    def _wholes(self, connection: Connection, traces: Sequence[str]) -> list[dict[str, Any]]:
        self._rooms.ledger.catch_up(["traces"])
        with self._rooms.ledger.reading() as fresh:
            return [
                {"trace_info": info_json(info), "spans": self._spans(fresh, info)}
                for info in whole_infos(connection, self._rooms.lake, traces)
            ]

    def _spans(self, connection: Connection, info: Info) -> list[dict[str, Any]]:
        known: Trace | None = find_trace(connection, info.row.trace.removeprefix(TRACE_PREFIX))
        if known is None:
            return []
        return [span_json(info.row.trace, span) for span in spans_of(self._rooms.lake, known)]


class _Tells(Answering):
    """A request that tells of a trace."""

    async def tell(self, telling: Telling, size: int) -> None:
        """Wait until it is durable; raises what it is refused with."""
        refusal = await asyncio.wrap_future(self.rooms.teller.submit(telling, size))
        if refusal is not None:
            raise ProblemError(refusal.problem)

    async def told_info(self, trace: str, shape: Callable[[Info], Any]) -> Any:
        """Read the trace back."""

        def read() -> Any:
            with self.rooms.ledger.reading() as connection:
                return shape(whole_infos(connection, self.rooms.lake, [trace])[0])

        return await run_in_threadpool(read)


class TellsTrace(_Tells):
    """`POST /api/3.0/mlflow/traces`: a client of 3.x tells of a trace; its spans come as OTLP."""

    async def respond(self, request: Request) -> Response:
        """Keep it, and tell it as it stands."""
        asked = await asked_of(request, ask.StartTrace)
        info = asked.trace.trace_info if asked.trace else None
        if info is None:
            raise invalid("Missing value for required parameter 'trace'.", where="trace")
        telling = telling_of(info)
        await self.tell(telling, int(request.headers.get("content-length", 0)))
        return told({"trace": {"trace_info": await self.told_info(info.trace_id, info_json)}})


class TellsOldTrace(_Tells):
    """`POST /api/2.0/mlflow/traces`: a client of 2.x begins a trace; its spans come as an artifact."""

    async def respond(self, request: Request) -> Response:
        """Give it an id."""
        asked = await asked_of(request, ask.StartOldTrace)
        info = Told(
            trace=uuid4().hex,
            experiment=experiment_number(asked.experiment_id),
            request_ms=asked.timestamp_ms,
            state="IN_PROGRESS",
            tags=_pairs(asked.tags),
            metadata={key: value for key, value in _pairs(asked.request_metadata).items() if key not in CONTENTS},
        )
        await self.tell(Telling(info=info, content=_content(_pairs(asked.request_metadata))), 1_000)
        return told({"trace_info": await self.told_info(info.trace, old_info_json)})


class EndsOldTrace(_Tells):
    """`PATCH /api/2.0/mlflow/traces/<id>`: a client of 2.x ends a trace."""

    async def respond(self, request: Request) -> Response:
        """Tell of it again, with its end."""
        asked = await asked_of(request, ask.EndOldTrace)
        before = await self.told_info_of(request.path_params["trace_id"])
        row, pairs = before.row, _pairs(asked.request_metadata)
        info = Told(
            trace=row.trace,
            experiment=row.experiment,
            request_ms=row.request_ms,
            duration_ms=asked.timestamp_ms - row.request_ms,
            state=_state(asked.status),
            tags=_pairs(asked.tags),
            metadata={key: value for key, value in pairs.items() if key not in CONTENTS},
        )
        content = before.content | _content(before.content.get("metadata", {}) | pairs)
        await self.tell(Telling(info=info, content=content), 1_000)
        return told({"trace_info": await self.told_info(row.trace, old_info_json)})

    async def told_info_of(self, trace: str) -> Info:
        """Read a trace; refuses one that there is not."""

        def read() -> Info:
            with self.rooms.ledger.reading() as connection:
                find_info(connection, trace)
                return whole_infos(connection, self.rooms.lake, [trace])[0]

        return await run_in_threadpool(read)


class Assesses(_Tells):
    """What somebody thinks of a trace: told, corrected, taken back."""

    async def respond(self, request: Request) -> Response:
        """Keep it, and tell it as it stands."""
        trace, known = request.path_params["trace_id"], request.path_params.get("assessment_id", "")
        if request.method == "DELETE":
            gone = Assessed(trace=trace, assessment=known, name="", kind="", at_ms=0, removed=True)
            await self.tell(Telling(assessments=((gone, {}),)), 100)
            return told(None)
        asked = await asked_of(request, ask.Assess)
        content = dict(asked.assessment)
        if known:
            before = await run_in_threadpool(assessment_of, self.rooms.lake, trace, known)
            fields = asked.update_mask.split(",") if asked.update_mask else list(content)
            content = before | {name: content[name] for name in fields if name in content}
        content |= {"assessment_id": known or f"a-{uuid4().hex}", "trace_id": trace}
        content["last_update_time"] = timestamp(now() // 1_000 * 1_000)
        content.setdefault("create_time", content["last_update_time"])
        content.setdefault("valid", True)
        await self.tell(Telling(assessments=(assessed_of(content),)), len(msgspec.json.encode(content)))
        return told({"assessment": content})


def telling_of(info: ask.TraceInfo) -> Telling:
    """Divide what a client tells of a trace into what is kept in the ledger and what is content."""
    required(info.trace_id, "trace_id")
    place = info.trace_location.mlflow_experiment if info.trace_location else None
    if place is None:
        raise invalid("A trace lies in an experiment: `trace_location` names none.", where="trace_location")
    kept = Told(
        trace=info.trace_id,
        experiment=experiment_number(place.experiment_id),
        request_ms=milliseconds_of(info.request_time, "request_time"),
        duration_ms=duration_ms_of(info.execution_duration, "execution_duration") if info.execution_duration else None,
        state=_state(info.state),
        client_request_id=info.client_request_id,
        tags=info.tags,
        metadata={key: value for key, value in info.trace_metadata.items() if key not in CONTENTS}
        | {FINALIZED: "true"},
    )
    content = _content(info.trace_metadata)
    for name in ("request_preview", "response_preview"):
        if (preview := getattr(info, name)) is not None:
            content[name] = preview
    assessments = tuple(assessed_of({"trace_id": info.trace_id} | one) for one in info.assessments)
    return Telling(info=kept, content=content, assessments=assessments)


def assessed_of(content: dict[str, Any]) -> tuple[Assessed, dict[str, Any]]:
    """Divide an assessment into what is kept in the ledger, and all of it, which is content."""
    content.setdefault("assessment_id", f"a-{uuid4().hex}")
    name = content.get("assessment_name")
    if not isinstance(name, str) or not name:
        raise invalid("Missing value for required parameter 'assessment_name'.", where="assessment.assessment_name")
    kind = "expectation" if "expectation" in content else "feedback"
    at_ms = milliseconds_of(str(content.get("create_time") or timestamp(now())), "assessment.create_time")
    valid = content.get("valid", True) is not False
    trace, assessment = str(content["trace_id"]), str(content["assessment_id"])
    return Assessed(trace=trace, assessment=assessment, name=name, kind=kind, at_ms=at_ms, valid=valid), content


def _content(metadata: dict[str, str]) -> dict[str, Any]:
    held = {key: value for key, value in metadata.items() if key in CONTENTS}
    return {"metadata": held} if held else {}


def _state(state: str | int) -> str:
    if isinstance(state, int) and 0 <= state < len(STATES):
        return STATES[state]
    if state == "TRACE_STATUS_UNSPECIFIED":
        return STATES[0]
    if state not in STATES:
        raise bad_value("state", state, f"It is one of {', '.join(STATES)}.")
    return str(state)


def _pairs(pairs: Sequence[Pair]) -> dict[str, str]:
    return {pair.key: pair.value for pair in pairs}
