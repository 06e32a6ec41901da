"""What a question about money says where little rests at the asset itself, and as of an earlier instant."""

from __future__ import annotations

import pytest

from trivium.entrypoints.answers import cost_explain, cost_show, cost_statement
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import parse_instant
from trivium.facts.problem import ProblemError


def test_a_model_without_a_version_points_to_its_versions(rooms: Rooms) -> None:
    answer = cost_show.ask(rooms, cost_show.Params(key="model:m"))
    assert answer.total == "0"
    assert [(one.asset, one.total) for one in answer.versions] == [("model:m/1", "238.666666667")]
    with pytest.raises(ProblemError, match=r"at the versions of model:m, .* one of its versions: model:m/1\."):
        cost_explain.ask(rooms, cost_explain.Params(key="model:m"))


def test_what_the_runs_of_a_job_took_stands_beside_its_total(rooms: Rooms) -> None:
    shown = cost_show.ask(rooms, cost_show.Params(key="job:worked/prepare"))
    explained = cost_explain.ask(rooms, cost_explain.Params(key="job:worked/prepare"))
    assert (shown.total, shown.runs_took, shown.versions) == ("0", "280", ())
    assert (explained.total, explained.runs_took) == ("0", "280")
    assert cost_show.ask(rooms, cost_show.Params(key="dataset:worked/raw")).runs_took is None


@pytest.mark.parametrize("as_of", ["2026-11-03T08:30:00Z", "2026-11-06T00:00:00Z"])
def test_nothing_is_filled_beyond_the_instant_asked_for(rooms: Rooms, as_of: str) -> None:
    answer = cost_show.ask(rooms, cost_show.Params(key="dataset:worked/raw", as_of=as_of))
    assert answer.filled_through is not None
    assert parse_instant(answer.filled_through) <= parse_instant(as_of)


def test_before_the_first_charge_no_month_is_filled(rooms: Rooms) -> None:
    answer = cost_show.ask(rooms, cost_show.Params(key="dataset:worked/raw", as_of="2026-10-01T00:00:00Z"))
    assert answer.filled_through is None
    assert answer.as_of == "2026-10-01T00:00:00Z"


def test_an_instant_far_beyond_what_can_be_known_is_refused(rooms: Rooms) -> None:
    with pytest.raises(ProblemError, match="9999-12-31T00:00:00Z is to come, and no charge is known within a year"):
        cost_show.ask(rooms, cost_show.Params(key="dataset:worked/raw", as_of="9999-12-31T00:00:00Z"))


def test_money_answers_name_their_unit(rooms: Rooms) -> None:
    assert cost_statement.ask(rooms, cost_statement.Params()).unit == "nano"
    assert cost_show.ask(rooms, cost_show.Params(key="model:m/1")).unit == "nano"
    assert cost_explain.ask(rooms, cost_explain.Params(key="model:m/1")).unit == "nano"


def test_a_statement_says_what_nobody_has_read_yet(rooms: Rooms) -> None:
    now = cost_statement.ask(rooms, cost_statement.Params())
    carrying = {line.account for line in now.lines if line.carried != "0" and line.account.startswith("dataset:")}
    assert {(one.asset, one.state) for one in now.unread} == {("dataset:worked/features", "fresh")}
    assert {one.asset for one in now.unread} == carrying
    before = cost_statement.ask(rooms, cost_statement.Params(as_of="2026-11-04T12:00:00Z"))
    assert ("dataset:worked/features", "refreshed without a reader") in {
        (one.asset, one.state) for one in before.unread
    }
