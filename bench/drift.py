"""Drift of one million rows against one million, 12 columns: ours beside scipy's exact distances and Evidently.

Every program runs in a process of its own, from the same two Parquet files; only what comes after reading is timed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.result import Result

DATA = Path(__file__).parent / ".data"
ROOT = Path(__file__).parents[1]
MOST_SECONDS = 0.5
MOST_WRONG = 1e-3
NUMBERS = ("normal", "shifted", "lognormal", "exponential", "gamma", "whole", "pareto", "student")
WORDS = {"letters": 5, "wards": 20, "codes": 50, "postcodes": 200}


def drift(full: bool) -> list[Result]:
    """Measure processor seconds, memory, and the largest deviation from exact distances."""
    rows = 1_000_000 if full else 100_000
    files = [_rows(rows, number) for number in range(2)]
    ours, exact = _run("ours", sys.executable, files), _run("exact", sys.executable, files)
    evidently, why = _environment()
    theirs = _run("evidently", evidently, files) if evidently else None
    size = f"{rows:,} against {rows:,} rows of 12 columns"
    wrong = max(
        _off(ours, exact, name) for name in ("kolmogorov_smirnov", "normed", "stability_index", "jensen_shannon")
    )
    peer = f"scipy {exact['version']}, exact"
    results = [
        Result(f"drift, {size}, processor", ours["seconds"], "s", f"≤ {MOST_SECONDS} s",
               ours["seconds"] <= MOST_SECONDS, exact["seconds"], peer,
               note="both profiles, all distances, p-values, verdicts and sentences"),
        Result("memory of that process, tables included", ours["memory_mb"], "MB", "", None, exact["memory_mb"], peer),
        Result("largest deviation of a distance from exact", wrong, "", f"≤ {MOST_WRONG}", wrong <= MOST_WRONG,
               note="Kolmogorov-Smirnov, Wasserstein over σ, stability index, Jensen-Shannon"),
    ]  # fmt: skip
    if theirs is None:
        return [*results, Result("drift by Evidently", 0.0, "s", "", None, note=why)]
    peer, off = f"Evidently {theirs['version']}", _off(ours, theirs, "drift")
    return [
        *results,
        Result(f"drift, {size}, processor", ours["seconds"], "s", f"≤ {MOST_SECONDS} s",
               ours["seconds"] <= MOST_SECONDS, theirs["seconds"], peer, note="its preset of data drift"),
        Result("memory of that process, tables included", ours["memory_mb"], "MB", "", None, theirs["memory_mb"], peer),
        Result("largest deviation from Evidently's distances", off, "", "", None,
               note="Wasserstein over σ; Jensen-Shannon"),
    ]  # fmt: skip


def _off(ours: dict, others: dict, name: str) -> float:
    return max(abs(ours[name][column] - value) for column, value in others[name].items())


def _rows(rows: int, number: int) -> Path:
    """Write the rows of the reference (0) or of now (1), in which some columns have drifted."""
    DATA.mkdir(exist_ok=True)
    path = DATA / f"drift_{rows}_{number}.parquet"
    if path.exists():
        return path
    random = np.random.default_rng(number)
    columns: dict[str, object] = {
        "normal": random.normal(size=rows),
        "shifted": random.normal(0.4 * number, 1, rows),
        "lognormal": random.lognormal(0.05 * number, 1, rows),
        "exponential": random.exponential(1 + 0.2 * number, rows),
        "gamma": np.where(random.uniform(size=rows) < 0.31 * number, 0.01, 1.0) * random.gamma(2.4, 370, rows),
        "whole": random.integers(0, 100 + 5 * number, rows),
        "pareto": random.pareto(3, rows),
        "student": random.standard_t(5 - number, rows),
    }
    for name, values in WORDS.items():
        words = np.asarray([f"{name} {value:03}" for value in range(values)])
        columns[name] = words[np.minimum(random.zipf(1.5 + 0.1 * number, rows), values) - 1]
    pq.write_table(pa.table(columns), path)
    return path


def _environment() -> tuple[str, str]:
    """Make an environment with Evidently below bench/.data; gives its interpreter, or why there is none."""
    folder = DATA / "evidently"
    interpreter = folder / "bin" / "python"
    if (folder / ".ready").exists():
        return str(interpreter), ""
    uv = ROOT / ".tool" / "bin" / "uv"
    if not uv.exists():
        return "", "not measured: uv is not there to install it; run `make setup`"
    try:
        subprocess.run([uv, "venv", "--quiet", "--allow-existing", folder], check=True)
        wanted = ["evidently>=0.7", "pandas<3", "pyarrow"]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", interpreter, *wanted], check=True)
    except subprocess.CalledProcessError as fault:
        return "", f"not measured: it could not be installed ({fault})"
    (folder / ".ready").touch()
    return str(interpreter), ""


def _run(side: str, interpreter: str, files: list[Path]) -> dict:
    """Run one side in its own process and read what it prints."""
    command = [interpreter, str(Path(__file__).with_name("drift_sides.py")), side, *map(str, files)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found
