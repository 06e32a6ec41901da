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
        whole = graph_unmatched.ask(rooms, graph_unmatched.Params())
        rooms.ledger.execute(Declare("more", [Rule("other", {"ServicName": "y"}, to="shared", position=2)]))
        cut = graph_unmatched.ask(rooms, graph_unmatched.Params(limit=1))
        assert (len(cut.names), cut.left_out, cut.total) == (1, len(whole.names), whole.total)
        assert (cut.shown, whole.shown, whole.left_out) == (cut.names[0].money, whole.total, 0)
        page = caller(rooms).ask("/unmatched", headers={"accept": "text/html"})
        assert (page.status, "rule:typo" in page.body.decode()) == (200, True)
