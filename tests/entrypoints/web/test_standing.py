"""Is a slow page shown as it stood only while nothing but events is newer, and does it say so?"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import count

import msgspec
import pytest
from starlette.responses import HTMLResponse

from tests.entrypoints.worked import WORKED, caller
from trivium.entrypoints.answers import cost_statement, declare
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web import standing as module
from trivium.entrypoints.web.routes import ON_BOOKS, PAGES
from trivium.entrypoints.web.shell import Link, Trouble
from trivium.entrypoints.web.standing import MARK, Standing
from trivium.facts.problem import ProblemError, refuse
from trivium.intake.openlineage.reader import accept

FIRST_EVENT = msgspec.json.decode((WORKED / "events.jsonl").read_bytes().splitlines()[0])
numbers = count(1)


def event(rooms: Rooms) -> None:
    run = {**FIRST_EVENT["run"], "runId": f"0199b1a0-0000-7000-8000-{next(numbers):012}"}
    rooms.ledger.append([accept(msgspec.json.encode({**FIRST_EVENT, "run": run}))])


@dataclass
class Page:
    """A page whose making is counted, and waits where it is told to."""

    made: int = 0
    fails: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def make(self) -> HTMLResponse:
        assert self.gate.wait(20)
        if self.fails:
            raise refuse("bad_parameter", "This page is refused.", where="x")
        self.made += 1
        return HTMLResponse(b"<main>" + MARK + b"made " + str(self.made).encode() + b"</main>")


def text(shown: HTMLResponse) -> str:
    return bytes(shown.body).decode()


@pytest.fixture
def slow(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Standing:
    cost_statement.ask(rooms, cost_statement.Params())
    assert rooms.bookkeeping.books_took_s > 0
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    return Standing(rooms)


def wait(rooms: Rooms) -> None:
    rooms.aside.submit(int).result(20)


def test_a_page_stands_while_events_come_and_is_then_as_new(rooms: Rooms, slow: Standing) -> None:
    page = Page()
    assert "As it stood" not in text(slow.show("/", page.make))
    stood = rooms.ledger.head().sequence
    event(rooms)
    event(rooms)
    page.gate.clear()
    shown = [text(slow.show("/", page.make)) for _ in range(3)]
    assert all(f"at fact {stood:,}. 2 newer events are being worked in" in one for one in shown)
    assert all("made 1" in one for one in shown)
    page.gate.set()
    wait(rooms)
    assert page.made == 2, "three readers made it once"
    assert "As it stood" not in text(slow.show("/", page.make))


def test_what_a_person_did_is_waited_for(rooms: Rooms, slow: Standing) -> None:
    page = Page()
    slow.show("/", page.make)
    event(rooms)
    toml = f'[[team]]\nname = "t{next(numbers)}"\ntitle = "A team"\n'
    declare.ask(rooms, declare.Params(toml=toml, name=f"d{next(numbers)}"))
    assert "made 2" in text(slow.show("/", page.make))


def test_a_quick_home_waits_for_every_event(rooms: Rooms) -> None:
    page, quick = Page(), Standing(rooms)
    assert rooms.bookkeeping.books_took_s < module.SLOW_S
    quick.show("/", page.make)
    event(rooms)
    assert "made 2" in text(quick.show("/", page.make))


def test_pages_do_not_stand_for_each_other(rooms: Rooms, slow: Standing) -> None:
    one, other = Page(), Page(made=10)
    slow.show("/one", one.make)
    event(rooms)
    assert "made 11" in text(slow.show("/other", other.make))


def test_an_old_page_is_waited_for(rooms: Rooms, slow: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    slow.show("/", page.make)
    event(rooms)
    monkeypatch.setattr(module, "OLDEST", -1)
    assert "made 2" in text(slow.show("/", page.make))


def test_what_is_wrong_with_the_server_is_said_at_once(
    rooms: Rooms, slow: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page()
    slow.show("/", page.make)
    event(rooms)
    monkeypatch.setattr(
        module, "trouble_of", lambda _: Trouble("Read-only.", "The disk is full.", Link("Ledger", "/ledger"))
    )
    assert "made 2" in text(slow.show("/", page.make))
    event(rooms)
    assert "As it stood" in text(slow.show("/", page.make)), "it says so itself"


def test_what_is_refused_aside_is_told_to_who_asks_next(rooms: Rooms, slow: Standing) -> None:
    page = Page()
    slow.show("/", page.make)
    event(rooms)
    page.fails = True
    assert "As it stood" in text(slow.show("/", page.make))
    wait(rooms)
    with pytest.raises(ProblemError, match="This page is refused"):
        slow.show("/", page.make)


def test_pages_that_are_kept_have_a_bound(rooms: Rooms, slow: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Page(), Page()
    monkeypatch.setattr(module, "MOST_BYTES", len(bytes(Page().make().body)))
    slow.show("/one", one.make)
    slow.show("/other", other.make)
    event(rooms)
    assert "made 2" in text(slow.show("/one", one.make))
    event(rooms)
    assert "As it stood" in text(slow.show("/one", one.make))


NOT_ON_BOOKS = ("/ledger", "/setup", "/traces", "/usage", "/curves")
"""Pages that need no books."""


def test_every_page_that_stands_says_so(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [path for path, name, _ in PAGES if name in ON_BOOKS]
    assert addresses == [path for path, _, _ in PAGES if not path.startswith(NOT_ON_BOOKS)]
    cost_statement.ask(rooms, cost_statement.Params())
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    asked = caller(rooms)
    for path in addresses:
        target = path.replace("{key:path}", "model:m/1").replace("{experiment:path}", "0")
        target = (
            target.replace("{endpoint:path}", "endpoint:m")
            .replace("{model:path}", "m")
            .replace("{run:path}", "01930000-0000-7000-8000-0000000000e1")
        )
        asked.ask(target, headers={"accept": "text/html"})
        event(rooms)
        answer = asked.ask(target, headers={"accept": "text/html"})
        assert answer.status == 200
        assert b'role="status">As it stood on ' in answer.body, target
        assert answer.headers["cache-control"] == "private, no-cache"


def test_a_page_of_what_was_known_stands_for_itself(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.0)
    asked = caller(rooms)
    for _ in range(2):
        answer = asked.ask("/statement?known=5", headers={"accept": "text/html"})
        event(rooms)
        assert (answer.status, b"As it stood" in answer.body) == (200, False)
