"""What a watch keeps up is what is read anew: whatever comes in, in whatever order, at whatever instant it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from random import Random

import pytest

from tests.dataops.test_quality import X, at, checked, folded, written
from tests.graph.graph_made import event, read_any, recorded
from trivium.dataops.fold import DataopsFold
from trivium.dataops.healths import healths
from trivium.dataops.watch import Watch
from trivium.facts.fact import RecordedFact
from trivium.facts.statements import Alias, Statement
from trivium.graph.fold import GraphFold


class Growing:
    """A home that grows, and what a watch asks of it."""

    def __init__(self, few: int = 1_000) -> None:
        self.facts: list[RecordedFact] = []
        self.connection = folded()
        self.few = few
        self.looked: list[int] = []

    def add(self, *said) -> int:
        flat = [one for part in said for one in (part if isinstance(part, list) else [part])]
        new = recorded(flat, len(self.facts) + 1)
        self.facts += new
        for fold in (GraphFold(read_any), DataopsFold(read_any)):
            wanted = [fact for fact in new if fact.fact.kind in fold.kinds]
            if wanted:
                fold.apply(self.connection, wanted)
        return len(self.facts)

    def between(self, after: int, to: int) -> Sequence[Statement] | None:
        if to - after > self.few:
            return None
        self.looked.append(to - after)
        return [said for fact in self.facts[after:to] for said in read_any(fact)]

    def watch(self) -> Watch:
        return Watch(lambda: nullcontext(self.connection), self.between)


@pytest.mark.parametrize("seed", range(8))
def test_a_watch_says_what_a_list_says(seed: int) -> None:
    dice = Random(seed)
    home = Growing(few=dice.choice([0, 2, 1_000]))
    watch = home.watch()
    for _ in range(12):
        day = f"{dice.randrange(1, 27):02}"
        said = [
            checked(day, dice.choice("xyz"), unique=dice.random() > 0.3, soft=dice.random() > 0.3),
            written(day, dice.choice([90, 100, 110, 400])),
            Alias("dataset:s3://lake/y", X),
        ][dice.choices(range(3), (5, 5, 1))[0]]
        head = home.add(said)
        as_of = at(f"2026-10-{dice.randrange(1, 30):02}")
        assert watch.at(head, as_of) == healths(home.connection, as_of)


def test_only_what_new_facts_tell_of_is_read_again() -> None:
    home = Growing()
    watch, as_of = home.watch(), at("2026-10-20")
    first = watch.at(home.add(written("02", 10), checked("03", "y", unique=True)), as_of)
    second = watch.at(home.add(checked("04", "y", unique=False)), as_of)
    assert home.looked == [1]
    assert second[X] is first[X]
    assert second["dataset:s3://lake/y"].state == "failing"


def test_the_end_of_a_run_counts_for_what_it_said_before_that_it_writes() -> None:
    home = Growing()
    watch, as_of = home.watch(), at("2026-10-20")
    head = home.add(event("r", "START", "2026-10-02T00:00:00Z", writes=["x"]))
    assert watch.at(head, as_of) == healths(home.connection, as_of) == {}
    head = home.add(event("r", "COMPLETE", "2026-10-02T01:00:00Z"))
    assert watch.at(head, as_of)[X].freshness.last_write == at("2026-10-02T01:00:00Z")
