from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from trivium.entrypoints.web.downloads import csv_bytes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1+1", "＝1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    written = next(csv.reader(io.StringIO(csv_bytes([text], []).decode(), newline="")))
    assert written == [f"'{text}"]


def test_numbers_stay_numbers_and_amounts_stay_exact() -> None:
    table = csv_bytes(
        ["asset", "amount", "facts"], [["dataset:x/y", Decimal("-238.666666667"), 3], ['a "b"', None, -1]]
    )
    assert table == b'asset,amount,facts\r\ndataset:x/y,-238.666666667,3\r\n"a ""b""",,-1\r\n'
