"""Exact money: a Decimal and its currency; never a float, never a sum over currencies (design.md §7)."""

from __future__ import annotations

import re
from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    localcontext,
)
from typing import Final

import msgspec

from trivium.facts.problem import refuse, shown

SCALE: Final = 18
DIGITS: Final = 38
_UNIT = Decimal(1).scaleb(-SCALE)
_LIMIT = Decimal(10) ** (DIGITS - SCALE)
_EXACT = Context(prec=MAX_PREC // 4, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
_WIDE = Context(prec=4 * DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_SHARE = Decimal("0.000001")
_AMOUNT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}|[A-Za-z][A-Za-z0-9_. -]{0,31}")


class Money(msgspec.Struct, frozen=True):
    """An exact amount in one currency: ISO 4217, or a virtual currency's name (FOCUS 1.2, "currency format")."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        assert isinstance(self.amount, Decimal), "money is a Decimal, never a float"
        if not self.amount.is_finite():
            raise refuse("bad_money", f"{self.amount} is no amount of money.", where="amount")
        if not _CURRENCY.fullmatch(self.currency):
            raise refuse("bad_currency", f"{shown(self.currency)} is no currency.", where="currency")

    def __add__(self, other: Money) -> Money:
        """Add exactly; two currencies are refused."""
        self._same(other)
        return Money(add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract exactly; two currencies are refused."""
        return self + -other

    def __neg__(self) -> Money:
        """Turn a charge into its credit."""
        return Money(self.amount.copy_negate(), self.currency)

    def __str__(self) -> str:
        """Write the amount in plain decimal notation and the currency."""
        return f"{plain(self.amount)} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            title = f"{self.currency} and {other.currency} cannot be added."
            raise refuse("mixed_currencies", title, fix="Ask for one currency with --currency.")


def add(*amounts: Decimal) -> Decimal:
    """Sum Decimals without rounding, whatever the ambient context."""
    with localcontext(_EXACT):
        return sum(amounts, Decimal(0))


def subtract(amount: Decimal, *others: Decimal) -> Decimal:
    """Take amounts away without rounding; Python's own minus sign rounds to the ambient context."""
    return add(amount, *(other.copy_negate() for other in others))


def share_of(part: Decimal, whole: Decimal) -> Decimal:
    """Give a part of a whole, of one, to a millionth; 0 of nothing. No amounts of money are too far apart for it."""
    if not whole:
        return Decimal(0)
    with localcontext(_WIDE):
        return (part / whole).quantize(_SHARE)


def of_units(units: int, digits: int) -> Decimal:
    """Give the exact amount of whole units of 10^-`digits`, however many there are."""
    return Decimal(units).scaleb(-digits, _EXACT)


def plain(amount: Decimal) -> str:
    """Write a Decimal without an exponent and without trailing zeros: `0.0003`, `12`, `-7.01`."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def parse_amount(text: str, where: str = "amount") -> Decimal:
    """Read an exact amount that fits DECIMAL(38,18); E-notation is allowed (FOCUS, "numeric format").

    Refuses NaN, infinity, and digits that only Python reads: `1_000`, `１２`.
    """
    text = text.strip()
    try:
        amount = Decimal(text if _AMOUNT.fullmatch(text) else "")
    except InvalidOperation as fault:
        raise refuse("bad_money", f"{shown(text)} is no amount of money.", where=where) from fault
    if not amount:
        return Decimal(0)
    if amount.adjusted() >= DIGITS - SCALE:
        title = f"{shown(text)} does not fit DECIMAL({DIGITS},{SCALE})."
        raise refuse("bad_money", title, where=where)
    with localcontext(_EXACT):
        if amount % _UNIT:
            title = f"{shown(text)} is finer than {SCALE} decimal places."
            raise refuse("bad_money", title, where=where)
    assert amount.copy_abs() < _LIMIT
    return amount
