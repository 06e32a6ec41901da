"""`trivium runs compare`: the runs are arguments of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from trivium.entrypoints.answers.questions import question
from trivium.entrypoints.cli.asking import Home, Json, Url, answered, read_params
from trivium.entrypoints.cli.place import place_of

Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help="The runs, by id or key.", show_default=False)]
Costs = Annotated[
    bool, typer.Option("--costs", help="Whether what each took is told too: it needs the books of all months.")
]
Currency = Annotated[
    str, typer.Option("--currency", metavar="CODE", help="The currency; needed when charges are in more than one.")
]


def compare(
    ctx: typer.Context,
    runs: Runs,
    costs: Costs = False,
    currency: Currency = "",
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Compare runs: params and metrics side by side, what differs first."""
    asked = question("runs_compare")
    params = read_params(asked.params, {"runs": ",".join(runs), "costs": costs, "currency": currency})
    return answered(asked, params, place_of(ctx.obj, url, home), ctx.obj, json=json)
