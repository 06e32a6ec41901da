"""How figures are written on pages: exact, grouped, with currency; nothing is ever rounded without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Final

from markupsafe import Markup, escape

from trivium.facts.money import DIGITS, add, plain, share_of

SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
_TAILS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16)
_WIDE: Final = 8
_LONG: Final = 40
_PLAIN = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LASTED: Final = ((60_000, 1_000, "s"), (3_600_000, 60_000, "min"), (86_400_000, 3_600_000, "h"))
_GROUPS = re.compile(r"\B(?=(?:\d{3})+$)", re.ASCII)
_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_ROUNDING = Context(prec=2 * DIGITS, rounding=ROUND_HALF_EVEN)

Amount = Decimal | str


def exact_text(amount: Amount) -> str:
    """Write an exact amount with groups of three and at least two decimals: `1234.5` as `1,234.50`."""
    sign, whole, fraction = _parts(amount)
    return f"{sign}{whole}.{fraction.ljust(2, '0')}"


def money(amount: Amount | None, currency: str = "") -> Markup:
    """Show an exact amount; digits finer than a hundredth are set small, the machine-readable value stands beside."""
    if amount is None:
        return Markup('<span class="muted">unknown</span>')
    sign, whole, fraction = _parts(amount)
    head, tail = f"{whole}.{fraction[:2].ljust(2, '0')}", fraction[2:]
    before, after = _unit(currency)
    small = Markup('<span class="tail">{}</span>').format(tail)
    return Markup('<data class="amount" value="{}">{}{}{}{}{}</data>').format(
        plain(Decimal(amount)), sign, before, head, small, after
    )


def brief(amount: Amount | None, currency: str = "") -> Markup:
    """Show an amount rounded for a sentence or a drawing, the exact one in its title: `$38.20`, `$0.0021`."""
    if amount is None:
        return Markup('<span class="muted">unknown</span>')
    text = brief_text(amount, currency)
    value = plain(Decimal(amount))
    return Markup('<data class="amount" value="{}" title="{}">{}</data>').format(
        value, f"exactly {exact_text(amount)} {currency}".strip(), text
    )


def brief_text(amount: Amount, currency: str = "") -> str:
    """Round an amount to cents, or to two digits that say something when it is smaller than one."""
    value = Decimal(amount)
    with localcontext(_ROUNDING):
        places = -2 if not value or value.adjusted() >= -2 else value.adjusted() - 1
        rounded = value.quantize(Decimal(1).scaleb(places))
    sign, whole, fraction = _parts(rounded)
    before, after = _unit(currency)
    return f"{sign}{before}{whole}.{fraction.ljust(2, '0')}{after}"


def measure(value: float | str | None) -> Markup:
    """Show a measured value to five digits, the exact one in its title; a long text is shown by its beginning."""
    if value is None:
        return Markup('<span class="muted">–</span>')
    if isinstance(value, str):
        number = _number(value) if len(value) > _WIDE else None
        short = f"{number:.5g}" if number is not None else value if len(value) <= _LONG else f"{value[:_LONG]}…"
        return Markup('<span title="{}">{}</span>').format(value, short)
    return Markup('<data class="num" value="{0}" title="{0}">{1}</data>').format(repr(value), f"{value:.5g}")


def _number(text: str) -> float | None:
    """Read a text that a program wrote for a number; None where it is none."""
    return float(text) if _PLAIN.fullmatch(text) else None


def lasted(duration_ms: int | None) -> str:
    """Say how long something took: `71 ms`, `4.2 s`, `12 min`, `3.5 h`, `2.1 d`."""
    if duration_ms is None:
        return "–"
    if duration_ms < 1_000:
        return f"{duration_ms} ms"
    for limit, size, unit in _LASTED:
        if duration_ms < limit:
            return f"{duration_ms / size:.3g} {unit}"
    return f"{duration_ms / 86_400_000:,.1f} d"


def octets(size: int) -> str:
    """Say how large a file is: `321 B`, `1.2 MB`."""
    for limit, unit in ((1_000, "B"), (1_000_000, "kB"), (1_000_000_000, "MB")):
        if size < limit:
            return f"{size * 1_000 / limit:.3g} {unit}"
    return f"{size / 1_000_000_000:,.3g} GB"


def share(fraction: Amount | float | None) -> str:
    """Write a share of a whole in percent: `0.594` as `59 %`; a small one is `under 1 %`, never `0 %`."""
    if fraction is None:
        return "–"
    with localcontext(_ROUNDING):
        percent = Decimal(str(fraction)) * 100
        if percent and abs(percent) < 1:
            return "under 1 %"
        return f"{percent.quantize(Decimal(1)):,f} %"


def grouped(number: int) -> str:
    """Write a whole number in groups of three: `48213` as `48,213`."""
    return f"{number:,}"


def changed(now: Amount, before: Amount | None) -> str:
    """Say by how much an amount differs from the one before: `+12 %`, `-3 %`, `new`, `unchanged`."""
    if before is None or not Decimal(before):
        return "new" if Decimal(now) else "unchanged"
    difference = add(Decimal(now), Decimal(before).copy_negate())
    with localcontext(_ROUNDING):
        percent = (share_of(difference, Decimal(before).copy_abs()) * 100).quantize(Decimal(1))
    if not percent:
        return "under 1 %" if difference else "unchanged"
    return f"{percent:+,f} %"


def nonzero(amount: Amount | None) -> bool:
    """Say whether there is an amount to show."""
    return amount is not None and bool(Decimal(amount))


def tail_class(amounts: Iterable[Amount | None]) -> str:
    """Name the class that sets a column's decimal points under each other: `exact-7` for nine decimals."""
    finest = max((len(_parts(amount)[2]) - 2 for amount in amounts if amount is not None), default=0)
    width = next((width for width in _TAILS if width >= finest), _TAILS[-1])
    return f"exact-{width}" if width else ""


def whole_title(text: str) -> Markup:
    """Split a model version's title `name/3` so that the version is set lighter; anything else stays as it is."""
    name, _, version = text.rpartition("/")
    if not name or not version:
        return escape(text)
    return Markup("{} <span>/ {}</span>").format(name, version)


def said(text: str) -> Markup:
    """Show a sentence in which `name` is a name in code and **words** are strong; everything else is plain text."""
    shown = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_STRONG.sub(r"<b>\1</b>", shown))  # noqa: S704 - escaped above, and only these two tags are added


def _parts(amount: Amount) -> tuple[str, str, str]:
    """Give sign, grouped whole part and fraction without trailing zeros."""
    text = plain(Decimal(amount))
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    return sign, _GROUPS.sub(",", whole), fraction


def _unit(currency: str) -> tuple[str, str]:
    symbol = SYMBOLS.get(currency)
    return (symbol, "") if symbol else ("", f"\u00a0{currency}" if currency else "")
