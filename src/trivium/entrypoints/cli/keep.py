"""`trivium backup FILE` and `trivium restore FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from trivium.entrypoints.cli.asking import Json, write_json
from trivium.entrypoints.cli.showing import show
from trivium.entrypoints.cli.waiting import waiting

Archive = Annotated[Path, typer.Argument(metavar="FILE", help="The archive.", show_default=False)]
FromHome = Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The home to back up; it may be in use.")]
ToHome = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="The home to make: absent, or an empty folder.")
]


def backup(ctx: typer.Context, file: Archive, json: Json = False, home: FromHome = None) -> int:
    """Write a home into one file, while it may be in use; a checkpoint is written beside it, to be kept apart."""
    from trivium.entrypoints.answers import keeping

    with waiting("Writing the home into a file"):
        answer = keeping.take_backup(home or ctx.obj.default_home(), file)
    return _write(answer, json=json)


def restore(ctx: typer.Context, file: Archive, json: Json = False, home: ToHome = None) -> int:
    """Make a home out of a backup; it appears only once every fact has verified."""
    from trivium.entrypoints.answers import keeping

    with waiting("Making a home out of the backup"):
        answer = keeping.bring_back(file, home or ctx.obj.default_home())
    return _write(answer, json=json)


def _write(answer: msgspec.Struct, *, json: bool) -> int:
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
    return 0
