"""A rebuild holds the writer; health shows for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from tests.ledger.facts_made import fact
from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.ledger.book import Ledger


class Watched:
    """A fold without tables that looks at something whenever it is emptied."""

    name, version, inside = "watched", 1, False
    kinds = frozenset(Kind)

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look

    def create(self, connection: Connection) -> None:
        self._look()

    def drop(self, connection: Connection) -> None:
        pass

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        pass


def test_a_rebuild_in_hand_shows_in_the_health(tmp_path: Path) -> None:
    ledgers: list[Ledger] = []
    ages: list[int] = []
    fold = Watched(lambda: ages.extend(ledger.health().oldest_unprocessed_age_us for ledger in ledgers))
    with Ledger.open(tmp_path, folds=[fold]) as ledger:
        ledger.append([fact(1)])
        ledger.catch_up()
        ledgers.append(ledger)
        assert ledger.rebuild(["watched"])[0].fold == "watched"
        assert ages[0] > 0
        assert ledger.oldest_unprocessed_age() == 0
