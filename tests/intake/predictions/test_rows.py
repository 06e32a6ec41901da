"""What is made of the rows of predictions and labels, however dirty: keys, UTC times, finite numbers, or a reason."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.facts.problem import ProblemError
from trivium.intake.files.limits import Limits
from trivium.intake.files.sandbox import read_apart
from trivium.intake.predictions.reader import Job, read_batch, read_rows
from trivium.intake.predictions.report import SENTENCES, RowsReport
from trivium.intake.predictions.rows import Given, endpoint_key, version_key

ONE = {"prediction_id": "a", "at": "2026-10-05T08:00:00Z", "endpoint": "e", "version": "m/1", "prediction": "x"}
LABEL = {"prediction_id": "a", "at": "2026-10-05T08:00:00Z", "label": "x"}


def batch(folder: Path, *rows: dict[str, Any], table: str = "predictions", given: Given | None = None) -> Any:
    """Read a batch; gives the report and the rows written."""
    job = Job(table=table, path="", stem=str(folder / table), given=given or Given(), after=7)
    report = read_batch(job, rows)
    return report, written(folder, table, report)


def written(folder: Path, table: str, report: RowsReport) -> list[dict[str, Any]]:
    parts = [pq.read_table(folder / f"{table}-{part.number}.parquet").to_pylist() for part in report.parts]
    return [row for part in parts for row in part]


def file(folder: Path, content: bytes, table: str = "predictions", name: str = "file") -> Any:
    """Read a file in this process."""
    path = folder / name
    path.write_bytes(content)
    report = read_rows(Job(table=table, path=str(path), stem=str(folder / table), given=Given()))
    return report, written(folder, table, report)


def reasons(report: RowsReport, outcome: str) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(one.reason, one.column, one.lines) for one in report.problems if one.outcome == outcome]


def test_a_sound_row_is_kept_with_its_features(tmp_path: Path) -> None:
    report, [row] = batch(tmp_path, {**ONE, "score": 0.5, "latency_ms": 12.5, "age": 40, "site": "left"})
    assert (report.rows, report.taken, report.refused, report.problems) == (1, 1, 0, ())
    assert (row["id"], row["endpoint"], row["version"], row["prediction"]) == ("a", "endpoint:e", "model:m/1", "x")
    assert (row["score"], row["latency_us"], row["error"], row["line"]) == (0.5, 12_500, "", 1)
    assert (row["feature.age"], row["feature.site"]) == (40.0, "left")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prediction_id": ""}, "no_id"),
        ({"prediction_id": None}, "no_id"),
        ({"prediction_id": "i" * 257}, "long_id"),
        ({"prediction_id": "a\0b"}, "nul"),
        ({"at": "yesterday"}, "no_time"),
        ({"at": None}, "no_time"),
        ({"at": "9999-01-01T00:00:00Z"}, "unlikely_time"),
        ({"at": "0001-01-01T00:00:00Z"}, "unlikely_time"),
        ({"endpoint": ""}, "no_endpoint"),
        ({"endpoint": "dataset:a/b"}, "bad_endpoint"),
        ({"endpoint": "e" * 5000}, "bad_endpoint"),
        ({"version": "7"}, "bad_version"),
        ({"version": "dataset:a/b"}, "bad_version"),
        ({"prediction": "x" * ((1 << 20) + 1)}, "long_text"),
    ],
)
def test_a_row_that_cannot_count_is_refused_with_its_place(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    report, rows = batch(tmp_path, ONE | {"prediction_id": "ok"}, ONE | change)
    assert [one[0] for one in reasons(report, "refused")] == [reason]
    assert reasons(report, "refused")[0][2] == (2,)
    assert (report.taken, report.refused, len(rows)) == (1, 1, 1)
    assert SENTENCES[reason][0]


@pytest.mark.parametrize(
    ("change", "reason", "column", "left"),
    [
        ({"score": "NaN"}, "bad_score", "score", None),
        ({"score": "1e400"}, "bad_score", "score", None),
        ({"score": "high"}, "bad_score", "score", None),
        ({"latency_ms": "-1"}, "bad_latency", "latency_us", None),
        ({"latency_ms": "1e400"}, "bad_latency", "latency_us", None),
        ({"latency_ms": str(10**400)}, "bad_latency", "latency_us", None),
        ({"version": None}, "no_version", "version", ""),
        ({"prediction": None}, "no_prediction", "prediction", None),
    ],
)
def test_what_is_no_measure_is_left_out_and_said(
    tmp_path: Path, change: dict[str, Any], reason: str, column: str, left: Any
) -> None:
    report, [row] = batch(tmp_path, ONE | change)
    assert [one[0] for one in reasons(report, "noted")] == [reason]
    assert row[column] == left


def test_a_time_without_a_zone_is_utc_and_said(tmp_path: Path) -> None:
    report, [row] = batch(tmp_path, ONE | {"at": "2026-10-05 08:00:00"})
    assert reasons(report, "repaired") == [("no_zone", "at", (1,))]
    assert (report.repaired, row["at"].isoformat()) == (1, "2026-10-05T08:00:00")


@pytest.mark.parametrize("value", ["false", "", None, False, 0])
def test_no_error_is_no_error_however_it_is_written(tmp_path: Path, value: Any) -> None:
    assert batch(tmp_path, ONE | {"error": value})[1][0]["error"] == ""


@pytest.mark.parametrize("formula", ["=1+1", "+1", "@x", "<svg onload=x>", "{{7*7}}", "../x", "\u202eabc", "__proto__"])
def test_any_text_is_kept_as_it_is(tmp_path: Path, formula: str) -> None:
    [row] = batch(
        tmp_path, {"prediction_id": formula, "at": ONE["at"], "endpoint": "e", "prediction": formula, "f": formula}
    )[1]
    assert (row["id"], row["prediction"], row["feature.f"]) == (formula, formula, formula)


def test_large_whole_numbers_stay_what_they_are(tmp_path: Path) -> None:
    rows = batch(tmp_path, ONE | {"prediction_id": 2**60 + 1}, ONE | {"prediction_id": 7})[1]
    assert [row["id"] for row in rows] == [str(2**60 + 1), "7"]


def test_a_label_may_leave_its_endpoint_out(tmp_path: Path) -> None:
    report, [row] = batch(tmp_path, LABEL | {"note": "n"}, table="labels")
    assert (row["endpoint"], row["label"], row["after"]) == ("", "x", 7)
    assert [(one.reason, one.column) for one in report.problems] == [("ignored_column", "note")]
    report, rows = batch(tmp_path, LABEL | {"label": ""}, table="labels")
    assert (rows, [one[0] for one in reasons(report, "refused")]) == ([], ["no_label"])


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    for content, code in (
        (b"a,b\n1,2\n", "not_predictions"), (b"[1]", "not_predictions"), (b"", "empty_file"),
        (b"PAR1" + b"x" * 50, "bad_parquet"), (b"\x1f\x8b" + b"x" * 30, "bad_gzip"),
    ):  # fmt: skip
        with pytest.raises(ProblemError) as fault:
            file(tmp_path, content)
        assert fault.value.problem.code == code
    with pytest.raises(ProblemError) as fault:
        file(tmp_path, b"prediction_id,at\n1,2026-10-01\n", "labels")
    assert (fault.value.problem.code, "label" in fault.value.problem.title) == ("not_labels", True)


CSV = b"prediction_id,at,endpoint,version,prediction,Age,age\na,2026-10-05T08:00:00Z,e,m/1,x,1,2\n"


def test_a_name_that_stands_twice_in_any_case_is_kept_once(tmp_path: Path) -> None:
    report, [row] = file(tmp_path, CSV)
    assert row["feature.Age"] == "1"
    assert [(one.reason, one.column, one.count) for one in report.problems] == [("column_twice", "age", 1)]


def test_csv_gzip_parquet_and_json_lines_say_the_same(tmp_path: Path) -> None:
    plain = b"prediction_id,at,endpoint,version,prediction,score\na,2026-10-05T08:00:00Z,e,m/1,x,0.5\n"
    lines = msgspec.json.encode(ONE | {"score": 0.5}) + b"\n"
    table = pa.table({**{name: [value] for name, value in ONE.items()}, "score": [0.5]})
    pq.write_table(table, tmp_path / "p.parquet")
    found = [
        file(tmp_path, content)[1][0]
        for content in (plain, gzip.compress(plain), lines, (tmp_path / "p.parquet").read_bytes())
    ]
    for row in found:
        del row["line"]
    assert found[1:] == found[:1] * 3


def test_json_lines_that_add_names_later_lose_none(tmp_path: Path) -> None:
    lines = b"".join(
        b'{"id":"%d","at":"2026-10-05","endpoint":"e","prediction":"x"%b}\n'
        % (number, b',"late":"v"' if number else b"")
        for number in range(3)
    )
    rows = file(tmp_path, lines)[1]
    assert [row["feature.late"] for row in rows] == [None, "v", "v"]


def test_a_bomb_is_refused_by_its_child(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"id": pa.repeat("x", 3_000_000), "at": pa.repeat("2026-10-05", 3_000_000)}), path)
    job = Job(
        table="predictions", path=str(path), stem=str(tmp_path / "predictions"), given=Given(endpoint="endpoint:e")
    )
    with pytest.raises(ProblemError) as fault:
        read_apart("trivium.intake.predictions.child", job, RowsReport, Limits(memory_mb=600))
    assert fault.value.problem.status == 413


def test_a_half_surrogate_is_a_line_that_is_no_json(tmp_path: Path) -> None:
    report, rows = file(tmp_path, b'{"id":"a","at":"2026-10-05","endpoint":"e"}\n{"id":"\\ud800"}\n')
    assert (len(rows), [one[0] for one in reasons(report, "refused")]) == (1, ["bad_json"])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_names_of_strangers_are_keys_or_nothing(text: str) -> None:
    for read, kind in ((endpoint_key, "endpoint:"), (version_key, "model:")):
        found = read(text)
        assert found is None or found.startswith(kind)


@pytest.mark.parametrize("text", ["m/1", "model:m/1", "models:/m/1"])
def test_a_version_may_be_written_in_three_ways(text: str) -> None:
    assert version_key(text) == "model:m/1"
