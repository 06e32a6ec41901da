"""The pages: each address asks the questions that its template shows, behind the policy of reading."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount

from trivium import __version__
from trivium.entrypoints.answers import ledger_verify
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.policies import FORM, OPEN, READ, guard, guarded_route
from trivium.entrypoints.web.asset_pages import asset_page
from trivium.entrypoints.web.bundle import PREFIX, read_bundle
from trivium.entrypoints.web.curve_pages import curves_page
from trivium.entrypoints.web.endpoint_pages import accurate_page, endpoint_page, endpoints_page
from trivium.entrypoints.web.environment import templates
from trivium.entrypoints.web.experiment_pages import experiments_page, runs_page
from trivium.entrypoints.web.frames import plain_shell
from trivium.entrypoints.web.list_pages import assets_page, data_page
from trivium.entrypoints.web.model_pages import difference_page, model_page, models_page
from trivium.entrypoints.web.money_pages import explain_page, statement_page
from trivium.entrypoints.web.pages import page, problem_page
from trivium.entrypoints.web.patterns import patterns
from trivium.entrypoints.web.prediction_pages import drift_page, performance_page
from trivium.entrypoints.web.product_pages import overview_page
from trivium.entrypoints.web.run_pages import compare_page, run_page
from trivium.entrypoints.web.shell import Shell, navigation
from trivium.entrypoints.web.standing import Standing
from trivium.entrypoints.web.trace_pages import trace_page, traces_page, usage_page
from trivium.entrypoints.web.trust_pages import (
    declared_page,
    fact_page,
    ledger_page,
    setup_page,
    unmatched_page,
)
from trivium.facts.problem import Problem

View = Callable[[Rooms, Request], dict[str, Any]]
PAGES: Final[tuple[tuple[str, str, View], ...]] = (
    ("/", "overview.html", overview_page),
    ("/statement", "statement.html", statement_page),
    ("/data", "data.html", data_page),
    ("/assets", "assets.html", assets_page),
    ("/explain/{key:path}", "explain.html", explain_page),
    ("/assets/{key:path}", "asset.html", asset_page),
    ("/endpoints", "endpoints.html", endpoints_page),
    ("/endpoints/{endpoint:path}", "endpoint.html", endpoint_page),
    ("/accurate/{key:path}", "accurate.html", accurate_page),
    ("/drift/{key:path}", "drift.html", drift_page),
    ("/performance/{key:path}", "performance.html", performance_page),
    ("/experiments", "experiments.html", experiments_page),
    ("/experiments/{experiment:path}", "experiment.html", runs_page),
    ("/runs/compare", "compare.html", compare_page),
    ("/runs/{run:path}", "run.html", run_page),
    ("/curves", "curves.html", curves_page),
    ("/traces", "traces.html", traces_page),
    ("/traces/{trace}", "trace.html", trace_page),
    ("/usage", "usage.html", usage_page),
    ("/models", "models.html", models_page),
    ("/models/{model:path}", "model.html", model_page),
    ("/versions/diff", "difference.html", difference_page),
    ("/ledger", "ledger.html", ledger_page),
    ("/ledger/{sequence}", "fact.html", fact_page),
    ("/unmatched", "unmatched.html", unmatched_page),
    ("/declared", "declared.html", declared_page),
    ("/setup", "setup.html", setup_page),
    ("/setup/heard", "setup_heard.html", setup_page),
)
"""Each page: its address, its template, and what asks the questions."""
ON_BOOKS: Final = frozenset({
    "overview.html", "statement.html", "data.html", "assets.html", "explain.html", "asset.html", "unmatched.html",
    "declared.html", "endpoints.html", "endpoint.html", "accurate.html",
    "experiments.html", "experiment.html", "run.html", "compare.html",
    "models.html", "model.html", "difference.html",
    "drift.html", "performance.html",
})  # fmt: skip
"""The pages that stand on the months' books or on the whole graph, which take long to compute in a large home."""


def page_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes of all pages and of the files that they load."""
    bundle = read_bundle()
    environment, standing = templates(bundle), Standing(rooms)
    return [
        *(
            guarded_route(path, _shown(rooms, environment, name, view, standing), READ, ["GET"])
            for path, name, view in PAGES
        ),
        guarded_route("/ledger/verify", _verifying(rooms), FORM, ["POST"]),
        guarded_route("/-/patterns", _patterns(environment), READ, ["GET"]),
        guard(Mount(PREFIX, bundle), OPEN),
    ]


def page_of_problems() -> Callable[[Problem], Response]:
    """Make the function that tells a browser what went wrong, where no page could be made."""
    environment = templates(read_bundle())
    shell = Shell(groups=navigation(""), version=__version__)
    return lambda problem: problem_page(environment, shell, problem)


def _shown(
    rooms: Rooms, environment: Environment, name: str, view: View, standing: Standing
) -> Callable[[Request], Awaitable[Response]]:
    def made(request: Request) -> HTMLResponse:
        return page(environment, name, **view(rooms, request))

    def shown(request: Request) -> HTMLResponse:
        if name not in ON_BOOKS or request.query_params.get("known"):
            return made(request)
        return standing.show(f"{request.url.path}?{request.url.query}", lambda: made(request))

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(shown, request)

    return endpoint


def _verifying(rooms: Rooms) -> Callable[[Request], Awaitable[Response]]:
    """Make what the button of the ledger's page does: hash every fact again, then show the page."""

    async def endpoint(request: Request) -> Response:  # noqa: ARG001 - handlers are called alike
        await run_in_threadpool(ledger_verify.ask, rooms, ledger_verify.Params())
        return RedirectResponse("/ledger", 303)

    return endpoint


def _patterns(environment: Environment) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(
            lambda: page(environment, "patterns.html", shell=plain_shell(request, ""), samples=patterns())
        )

    return endpoint
