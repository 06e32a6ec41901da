"""`trivium import reference`: profile the rows that a model version was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trivium.entrypoints.cli.asking import Home, Json, Url
from trivium.entrypoints.cli.served import receive

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="Training rows as CSV, CSV.gz, Parquet or JSON lines; together one reference."),
]
Version = Annotated[
    str, typer.Option("--version", metavar="NAME/VERSION", help="The model version that was trained on them.")
]


def reference(
    ctx: typer.Context, files: Files, version: Version = "", json: Json = False, url: Url = None, home: Home = None
) -> int:
    """Profile training rows, column by column, for predictions to be compared with; no row is kept."""
    from trivium.entrypoints.answers import import_reference

    params = import_reference.Params(version=version)
    return receive(ctx.obj, import_reference, "/import/reference", params, files, url, home, json=json)
