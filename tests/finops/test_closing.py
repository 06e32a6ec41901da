"""A month is closed over what it counts, or not at all; a book in another form is named, not a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.entrypoints.worked import worked_rooms
from tests.finops.test_books import question
from trivium.entrypoints.answers import close_month, cost_statement
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.fact import Fact
from trivium.facts.instants import parse_instant
from trivium.facts.kinds import Kind
from trivium.facts.period import parse_period
from trivium.facts.problem import ProblemError
from trivium.facts.tracking import Change, RunChanged, RunCreated, RunLogged, encode_change, kind_of_change
from trivium.finops.archive import freeze, thaw
from trivium.finops.books import keep_books
from trivium.finops.closing import CloseMonth, closed_of
from trivium.intake.openlineage.reader import accept

NOVEMBER = parse_period("2026-11")


def event(day: str, run: str) -> bytes:
    """Tell of a run that reads features, as the worked example names them."""
    return msgspec.json.encode({
        "eventTime": f"2026-{day}T08:00:00Z", "eventType": "COMPLETE", "producer": "https://x",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": f"01900000-0000-7000-8000-0000000000{run}"}, "job": {"namespace": "x", "name": "late"},
        "inputs": [{"namespace": "lake", "name": "features"}], "outputs": [],
    })  # fmt: skip


AFTER = parse_instant("2026-12-05T00:00:00Z")


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    monkeypatch.setattr(close_month, "now", lambda: AFTER)
    with worked_rooms(tmp_path / "home") as opened:
        yield opened


def computed(rooms: Rooms) -> CloseMonth:
    """Compute November as closing it does."""
    state = rooms.bookkeeping.state()
    books = [rooms.bookkeeping.books("EUR", state)]
    return CloseMonth(closed_of(NOVEMBER, state.sequence, books, rooms.blobs.put), AFTER, rooms.reader)


def test_a_fact_of_the_month_that_came_while_it_was_computed_stands_in_the_way(rooms: Rooms) -> None:
    command = computed(rooms)
    came = rooms.ledger.append([accept(event("11-09", "01"))])[0].sequence
    with pytest.raises(ProblemError, match=f"Fact {came} was recorded while 2026-11 was computed") as refused:
        rooms.ledger.execute(command)
    assert (refused.value.problem.status, refused.value.problem.code) == (409, "facts_came")
    rooms.ledger.execute(computed(rooms))


def test_what_happened_after_the_month_does_not_keep_it_from_closing(rooms: Rooms) -> None:
    command = computed(rooms)
    rooms.ledger.append([accept(event("12-01", "02"))])
    assert rooms.ledger.execute(command)


def test_what_a_run_of_the_month_still_tells_after_its_end_stands_in_the_way(rooms: Rooms) -> None:
    rooms.ledger.append([accept(event("11-30", "03").replace(b"COMPLETE", b"START").replace(b"features", b"raw"))])
    command = computed(rooms)
    came = rooms.ledger.append([accept(event("12-01", "03"))])[0].sequence
    with pytest.raises(ProblemError, match=f"Fact {came} was recorded while 2026-11 was computed"):
        rooms.ledger.execute(command)


def logged(change: Change) -> Fact:
    """State a change that an MLflow client made in December."""
    kind = Kind(kind_of_change(change))
    return Fact(
        kind=kind, subject="run:live", happened_at=parse_instant("2026-12-01T09:00:00Z"), source="mlflow",
        key=str(kind), body=encode_change(change),
    )  # fmt: skip


def begun(day: str) -> RunCreated:
    start = parse_instant(f"2026-{day}T08:00:00Z") // 1_000
    return RunCreated(
        run="live", experiment=1, experiment_name="search", name="one", user="", start_ms=start, artifact_uri=""
    )


def test_trials_that_go_on_while_an_earlier_month_is_closed_do_not_keep_it_open(rooms: Rooms) -> None:
    command = computed(rooms)
    live = [begun("12-01"), RunLogged(run="live", params={"depth": "3"}), RunChanged(run="live", status="FINISHED")]
    rooms.ledger.append([logged(change) for change in live])
    assert rooms.ledger.execute(command)


def test_a_trial_that_began_in_the_month_stands_in_its_way_also_with_what_it_tells_later(rooms: Rooms) -> None:
    command = computed(rooms)
    came = rooms.ledger.append([logged(begun("11-20"))])[0].sequence
    with pytest.raises(ProblemError, match=f"Fact {came} was recorded while 2026-11 was computed"):
        rooms.ledger.execute(command)
    command = computed(rooms)
    came = rooms.ledger.append([logged(RunChanged(run="live", status="FINISHED"))])[0].sequence
    with pytest.raises(ProblemError, match=f"Fact {came} was recorded while 2026-11 was computed"):
        rooms.ledger.execute(command)


@dataclass
class Busy:
    """A ledger to which a fact of the month comes just before each of the first commands."""

    ledger: Any
    left: int
    commands: int = field(default=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def execute(self, command: Any) -> Any:
        self.commands += 1
        if self.commands <= self.left:
            self.ledger.append([accept(event("11-10", f"1{self.commands}"))])
        return self.ledger.execute(command)


@pytest.mark.parametrize("often", [1, 9])
def test_the_month_is_computed_again_and_at_last_refused(rooms: Rooms, often: int) -> None:
    busy = Busy(rooms.ledger, often)
    params = close_month.Params(period="2026-11")
    crowd = replace(rooms, ledger=busy)  # type: ignore[arg-type]
    if often == 1:
        assert close_month.ask(crowd, params).computed_from == rooms.ledger.head().sequence - 1
    else:
        with pytest.raises(ProblemError, match="Close the month again"):
            close_month.ask(crowd, params)
    assert busy.commands == min(often + 1, 3)


def test_a_book_in_another_form_says_what_it_is_and_what_to_do(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    close_month.ask(rooms, close_month.Params(period="2026-11"))
    monkeypatch.setattr("trivium.finops.archive.FORM", 2)
    with pytest.raises(ProblemError, match="closed book of 2026-11 in EUR was frozen by another version") as refused:
        cost_statement.ask(rooms, cost_statement.Params(period="2026-11"))
    assert refused.value.problem.status == 409
    assert "Ask the version that closed it" in refused.value.problem.fix


@pytest.mark.parametrize("change", [lambda book: book.pop("owners"), lambda book: book.update(cutoff="soon")])
def test_a_book_without_a_part_is_of_another_form(change: Any) -> None:
    book = keep_books(question("12-02"), NOVEMBER).months[-1]
    content = msgspec.msgpack.decode(freeze(book))
    assert thaw(freeze(book)).total == book.total
    change(content)
    with pytest.raises(ProblemError, match="does not read"):
        thaw(msgspec.msgpack.encode(content))
