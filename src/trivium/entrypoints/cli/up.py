"""`trivium up`: serve a home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trivium.entrypoints.cli.asking import Home
from trivium.entrypoints.cli.launch import Launcher

Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="The port; 0 for any free one.")]
Bind = Annotated[str, typer.Option("--bind", help="The loopback address to listen at.")]


def up(ctx: typer.Context, home: Home = None, port: Port = None, bind: Bind = "127.0.0.1") -> int:
    """Serve a home until Ctrl-C; the default port is 8080, or the next one that is free."""
    launcher: Launcher = ctx.obj
    chosen = home or launcher.default_home()
    return serve_home(launcher, chosen, port, bind)


def serve_home(
    launcher: Launcher, home: Path, port: int | None, bind: str, told: Callable[[str], None] | None = None
) -> int:
    """Bind, open the home, serve, close; `told` is given the address once requests are answered, else it is printed."""
    from trivium.entrypoints.api.server import bound, serve

    wished = launcher.port_of(home) if port is None else port
    listening = bound(bind, wished, search=port is None)
    with listening, launcher.open_rooms(home) as rooms:
        taken = listening.getsockname()[1]
        if port is None and taken != wished:
            typer.echo(f"Port {wished} is taken; {taken} is free.", err=True)

        def ready(address: str) -> None:
            typer.echo(f"Trivium serves {rooms.home} at {address}")

        serve(rooms, listening, told or ready)
    return 0
