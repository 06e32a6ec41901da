"""FOCUS import and the statement over it, beside pandas that only reads and groups the same file."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.result import Result

DATA = Path(__file__).parent / ".data"
SMALL, FULL = (500_000,), (5_000_000, 20_000_000)


def bills(full: bool) -> list[Result]:
    """Import generated bills of growing size into a new home each."""
    results = []
    for rows in FULL if full else SMALL:
        results += _one(rows)
    return results


def _one(rows: int) -> list[Result]:
    bill = _bill(rows)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        begun = time.perf_counter()
        _trivium("import", "focus", str(bill), "--home", str(home))
        taken = time.perf_counter() - begun
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        begun = time.perf_counter()
        _trivium("cost", "statement", "--period", "2026-10", "--home", str(home))
        asked = time.perf_counter() - begun
    peer = _pandas(bill)
    return [
        Result(
            f"FOCUS import, {rows:,} rows of CSV", rows / taken, "rows/s", "≥ 500,000 rows/s", rows / taken >= 500_000,
            rows / peer if peer else None, "pandas, only reads and groups", better="more",
        ),
        Result(f"memory of that import, {rows:,} rows", memory, "MB", "≤ 1,024 MB", memory <= 1024),
        Result(f"statement over {rows:,} rows, one command", asked, "s", "", None),
    ]  # fmt: skip


def _bill(rows: int) -> Path:
    DATA.mkdir(exist_ok=True)
    path = DATA / f"bill_{rows}.csv"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "bench.focus_rows", str(rows), str(path)], check=True)
    return path


def _trivium(*words: str) -> None:
    command = [str(Path(sys.executable).with_name("trivium")), *words, "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _pandas(bill: Path) -> float:
    """Time pandas reading the columns that a statement needs and grouping them; 0 where pandas is not installed."""
    if importlib.util.find_spec("pandas") is None:
        return 0.0
    code = (
        "import pandas as p, sys; names = ['ResourceId', 'ChargePeriodStart', 'EffectiveCost'];"
        "f = p.read_csv(sys.argv[1], usecols=names); f.groupby(names[:2])[names[2]].sum()"
    )
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(bill)], check=True)
    return time.perf_counter() - begun
