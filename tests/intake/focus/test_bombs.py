"""A file that unfolds to more than it may is refused by the child that reads it; nothing else changes."""

from __future__ import annotations

import gc
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.intake.focus.bills import SOUND, csv_of, row
from trivium.facts.problem import Problem, ProblemError
from trivium.finops.imports import import_focus
from trivium.intake.files.limits import Limits
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger

MIB = 1 << 20
DEADLINE = 60
"""A reader that takes longer is killed, and its refusal is `too_much_time`, which no bomb here expects."""
GROWTH = 64 * MIB


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(tmp_path / "home", folds=[Manifest()])
    yield ledger
    ledger.close()


@pytest.fixture
def lake(ledger: Ledger, tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(tmp_path / "home" / "lake", ledger.reading)
    yield lake
    lake.close()


def refusal(path: Path, ledger: Ledger, lake: Lake, limits: Limits | None = None) -> Problem:
    """Import a bomb: gives the refusal, once it is sure that nothing else came of it."""
    gc.collect()
    process = psutil.Process()
    memory, head = process.memory_info().rss, ledger.head().sequence
    limits = limits or Limits()
    limits = msgspec.structs.replace(limits, wall_seconds=min(limits.wall_seconds, DEADLINE))
    with pytest.raises(ProblemError) as fault:
        import_focus(path, ledger=ledger, lake=lake, limits=limits)
    assert process.memory_info().rss - memory < GROWTH
    assert process.children() == []
    assert list((lake.folder / "staging").iterdir()) == []
    assert list(lake.folder.glob("charges/*")) == []
    assert ledger.head().sequence == head
    sound = path.with_name("sound.csv")
    sound.write_bytes(csv_of([row()]))
    assert import_focus(sound, ledger=ledger, lake=lake).imported == 1
    problem = fault.value.problem
    assert problem.where == path.name
    assert problem.title.endswith(".")
    assert problem.fix
    return problem


def gzipped(path: Path, start: bytes, filling: bytes, times: int) -> Path:
    squeeze = zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        file.write(squeeze.compress(start))
        for _ in range(times):
            file.write(squeeze.compress(filling))
        file.write(squeeze.flush())
    return path


def parquet(path: Path, count: int, **columns: pa.Array) -> Path:
    """Write the sound row `count` times, each column as one value in a dictionary."""
    indices = pa.array([0] * count, pa.int32())
    arrays = {name: pa.DictionaryArray.from_arrays(indices, pa.array([text])) for name, text in SOUND.items()}
    pq.write_table(pa.table(arrays | columns), path, compression="zstd")
    return path


@pytest.mark.parametrize("filling", [b"\n" * MIB, b"," * MIB, b"0" * MIB])
def test_a_gzip_bomb_is_refused(tmp_path, ledger, lake, filling):
    path = gzipped(tmp_path / "bomb.csv.gz", csv_of([row()]), filling, 100)
    assert path.stat().st_size < MIB
    problem = refusal(path, ledger, lake)
    assert (problem.code, problem.status) == ("gzip_bomb", 413)


def test_a_gzip_bomb_of_broken_rows_is_refused(tmp_path, ledger, lake):
    problem = refusal(gzipped(tmp_path / "bomb.csv.gz", csv_of([row()]), b"a,\n" * (MIB // 3), 100), ledger, lake)
    assert (problem.code, problem.title) == (
        "bad_csv",
        "100,000 rows from line 2 on have more or fewer fields than the header.",
    )


def test_a_gzip_bomb_of_json_lines_is_refused(tmp_path, ledger, lake):
    line = json.dumps(row()).encode() + b"\n"
    problem = refusal(gzipped(tmp_path / "bomb.jsonl.gz", line, b" " * MIB, 100), ledger, lake)
    assert problem.code in {"gzip_bomb", "record_too_long"}


def test_a_gzip_bomb_within_a_gzip_bomb_is_not_unfolded_twice(tmp_path, ledger, lake):
    inner = gzipped(tmp_path / "inner.gz", csv_of([row()]), b"\n" * MIB, 100).read_bytes()
    assert refusal(gzipped(tmp_path / "bomb.gz", inner, b"", 1), ledger, lake).code == "not_focus"


def test_a_parquet_bomb_of_repeated_rows_is_refused(tmp_path, ledger, lake):
    path = parquet(tmp_path / "bomb.parquet", 2_000_000)
    assert path.stat().st_size < MIB // 4
    problem = refusal(path, ledger, lake)
    assert (problem.code, problem.status) == ("parquet_bomb", 413)


def test_more_rows_than_allowed_are_refused(tmp_path, ledger, lake):
    problem = refusal(parquet(tmp_path / "bomb.parquet", 300_000), ledger, lake, Limits(max_rows=100_000))
    assert (problem.code, problem.status) == ("too_many_rows", 413)


def test_a_parquet_bomb_of_one_long_value_is_refused_by_its_memory(tmp_path, ledger, lake):
    indices = pa.array([0] * 20_000, pa.int32())
    long = pa.DictionaryArray.from_arrays(indices, pa.array([b"a" * MIB]))
    path = parquet(tmp_path / "bomb.parquet", 20_000, x_Long=long)
    assert path.stat().st_size < MIB
    problem = refusal(path, ledger, lake, Limits(memory_mb=300))
    assert (problem.code, problem.status) == ("too_much_memory", 413)


@pytest.mark.parametrize("line", [b"0", b'"', b","])
def test_an_endless_line_is_refused(tmp_path, ledger, lake, line):
    path = tmp_path / "bomb.csv"
    with path.open("wb") as file:
        file.write(csv_of([row()]))
        if line == b'"':
            file.write(line)
            line = b"a"
        for _ in range(100):
            file.write(line * MIB)
    problem = refusal(path, ledger, lake)
    assert (problem.code, problem.status) == ("record_too_long", 413)


def test_an_endless_header_is_refused(tmp_path, ledger, lake):
    path = tmp_path / "bomb.csv"
    with path.open("wb") as file:
        for _ in range(50):
            file.write(b"a," * MIB)
    assert refusal(path, ledger, lake).code == "too_many_columns"


def test_names_without_end_in_json_lines_are_refused(tmp_path, ledger, lake):
    path = tmp_path / "bomb.jsonl"
    with path.open("wb") as file:
        for line in range(500):
            file.write(json.dumps(row() | {f"x_{line}_{name}": "" for name in range(1000)}).encode() + b"\n")
    problem = refusal(path, ledger, lake)
    assert (problem.code, problem.status) == ("too_many_columns", 413)


def test_reading_that_takes_too_long_is_ended(tmp_path, ledger, lake):
    path = tmp_path / "slow.csv"
    path.write_bytes(csv_of([row()]))
    problem = refusal(path, ledger, lake, Limits(wall_seconds=0.01))
    assert (problem.code, problem.status) == ("too_much_time", 413)


def test_a_file_that_writes_too_much_is_ended(tmp_path, ledger, lake):
    path = tmp_path / "large.csv"
    path.write_bytes(csv_of([row(x_Noise=f"{number**9}") for number in range(100_000)]))
    problem = refusal(path, ledger, lake, Limits(output_mb=1))
    assert (problem.code, problem.status) == ("too_much_output", 413)
    assert "output limit of 1 MB" in problem.title


def test_a_footer_that_claims_too_much_is_no_reason_to_take_memory(tmp_path, ledger, lake):
    out = io.BytesIO()
    pq.write_table(pa.table({name: [text] for name, text in SOUND.items()}), out)
    content = out.getvalue()
    path = tmp_path / "bomb.parquet"
    path.write_bytes(content[:-8] + (0x7FFFFFFF).to_bytes(4, "little") + b"PAR1")
    assert refusal(path, ledger, lake).code == "bad_parquet"
