"""Does the memory of earlier questions stay bounded, however many states are asked about?"""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from tests.entrypoints.worked import WORKED, worked_rooms
from trivium.entrypoints.answers import import_focus
from trivium.entrypoints.answers.bookkeeping import KEPT_LARGE
from trivium.facts.money import plain
from trivium.finops.bridge import UNEXPLAINED, bridge
from trivium.finops.statement import statement


def test_of_what_holds_a_whole_graph_or_all_months_few_states_are_kept(tmp_path: Path) -> None:
    with worked_rooms(tmp_path / "home") as rooms:
        keeping = rooms.bookkeeping
        seen: dict[str, list[weakref.ref[object]]] = {"flows": [], "books": [], "inflows": [], "lineage": []}
        for known in range(4, 12):
            state = keeping.state(known=known)
            made = (keeping.flows(state), keeping.books("EUR", state), keeping.inflows("EUR", state))
            for name, one in zip(seen, (*made, keeping.lineage(state)), strict=True):
                seen[name].append(weakref.ref(one))
        del made, one
        gc.collect()
        kept = {name: sum(one() is not None for one in listed) for name, listed in seen.items()}
        assert kept == dict.fromkeys(seen, KEPT_LARGE)


def test_a_question_about_the_state_of_before_is_answered_from_memory(tmp_path: Path) -> None:
    with worked_rooms(tmp_path / "home") as rooms:
        keeping = rooms.bookkeeping
        first, second = keeping.state(known=9), keeping.state(known=10)
        before = keeping.lineage(first)
        keeping.lineage(second)
        assert keeping.lineage(first) is before


def test_a_bill_that_comes_while_a_question_is_answered_is_in_none_of_its_answer(tmp_path: Path) -> None:
    bill = tmp_path / "more.csv"
    bill.write_text((WORKED / "bill.csv").read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with worked_rooms(tmp_path / "home") as rooms:
        keeping = rooms.bookkeeping
        state = keeping.state()
        import_focus.ask(rooms, import_focus.Params(add=True), [bill])
        books = keeping.books("EUR", state)
        assert plain(books.months[0].total) == "339.01"
        month = books.months[0].month
        laid = bridge(rooms.lake, books, month, statement(books, month), state.sequence)
        assert UNEXPLAINED not in {step.label for step in laid.steps}
        assert plain(keeping.books("EUR", keeping.state()).months[0].total) == "678.02"
