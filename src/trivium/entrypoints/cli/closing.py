"""`trivium cost close`: close a month."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, write_json
from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.showing import show

Month = Annotated[str, typer.Argument(metavar="MONTH", help="The month, as 2026-10.", show_default=False)]


def close(ctx: typer.Context, period: Month, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Close a month: it never moves again, and what arrives late counts in the oldest open month.

    Exit code 1 when it may not be closed: it is not over, closed already, not the next one, or without charges.
    """
    from trivium.entrypoints.answers import close_month

    launcher: Launcher = ctx.obj
    place = place_of(launcher, url, home)
    params = close_month.Params(period=period)
    if place.remote is not None:
        raw = place.remote.post("/cost/close", msgspec.json.encode(params))
        answer: Any = read_answer(raw, close_month.Answer, place.remote.url)
    else:
        assert place.home is not None
        with launcher.open_rooms(place.home) as rooms:
            answer = close_month.ask(rooms, params)
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
    return 0
