"""How a fault is told over HTTP: RFC 9457 problem details for ours, code and message for the foreign protocols."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trivium.facts.problem import Problem, ProblemError

MEDIA_TYPE: Final = "application/problem+json"
_TITLES: Final = {404: "There is nothing at this address.", 405: "This address does not take that method."}
INTERNAL: Final = Problem(
    code="internal",
    title="The server met a fault of its own.",
    status=500,
    fix="Its log says more; please report it with the request that did it.",
)


def problem_of(fault: Exception) -> Problem:
    """Give the problem of any exception; one that is not known tells nothing of the inside."""
    if isinstance(fault, ProblemError):
        return fault.problem
    if isinstance(fault, HTTPException):
        title = _TITLES.get(fault.status_code, str(fault.detail))
        fix = "See /api/trivium/v1/openapi.json." if fault.status_code in _TITLES else ""
        return Problem(code=f"http_{fault.status_code}", title=title, status=fault.status_code, fix=fix)
    return INTERNAL


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Make the answer: RFC 9457 members with ours (`code`, `where`, `fix`) beside them."""
    return Response(
        msgspec.json.encode(problem_members(problem)),
        status_code=problem.status,
        headers={**retry_after(problem), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def problem_members(problem: Problem) -> dict[str, Any]:
    """Give the members of a problem details object (RFC 9457, section 3.1)."""
    members: dict[str, Any] = {
        "type": f"urn:trivium:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
    }
    members |= {name: value for name in ("where", "fix") if (value := getattr(problem, name))}
    if problem.retry_after_s:
        members["retry_after_s"] = problem.retry_after_s
    return members


def retry_after(problem: Problem) -> dict[str, str]:
    """Give the header Retry-After for what may be sent again."""
    seconds = problem.retry_after_s or (1 if problem.status in {429, 503} else 0)
    return {"retry-after": str(math.ceil(seconds))} if seconds else {}
