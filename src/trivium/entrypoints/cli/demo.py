"""`trivium demo`: a filled server to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.place import checked_home
from trivium.entrypoints.cli.up import Port, port_number, serve_home

Kept = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Fill this empty folder and keep it; else a new one is made."),
]
Leave = Annotated[bool, typer.Option("--exit", help="End after printing the answers.")]


def demo(ctx: typer.Context, home: Kept = None, port: Port = None, leave: Leave = False) -> int:
    """Serve a home that real pipelines and a bill have just filled, and print what it answers."""
    from trivium.entrypoints.cli.showing import console

    launcher: Launcher = ctx.obj
    number = port_number(port)

    def serve(made: Path, ready: Callable[[str], None]) -> int:
        return serve_home(launcher, made, number, "127.0.0.1", ready)

    return launcher.tour(serve, console(), console(error=True), checked_home(home) if home else None, leave)
