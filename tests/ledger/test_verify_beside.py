"""A verification keeps nobody from starting, and is true of what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.facts_made import fact
from trivium.ledger import verify as verifying
from trivium.ledger.book import Ledger


@pytest.mark.parametrize("count", [1, 3_000])
def test_a_home_opens_and_writes_while_it_is_verified(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([fact(number) for number in range(10)])
    started: list[Ledger] = []
    read_facts = verifying._Check.facts

    def facts(check, connection):
        if not started:
            started.append(Ledger.open(tmp_path))
            started[0].append([fact(number) for number in range(100, 100 + count)])
        read_facts(check, connection)

    monkeypatch.setattr(verifying._Check, "facts", facts)
    found = verifying.verify(tmp_path)
    try:
        assert (found.ok, found.problems, found.sequence) == (True, (), 10 + count)
        assert found.root == started[0].head().root_hex
    finally:
        started[0].close()
