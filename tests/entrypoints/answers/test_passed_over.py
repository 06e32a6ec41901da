"""A rule that a ledger holds from before and no charge can match stops no answer about money."""

from __future__ import annotations

from pathlib import Path

from tests.entrypoints.worked import caller, worked_rooms
from trivium.entrypoints.answers import cost_statement, graph_unmatched
from trivium.facts.statements import Rule
from trivium.graph.declared import Declare


def test_money_is_told_and_the_rule_is_named(tmp_path: Path) -> None:
    with worked_rooms(tmp_path / "home") as rooms:
        before = cost_statement.ask(rooms, cost_statement.Params())
        rooms.ledger.execute(Declare("old", [Rule("typo", {"ServicName": "x"}, to="shared", position=1)]))
        assert cost_statement.ask(rooms, cost_statement.Params()).lines == before.lines
        (named,) = (one for one in graph_unmatched.ask(rooms, graph_unmatched.Params()).names if one.kind == "rule")
        assert (named.name, named.money, named.line) == ("rule:typo", "0", "")
        assert "did you mean ServiceName?" in named.why
        page = caller(rooms).ask("/unmatched", headers={"accept": "text/html"})
        assert (page.status, "rule:typo" in page.body.decode()) == (200, True)
