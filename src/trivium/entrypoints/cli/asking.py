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
from trivium.entrypoints.cli.waiting import waiting
from trivium.facts.misfits import misfit
from trivium.facts.problem import Problem, ProblemError, refuse

Json = Annotated[bool, typer.Option("--json", help="Write the answer as JSON, and nothing else.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Ask this running server; default $TRIVIUM_URL.")]
Home = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="Ask the server that holds this home, or open the home.")
]
_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_METAVARS: Final = {
    "key": "KEY", "version": "model:NAME/VERSION", "endpoint": "endpoint:NAME",
    "period": "MONTH", "as_of": "TIME", "since": "TIME", "known": "SEQUENCE", "before": "SEQUENCE",
    "sequence": "SEQUENCE", "currency": "CODE", "limit": "NUMBER", "depth": "NUMBER", "q": "WORDS", "kind": "KIND",
    "subject": "KEY", "by": "asset|team|product", "address": "URL",
}  # fmt: skip
"""What stands for a parameter's value in help and in messages."""


def command_of(question: Question) -> Callable[..., Any]:
    """Make the function that typer turns into the question's command."""

    def command(**given: Any) -> int:
        context, json, url, home = (given.pop(name) for name in ("ctx", "json", "url", "home"))
        try:
            params = read_params(question.params, given)
            return answered(question, params, place_of(context.obj, url, home), context.obj, json=json)
        except ProblemError as fault:
            raise _spelled(question.params, fault.problem) from fault

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
    command.__doc__ = f"{question.summary}\n\n{inspect.getdoc(question.answer)}"
    return command


def answered(question: Question, params: msgspec.Struct, place: Place, launcher: Launcher, *, json: bool) -> int:
    """Ask, write the answer, and give the exit code that its verdict stands for."""
    with waiting(question.summary):
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
        title, place = misfit(str(fault), given)
        raise refuse("bad_usage", title, where=place, fix="`--help` says what may be asked.") from fault


def _spelled(kind: type[msgspec.Struct], problem: Problem) -> ProblemError:
    """Name the place of a problem as it is typed: an option with its dashes, an argument in capitals."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    field = fields.get(problem.where)
    if field is None:
        return ProblemError(problem)
    return ProblemError(msgspec.structs.replace(problem, where=_typed(field)))


def _typed(field: msgspec.structs.FieldInfo) -> str:
    _, meta = _plain(field.type)
    is_argument = bool(meta and meta.extra and meta.extra.get("argument"))
    return _METAVARS.get(field.name, field.name.upper()) if is_argument else f"--{field.encode_name.replace('_', '-')}"


def write_json(raw: bytes) -> None:
    """Write one JSON document and a line's end to standard output."""
    sys.stdout.buffer.write(raw + b"\n")
    sys.stdout.buffer.flush()


def _parameter(field: msgspec.structs.FieldInfo) -> inspect.Parameter:
    plain, meta = _plain(field.type)
    plain = plain if plain is bool else str | None if field.default is None else str
    extra = (meta.extra or {}) if meta else {}
    help_text = meta.description if meta else ""
    empty = field.default is msgspec.NODEFAULT
    default: Any = inspect.Parameter.empty if empty else field.default
    default = str(default) if isinstance(default, int) and plain is not bool else default
    metavar = None if plain is bool else _METAVARS.get(field.name, "TEXT")
    if extra.get("argument"):
        shown: Any = typer.Argument(help=help_text, show_default=False, metavar=metavar)
    else:
        shown = typer.Option(
            f"--{field.encode_name.replace('_', '-')}",
            help=help_text,
            show_default=default not in (None, "", inspect.Parameter.empty),
            metavar=metavar,
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
