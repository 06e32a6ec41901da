"""Does starting stay quick: is what costs seconds to load left out until it is needed?"""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "duckdb", "genai_prices", "google", "mlflow", "networkx", "numba", "openlineage", "opentelemetry", "pandas",
    "playwright", "pyarrow", "rich", "scipy", "sklearn", "statsmodels",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in answer.stdout.split()}


@pytest.mark.parametrize("started", ["trivium.bootstrap", "trivium.entrypoints.api.app"])
def test_starting_loads_nothing_heavy(started: str) -> None:
    assert loaded_by(f"import {started}") & set(HEAVY) == set()


@pytest.mark.parametrize("name", ["facts.keys", "facts.money", "facts.period", "facts.statements", "facts.protocols"])
def test_facts_load_only_the_standard_library_and_msgspec(name: str) -> None:
    allowed = {"trivium", *sys.stdlib_module_names, *loaded_by("import msgspec")}
    assert loaded_by(f"import trivium.{name}") - allowed == set()


def test_what_is_loaded_is_seen() -> None:
    assert "numpy" in loaded_by("import trivium.graph.flows")
