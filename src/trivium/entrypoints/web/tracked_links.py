"""Where experiments, runs, curves and models stand on this server, and how a table is sorted by its address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request

from trivium.entrypoints.web.addresses import address
from trivium.entrypoints.web.trust_pages import origin_of
from trivium.facts.problem import Problem

Context = dict[str, Any]
ASCENDING: Final = "ascending"
DESCENDING: Final = "descending"
_ASKED: Final = frozenset({"filter", "order_by", "page_token", "columns"})


def experiment_address(experiment_id: str) -> str:
    """Give the address of an experiment's table of runs."""
    return f"/experiments/{quote(experiment_id, safe='')}"


def run_address(run: str) -> str:
    """Give the address of a run's page, by its id or key."""
    return f"/runs/{quote(run.removeprefix('run:'), safe='')}"


def compare_address(runs: Iterable[str]) -> str:
    """Give the address at which runs stand side by side."""
    return f"/runs/compare?{urlencode([('run', run.removeprefix('run:')) for run in runs])}"


def curves_address(runs: Iterable[str], **asked: str) -> str:
    """Give the address of the curves of runs."""
    pairs = [("run", run.removeprefix("run:")) for run in runs]
    return f"/curves?{urlencode([*pairs, *((name, text) for name, text in asked.items() if text)])}"


def model_address(model: str) -> str:
    """Give the address of a registered model's page, by its key."""
    return f"/models/{quote(model.removeprefix('model:'), safe='')}"


def tracking_line(request: Request) -> str:
    """Write the one line that sends MLflow's client here."""
    return f"export MLFLOW_TRACKING_URI={origin_of(request)}"


def header(
    request: Request, title: str, field: str, *, n: bool = False, falls: bool = False, under: str = ""
) -> Context:
    """Head a column by which a table can be sorted: a link turns the order, which stands in the address.

    `field` is what MLflow's grammar calls it, empty where there is no order by it; `falls` says that the greatest comes
    first at the first press.
    """
    if not field:
        return {"title": title, "under": under, "n": n, "href": None, "sort": None}
    now = request.query_params.get("order_by", "")
    upward, downward = f"{field} ASC", f"{field} DESC"
    sort = {upward: ASCENDING, downward: DESCENDING}.get(now)
    wanted = {ASCENDING: downward, DESCENDING: upward}.get(sort or "", downward if falls else upward)
    href = address(request.url.path, request.url.query, order_by=wanted, **{"from": None})
    return {"title": title, "under": under, "n": n, "href": href, "sort": sort}


def filter_box(request: Request, label: str, hint: str, problem: Problem | None) -> Context:
    """Say what the box of a filter shows, and what stays in the address when it is sent."""
    return {
        "action": request.url.path, "keep": kept(request, {"filter", "from"}),
        "value": request.query_params.get("filter", ""), "label": label, "hint": hint,
        "problem": {"title": problem.title, "fix": problem.fix} if problem else None,
    }  # fmt: skip


def kept(request: Request, without: Iterable[str]) -> list[tuple[str, str]]:
    """List the parameters of an address that a form sends on."""
    left = set(without)
    return [(name, value) for name, value in request.query_params.multi_items() if name not in left]


def is_about_the_filter(problem: Problem) -> bool:
    """Say whether a refusal is about what was written into the box or the address of a table."""
    return problem.where.partition("[")[0] in _ASKED


def quoted(column: str) -> str:
    """Write a column as MLflow's grammar names it: metrics.`val auc`."""
    kind, _, name = column.partition(".")
    return f"{kind}.`{name}`"


def chooser(request: Request, known: Sequence[str], shown: Sequence[str]) -> Context | None:
    """Say which columns can be chosen, in groups."""
    names = [*known, *(name for name in shown if name not in known)]
    if not names:
        return None
    titles = {"metrics": "Metrics", "params": "Params", "tags": "Tags"}
    groups = [
        {"title": title, "columns": [
            {"name": name, "text": name.partition(".")[2], "chosen": name in shown}
            for name in names if name.startswith(f"{kind}.")
        ]}
        for kind, title in titles.items()
    ]  # fmt: skip
    return {
        "action": request.url.path, "keep": kept(request, {"column"}), "text": "Columns",
        "groups": [group for group in groups if group["columns"]],
    }  # fmt: skip
