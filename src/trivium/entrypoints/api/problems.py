"""How a fault is told over HTTP: RFC 9457 problem details for ours, code and message for the foreign protocols."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trivium.entrypoints.answers.remedies import completed, problem_members, shortage_of
from trivium.facts.problem import Problem, ProblemError

MEDIA_TYPE: Final = "application/problem+json"
_TITLES: Final = {404: "There is nothing at this address.", 405: "This address does not take that method."}
_FIX: Final = "See /api/trivium/v1/openapi.json for the addresses there are."
INTERNAL: Final = Problem(code="internal", title="The server met a fault of its own.", status=500)


def problem_of(fault: Exception) -> Problem:
    """Give the problem of any exception, with place and advice; one that is not known tells nothing of the inside."""
    if isinstance(fault, ProblemError):
        return completed(fault.problem)
    if isinstance(fault, HTTPException):
        title = _TITLES.get(fault.status_code, str(fault.detail))
        code = f"http_{fault.status_code}"
        return Problem(code=code, title=title, status=fault.status_code, where="address", fix=_FIX)
    return shortage_of(fault) or completed(INTERNAL)


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Make the answer: RFC 9457 members with ours (`code`, `where`, `fix`) beside them."""
    return Response(
        msgspec.json.encode(problem_members(problem)),
        status_code=problem.status,
        headers={**retry_after(problem), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def retry_after(problem: Problem) -> dict[str, str]:
    """Give the header Retry-After for what may be sent again."""
    seconds = problem.retry_after_s or (1 if problem.status in {429, 503} else 0)
    return {"retry-after": str(math.ceil(seconds))} if seconds else {}
