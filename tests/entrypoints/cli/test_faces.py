"""Is what a terminal and a pipe show readable: no blank, no cut name, nothing of Python, at 80 and 120 columns?"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from rich.console import Console

from tests.entrypoints.tracked import NEEDED, given, tracked_rooms
from tests.entrypoints.worked import WORKED, worked_rooms
from tests.stories.served import PROGRAM, clean_environment, trivium
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import close_month, declare, import_focus, keeping, ledger_rebuild, ledger_verify
from trivium.entrypoints.answers.questions import QUESTIONS
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.cli.asking import read_params
from trivium.entrypoints.cli.cells import Column, cell, column_of, line
from trivium.entrypoints.cli.layout import Sheet
from trivium.entrypoints.cli.showing import show
from trivium.facts.problem import ProblemError

NAMED = set(NEEDED) - {"q", "metrics"}
"""What an empty home does not have."""
NOTHING = r"Nothing is known of|There is no fact|No experiment|No client logged|No trace|[Nn]o (model|run|endpoint)"
MODULES = [one.module for one in QUESTIONS] + [close_month, declare, import_focus, ledger_rebuild, ledger_verify]
ANSWERS = [one.Answer for one in MODULES]
ANSWERS += [keeping.CheckpointAnswer, keeping.BackupAnswer, keeping.RestoreAnswer]
BLANK = re.compile(r"(?:since|spent|risk|at|through) ?[,;]|, ,|^\s*[a-z][a-z :]*: *$|\bNone\b|\b[a-z]'\{|b'|<class")
"""A hole in a sentence, a label without a value, or a value as Python writes it."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("faces")
    with worked_rooms(folder / "worked"):
        pass
    return {"worked": folder / "worked"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Rooms]]:
    folder = tmp_path_factory.mktemp("opened")
    with tracked_rooms(folder / "worked") as worked, open_rooms(folder / "empty") as empty:
        yield {"worked": worked, "empty": empty}


def records(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """Give a record and all records within it, each once."""
    seen: list[Any] = [kind]
    for one in seen:
        yield one
        for hint in get_type_hints(one).values():
            for inner in _inner(hint):
                if inner not in seen:
                    seen.append(inner)


def _inner(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in get_args(hint):
        yield from _inner(part)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}")
def test_what_may_be_null_has_words(answer: type[msgspec.Struct]) -> None:
    for record in records(answer):
        for field in msgspec.structs.fields(record):
            said = str(field.type)
            if "None" in said and "dict" not in said:
                assert column_of(field).absent, f"{record.__name__}.{field.name}: say words(absent=…)"


def in_terminal(columns: int, *arguments: str) -> str:
    """Run a command in a pseudo-terminal of a width and give what it shows."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**clean_environment(), "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen([PROGRAM, *arguments], stdin=inner, stdout=inner, stderr=inner, env=environment)
    os.close(inner)
    shown = b""
    while True:
        try:
            part = os.read(outer, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(outer)
    assert process.wait(60) in {0, 1}
    return shown.decode().replace("\r\n", "\n")


def questions() -> list[Any]:
    return [one for one in QUESTIONS if one.command]


def words_of(question: Any) -> list[str]:
    required = {field.name for field in msgspec.structs.fields(question.params) if field.required}
    words = [word for word in (question.noun, question.verb) if word]
    return [*words, *(text for name, text in given(question).items() if name in required)]


def faults(text: str) -> list[str]:
    """List lines that are blank where they should speak; the body of a fact is a client's own text."""
    return [one for one in text.split("\n") if BLANK.search(one) and not one.startswith("body ")]


def test_a_blank_is_seen() -> None:
    assert faults("failing since ,\n") == ["failing since ,"]
    assert faults("spent , at risk 3\n") == ["spent , at risk 3"]
    assert faults("total  3\nquality: \n") == ["quality: "]
    assert faults("total  3\n\nlines\naccount  amount\n") == []
    assert faults("where  b'{'\n") == ["where  b'{'"]


@pytest.mark.parametrize("where", ["worked", "empty"])
@pytest.mark.parametrize("question", questions(), ids=lambda one: one.name)
def test_a_pipe_shows_no_blank_and_no_padding(
    question: Any, where: str, opened: dict[str, Rooms], capsys: pytest.CaptureFixture[str]
) -> None:
    required = {field.name for field in msgspec.structs.fields(question.params) if field.required}
    params = read_params(question.params, given(question))
    if where == "empty" and required & NAMED:
        with pytest.raises(ProblemError, match=NOTHING):
            question.ask(opened[where], params)
        return
    show(question.ask(opened[where], params))
    shown = capsys.readouterr().out
    assert shown.strip()
    assert "\x1b" not in shown
    assert faults(shown) == []
    assert [one for one in shown.split("\n") if one != one.rstrip()] == []


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", ["overview", "asset_show", "cost_statement", "graph_unmatched", "setup", "blast"])
def test_a_terminal_keeps_names_whole(name: str, columns: int, homes: dict[str, Path]) -> None:
    question = next(one for one in QUESTIONS if one.name == name)
    shown = in_terminal(columns, *words_of(question), "--home", str(homes["worked"]))
    text = "\n".join(one.rpartition("\r")[2] for one in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).split("\n"))
    assert faults(text) == []
    piped = trivium(*words_of(question), "--home", homes["worked"]).stdout
    keys = set(re.findall(r"\b(?:dataset|job|product|model|endpoint|team):[\w./-]+", piped))
    assert keys or name == "setup"
    assert {key for key in keys if key not in text} == set()
    longest = max((len(word) for word in text.split()), default=0)
    prose = [len(one) for one in text.split("\n") if not one.lstrip().startswith("line ")]
    assert max(prose) <= max(columns, longest + 32)


def test_records_that_do_not_fit_stand_below_each_other(homes: dict[str, Path]) -> None:
    narrow = trivium("overview", "--home", homes["worked"], COLUMNS="60").stdout
    assert "  product:worked\n    title" in narrow


def test_an_asset_s_facts_are_told_with_kind_time_and_source(homes: dict[str, Path]) -> None:
    shown = trivium("asset", "show", NEEDED["key"], "--home", homes["worked"]).stdout
    table = shown.split("\nfacts\n")[1].split("\n")
    assert re.split(r"\s{2,}", table[0].strip())[:2] == ["sequence", "kind"]
    assert "lineage.event" in table[-2] or "asset.belongs" in "".join(table)
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ.* openlineage", "\n".join(table))


class Inner(msgspec.Struct):
    spent: str | None
    names: tuple[str, ...]


class Outer(msgspec.Struct):
    money: Inner
    basis: dict[str, float]
    note: str


def test_what_is_within_is_told_under_both_names(capsys: pytest.CaptureFixture[str]) -> None:
    show(
        Outer(
            Inner(None, ("team:a", "team:b")), {"tagged": 0.62, "rule": 0.37999, "none": 0.00001, "category": 0.0}, ""
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "money: spent  unknown",
        "money: names  team:a",
        "              team:b",
        "basis         tagged 62 %, rule 38 %, none under 0.01 %, category 0 %",
    ]


def test_nothing_to_say_is_said() -> None:
    column = Column("spent", "spent", "unknown: nobody counted")
    assert line(None, column) == cell(None, column) == "unknown: nobody counted"
    plain = Column("owner", "owner")
    assert [line(None, plain), line((), plain), cell("", plain), cell(None, plain)] == [
        "unknown", "none", "—", "unknown",
    ]  # fmt: skip


def test_decimal_points_stand_below_each_other(homes: dict[str, Path]) -> None:
    shown = trivium("cost", "statement", "--as-of", "2026-11-08T00:00:00Z", "--home", homes["worked"]).stdout
    rows = shown.split("\nlines\n")[1].split("\n\n")[0].split("\n")[2:]
    points = {row.index(".", len("dataset:worked/features")) for row in rows if "." in row[24:]}
    assert len(points) >= 1
    assert len({match.start() for row in rows if (match := re.search(r"(?<=\d)\.(?=\d)", row))}) == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_a_bar_is_drawn_on_a_terminal_only(terminal: bool, tmp_path: Path) -> None:
    arguments = ["import", "focus", str(WORKED / "bill.csv"), "--home", str(tmp_path / "home")]
    if terminal:
        assert "Reading" in in_terminal(80, *arguments)
    else:
        answer = trivium(*arguments)
        assert (answer.returncode, answer.stderr) == (0, "")


def test_every_command_s_help_is_in_words() -> None:
    from typer.main import get_command

    from tools.reference import help_of, walk
    from trivium.entrypoints.cli.tree import application

    for name, command in walk(get_command(application), "trivium"):
        text = help_of(name, command)
        assert not re.search(r"typing\.|msgspec|<str>|<int>|<path>|list\[|Annotated", text), f"{name}: {text}"
    assert sys.version_info >= (3, 11)


def test_a_line_to_copy_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    sheet = Sheet(Console(width=40, file=sys.stdout), 40, wraps=True)
    copied = "export OPENLINEAGE_URL=http://127.0.0.1:8080 OPENLINEAGE_ENDPOINT=api/v1/lineage"
    sheet.pair(Column("line", "line"), copied, 4)
    sheet.pair(Column("text", "text"), "some words that are to be broken between words here", 4)
    assert capsys.readouterr().out.splitlines() == [
        f"line  {copied}",
        "text  some words that are to be broken",
        "      between words here",
    ]
