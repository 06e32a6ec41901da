"""Serves every page on sample contexts, to look at it: `python -m tests.entrypoints.web.pages_on_samples [PORT]`."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from tests.entrypoints.web.samples import PAGES, PARTIALS, SEARCH, shell
from trivium.entrypoints.web.bundle import PREFIX, read_bundle
from trivium.entrypoints.web.environment import templates
from trivium.entrypoints.web.headers import page_headers


def application() -> Starlette:
    """Make the application: each page of PAGES at its path, `?sample=NAME` choosing another of its contexts."""
    environment = templates(read_bundle())

    def page(request: Request) -> Response:
        path = request.scope["path"]
        name = request.query_params.get("sample", "")
        template, contexts = PAGES[path if path in PAGES else "/assets/{key}"]
        context: dict[str, Any] = {"shell": shell(path), **contexts[name]()}
        status = context["problem"]["status"] if "problem" in context else 200
        return HTMLResponse(environment.get_template(template).render(context), status, page_headers())

    def partial(request: Request) -> Response:
        template, context = PARTIALS[request.scope["path"]]
        return HTMLResponse(environment.get_template(template).render(context()), headers=page_headers())

    def search(request: Request) -> Response:
        asked = request.query_params.get("q", "").lower()
        return JSONResponse({"results": [found for found in SEARCH if asked in found["title"].lower()]})

    routes = [Route(path, page) for path in PAGES if path != "/assets/{key}"]
    routes += [Route("/assets/{key:path}", page), *(Route(path, partial) for path in PARTIALS)]
    return Starlette(routes=[*routes, Route("/api/trivium/v1/search", search), Mount(PREFIX, read_bundle())])


if __name__ == "__main__":
    uvicorn.run(
        application(), host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8091, log_level="warning"
    )
