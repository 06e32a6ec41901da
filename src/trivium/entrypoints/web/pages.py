"""Turns a template and its context into the answer that a browser gets."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse

from trivium.entrypoints.web.headers import page_headers
from trivium.entrypoints.web.shell import Shell
from trivium.facts.problem import Problem


def page(environment: Environment, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page with its headers; a name that the context lacks raises jinja2.UndefinedError."""
    return HTMLResponse(environment.get_template(template).render(context), status, page_headers())


def problem_page(environment: Environment, shell: Shell, problem: Problem) -> HTMLResponse:
    """Render what went wrong with the problem's own status; who sends it adds Retry-After."""
    return page(environment, "problem.html", status=problem.status, shell=shell, problem=problem)
