"""What was shown and confirmed is what is applied, on every face; else a sentence says that it is not."""

from __future__ import annotations

import msgspec
import pytest
import typer

from tests.entrypoints.worked import caller
from trivium.entrypoints.answers import declare
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.cli import declare as command
from trivium.facts.problem import ProblemError

PATH = "/api/trivium/v1/declare"
JSON = {"content-type": "application/json"}


def params(title: str, **more: bool | str) -> declare.Params:
    toml = f'[[product]]\nname = "p"\ntitle = "{title}"\n'
    return msgspec.structs.replace(declare.Params(toml=toml, name="mine"), **more)


def confirm(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, between: declare.Params | None) -> int:
    """Declare on a terminal, where somebody else declares before the answer is given."""

    def answered(question: str, **_: bool) -> bool:
        assert question == "Apply?"
        if between is not None:
            declare.ask(rooms, between)
        return True

    for stream in (command.sys.stdin, command.sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", answered)
    ask = lambda asked: declare.ask(rooms, asked)  # noqa: E731 - as the command hands it in
    return command._walk(ask, params("New"), yes=False, dry_run=False, json=False)


def test_a_confirmed_plan_is_applied(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    assert confirm(empty, monkeypatch, None) == 0
    assert declare.ask(empty, params("New", dry_run=True)).changes == ()


def test_a_plan_that_changed_before_it_was_confirmed_is_refused(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProblemError, match="no longer what declaring 'mine' would change"):
        confirm(empty, monkeypatch, params("Other"))
    assert empty.ledger.head().sequence == 1


def test_a_plan_binds_over_http(empty: Rooms) -> None:
    planned = declare.ask(empty, params("New", dry_run=True))
    declare.ask(empty, params("Other"))
    body = msgspec.json.encode(params("New", plan=planned.plan))
    refused = caller(empty).ask(PATH, body, JSON)
    assert (refused.status, msgspec.json.decode(refused.body)["code"]) == (409, "plan_overtaken")
    again = declare.ask(empty, params("New", dry_run=True))
    assert [change.action for change in again.changes] == ["change"]
    applied = caller(empty).ask(PATH, msgspec.json.encode(params("New", plan=again.plan)), JSON)
    answer = msgspec.json.decode(applied.body, type=declare.Answer)
    assert (answer.applied, answer.changes, answer.plan) == (True, again.changes, again.plan)
