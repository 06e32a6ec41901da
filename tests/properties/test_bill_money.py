"""Any way of writing an amount is read as Decimal reads it, and sums of a bill are exact on every path."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.intake.focus.bills import csv_of, read, row
from trivium.facts.money import add, plain
from trivium.intake.focus.amounts import NOT_A_NUMBER, NULL_TEXT, ROUNDED, TOO_LARGE, amounts, read_amount

UNIT = Decimal(1).scaleb(-18)
LIMIT = Decimal(10) ** 20


@st.composite
def written(draw):
    """A number as programs write it: signs, leading zeros, bare points, exponents, blanks around."""
    digits = draw(st.text("0123456789", min_size=1, max_size=30))
    point = draw(st.integers(0, len(digits)))
    text = digits[:point] + draw(st.sampled_from(["", "."])) + digits[point:]
    exponent = draw(st.one_of(st.just(""), st.integers(-40, 25).map(lambda power: f"{power:+d}")))
    mark = draw(st.sampled_from("eE")) + exponent if exponent else ""
    blank = draw(st.sampled_from(["", " "]))
    return blank + draw(st.sampled_from(["", "-", "+"])) + text + mark + blank


def expected(text):
    """Give the amount and the fault by exact arithmetic alone."""
    with localcontext() as context:
        context.prec = 200
        exact = Decimal(text.strip())
        rounded = exact.quantize(UNIT, rounding=ROUND_HALF_EVEN) if abs(exact) < LIMIT else exact
        if abs(rounded) >= LIMIT:
            return None, TOO_LARGE
        return rounded, "" if rounded == exact else ROUNDED


@settings(max_examples=300, deadline=None)
@given(st.lists(written(), min_size=1, max_size=20))
@example(["1E+30"])
@example(["350000000000000000000"])
@example(["9" * 21, "-" + "9" * 20 + "." + "9" * 18])
@example(["1E-19", "5e-19", "15E-19", "-0", "1e-400"])
@example(["99999999999999999999.9999999999999999995"])
def test_a_column_is_read_as_decimal_reads_it(texts):
    for array in (pa.array(texts), pa.array(texts).dictionary_encode()):
        column = amounts(array)
        for place, (text, value) in enumerate(zip(texts, column.values.to_pylist(), strict=True)):
            amount, fault = expected(text)
            assert value == amount, text
            faults = {reason for reason, rows in column.faults.items() if rows[place]}
            assert faults == ({fault} if fault else set()), text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=12))
def test_no_text_is_read_as_more_than_it_says(text):
    amount, fault = read_amount(text)
    if amount is None:
        assert fault in {"", NULL_TEXT, NOT_A_NUMBER, TOO_LARGE}
    else:
        assert text.strip().isascii()
        assert expected(text) == (amount, fault)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 38), st.lists(st.integers(-(10**38) + 1, 10**38 - 1), min_size=1, max_size=9))
@example(0, [35 * 10**19])
def test_a_decimal_of_any_scale_is_exact_or_said(scale, units):
    with localcontext() as context:
        context.prec = 60
        decimals = [Decimal(unit).scaleb(-scale) for unit in units]
    column = amounts(pa.array(decimals, pa.decimal128(38, scale)))
    for place, decimal in enumerate(decimals):
        amount, fault = expected(f"{decimal:f}")
        assert column.values[place].as_py() == amount
        assert {reason for reason, rows in column.faults.items() if rows[place]} == ({fault} if fault else set())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e19, max_value=1e19), min_size=1, max_size=20)
)
def test_a_double_is_its_shortest_text(doubles):
    column = amounts(pa.array(doubles))
    assert column.values.to_pylist() == [expected(repr(double))[0] for double in doubles]


MONEY = st.decimals(-(10**15), 10**15, places=18, allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=30))
def test_a_bill_sums_exactly_in_every_format(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("bill")
    rows = [row(BilledCost=plain(billed), EffectiveCost=f"{effective:E}") for billed, effective in pairs]
    lines = "\n".join(json.dumps(given_row) for given_row in rows).encode()
    for content in (csv_of(rows), lines):
        report, charges = read(folder, content)
        [batch] = report.batches
        assert batch.billed_cost == add(*(billed for billed, _ in pairs))
        assert batch.effective_cost == add(*(effective for _, effective in pairs))
        assert (
            pc.sum(pa.array([c["EffectiveCost"] for c in charges], pa.decimal128(38, 18))).as_py()
            == batch.effective_cost
        )
        assert (report.refused, report.imported) == (0, len(pairs))
