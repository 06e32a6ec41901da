"""Is it said on every face when the server cannot write, or when answers may miss facts or money?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.entrypoints.worked import JSON, PREFIX, WORKED, Caller, caller, worked_rooms
from tests.stories.served import trivium
from trivium import bootstrap
from trivium.entrypoints.answers import overview
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.fact import RecordedFact
from trivium.facts.problem import refuse
from trivium.intake.openlineage.reader import accept
from trivium.ledger.book import Health

EVENTS = (WORKED / "events.jsonl").read_bytes().splitlines()
PAGE = {"accept": "text/html"}


def unreadable(recorded: RecordedFact) -> Sequence[Any]:
    """Fail as a reader with a fault of its own does."""
    raise ValueError(f"fact {recorded.sequence} cannot be read")


@pytest.fixture
def degraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """Open rooms whose projections cannot read the first event."""
    monkeypatch.setattr(bootstrap, "meaning", unreadable)
    with bootstrap.open_rooms(tmp_path / "home") as rooms:
        rooms.ledger.append([accept(EVENTS[0])])
        rooms.ledger.catch_up()
        yield rooms


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """Open rooms whose disk is full: tests/faults/test_disk.py fills a real one."""
    with worked_rooms(tmp_path / "home") as rooms:
        health = Health(
            state="read_only", sequence=1, waiting_facts=0, oldest_unprocessed_age_us=0, read_only="The disk is full."
        )
        refused = refuse("read_only", "The disk is full.", status=503, retry_after_s=7)

        async def append(facts: Any, **named: Any) -> Any:
            raise refused

        monkeypatch.setattr(rooms.ledger, "health", lambda: health)
        monkeypatch.setattr(rooms.ledger, "append_async", append)
        yield rooms


def health_of(ask: Caller) -> tuple[int, dict[str, Any]]:
    answered = ask.ask("/health", headers={"accept": "application/json"})
    return answered.status, msgspec.json.decode(answered.body)


def test_a_projection_that_stands_still_is_shown_on_every_face(degraded: Rooms) -> None:
    ask = caller(degraded)
    status, found = health_of(ask)
    assert (status, found["state"], found["ok"]) == (200, "degraded", False)
    assert any(text.startswith("graph, before fact 1:") for text in found["degraded"])
    assert ask.ask("/health").body.decode().startswith("DEGRADED\n")
    assert "trivium_degraded_projections 2.0" in ask.ask("/metrics").body.decode()
    for page in ("/ledger", "/setup", "/"):
        assert "Degraded: answers may miss facts." in ask.ask(page, headers=PAGE).body.decode()


def test_a_well_server_says_nothing_of_it(rooms: Rooms, asked: Caller) -> None:
    assert health_of(asked)[1]["ok"] is True
    for page in ("/ledger", "/"):
        assert "answers may miss facts" not in asked.ask(page, headers=PAGE).body.decode()
    assert rooms.ledger.health().state == "ok"


def test_a_full_disk_is_shown_and_says_when_to_come_again(read_only: Rooms) -> None:
    ask = caller(read_only)
    status, found = health_of(ask)
    assert (status, found["state"], found["read_only"]) == (503, "read_only", "The disk is full.")
    assert "Read-only." in ask.ask("/ledger", headers=PAGE).body.decode()
    answered = ask.ask("/api/v1/lineage", EVENTS[0], JSON)
    assert (answered.status, answered.headers["retry-after"]) == (503, "7")


def test_what_waits_too_long_is_shown(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Health(state="ok", sequence=9, waiting_facts=0, oldest_unprocessed_age_us=125_000_000)
    monkeypatch.setattr(rooms.ledger, "health", lambda: old)
    ask = caller(rooms)
    assert health_of(ask)[1]["oldest_unprocessed_age_s"] == 125
    assert "The oldest that waits is 125 s old." in ask.ask("/ledger", headers=PAGE).body.decode()


def test_what_is_not_joined_and_how_far_the_month_is_filled_stand_beside_the_money(rooms: Rooms) -> None:
    answer = overview.ask(rooms, overview.Params(period="2026-11", as_of="2026-11-20T00:00:00Z"))
    assert answer.unjoined == "7.01"
    assert answer.filled_through is not None
    answered = caller(rooms).ask(f"{PREFIX}/overview?period=2026-11&as_of=2026-11-20T00:00:00Z")
    assert msgspec.json.decode(answered.body)["unjoined"] == "7.01"


def test_a_command_ends_with_no_when_the_home_is_not_well(tmp_path: Path) -> None:
    with worked_rooms(tmp_path / "home"):
        pass
    assert trivium("health", "--home", tmp_path / "home").returncode == 0


@pytest.mark.parametrize("query", ["known=3", "known=3&as_of=2026-11-20T00:00:00Z"])
@pytest.mark.parametrize("page", ["/", "/statement", "/unmatched", "/data", "/assets/dataset:worked/features"])
def test_a_page_takes_a_sequence_as_the_other_faces_do(page: str, query: str, asked: Caller) -> None:
    answered = asked.ask(f"{page}?{query}", headers=PAGE)
    assert answered.status == 200
    assert "up to fact <b>3</b>" in answered.body.decode() or page == "/data"
    refused = asked.ask(f"{page}?known=soon", headers=PAGE)
    assert (refused.status, "is no sequence" in refused.body.decode()) == (422, True)
