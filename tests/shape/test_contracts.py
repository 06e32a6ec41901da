"""Do the import contracts hold, and would each of them see what it forbids?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("facts", "ledger", "lake", "intake", "graph", "dataops", "finops", "evidence", "entrypoints", "demo")
FACES = ("entrypoints/answers", "entrypoints/cli", "entrypoints/api", "entrypoints/web")
FLOORS = "Rooms import only from lower floors (design.md §3)"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]

RED = {
    "up one floor": ("facts/a.py", "import trivium.ledger.b", FLOORS),
    "up to the top": ("finops/a.py", "from trivium import bootstrap", FLOORS),
    "up, inside a function": ("graph/a.py", "def f():\n    import trivium.finops.b", FLOORS),
    "up, for a type": ("graph/a.py", "import typing\nif typing.TYPE_CHECKING:\n    import trivium.finops.b", FLOORS),
    "across: ledger to lake": ("ledger/a.py", "import trivium.lake.b", FLOORS),
    "across: lake to intake": ("lake/a.py", "import trivium.intake.focus.b", FLOORS),
    "across: dataops to finops": ("dataops/a.py", "import trivium.finops.b", FLOORS),
    "across: finops to dataops": ("finops/a.py", "import trivium.dataops.b", FLOORS),
    "evidence to a face": ("evidence/a.py", "import trivium.entrypoints.b", FLOORS),
    "a room on no floor": ("attic/__init__.py", "", FLOORS),
    "readers": ("intake/focus/a.py", "import trivium.intake.openlineage.b", "Readers do not know each other"),
    "files to a reader": ("intake/files/a.py", "import trivium.intake.focus.b", "Readers do not know each other"),
    "a reader on no floor": ("intake/attic/__init__.py", "", "Readers do not know each other"),
    "circle": ("graph/a.py", "import trivium.graph.c", "Siblings do not import each other in circles"),
    "facts with a driver": ("facts/a.py", "import sqlalchemy", "Facts need only the standard library and msgspec"),
    "graph with typer": ("graph/a.py", "import typer", "Web framework and command line stay in entrypoints"),
    "ledger with starlette": ("ledger/a.py", "import starlette", "Web framework and command line stay in entrypoints"),
    "finops with duckdb": ("finops/a.py", "import duckdb", "Only the lake drives DuckDB"),
    "ledger with duckdb": ("ledger/a.py", "import duckdb", "Only the lake drives DuckDB"),
    "answers with a page": ("entrypoints/answers/a.py", "import trivium.entrypoints.web.b", "Answers know no face"),
    "answers with a command": ("entrypoints/answers/a.py", "import trivium.entrypoints.cli.b", "Answers know no face"),
    "two questions": ("evidence/a.py", "import trivium.evidence.b", "Evidence files do not import each other"),
}


def lint(folder: Path, source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(source), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Make a package with every room and nothing in it, under the real contracts."""
    package = tmp_path / "src" / "trivium"
    for room in (*ROOMS, "intake/files", "intake/focus", "intake/openlineage", *FACES):
        (package / room).mkdir(parents=True)
        for name in ("__init__", "b") if room != "intake" else ("__init__",):
            (package / room / f"{name}.py").touch()
    for name in ("__init__", "bootstrap", "settings"):
        (package / f"{name}.py").touch()
    (package / "graph" / "c.py").write_text("import trivium.graph.a\n", encoding="utf-8")
    (package / "graph" / "a.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_are_kept() -> None:
    answer = lint(ROOT, ROOT / "src")
    assert answer.returncode == 0, answer.stdout


def test_empty_rooms_keep_every_contract(small: Path) -> None:
    answer = lint(small, small / "src")
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize("case", RED)
def test_a_planted_violation_breaks_its_contract(small: Path, case: str) -> None:
    place, planted, contract = RED[case]
    path = small / "src" / "trivium" / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(planted + "\n", encoding="utf-8")
    answer = lint(small, small / "src")
    assert answer.returncode == 1, answer.stdout
    broken = re.findall(r"^(.+) BROKEN$", answer.stdout, re.MULTILINE)
    assert broken == [contract], answer.stdout


def test_every_contract_has_been_seen_to_break() -> None:
    assert {contract["name"] for contract in SETTINGS["contracts"]} == {contract for _, _, contract in RED.values()}


def test_every_room_of_the_package_stands_on_a_floor() -> None:
    layers = next(contract for contract in SETTINGS["contracts"] if contract["type"] == "layers")
    assert layers["exhaustive"] is True
    named = set(re.findall(r"\w+", " ".join(layers["layers"])))
    package = ROOT / "src" / "trivium"
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} <= named
