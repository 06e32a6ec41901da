"""Which commands there are. A command's file is imported only when it is asked for, so that help is there at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import typer
import typer.main
from typer.core import TyperGroup

from trivium import __version__
from trivium.entrypoints.answers.questions import NOUNS, QUESTIONS, Question

OWN: Final = {
    ("", "up"): ("up", "Serve a home: pages, HTTP, and the addresses that clients send to."),
    ("", "demo"): ("demo", "A server that is filled in half a minute, to look at."),
    ("", "declare"): ("declare", "State what no client can know, out of a TOML file."),
    ("", "backup"): ("keep", "Write a home into one file, while it may be in use."),
    ("", "restore"): ("keep", "Make a home out of a backup, verified."),
    ("import", "focus"): ("bills", "Import FOCUS bills: CSV, CSV.gz, Parquet or JSON lines."),
    ("import", "predictions"): ("served", "Receive predictions: CSV, CSV.gz, Parquet or JSON lines."),
    ("import", "reference"): ("reference", "Profile the rows that a version was trained on, to compare with."),
    ("import", "labels"): ("served", "Receive labels, late or corrected as they come."),
    ("runs", "compare"): ("compare", "Compare runs: params and metrics side by side, what differs first."),
    ("cost", "close"): ("closing", "Close a month: it never moves again."),
    ("ledger", "verify"): ("trust", "Hash every fact again and compare."),
    ("ledger", "proof"): ("trust", "Prove that a fact stands in the ledger."),
    ("ledger", "consistency"): ("trust", "Prove that an earlier state is the beginning of this ledger."),
    ("ledger", "checkpoint"): ("trust", "Write a checkpoint, to be kept elsewhere."),
    ("ledger", "rebuild"): ("trust", "Make the projections again and compare."),
}  # fmt: skip
"""Commands with a form of their own: noun and verb, the file in this folder that holds them, their help."""
_ORDER: Final = ("up", "demo", "import", "declare", "cost", "asset", "blast", "overview", "graph", "search", "ledger",
                 "backup", "restore", "doctor", "health")  # fmt: skip


class Tree(TyperGroup):
    """A group whose commands are made when they are asked for. Its name says which noun it is; the root has none."""

    noun = ""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's own signature
        """List the commands, in the order of a first day."""
        names = [*_verbs(self.noun), *(() if self.noun else _nouns())]
        return sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else 99, name))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without making them."""
        verbs = _verbs(self.noun)
        rows = [(name, verbs[name][0] if name in verbs else NOUNS[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's own signature
        """Make a command; None for an unknown name."""
        if not self.noun and cmd_name in _nouns():
            return _group(cmd_name)
        made = _verbs(self.noun).get(cmd_name)
        return None if made is None else _Later(cmd_name, made[0], made[1]).command()


class _Later:
    """A command that is not made yet."""

    def __init__(self, name: str, help_text: str, make: Callable[[], Callable[..., Any]]) -> None:
        self._name, self._help, self._make = name, help_text, make

    def command(self) -> Any:
        """Make the command, as typer makes one."""
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        made = self._make()
        alone.command(self._name, help=inspect.getdoc(made) or self._help)(made)
        command = typer.main.get_command(alone)
        for argument in command.params:
            if argument.param_type_name == "argument":
                argument.display_type_rich = lambda ctx: ""  # type: ignore[attr-defined]  # noqa: ARG005
        return command


def _nouns() -> list[str]:
    used = {one.noun for one in QUESTIONS if one.command} | {noun for noun, _ in OWN}
    return [noun for noun in NOUNS if noun in used]


def _verbs(noun: str) -> dict[str, tuple[str, Callable[[], Callable[..., Any]]]]:
    found = {one.verb: (one.summary, _asking(one)) for one in QUESTIONS if one.noun == noun and one.command}
    own = {verb: (text, _own(file, verb)) for (of, verb), (file, text) in OWN.items() if of == noun}
    return found | own


def _asking(question: Question) -> Callable[[], Callable[..., Any]]:
    def make() -> Callable[..., Any]:
        made: Callable[..., Any] = import_module("trivium.entrypoints.cli.asking").command_of(question)
        return made

    return make


def _own(file: str, verb: str) -> Callable[[], Callable[..., Any]]:
    def make() -> Callable[..., Any]:
        made: Callable[..., Any] = getattr(import_module(f"trivium.entrypoints.cli.{file}"), verb)
        return made

    return make


def _group(noun: str) -> Any:
    kind = type(f"Tree_{noun}", (Tree,), {"noun": noun})
    below = typer.Typer(cls=kind, name=noun, help=NOUNS[noun], add_completion=False, rich_markup_mode=None)
    below.callback()(_nothing)
    return typer.main.get_command(below)


def _nothing() -> None:
    """Hold a group's commands."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"trivium {__version__}")
        raise typer.Exit


application = typer.Typer(
    cls=Tree, name="trivium", add_completion=False, no_args_is_help=True, rich_markup_mode=None,
    help="Ask what everything really cost: lineage and bills in one ledger, cost flowing over the graph.",
    epilog="Exit codes: 0 yes, 1 no, 2 bad usage or input, 3 cannot reach or locked.",
)  # fmt: skip


@application.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version."),
) -> None:
    """Ask what everything really cost: lineage and bills in one ledger, cost flowing over the graph."""
