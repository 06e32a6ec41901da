"""Makes a command out of a question: its parameters become arguments and options, its answer a table or JSON."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import msgspec
import typer

from trivium.entrypoints.answers.questions import Question
from trivium.entrypoints.cli.launch import NO, YES, Launcher
from trivium.entrypoints.cli.place import Place, place_of
from trivium.facts.problem import ProblemError, refuse

Json = Annotated[bool, typer.Option("--json", help="Write the answer as JSON, and nothing else.")]
Url = Annotated[str | None, typer.Option("--url", help="Ask this running server; default $TRIVIUM_URL.")]
Home = Annotated[Path | None, typer.Option("--home", help="Ask the server that holds this home, or open the home.")]
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY


def command_of(question: Question) -> Callable[..., Any]:
    """Make the function that typer turns into the question's command."""

    def command(**given: Any) -> int:
        context, json, url, home = (given.pop(name) for name in ("ctx", "json", "url", "home"))
        params = read_params(question.params, given)
        return answered(question, params, place_of(context.obj, url, home), context.obj, json=json)

    parameters = [_parameter(field) for field in msgspec.structs.fields(question.params)]
    parameters.sort(key=lambda one: one.default is not inspect.Parameter.empty)
    shared = [
        inspect.Parameter("json", _KEYWORD, default=False, annotation=Json),
        inspect.Parameter("url", _KEYWORD, default=None, annotation=Url),
        inspect.Parameter("home", _KEYWORD, default=None, annotation=Home),
        inspect.Parameter("ctx", _KEYWORD, annotation=typer.Context),
    ]
    command.__signature__ = inspect.Signature([*parameters, *shared])  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in (*parameters, *shared)}
    command.__doc__ = question.summary
    return command


def answered(question: Question, params: msgspec.Struct, place: Place, launcher: Launcher, *, json: bool) -> int:
    """Ask, write the answer, and give the exit code that its verdict stands for."""
    if place.remote is not None:
        raw = place.remote.get(question.path, msgspec.to_builtins(params))
        answer = None if json and not question.verdict else read_answer(raw, question.answer, place.remote.url)
    else:
        assert place.home is not None
        with launcher.open_rooms(place.home) as rooms:
            answer = question.ask(rooms, params)
        raw = msgspec.json.encode(answer)
    if json:
        write_json(raw)
    else:
        from trivium.entrypoints.cli.showing import show

        show(answer)
    return YES if not question.verdict or getattr(answer, question.verdict) else NO


def read_answer(raw: bytes, kind: type[msgspec.Struct], url: str) -> msgspec.Struct:
    """Read a server's answer; one of another shape comes from another version."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as fault:
        title = f"{url} answers in another shape than this version knows: {fault}."
        raise refuse(
            "unreachable", title, status=503, where="--url", fix="Use the same version on both sides."
        ) from fault


def read_params(kind: type[msgspec.Struct], given: dict[str, Any]) -> msgspec.Struct:
    """Make the record of parameters; refuses values that do not fit."""
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as fault:
        reason, _, place = str(fault).partition(" - at ")
        where = place.strip("`").removeprefix("$.").replace("_", "-")
        raise refuse("bad_usage", f"{reason}.", where=f"--{where}" if where else "", fix="See --help.") from fault


def write_json(raw: bytes) -> None:
    """Write one JSON document and a line's end to standard output."""
    sys.stdout.buffer.write(raw + b"\n")
    sys.stdout.buffer.flush()


def _parameter(field: msgspec.structs.FieldInfo) -> inspect.Parameter:
    plain, meta = _plain(field.type)
    extra = (meta.extra or {}) if meta else {}
    help_text = meta.description if meta else ""
    empty = field.default is msgspec.NODEFAULT
    default: Any = inspect.Parameter.empty if empty else field.default
    if extra.get("argument"):
        shown: Any = typer.Argument(help=help_text, show_default=False)
    else:
        shown = typer.Option(
            f"--{field.encode_name.replace('_', '-')}",
            help=help_text,
            show_default=default not in (None, "", inspect.Parameter.empty),
        )
    return inspect.Parameter(field.name, _KEYWORD, default=default, annotation=Annotated[plain, shown])


def _plain(kind: Any) -> tuple[Any, msgspec.Meta | None]:
    """Take the type and the words out of an annotated type."""
    if not hasattr(kind, "__metadata__"):
        return kind, None
    meta = next((one for one in kind.__metadata__ if isinstance(one, msgspec.Meta)), None)
    inner = get_args(kind)[0]
    return inner, meta


__all__ = ["Home", "Json", "Place", "ProblemError", "Url", "answered", "command_of", "write_json"]
