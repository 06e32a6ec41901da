"""`trivium up`: serve a home."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.cli.asking import Json, write_json
from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.place import checked_home
from trivium.entrypoints.cli.waiting import waiting
from trivium.facts.problem import refuse, shown

Served = Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The home to serve; it is made if absent.")]
Port = Annotated[str | None, typer.Option("--port", metavar="NUMBER", help="The port; 0 for any free one.")]
Bind = Annotated[str, typer.Option("--bind", metavar="ADDRESS", help="The loopback address to listen at.")]


def up(ctx: typer.Context, home: Served = None, port: Port = None, bind: Bind = "127.0.0.1", json: Json = False) -> int:
    """Serve a home until Ctrl-C; the default port is 8080, or the next one that is free.

    With --json one line is written once requests are answered: {"home", "address", "pid"}.
    """
    launcher: Launcher = ctx.obj
    chosen = checked_home(home or launcher.default_home())

    def tell(address: str) -> None:
        write_json(msgspec.json.encode({"home": str(chosen.resolve()), "address": address, "pid": os.getpid()}))

    return serve_home(launcher, chosen, port_number(port), bind, tell if json else None)


def port_number(text: str | None) -> int | None:
    """Read a port that may be left out; refuses what is none."""
    if text is None:
        return None
    if not (text.isdecimal() and len(text) < 6 and int(text) < 65_536):
        fix = "Name one from 1 to 65535, or 0 for any free one."
        raise refuse("bad_usage", f"{shown(text)} is no port.", where="--port", fix=fix)
    return int(text)


def serve_home(
    launcher: Launcher, home: Path, port: int | None, bind: str, told: Callable[[str], None] | None = None
) -> int:
    """Bind, open the home, serve, close; `told` is given the address once requests are answered, else it is printed."""
    from trivium.entrypoints.api.server import bound, serve

    wished = launcher.port_of(home) if port is None else port
    listening = bound(bind, wished, search=port is None)
    with listening, _opened(launcher, home) as rooms:
        taken = listening.getsockname()[1]
        if port is None and taken != wished:
            typer.echo(f"Port {wished} is taken; {taken} is free.", err=True)

        def ready(address: str) -> None:
            typer.echo(f"Trivium serves {rooms.home} at {address}")

        serve(rooms, listening, told or ready)
    return 0


def _opened(launcher: Launcher, home: Path) -> Rooms:
    """Open the home; one whose projections are of another version folds every fact again first."""
    with waiting("Opening the home"):
        return launcher.open_rooms(home)
