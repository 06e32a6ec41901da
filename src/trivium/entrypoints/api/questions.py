"""The questions over HTTP: one GET route for each, made from the same list as the commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers.questions import Question
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST
from trivium.entrypoints.api.tables import FORMATS, table_response
from trivium.facts.bounds import MAX_KEY
from trivium.facts.misfits import misfit
from trivium.facts.problem import ProblemError, refuse, shown

Endpoint = Callable[[Request], Awaitable[Response]]
_JSON: Final = "application/json"
_MAX_VALUE: Final = 8192
_NO_STORE: Final = {"cache-control": "private, no-store"}


def question_endpoint(question: Question, rooms: Rooms) -> Endpoint:
    """Make the handler that answers a question in JSON."""

    async def endpoint(request: Request) -> Response:
        answer = await run_in_threadpool(_answered, question, rooms, request)
        return Response(msgspec.json.encode(answer), headers=_NO_STORE, media_type=_JSON)

    return endpoint


def table_endpoint(question: Question, rooms: Rooms, form: str) -> Endpoint:
    """Make the handler that answers a question's table as a file to save."""
    assert form in FORMATS

    async def endpoint(request: Request) -> Response:
        answer = await run_in_threadpool(_tabled, question, rooms, request)
        return await run_in_threadpool(table_response, question, answer, form)

    return endpoint


def read_params(request: Request, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Read the query into a record; refuses unknown names, repeats, and values of another type."""
    values: dict[str, str] = {}
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    for name, value in request.query_params.multi_items():
        if name not in names:
            known = ", ".join(sorted(names)) or "nothing"
            raise refuse("unknown_parameter", f"{shown(name)} is no parameter.", where="query", fix=f"Ask for {known}.")
        if name in values:
            raise refuse("repeated_parameter", f"{name} is given more than once.", where=name, fix="Give it once.")
        values[name] = _checked(name, value)
    return convert_params(values, kind)


def convert_params(values: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    """Turn texts into a record of parameters, or say which does not fit."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise bad_parameter(fault, values, "query") from fault


def bad_parameter(fault: msgspec.ValidationError, given: Any, whole: str) -> ProblemError:
    """Say which parameter does not fit, and why; `whole` names the place of all that was `given`."""
    title, place = misfit(str(fault), given)
    return refuse("bad_parameter", title, where=place or whole, fix="See /api/trivium/v1/openapi.json.")


def _answered(question: Question, rooms: Rooms, request: Request) -> msgspec.Struct:
    return question.ask(rooms, read_params(request, question.params))


def _tabled(question: Question, rooms: Rooms, request: Request) -> msgspec.Struct:
    """Answer for a file: all rows where the question has it so, unless the request says how many."""
    params = read_params(request, question.params)
    if question.whole and "limit" not in request.query_params:
        params = msgspec.structs.replace(params, limit=LARGEST)
    return question.ask(rooms, params)


def _checked(name: str, value: str) -> str:
    if len(name) > MAX_KEY or len(value) > _MAX_VALUE:
        raise refuse("too_long", f"{shown(value)} is longer than {_MAX_VALUE} characters.", where=name[:MAX_KEY])
    if "\0" in value or "�" in value:
        raise refuse("bad_text", f"{shown(value)} holds NUL or bytes that are no UTF-8.", where=name)
    return value
