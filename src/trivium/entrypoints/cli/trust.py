"""`trivium ledger verify | proof | consistency | checkpoint | rebuild`: whether the book can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from trivium.entrypoints.cli.asking import Home, Json, Url, read_answer, read_params, write_json
from trivium.entrypoints.cli.launch import NO, YES, Launcher
from trivium.entrypoints.cli.place import place_of
from trivium.entrypoints.cli.showing import show
from trivium.entrypoints.cli.waiting import waiting
from trivium.facts.problem import refuse

FilesHome = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Read the files of this home, whoever holds it; nobody is asked."),
]
Against = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="FILE", help="Also compare with this checkpoint, kept outside the home."),
]
Sequence = Annotated[
    str, typer.Argument(metavar="SEQUENCE", help="The fact's place in the ledger, counted from 1.", show_default=False)
]
First = Annotated[
    str,
    typer.Argument(metavar="FIRST", help="How many facts the earlier state had: a checkpoint's `sequence`.",
                   show_default=False),
]  # fmt: skip
Out = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, outside the home.", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Only these projections; without names, all.")]


def verify(
    ctx: typer.Context, checkpoint: Against = None, json: Json = False, url: Url = None, home: FilesHome = None
) -> int:
    """Hash every fact again and compare; exit code 1 when anything was changed, dropped or swapped."""
    from trivium.entrypoints.answers import ledger_verify

    remote = place_of(ctx.obj, url, home).remote if home is None and checkpoint is None else None
    if url and checkpoint:
        raise refuse("bad_usage", "--checkpoint is compared with files.", where="--checkpoint", fix="Name a --home.")
    with waiting("Hashing every fact again"):
        if remote is not None:
            answer: Any = read_answer(remote.post("/ledger/verify", b"{}"), ledger_verify.Answer, remote.url)
        else:
            answer = ledger_verify.of(home or ctx.obj.default_home(), checkpoint)
    _write(answer, json=json)
    return YES if answer.ok else NO


def proof(ctx: typer.Context, sequence: Sequence, json: Json = False, url: Url = None, home: FilesHome = None) -> int:
    """Prove that a fact stands in the ledger; anybody can check the proof without it."""
    return _prove(ctx, "ledger_proof", {"sequence": sequence}, url, home, json=json)


def consistency(ctx: typer.Context, first: First, json: Json = False, url: Url = None, home: FilesHome = None) -> int:
    """Prove that the ledger of a checkpoint is the beginning of this one; anybody with both roots can check it."""
    return _prove(ctx, "ledger_consistency", {"first": first}, url, home, json=json)


def _prove(
    ctx: typer.Context, name: str, asked: dict[str, str], url: str | None, home: Path | None, *, json: bool
) -> int:
    """Ask a server for a proof where one holds the home; where a home is named, read its files and ask nobody."""
    from trivium.entrypoints.answers.questions import question

    made = question(name)
    params: Any = read_params(made.params, asked)
    remote = place_of(ctx.obj, url, home).remote if home is None else None
    if remote is not None:
        answer: Any = read_answer(remote.get(made.path, msgspec.structs.asdict(params)), made.answer, remote.url)
    else:
        answer = made.module.of(home or ctx.obj.default_home(), params)
    _write(answer, json=json)
    return YES


def checkpoint(ctx: typer.Context, file: Out, json: Json = False, home: FilesHome = None) -> int:
    """Write a checkpoint: against it `ledger verify` also finds what was cut off or replaced."""
    from trivium.entrypoints.answers import keeping

    with waiting("Hashing every fact again"):
        answer = keeping.take_checkpoint(home or ctx.obj.default_home(), file)
    _write(answer, json=json)
    return YES


def rebuild(ctx: typer.Context, names: Names = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Make the projections again from the facts; exit code 1 when one is not what it was."""
    from trivium.entrypoints.answers import ledger_rebuild

    launcher: Launcher = ctx.obj
    place = place_of(launcher, url, home)
    params = ledger_rebuild.Params(names=tuple(names or ()))
    with waiting("Making the projections again"):
        if place.remote is not None:
            raw = place.remote.post("/ledger/rebuild", msgspec.json.encode(params))
            answer: Any = read_answer(raw, ledger_rebuild.Answer, place.remote.url)
        else:
            assert place.home is not None
            with launcher.open_rooms(place.home) as rooms:
                answer = ledger_rebuild.ask(rooms, params)
    _write(answer, json=json)
    return YES if answer.equal else NO


def _write(answer: Any, *, json: bool) -> None:
    if json:
        write_json(msgspec.json.encode(answer))
    else:
        show(answer)
