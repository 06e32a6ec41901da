"""Is money exact to the last digit, one currency at a time?"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts.money import Money, add, parse_amount, plain, share_of
from trivium.facts.problem import ProblemError

LARGEST = "99999999999999999999.999999999999999999"
SMALLEST = "0.000000000000000001"

units = st.integers(-(10**38 - 1), 10**38 - 1)
"""Every amount that DECIMAL(38,18) holds, counted in its last digit."""
amounts = units.map(lambda count: Decimal(count).scaleb(-18, Context(prec=38)))


def test_small_prices_add_up() -> None:
    assert plain(add(*[parse_amount("0.000015")] * 20)) == "0.0003"


def test_a_tenth_ten_times_is_one() -> None:
    total = Money(Decimal(0), "EUR")
    for _ in range(10):
        total += Money(Decimal("0.1"), "EUR")
    assert total == Money(Decimal(1), "EUR")
    assert str(total) == "1 EUR"


@given(st.lists(amounts, max_size=30))
def test_sums_are_those_of_fractions(parts: list[Decimal]) -> None:
    assert Fraction(add(*parts)) == sum(map(Fraction, parts))


@given(amounts, amounts)
def test_the_ambient_context_does_not_matter(one: Decimal, other: Decimal) -> None:
    with localcontext(Context(prec=3)):
        assert Fraction(add(one, other)) == Fraction(one) + Fraction(other)
        difference = Money(one, "EUR") - Money(other, "EUR")
    assert Fraction(difference.amount) == Fraction(one) - Fraction(other)


@given(amounts)
def test_what_is_written_is_read_back(amount: Decimal) -> None:
    written = plain(amount)
    assert parse_amount(written) == amount
    assert "E" not in written
    assert written == "0" or not written.endswith((".", "-0"))
    assert "." not in written or not written.endswith("0")


@given(amounts)
def test_a_charge_and_its_credit_are_nothing(amount: Decimal) -> None:
    charge = Money(amount, "USD")
    assert str(charge + -charge) == "0 USD"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (LARGEST, LARGEST), ("-" + LARGEST, "-" + LARGEST), (SMALLEST, SMALLEST), ("1E-18", SMALLEST),
        ("1.5e2", "150"), ("12E-7", "0.0000012"), ("9.9999999999999999999E19", "99999999999999999999"), ("+5", "5"),
        (".5", "0.5"), ("5.", "5"), ("-0", "0"), ("-0.00", "0"), ("0E+30", "0"), ("0E-400000000", "0"),
        ("0." + "0" * 5000, "0"), ("1." + "0" * 5000, "1"), ("00012.3400", "12.34"), (" 7.01\n", "7.01"),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly(text: str, written: str) -> None:
    assert plain(parse_amount(text)) == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no amount"), ("abc", "is no amount"), ("1,5", "is no amount"), ("1 000", "is no amount"),
        ("1_000", "is no amount"), ("１２", "is no amount"), ("٣", "is no amount"), ("--1", "is no amount"),
        ("NaN", "is no amount"), ("sNaN", "is no amount"), ("Infinity", "is no amount"), ("-inf", "is no amount"),
        ("0x10", "is no amount"), ("$5", "is no amount"), ("=1+1", "is no amount"), ("1\x00", "is no amount"),
        ("1E", "is no amount"), (".", "is no amount"), ("1e99999999999999999999", "is no amount"),
        ("100000000000000000000", "does not fit"), ("1E20", "does not fit"), ("1E+999999999", "does not fit"),
        ("9" * 100_000, "does not fit"), ("1E-19", "finer than 18"), ("1E-999999999", "finer than 18"),
        ("0.0000000000000000011", "finer than 18"), (LARGEST + "1", "finer than 18"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_amount(text, where="bill.csv:7 BilledCost")
    assert said in refused.value.problem.title
    assert refused.value.problem.where == "bill.csv:7 BilledCost"
    assert len(str(refused.value)) < 200


def test_two_currencies_are_never_added() -> None:
    for combine in (Money.__add__, Money.__sub__):
        with pytest.raises(ProblemError) as refused:
            combine(Money(Decimal(1), "EUR"), Money(Decimal(1), "USD"))
        assert refused.value.problem.code == "mixed_currencies"
        assert "EUR and USD" in refused.value.problem.title
        assert "--currency" in refused.value.problem.fix


@pytest.mark.parametrize("currency", ["EUR", "USD", "XXX", "TOKENS", "Databricks DBU", "credits_2.0", "A"])
def test_a_currency_is_a_code_or_a_virtual_name(currency: str) -> None:
    assert str(Money(Decimal(1), currency)) == f"1 {currency}"


@pytest.mark.parametrize("currency", ["", " ", "€", "EUR\n", "1EUR", "E" * 33, "<b>", "EUR,USD", "\u202eRUE"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(ProblemError) as refused:
        Money(Decimal(1), currency)
    assert refused.value.problem.code == "bad_currency"


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_money(amount: str) -> None:
    with pytest.raises(ProblemError, match="is no amount of money"):
        Money(Decimal(amount), "EUR")


@pytest.mark.parametrize("amount", [1.5, 1, "1"])
def test_a_float_is_no_money(amount: object) -> None:
    with pytest.raises(AssertionError, match="never a float"):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_no_money_is_no_amount_of_additions() -> None:
    assert add() == 0


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        ("1", "3", "0.333333"),
        ("5", "0", "0"),
        ("-1", "4", "-0.25"),
        ("99999999999999999999", "0.000000000000000001", "99999999999999999999000000000000000000"),
        ("10000", "1e-18", "10000000000000000000000"),
    ],
)
def test_a_share_is_given_however_far_apart_the_amounts_are(part: str, whole: str, share: str) -> None:
    assert share_of(Decimal(part), Decimal(whole)) == Decimal(share)
