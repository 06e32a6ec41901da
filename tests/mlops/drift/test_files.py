"""Training rows of any format become one profile; what is no row of numbers and texts is refused with a sentence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trivium.facts.problem import ProblemError
from trivium.intake.files.limits import Limits
from trivium.mlops.drift.files import MOST_COLUMNS, Job, profile_file
from trivium.mlops.drift.reference import read_reference, reference_fact

ROWS = [
    {"area": 10.5, "age": 40, "ward": "A", "note": "x1"},
    {"area": 20.25, "age": 41, "ward": "B", "note": "x2"},
    {"area": None, "age": 42, "ward": "A", "note": None},
] * 20


def _csv(folder: Path) -> Path:
    path = folder / "rows.csv"
    lines = [",".join("" if value is None else str(value) for value in row.values()) for row in ROWS]
    path.write_text("\n".join([",".join(ROWS[0]), *lines]))
    return path


def _parquet(folder: Path) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


def _jsonl(folder: Path) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.mark.parametrize("write", [_csv, _parquet, _jsonl])
def test_each_format_gives_the_same_profile(write, tmp_path: Path) -> None:
    found = profile_file(Job(path=str(write(tmp_path)))).profile
    area, age, note, ward = (found.column(name) for name in ("area", "age", "note", "ward"))
    assert (found.rows, area.shape, age.shape, ward.shape) == (60, "number", "number", "category")
    assert (area.ranks.values, area.nulls, age.mean) == ((10.5, 20.25), 20, 41)
    assert ward.categories.counts == {"A": 40, "B": 20}
    assert (note.categories.counts, note.nulls) == ({"x1": 20, "x2": 20}, 20)


def test_texts_of_which_a_few_are_no_numbers_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "\n".join(f"{place if place % 50 else 'n/a'},{place % 7}" for place in range(200)))
    found = profile_file(Job(path=str(path))).profile
    assert (found.column("x").shape, found.column("x").nulls) == ("number", 4)
    path.write_text("x,y\n" + "\n".join(f"{place if place % 10 else 'n/a'},{place % 7}" for place in range(200)))
    assert profile_file(Job(path=str(path))).profile.column("x").shape == "category"


def test_many_blocks_unite(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    path = tmp_path / "rows.csv.gz"
    numbers = random.normal(size=300_000)
    with gzip.open(path, "wt") as file:
        file.write("x\n" + "\n".join(f"{number:.6f}" for number in numbers))
    found = read_reference("model:m/1", [path]).profile.column("x")
    assert found.rows == 300_000
    assert found.mean == pytest.approx(numbers.mean(), abs=1e-5)
    assert found.ranks.quantile(0.5) == pytest.approx(np.median(numbers), abs=0.01)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.4", "not_a_reference"),
        (b"a,b\n", "no_rows"),
        (b"[1]", "not_a_reference"),
        (",".join(f"c{place}" for place in range(MOST_COLUMNS + 1)).encode() + b"\n1", "too_many_columns"),
    ],
)
def test_what_holds_no_training_rows_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as refused:
        read_reference("model:m/1", [path])
    assert refused.value.problem.code == code
    assert refused.value.problem.fix


def test_strange_values_and_names_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"=1+1": "=cmd()", "__proto__": "{{7*7}}", "a": [1, {"b": 2}], "huge": 10**400, "": 1, "A": "x"},
        {"=1+1": "\u202e", "__proto__": None, "a": None, "huge": 1, "nul": "x\u0000y"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows * 30))
    found = read_reference("model:m/1", [path])
    assert found.profile.rows <= 60
    assert reference_fact(found).subject == "model:m/1"


def test_a_file_that_takes_too_much_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"x": pa.array(["a" * 1000] * 2_000_000).dictionary_encode()}), path)
    with pytest.raises(ProblemError) as refused:
        read_reference("model:m/1", [path], limits=Limits(memory_mb=150, wall_seconds=60))
    assert refused.value.problem.status in {413, 422}


def test_the_same_files_are_one_reference_in_any_order(tmp_path: Path) -> None:
    one, other = _csv(tmp_path), tmp_path / "other.csv"
    other.write_text("area,age\n1,2\n3,4")
    first, second = read_reference("model:m/1", [one, other]), read_reference("model:m/1", [other, one, one])
    assert reference_fact(first).key == reference_fact(second).key
    assert first.profile == second.profile
    assert reference_fact(first).key != reference_fact(read_reference("model:m/2", [one, other])).key


def test_no_file_and_no_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="No file"):
        read_reference("model:m/1", [])
    with pytest.raises(ProblemError, match="cannot be read"):
        read_reference("model:m/1", [tmp_path / "absent"])
