"""FOCUS import and the statement over it, beside pandas that only reads and groups the same file."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.result import Result

DATA = Path(__file__).parent / ".data"
SMALL, FULL = (500_000,), (5_000_000, 20_000_000)


WATCH_SECONDS = 0.05
STATEMENT_SECONDS = {5_000_000: 3.0, 20_000_000: 8.0}


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock, seconds of all processors, and megabytes of all its processes."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


def bills(full: bool) -> list[Result]:
    """Import generated bills of growing size, as CSV and Parquet, into a new home each, and ask for the statement."""
    results = []
    for rows in FULL if full else SMALL:
        results += _one(rows)
    return results


def _one(rows: int) -> list[Result]:
    bill = _bill(rows, "csv")
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        taken = _trivium("import", "focus", str(bill), "--home", f"{folder}/csv")
        asked = _trivium("cost", "statement", "--period", "2026-10", "--home", f"{folder}/csv")
        other = _trivium("import", "focus", str(_bill(rows, "parquet")), "--home", f"{folder}/parquet")
    peer = _pandas(bill)
    most = STATEMENT_SECONDS.get(rows)
    return [
        _speed(f"FOCUS import, {rows:,} rows of CSV", rows, taken, peer),
        _speed(f"FOCUS import, {rows:,} rows of Parquet", rows, other, 0.0),
        Result(
            f"memory of that import of CSV, {rows:,} rows, all processes", taken.memory_mb, "MB", "≤ 1,024 MB",
            taken.memory_mb <= 1024,
        ),
        Result(
            f"statement over {rows:,} rows, one command", asked.seconds, "s", f"≤ {most:.0f} s" if most else "",
            asked.seconds <= most if most else None, note=f"{asked.cpu_seconds:.1f} s of processor",
        ),
    ]  # fmt: skip


def _speed(what: str, rows: int, taken: Cost, peer: float) -> Result:
    return Result(
        what, rows / taken.seconds, "rows/s", "≥ 500,000 rows/s", rows / taken.seconds >= 500_000,
        rows / peer if peer else None, "pandas, only reads and groups", better="more",
        note=f"{taken.cpu_seconds / rows * 1e6:.2f} µs of processor a row",
    )  # fmt: skip


def _bill(rows: int, ending: str) -> Path:
    DATA.mkdir(exist_ok=True)
    path = DATA / f"bill_{rows}.{ending}"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "bench.focus_rows", str(rows), str(path)], check=True)
    return path


def _trivium(*words: str) -> Cost:
    """Run a command to its end; memory is what it and its children hold together, looked at again and again."""
    command = [str(Path(sys.executable).with_name("trivium")), *words, "--json"]
    before, begun, most = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, _held(watched))
            with suppress(subprocess.TimeoutExpired):
                process.wait(WATCH_SECONDS)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, used, most / (1 << 20))


def _held(process: psutil.Process) -> int:
    """Sum the resident memory of a process and its children; one that has just ended holds none."""
    held = 0
    with suppress(psutil.Error):
        for one in (process, *process.children(recursive=True)):
            held += one.memory_info().rss
    return held


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
