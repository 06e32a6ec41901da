"""`trivium declare FILE.toml`: shows the difference, then applies it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, write_json
from trivium.entrypoints.cli.launch import BAD, NO, YES, Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.remote import Remote
from trivium.entrypoints.cli.showing import console, printable
from trivium.facts.problem import refuse

if TYPE_CHECKING:
    from trivium.entrypoints.answers.declare import Answer, Params

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The declaration, TOML; - reads standard input.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", help="Apply without asking.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only show the difference; exit code 1 when there is one.")]
Plan = Annotated[
    str, typer.Option("--plan", metavar="PLAN", help="Apply only this plan, which --dry-run gave.", show_default=False)
]
Ask = Callable[["Params"], "Answer"]
_SIGNS = {"add": "+", "change": "~", "withdraw": "-"}
_NOT_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def declare(
    ctx: typer.Context, file: File, yes: Yes = False, dry_run: Dry = False, plan: Plan = "", json: Json = False,
    url: Url = None, home: Home = None,
) -> int:  # fmt: skip
    """State what no client can know: the difference is shown, and applied at once in a pipe or with --yes."""
    launcher: Launcher = ctx.obj
    place = place_of(launcher, url, home)
    params = msgspec.structs.replace(_params(file), plan=plan)
    if place.remote is not None:
        remote = place.remote
        return _walk(lambda asked: _ask(remote, asked), params, yes=yes, dry_run=dry_run, json=json)
    from trivium.entrypoints.answers import declare as question

    assert place.home is not None
    with launcher.open_rooms(place.home) as rooms:
        return _walk(lambda asked: question.ask(rooms, asked), params, yes=yes, dry_run=dry_run, json=json)


def _walk(ask: Ask, params: Params, *, yes: bool, dry_run: bool, json: bool) -> int:
    """Show the difference, ask on a terminal, apply."""
    asks = not (yes or dry_run or json) and sys.stdin.isatty() and sys.stdout.isatty()
    planned = ask(msgspec.structs.replace(params, dry_run=True)) if asks or dry_run else None
    if planned is not None:
        _tell(planned, json=json)
        if dry_run:
            return NO if planned.changes else YES
        if planned.changes and not typer.confirm("Apply?", default=False):
            return NO
        if not planned.changes:
            return YES
        params = msgspec.structs.replace(params, plan=planned.plan)
    answer = ask(params)
    if planned is None:
        _tell(answer, json=json)
    elif not answer.applied:
        return BAD
    return YES


def _tell(answer: Answer, *, json: bool) -> None:
    if json:
        write_json(msgspec.json.encode(answer))
        return
    screen = console()
    for change in answer.changes:
        said = change.after or change.before or {}
        words = " ".join(f"{key}={_word(value)}" for key, value in said.items() if key != "type")
        screen.print(f"{_SIGNS[change.action]} {said.get('type', '')} {printable(words)}")
    count = len(answer.changes)
    done = "applied" if answer.applied else f"not applied yet; plan {answer.plan}"
    screen.print(
        f"{answer.name}: {answer.statements} statements, "
        + (f"{count} changes {done}" if count else "all stand as they are")
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _params(file: Path) -> Params:
    from trivium.entrypoints.answers.declare import Params

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = raw.decode()
    except OSError as fault:
        title = f"{file} cannot be read: {fault.strerror}."
        raise refuse("unreadable_file", title, where=str(file), fix="Check the path and its permissions.") from fault
    except UnicodeDecodeError as fault:
        title = f"Byte {fault.start} of {file} is no UTF-8."
        raise refuse("bad_text", title, where=str(file), fix="Save it as UTF-8.") from fault
    stem = _NOT_NAME.sub("-", file.stem).strip("-.") or "declaration"
    return Params(toml=text, name="" if str(file) == "-" else stem, file=file.name[:255])


def _ask(remote: Remote, params: Params) -> Answer:
    from trivium.entrypoints.answers.declare import Answer

    answer = read_answer(remote.post("/declare", msgspec.json.encode(params)), Answer, remote.url)
    assert isinstance(answer, Answer)
    return answer
