"""A rebuild holds the writer; health shows for how long."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from tests.ledger.facts_made import Log, fact
from trivium.ledger.book import Ledger


def test_a_rebuild_in_hand_shows_in_the_health(tmp_path: Path) -> None:
    ages: list[int] = []

    class Watched(Log):
        def drop(self, connection: Connection) -> None:
            ages.append(ledger.health().oldest_unprocessed_age_us if ledgers else 0)
            super().drop(connection)

    ledgers: list[Ledger] = []
    with Ledger.open(tmp_path, folds=[Watched()]) as ledger:
        ledgers.append(ledger)
        ledger.append([fact(1)])
        ledger.catch_up()
        ages.clear()
        ledger.rebuild(["log"])
        assert ages[0] > 0
        assert ledger.oldest_unprocessed_age() == 0
