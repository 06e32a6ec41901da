"""Where a file is cut into blocks and slices changes nothing of what is read."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.focus.bills import csv_of, read, row
from trivium.intake.files import csv_block, csv_pieces, csv_rows, json_rows

TEXTS = st.text(st.sampled_from('ab,;"\n\r\té☃ '), max_size=40)


def small(monkeypatch, block, piece):
    monkeypatch.setattr(csv_rows, "BLOCK", block)
    monkeypatch.setattr(csv_block, "SLICE", piece)
    monkeypatch.setattr(csv_pieces, "CHUNK", piece)
    monkeypatch.setattr(csv_rows, "ROWS", 3)
    monkeypatch.setattr(csv_rows, "START", 400)
    monkeypatch.setattr(json_rows, "BLOCK", block)


def quoted(rows):
    """Write rows with every field in quotes, so that line ends of any kind are part of them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def begun(content):
    """Say on which line each record begins, by the csv module, without the header; a line ends with LF."""
    reader = csv.reader(io.StringIO(content.decode(), newline="\n"))
    lines, before = [], 0
    for record in reader:
        if record:
            lines.append(before + 1)
        before = reader.line_num
    return lines[1:]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=30), st.integers(300, 2000), st.integers(64, 600))
def test_rows_and_lines_do_not_depend_on_where_a_file_is_cut(tmp_path, monkeypatch, texts, block, piece):
    content = quoted([row(ChargeDescription=text, BilledCost=f"{place}") for place, text in enumerate(texts)])
    with monkeypatch.context() as patch:
        small(patch, block, piece)
        report, rows = read(tmp_path, content)
    whole_report, whole_rows = read(tmp_path, content)
    assert rows == whole_rows
    assert report == whole_report
    assert [int(charge["BilledCost"]) for charge in rows] == list(range(len(texts)))
    kept = [" ".join(text.split(" ")).strip() or None for text in texts]
    assert [charge["ChargeDescription"] for charge in rows] == [None if text == "NULL" else text for text in kept]
    assert [charge["line"] for charge in rows] == begun(content)


@pytest.mark.parametrize("block", [400, 1000, 5000])
def test_a_bad_row_keeps_its_line_wherever_blocks_are_cut(tmp_path, monkeypatch, block):
    lines = csv_of([row(BilledCost=f"{place}") for place in range(40)]).split(b"\n")
    lines[17] += b",one too many"
    lines[33] = b"too,few"
    small(monkeypatch, block, 300)
    report, rows = read(tmp_path, b"\n".join(lines))
    [trouble] = [trouble for trouble in report.problems if trouble.reason == "column_count"]
    assert (trouble.count, trouble.lines, report.rows, report.imported) == (2, (18, 34), 40, 38)
    assert [charge["line"] for charge in rows] == [line for line in range(2, 42) if line not in {18, 34}]


def test_a_record_longer_than_a_slice_is_read(tmp_path, monkeypatch):
    small(monkeypatch, 4000, 100)
    report, rows = read(tmp_path, csv_of([row(ChargeDescription="x" * 900), row()]))
    assert (report.imported, len(rows[0]["ChargeDescription"])) == (2, 900)


def test_a_stray_quote_costs_no_more_than_its_row(tmp_path, monkeypatch):
    lines = csv_of([row(ChargeDescription=f"plain{place}") for place in range(60)]).split(b"\n")
    lines[20] = lines[20].replace(b"plain19", b'5" disk')
    small(monkeypatch, 2000, 500)
    monkeypatch.setattr(csv_pieces, "FREE", 3000)
    monkeypatch.setattr(csv_pieces, "LONGEST", 8000)
    report, rows = read(tmp_path, b"\n".join(lines))
    assert (report.rows, report.imported) == (60, 60)
    assert rows[19]["ChargeDescription"] == '5" disk'


def test_json_lines_do_not_depend_on_where_they_are_cut(tmp_path, monkeypatch):
    import json

    content = "\n".join(json.dumps(row(BilledCost=f"{place}")) for place in range(30)).encode()
    small(monkeypatch, 700, 100)
    report, rows = read(tmp_path, content)
    assert [(int(charge["BilledCost"]), charge["line"]) for charge in rows] == [(n, n + 1) for n in range(30)]
    assert report.imported == 30
