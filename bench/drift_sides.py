"""One program that measures drift between two Parquet files, in a process of its own: `drift_sides.py SIDE FILE FILE`.

It prints one line of JSON: seconds of processor, its memory in MB with the tables, and the distances by column.
Each side imports only what its own environment has.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

Distances = dict[str, dict[str, float]]


def ours(before: pa.Table, now: pa.Table) -> tuple[Callable[[], Distances], str]:
    """Profile both tables and compare the profiles, with all verdicts and sentences."""
    from importlib.metadata import version

    from trivium.mlops.drift.profile import profile_of
    from trivium.mlops.drift.verdict import drift_of

    def measure() -> Distances:
        found = drift_of(profile_of(before), profile_of(now))
        told: Distances = {key: {} for key in ("kolmogorov_smirnov", "normed", "stability_index", "jensen_shannon")}
        for one in found.columns:
            values = (one.kolmogorov_smirnov, one.wasserstein_normed, one.stability_index, one.jensen_shannon)
            for key, value in zip(told, values, strict=True):
                if value is not None:
                    told[key][one.column] = value
        told["drift"] = told["jensen_shannon"] | told["normed"]
        return told

    return measure, version("trivium")


def exact(before: pa.Table, now: pa.Table) -> tuple[Callable[[], Distances], str]:
    """Measure every distance exactly, with scipy and numpy, by the definitions that ours has."""
    import scipy
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import ks_2samp, wasserstein_distance

    def measure() -> Distances:
        told: Distances = {key: {} for key in ("kolmogorov_smirnov", "normed", "stability_index", "jensen_shannon")}
        for name in before.column_names:
            if before.schema.field(name).type == pa.string():
                one, other = _shares(before.column(name), now.column(name))
                told["jensen_shannon"][name] = float(jensenshannon(one, other))
                told["stability_index"][name] = _index(one, other)
                continue
            first, second = (side.column(name).to_numpy().astype(float) for side in (before, now))
            told["kolmogorov_smirnov"][name] = float(ks_2samp(first, second, method="asymp").statistic)
            told["normed"][name] = float(wasserstein_distance(first, second) / first.std())
            even = np.histogram_bin_edges(np.concatenate((first, second)), bins="sturges")
            one, other = (np.histogram(side, even)[0] / len(side) for side in (first, second))
            told["jensen_shannon"][name] = float(jensenshannon(one, other))
            deciles = np.unique(np.quantile(first, np.arange(1, 10) / 10, method="inverted_cdf"))
            parts = [
                np.bincount(np.searchsorted(deciles, side), minlength=len(deciles) + 1) for side in (first, second)
            ]
            told["stability_index"][name] = _index(parts[0] / len(first), parts[1] / len(second))
        return told

    return measure, scipy.__version__


def evidently(before: pa.Table, now: pa.Table) -> tuple[Callable[[], Distances], str]:
    """Run Evidently's preset of data drift."""
    import evidently as program
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    first, second = before.to_pandas(), now.to_pandas()
    words = [field.name for field in before.schema if field.type == pa.string()]
    numbers = [name for name in before.column_names if name not in words]

    def measure() -> Distances:
        kinds = DataDefinition(numerical_columns=numbers, categorical_columns=words)
        sides = [Dataset.from_pandas(side, data_definition=kinds) for side in (second, first)]
        found = Report([DataDriftPreset()]).run(*sides).dict()
        told = {}
        for metric in found["metrics"]:
            config = metric.get("config", {})
            if "column" in config:
                told[config["column"]] = float(metric["value"])
        return {"drift": told}

    return measure, program.__version__


def _shares(first: pa.ChunkedArray, second: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    sides = [
        dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True))
        for found in (first.value_counts(), second.value_counts())
    ]
    names = sorted(sides[0].keys() | sides[1].keys())
    one, other = (np.asarray([side.get(name, 0) for name in names], float) for side in sides)
    return one / one.sum(), other / other.sum()


def _index(one: np.ndarray, other: np.ndarray) -> float:
    one, other = np.maximum(one, 1e-4), np.maximum(other, 1e-4)
    return float(((other - one) * np.log(other / one)).sum())


def main() -> None:
    """Read, measure, print."""
    warnings.filterwarnings("ignore")
    side, *files = sys.argv[1:]
    measure, version = {"ours": ours, "exact": exact, "evidently": evidently}[side](*map(pq.read_table, files))
    begun = time.process_time()
    found = measure()
    seconds = time.process_time() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "memory_mb": memory, "version": version, **found}))


if __name__ == "__main__":
    main()
