"""`trivium doctor`: is everything in order?"""

from __future__ import annotations

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, write_json
from trivium.entrypoints.cli.launch import NO, YES, Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.showing import show


def doctor(ctx: typer.Context, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Check Python, disk, home, ledger, projections and lake; exit code 1 when something needs a person."""
    from trivium.entrypoints.answers import doctor as question

    launcher: Launcher = ctx.obj
    place = place_of(launcher, url, home)
    if place.remote is not None:
        answer = read_answer(place.remote.get("/doctor"), question.Answer, place.remote.url)
    else:
        assert place.home is not None
        with launcher.open_rooms(place.home) as rooms:
            answer = question.ask(rooms, question.Params())
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
    assert isinstance(answer, question.Answer)
    return YES if answer.ok else NO
