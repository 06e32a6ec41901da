"""Does the memory of earlier questions stay bounded, however many states are asked about?"""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from tests.entrypoints.worked import worked_rooms
from trivium.entrypoints.answers.bookkeeping import KEPT_LARGE


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
