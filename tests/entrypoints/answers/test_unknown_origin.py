"""Does a version whose runs nobody knows say that its origin is unknown, and never that it cost nothing?"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.entrypoints.worked import PREFIX, caller, worked_rooms
from trivium.entrypoints.answers import asset_show, cost_show, declare
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.cli.showing import show

STRANGER = '[[model]]\nname = "stranger"\n[[model.version]]\nversion = 1\nhappened_at = 2026-11-02T00:00:00Z\n'
KEY = "model:stranger/1"


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with worked_rooms(tmp_path_factory.mktemp("stranger") / "home") as opened:
        declare.ask(opened, declare.Params(toml=STRANGER, name="stranger"))
        yield opened


def test_no_part_of_an_unknown_origin_is_a_number(rooms: Rooms) -> None:
    answer = cost_show.ask(rooms, cost_show.Params(key=KEY))
    assert answer.origin_known is False
    assert (answer.direct, answer.upstream, answer.trials, answer.build, answer.total) == (None,) * 5
    raw = msgspec.json.decode(caller(rooms).ask(f"{PREFIX}/cost/show?key={KEY}").body)
    assert raw["total"] is None
    assert asset_show.ask(rooms, asset_show.Params(key=KEY)).total is None


def test_a_terminal_says_so(rooms: Rooms, capsys: pytest.CaptureFixture[str]) -> None:
    show(cost_show.ask(rooms, cost_show.Params(key=KEY)))
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["total"] == lines["build"] == "origin unknown: no run is known that made it"


def test_a_known_origin_that_cost_nothing_costs_nothing(rooms: Rooms) -> None:
    answer = cost_show.ask(rooms, cost_show.Params(key="model:m/1", period="2026-10", as_of="2026-11-20T00:00:00Z"))
    assert (answer.origin_known, answer.total) == (True, "0")


def test_the_page_of_such_a_version_opens(rooms: Rooms) -> None:
    answered = caller(rooms).ask("/assets/model:stranger/1", headers={"accept": "text/html"})
    assert answered.status == 200
    assert "rigin unknown" in answered.body.decode()
