"""Runs one command and turns what happens into an exit code: 0 yes, 1 no, 2 bad usage or input, 3 cannot reach."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trivium.entrypoints.answers.remedies import completed, problem_members, shortage_of
from trivium.facts.problem import Problem, ProblemError

if TYPE_CHECKING:
    from rich.console import Console

    from trivium.entrypoints.answers.rooms import Rooms

YES: Final = 0
NO: Final = 1
BAD: Final = 2
UNREACHED: Final = 3
_NO: Final = frozenset({"month_open", "month_closed", "close_in_order", "nothing_to_close", "damaged"})
"""Well asked, and the answer is no: a month may not be closed yet, or a proof finds the ledger damaged."""
_UNREACHED: Final = frozenset({"locked", "unreachable", "closed", "port_taken", "internal", "blob_missing"})


@dataclass(frozen=True)
class Launcher:
    """What bootstrap hands to the command line: how a home is opened, where it is by default, its port, and the demo.

    `tour(serve, screen, notes, home, leave)` runs the demo and gives its exit code.
    """

    open_rooms: Callable[[Path], Rooms]
    default_home: Callable[[], Path]
    port_of: Callable[[Path], int]
    tour: Callable[[Callable[[Path, Callable[[str], None]], int], Console, Console, Path | None, bool], int]


def run(arguments: Sequence[str], launcher: Launcher) -> int:
    """Run the command line and give the exit code; nothing but the answer goes to standard output."""
    import typer.main

    from trivium.entrypoints.cli.tree import application

    json = "--json" in arguments
    command = typer.main.get_command(application)
    try:
        code = command.main(list(arguments), prog_name="trivium", standalone_mode=False, obj=launcher)
    except ProblemError as fault:
        return told(fault.problem, json=json)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return YES
    except Exception as fault:
        return _unusual(fault, json=json)
    return code if isinstance(code, int) else YES


def told(problem: Problem, *, json: bool = False) -> int:
    """Write a problem to standard error, in two lines, and give its exit code; as JSON with `json`."""
    problem = completed(problem)
    if json:
        sys.stderr.write(msgspec.json.encode(problem_members(problem)).decode() + "\n")
    else:
        place = f" (at {problem.where})" if problem.where else ""
        sys.stderr.write(f"trivium: {problem.title}{place}\n")
        if problem.fix:
            sys.stderr.write(f"  {problem.fix}\n")
    return exit_code(problem)


def exit_code(problem: Problem) -> int:
    """Give the exit code of a problem: 3 when nobody could be asked or the home is locked, 1 for a no, else 2."""
    if problem.code in _UNREACHED or problem.status in {423, 429, 503}:
        return UNREACHED
    return NO if problem.code in _NO else BAD


def _unusual(fault: Exception, *, json: bool) -> int:
    """Tell bad usage, what the system refuses, and a fault of our own, each as a problem."""
    if hasattr(fault, "format_message"):
        return _misused(fault, json=json)
    if type(fault).__name__ in {"Exit", "Abort"}:
        return int(getattr(fault, "exit_code", NO))
    if os.environ.get("TRIVIUM_TRACE"):
        traceback.print_exc()
    if (problem := shortage_of(fault)) is not None:
        return told(problem, json=json)
    if isinstance(fault, OSError) and fault.filename is not None:
        title = f"{fault.filename} cannot be used: {(fault.strerror or 'the system refuses it').lower()}."
        fix = "Check the path, its permissions and the space on its disk."
        return told(Problem(code="unusable_file", title=title, where=str(fault.filename), fix=fix), json=json)
    title = "The command met a fault of its own."
    fix = "Set TRIVIUM_TRACE=1 to see it, and please report it."
    return told(Problem(code="internal", title=title, status=500, where="the command", fix=fix), json=json)


def _misused(fault: Any, *, json: bool) -> int:
    """Tell a command that was not typed as its help says; a noun alone is answered with its help."""
    context = fault.ctx
    path = context.command_path if context is not None else "trivium"
    message = str(fault.format_message())
    if context is not None and (message.startswith("Missing command") or "Usage:" in message):
        sys.stderr.write(context.get_help() + "\n")
        return BAD
    fix = f"See `{path} --help`."
    title = message.rstrip(".") + "."
    return told(Problem(code="bad_usage", title=title, where="the command line", fix=fix), json=json)
