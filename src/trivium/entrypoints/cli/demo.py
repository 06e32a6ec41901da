"""`trivium demo`: a filled server to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.up import Port, serve_home

Kept = Annotated[
    Path | None, typer.Option("--home", help="Fill this empty folder and keep it; else a new one is made.")
]
Leave = Annotated[bool, typer.Option("--exit", help="End after printing the answers.")]


def demo(ctx: typer.Context, home: Kept = None, port: Port = None, leave: Leave = False) -> int:
    """Serve a home that real pipelines and a bill have just filled, and print what it answers."""
    from trivium.entrypoints.cli.showing import console

    launcher: Launcher = ctx.obj

    def serve(made: Path, ready: Callable[[str], None]) -> int:
        return serve_home(launcher, made, port, "127.0.0.1", ready)

    return launcher.tour(serve, console(), console(error=True), home, leave)
