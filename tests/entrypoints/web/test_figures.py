from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.entrypoints.web import figures

AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=18)


@given(AMOUNTS)
def test_an_amount_on_a_page_is_exactly_the_amount(amount: Decimal) -> None:
    assert Decimal(figures.exact_text(amount).replace(",", "")) == amount
    shown = figures.money(amount, "USD").striptags().replace("$", "").replace(",", "")
    assert Decimal(shown) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"), ("-0", "0.00"), ("1234.5", "1,234.50"), ("-0.000000001", "-0.000000001"), ("1E+3", "1,000.00"),
        ("238.666666667", "238.666666667"), ("1000000", "1,000,000.00"), ("-1234", "-1,234.00"),
    ],
)  # fmt: skip
def test_exact_amounts_are_grouped_and_never_rounded(amount: str, text: str) -> None:
    assert figures.exact_text(amount) == text


def test_money_carries_its_machine_readable_value_and_sets_fine_digits_small() -> None:
    html = figures.money("1238.666666667", "USD")
    assert html == '<data class="amount" value="1238.666666667">$1,238.66<span class="tail">6666667</span></data>'
    assert figures.money("-12", "USD").striptags() == "-$12.00"
    assert figures.money("12", "CHF").striptags() == "12.00 CHF"
    assert figures.money(None).striptags() == "unknown"


@pytest.mark.parametrize(
    ("amount", "text"),
    [("38.2", "$38.20"), ("0.0021", "$0.0021"), ("0.002149", "$0.0021"), ("0.015", "$0.02"), ("0", "$0.00"),
     ("-1234.567", "-$1,234.57"), ("99999999999999999.999", "$100,000,000,000,000,000.00")],
)  # fmt: skip
def test_a_rounded_amount_keeps_digits_that_say_something(amount: str, text: str) -> None:
    assert figures.brief_text(amount, "USD") == text
    assert f'value="{amount}"' in figures.brief(amount, "USD")


@pytest.mark.parametrize(
    ("fraction", "text"),
    [("0.594", "59 %"), ("0", "0 %"), ("0.001", "under 1 %"), (None, "–"), ("-0.5", "-50 %"), ("1", "100 %")],
)
def test_a_small_share_is_never_nothing(fraction: str | None, text: str) -> None:
    assert figures.share(fraction) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [("112", "100", "+12 %"), ("0", "100", "-100 %"), ("5", None, "new"), ("5", "0", "new"), ("0", "0", "unchanged"),
     ("7", "7", "unchanged"), ("100.1", "100", "under 1 %"), ("50000", "1", "+4,999,900 %")],
)  # fmt: skip
def test_a_change_is_against_the_amount_before(now: str, before: str | None, text: str) -> None:
    assert figures.changed(now, before) == text


def test_the_widest_tail_of_a_column_names_its_class() -> None:
    assert figures.tail_class(["1", "2.25"]) == ""
    assert figures.tail_class(["1", "2.666666667", None]) == "exact-7"
    assert figures.tail_class(["0.00000000001"]) == "exact-10"
    assert figures.tail_class([]) == ""


def test_said_marks_code_and_strong_words_and_escapes_the_rest() -> None:
    assert figures.said("re-run `etl.<b>` on **x**") == "re-run <code>etl.&lt;b&gt;</code> on <b>x</b>"
    assert "<svg" not in figures.said("`<svg onload=alert(1)>` **<svg onload=alert(1)>** <svg>")


def test_only_a_models_version_is_set_apart() -> None:
    assert figures.whole_title("m/3") == "m <span>/ 3</span>"
    assert figures.whole_title("a/b/c") == "a/b <span>/ c</span>"
    assert figures.whole_title("<i>/3") == "&lt;i&gt; <span>/ 3</span>"
    assert figures.whole_title("plain") == "plain"


def test_no_change_is_too_large_to_say() -> None:
    assert figures.changed("10000", "0.000000000000000001").startswith("+999,")
    assert figures.changed("99999999999999999999", "-0.000000000000000001").endswith(" %")
    assert figures.changed("100000000000000000000.000000000000000001", "100000000000000000000") == "under 1 %"
    assert figures.share("1e40").endswith(" %")
