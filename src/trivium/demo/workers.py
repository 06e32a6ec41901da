"""The clients: one process for each product, of the same Python, that runs its pipelines when it is told to."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from trivium.demo.told import Order, Told
from trivium.facts.instants import Instant, format_instant
from trivium.facts.period import Period
from trivium.facts.problem import refuse

PRODUCTS: Final = {
    "biopsy-triage": "biopsy_triage", "form-digitiser": "form_digitiser", "patient-assistant": "patient_assistant",
}  # fmt: skip
_NEEDED: Final = ("openlineage.client", "sklearn", "mlflow", "opentelemetry.sdk", "opentelemetry.exporter.otlp")
_OTHERS: Final = ("OPENLINEAGE", "MLFLOW", "OTEL", "DATABRICKS")
"""What settings of clients begin with; those of the person who looks at the demo are not the clients'."""
_SETTINGS: Final = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore",
}  # fmt: skip
_END_S: Final = 5.0


class Worker:
    """One product's pipelines, running in a process of their own."""

    def __init__(self, product: str, folder: Path, now: Instant) -> None:
        self.product = product
        module = f"trivium.demo.pipelines.{PRODUCTS[product]}"
        line = [sys.executable, "-m", module, "--work", str(folder), "--now", format_instant(now)]
        self._log = folder / f"{product}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment()
            )

    def begin(self, month: Period) -> None:
        """Let the pipelines run a month; nobody hears of it yet."""
        self._order(Order(month=str(month)))

    def tell(self, url: str) -> None:
        """Let the pipelines tell a server of the month that they ran."""
        self._order(Order(url=url))

    def ended(self) -> Told:
        """Wait until the month was run and told; raises ProblemError with what went wrong."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return msgspec.json.decode(line, type=Told)
        self._process.wait()
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
        raise refuse("demo_failed", f"The pipelines of {self.product} ended and said: {last[0]}", status=500)

    def _order(self, order: Order) -> None:
        """Send an order; a process that ended says why when it is asked for the answer."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        """End the process, and wait for it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def check_clients() -> None:
    """Refuse when the clients are not installed."""
    for name in _NEEDED:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            fix = "Install the clients with the extra `trivium[demo]`."
            raise refuse("no_clients", f"The demo's clients need {name}, which is not installed.", fix=fix)


def _environment() -> dict[str, str]:
    """Give the environment without a person's settings of clients, and with one thread for each numeric library."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OTHERS)}
    return kept | _SETTINGS
