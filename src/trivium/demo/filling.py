"""Fills a server with the health service's months, in the order in which they happened.

Each month is run by the pipelines and told, declared, billed and closed, while the pipelines run the next one; nobody
is told of that before the close. The correction of a closed month comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

from trivium.demo.bill import Charge, correction, month_charges, written
from trivium.demo.months import CLOSED, months_of, through_of
from trivium.demo.server import Server
from trivium.demo.told import Told
from trivium.demo.workers import PRODUCTS, Worker
from trivium.facts.instants import Instant
from trivium.facts.period import Period

Say = Callable[[str], None]
STEPS: Final = 2 * (CLOSED + 1) + 2
"""How often filling says what it does: twice for each month, at the beginning, and for the correction."""
CORRECTED: Final = 1
"""Which of the months is corrected after it was closed, counted from 0."""


@dataclass
class Filling:
    """The months of the health service on their way into a server; made before it serves, so that clients can start."""

    folder: Path
    now: Instant
    months: tuple[Period, ...] = ()
    workers: list[Worker] = field(default_factory=list)

    def start(self) -> None:
        """Start the clients."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.months = months_of(self.now)
        self.workers.extend(Worker(product, self.folder, self.now) for product in PRODUCTS)
        self._begin(0)

    def fill(self, server: Server, say: Say) -> None:
        """Bring everything in, and say each of the STEPS; raises ProblemError with what was refused."""
        say("the health service is declared, its pipelines run")
        self._declare(
            server, "health-service", files(__package__).joinpath("declarations/health-service.toml").read_text()
        )
        corrected: list[Charge] = []
        for number, month in enumerate(self.months):
            say(f"{month}: pipelines tell")
            told = self._told(server)
            self._begin(number + 1)
            last = month == self.months[-1]
            say(f"{month}: the bill comes" + ("" if last else ", the month is closed"))
            self._month(server, month, told)
            if number == CORRECTED:
                corrected = correction([ran for one in told for ran in one.runs])
            if not last:
                server.tell("/cost/close", {"period": str(month)})
        say(f"{self.months[CORRECTED]} is corrected, after it was closed")
        self._import(server, f"{self.months[-1]}-correction.csv", written(corrected, self.months[-1]))

    def stop(self) -> None:
        """End the clients."""
        for worker in self.workers:
            worker.stop()

    def _begin(self, number: int) -> None:
        """Let the pipelines run a month while the one before is billed and closed."""
        if number < len(self.months):
            for worker in self.workers:
                worker.begin(self.months[number])

    def _told(self, server: Server) -> list[Told]:
        """Let all products tell at once of the month that they ran."""
        for worker in self.workers:
            worker.tell(server.address)
        return [worker.ended() for worker in self.workers]

    def _month(self, server: Server, month: Period, told: list[Told]) -> None:
        for worker, one in zip(self.workers, told, strict=True):
            self._declare(server, worker.product, one.toml)
        runs = [ran for one in told for ran in one.runs]
        metered = [tokens for one in told for tokens in one.metered]
        charges = month_charges(month, through_of(self.now), runs, metered)
        self._import(server, f"{month}.csv", written(charges, month))

    def _declare(self, server: Server, name: str, toml: str) -> None:
        """Keep the declaration as a file, and declare it."""
        path = self.folder / f"{name}.toml"
        path.write_text(toml, encoding="utf-8")
        server.tell("/declare", {"toml": toml, "name": name, "file": path.name})

    def _import(self, server: Server, name: str, content: bytes) -> None:
        """Keep the bill as a file, and import it as a person would."""
        path = self.folder / f"focus-{name}"
        path.write_bytes(content)
        server.command("import", "focus", str(path))
