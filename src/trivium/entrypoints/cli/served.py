"""`trivium import predictions | labels`: bring in what endpoints answered, and what they should have answered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, write_json
from trivium.entrypoints.cli.bills import bar, upload
from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.showing import show

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="CSV, CSV.gz, Parquet or JSON lines; together they are one delivery."),
]
Endpoint = Annotated[str, typer.Option("--endpoint", metavar="NAME", help="The endpoint of all rows that name none.")]
Version = Annotated[
    str, typer.Option("--version", metavar="NAME/VERSION", help="The model version of all rows that name none.")
]


def predictions(
    ctx: typer.Context, files: Files, endpoint: Endpoint = "", version: Version = "", json: Json = False,
    url: Url = None, home: Home = None,
) -> int:  # fmt: skip
    """Receive predictions: prediction_id, at, endpoint, version, prediction; further columns are features.

    A prediction id that stands already for its endpoint adds nothing.
    """
    from trivium.entrypoints.answers import import_predictions

    params = import_predictions.Params(endpoint=endpoint, version=version)
    return receive(ctx.obj, import_predictions, "/import/predictions", params, files, url, home, json=json)


def labels(
    ctx: typer.Context, files: Files, endpoint: Endpoint = "", json: Json = False, url: Url = None, home: Home = None
) -> int:
    """Receive labels: prediction_id, label, at. Of several labels of a prediction the latest counts."""
    from trivium.entrypoints.answers import import_labels

    params = import_labels.Params(endpoint=endpoint)
    return receive(ctx.obj, import_labels, "/import/labels", params, files, url, home, json=json)


def receive(
    launcher: Launcher, question: Any, target: str, params: msgspec.Struct, files: list[Path], url: str | None,
    home: Path | None, *, json: bool,
) -> int:  # fmt: skip
    """Receive files as one delivery, here or through a running server, and show what became of them."""
    place = place_of(launcher, url, home)
    if place.remote is not None:
        raw = upload(place.remote, target, msgspec.structs.asdict(params), files)
        answer: Any = read_answer(raw, question.Answer, place.remote.url)
    else:
        assert place.home is not None
        with launcher.open_rooms(place.home) as rooms, bar("Reading", "rows") as progress:
            answer = question.ask(rooms, params, files, None, progress)
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
    return 0
