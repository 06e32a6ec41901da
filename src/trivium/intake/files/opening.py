"""Tells what a file is by how it begins, and opens it as rows."""

from __future__ import annotations

from pathlib import Path

from trivium.facts.problem import refuse, shown
from trivium.intake.files.blocks import Form, Rows
from trivium.intake.files.csv_rows import CsvRows
from trivium.intake.files.json_rows import JsonRows
from trivium.intake.files.octets import Octets
from trivium.intake.files.parquet_rows import MAGIC, ParquetRows


def open_file(path: Path, form: Form) -> Rows:
    """Tell a file's format by its content and open it; refuses one that is empty or of no known format."""
    if path.stat().st_size == 0:
        raise refuse("empty_file", "The file is empty.", where=path.name, fix=f"Export the {form.what} again.")
    with path.open("rb") as file:
        start = file.read(4)
    if start == MAGIC:
        return ParquetRows(path, form)
    first = Octets(path).read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if first.startswith(b"{"):
        return JsonRows(Octets(path), form)
    binary = b"\0" in first.partition(b"\n")[0] and not first.startswith((b"\xff\xfe", b"\xfe\xff"))
    if binary or first.startswith((b"[", b"%PDF", b"PK\x03\x04")):
        begun = shown(first[:12].decode("latin-1"))
        title = f"The file is neither CSV, Parquet nor JSON lines; it begins with {begun}."
        fix = f"Export the {form.what} as CSV, CSV.gz, Parquet or JSON lines."
        raise refuse(form.code, title, where=path.name, fix=fix)
    return CsvRows(Octets(path), form)
