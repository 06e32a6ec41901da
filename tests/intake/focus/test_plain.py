"""The fast reader says what a slow one says, row by row, of any dirty file, however it is cut and on any threads."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.focus.bills import SOUND, read
from tests.intake.focus.plain_reader import AMOUNTS, TEXTS, TIMES, counted, read_plainly
from tests.intake.focus.test_blocks import small

NUMBERS = st.one_of(
    st.decimals(-(10**6), 10**6, places=6, allow_nan=False).map(str),
    st.sampled_from([
        "", "NULL", " 1.50 ", "+7", ".5", "5.", "-0", "1E-5", "-1.5e2", "12 EUR", "NaN", "1,5", "1" * 21, "1E+30",
        "0.1234567890123456785", "9.31322574615479E-10", "-" + "9" * 16, "1e-400",
        "1234567890123456.1234567890123456785",
    ]),
)  # fmt: skip
INSTANTS = st.sampled_from([
    "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z", "2026-10-05 10:00:00", "2026-10-06", "", "NULL", "10/5/2026",
    "2026-10-05T10:30:00+02:00", "2026-12-31T23:30:00.25Z", "2026-10-05T08:00:00 UTC", "1812-01-01", "2150-01-01",
])  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(
        ["a", "b", "vm-1", "", " ", "NULL", "null", " Null ", "größe", "two\nlines", 'say "hi"', "c,d", "x\0"]
    ),
    st.text(st.sampled_from('ab,;"\n\té☃'), max_size=12),
)
CURRENCIES = st.sampled_from(["EUR", "EUR", "USD", "usd", "", "NULL", "=1+1", "Snow Credits"])
KINDS = st.sampled_from(["Usage", "Usage", "TAX", "credit", "", "Gift", "NULL", "Purchase"])
TAGS = st.one_of(
    st.dictionaries(
        st.sampled_from(["team", "user:team", "aws:user:owner", "env", "clinic:x", "user:"]),
        st.sampled_from(["a", "b", ""]),
    ).map(json.dumps),
    st.sampled_from(["", "NULL", "{}", "team=a", "{broken", "[1]", '{"team":"é"}']),
)
OTHERS = {"BillingCurrency": CURRENCIES, "ChargeCategory": KINDS, "Tags": TAGS}
COLUMNS = {
    **dict.fromkeys(TEXTS, WORDS), **dict.fromkeys(AMOUNTS, NUMBERS), **dict.fromkeys(TIMES, INSTANTS),
    **OTHERS, "x_Provider": WORDS,
}  # fmt: skip
BLANK = {"ConsumedQuantity": "3", "ListUnitPrice": "0.5", "x_Provider": "", **SOUND}


@st.composite
def records(draw):
    """A sound row with some cells of it made dirty, or a broken line."""
    cells = dict(BLANK)
    for name in draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=4, unique=True)):
        cells[name] = draw(COLUMNS[name])
    row = [cells[name] for name in BLANK]
    shape = draw(st.integers(0, 30))
    return row[:-1] if shape == 0 else [*row, "more"] if shape == 1 else [] if shape == 2 else row


def written(rows, quoting, ends):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator=ends)
    writer.writerow(list(BLANK))
    for row in rows:
        if row:
            writer.writerow(row)
        else:
            out.write(ends)
    return out.getvalue()


def compared(folder, text):
    """Read a file both ways and compare rows, faults, counts and sums."""
    plain = read_plainly(text)
    report, rows = read(folder, text.encode())
    for row in rows:
        row["Extra"] = json.loads(row["Extra"]) if row["Extra"] else None
        row["Tags"] = json.loads(row["Tags"]) if row["Tags"] else None
    names = [*TEXTS, *AMOUNTS, *TIMES, "Tags", "tag_team", "Extra", "line"]
    assert [{name: row[name] for name in names} for row in rows] == [
        {name: row[name] for name in names} for row in plain.rows
    ]
    found = {(p.outcome, p.reason, p.column): (p.count, p.lines) for p in report.problems if p.reason != "no_rows"}
    assert found == counted(plain)
    assert (report.rows, report.imported, report.refused, report.repaired) == (
        plain.read, len(plain.rows), plain.refused, plain.repaired,
    )  # fmt: skip
    batches = {
        (b.issuer, b.account, b.period, b.currency): (b.rows, b.billed_cost, b.effective_cost) for b in report.batches
    }
    assert batches == {(key[0], key[1], micros(key[2]), key[3]): sums for key, sums in plain.sums().items()}


def micros(moment):
    from datetime import datetime, timedelta

    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(records(), max_size=40), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]), st.sampled_from([None, (3000, 900), (700, 300)]),
)  # fmt: skip
def test_the_fast_reader_agrees_with_a_plain_one(tmp_path, monkeypatch, rows, quoting, ends, cuts):
    with monkeypatch.context() as patch:
        if cuts is not None:
            small(patch, *cuts)
        compared(tmp_path, written(rows, quoting, ends))
