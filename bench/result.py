"""What one measurement is, and how a run of them becomes a table."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from trivium.facts.instants import format_instant, now

RESULTS = Path(__file__).parent / "RESULTS.md"
_HEAD = """# The last results of `make bench`

Each part stands as it was last measured in full. Peers are measured in the same run on the same machine; timings vary
with the machine's load.
"""
PACKAGES = ("duckdb", "pyarrow", "numpy", "numba", "networkx", "sqlalchemy", "starlette", "uvicorn", "pandas")


@dataclass(frozen=True)
class Result:
    """One line of the table: a figure of ours, the budget, and a peer measured in the same run where there is one.

    `ours` and `peer` are in `unit`; `better` says whether less or more is better.
    """

    what: str
    ours: float
    unit: str
    budget: str
    met: bool | None
    peer: float | None = None
    peer_name: str = ""
    better: str = "less"
    note: str = ""

    @property
    def ratio(self) -> str:
        """Say how many times better we are than the peer, or nothing without one."""
        if not self.peer or not self.ours:
            return ""
        times = self.peer / self.ours if self.better == "less" else self.ours / self.peer
        return f"{times:.1f}×"


def table(results: list[Result]) -> str:
    """Write results as a Markdown table."""
    head = "| what | ours | peer | ratio | budget | held | note |\n|---|---|---|---|---|---|---|"
    return "\n".join([head, *(_row(result) for result in results)])


def write(part: str, results: list[Result], parts: Iterable[str]) -> None:
    """Keep one part's results in bench/RESULTS.md instead of its last ones; `parts` is the order they stand in."""
    kept = _sections(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[part] = _section(results)
    told = [f"## {name}\n\n{kept[name]}\n" for name in parts if name in kept]
    RESULTS.write_text("\n".join([_HEAD, *told]))


def _section(results: list[Result]) -> str:
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return f"""{format_instant(now())[:10]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at its end.
Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}.

{table(results)}"""


def _sections(text: str) -> dict[str, str]:
    """Cut the file into its parts."""
    found = (piece.partition("\n") for piece in text.split("\n## ")[1:])
    return {name.strip(): body.strip() for name, _, body in found}


def _row(result: Result) -> str:
    held = {True: "yes", False: "**no**", None: ""}[result.met]
    peer = f"{_figure(result.peer)} {result.unit} ({result.peer_name})" if result.peer else ""
    ours = f"{_figure(result.ours)} {result.unit}"
    return f"| {result.what} | {ours} | {peer} | {result.ratio} | {result.budget} | {held} | {result.note} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _version(name: str) -> str:
    try:
        return version(name)
    except ImportError:
        return ""
