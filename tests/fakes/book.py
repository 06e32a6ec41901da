"""Fakes of the port `trivium.finops.imports.Book`."""

from __future__ import annotations

from trivium.ledger.book import Ledger


class RefusingBook:
    """A ledger that refuses to append, or whose answer is lost."""

    def __init__(self, ledger: Ledger, fault: Exception) -> None:
        self._ledger, self._fault = ledger, fault
        self.fact, self.reading = ledger.fact, ledger.reading

    def append(self, facts, *, within=None):
        raise self._fault
