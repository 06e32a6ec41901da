"""Asks the product the figures of a case: the same names and amounts as the oracle's answers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from tests.oracle import history as told
from tests.oracle.cases import figures
from tests.oracle.cases.figures import Found
from tests.properties.told import Product, bill, books, tell
from trivium.evidence.blast_radius import blast_radius
from trivium.facts.period import parse_period
from trivium.finops.books import Books
from trivium.finops.bridge import LATE, NOT_NOW, NOW, UNEXPLAINED, bridge
from trivium.finops.coverage import coverage
from trivium.finops.explain import ChargeShare, Explanation, Part, explain
from trivium.finops.inflows import Inflows
from trivium.finops.loaded import loaded
from trivium.finops.statement import statement
from trivium.finops.unread import unread

THROUGH = "2026-12"
STEPS = {NOT_NOW: "invoiced now", NOW: "invoiced elsewhen", LATE: "late"}
BASES = {"none": "unallocated", "owner tag": "tagged", "provider split": "tagged"}


def asked(given: told.History, at: int, figure: figures.Figure) -> Found:
    """Tell a history to the product and ask it a figure."""
    product = tell(given)
    return ASK[type(figure)](product, books(product, at, THROUGH), figure)


def _lines(_: Product, ours: Books, figure: figures.Lines) -> Found:
    found: Found = {}
    for line in statement(ours, parse_period(figure.month), figure.by).lines:
        found |= {line.account: Fraction(line.amount), f"{line.account} carried": Fraction(line.carried)}
    return {key: amount for key, amount in found.items() if amount}


def _sums(_: Product, ours: Books, figure: figures.Sums) -> Found:
    drawn = statement(ours, parse_period(figure.month))
    lines = sum((Fraction(line.amount) for line in drawn.lines), Fraction(0))
    return {
        "total": Fraction(drawn.total), "brought forward": Fraction(drawn.brought_forward),
        "late": Fraction(drawn.late), "lines": lines,
    }  # fmt: skip


def _cost(_: Product, ours: Books, figure: figures.Cost) -> Found:
    found = loaded(ours, figure.asset, parse_period(figure.month) if figure.month else None)
    unknown = set() if found.known else {"build", "total"}
    return {part: None if part in unknown else Fraction(getattr(found, part)) for part in figure.expected}


def _basis(_: Product, ours: Books, figure: figures.Basis) -> Found:
    book = ours.of(parse_period(figure.month))
    sums: dict[str, Fraction] = {}
    for name, amount in coverage(book).items() if book else ():
        sums[BASES.get(name, name)] = sums.get(BASES.get(name, name), Fraction(0)) + Fraction(amount)
    return dict(sums)


def _weakest(_: Product, ours: Books, figure: figures.Weakest) -> Found:
    return {"weakest": loaded(ours, figure.asset).weakest}


def _tree(_: Product, ours: Books, figure: figures.Tree) -> Found:
    found = explain(ours, figure.asset, depth=figure.depth)
    assert figure.depth != 4 or explain(ours, figure.asset) == found, "four deep unless asked"
    return _opened(found.asset, found.total, found)


def _opened(path: str, amount: Decimal, node: Explanation | Part) -> Found:
    charges: tuple[ChargeShare, ...] = node.charges
    found: Found = {path: Fraction(amount)}
    own = sum((Fraction(charge.amount) for charge in charges), Fraction(0))
    if own:
        found[f"{path} charges"] = own
    for part in node.parts:
        found |= _opened(f"{path} < {part.asset}", part.amount, part)
    assert Fraction(amount) == own + sum(Fraction(part.amount) for part in node.parts) or not charges + node.parts
    return found


def _bridge(product: Product, ours: Books, figure: figures.Bridge) -> Found:
    month = parse_period(figure.month)
    drawn = statement(ours, month)
    laid = bridge(bill(product), ours, month, drawn)
    assert UNEXPLAINED not in {step.label for step in laid.steps}
    found: dict[str, Fraction] = {invoice: Fraction(amount) for invoice, amount in laid.invoices}
    for step in laid.steps:
        name = STEPS.get(step.label, "difference")
        found[name] = found.get(name, Fraction(0)) + Fraction(step.amount)
    return {**found, "total": Fraction(laid.effective)}


def _blast(product: Product, ours: Books, figure: figures.Blast) -> Found:
    found = blast_radius(product.connection, Inflows(ours), figure.dataset, ours.as_of)
    risk = found.at_risk_per_day
    answer: Found = {
        "since": None if found.since is None else Fraction(found.since),
        "assets": " ".join(sorted(one.asset for one in found.assets)),
        "spent": None if found.spent is None else Fraction(found.spent),
        "serving": Fraction(risk.serving), "tokens": Fraction(risk.tokens),
        "value": None if risk.value is None else Fraction(risk.value),
        "repair": ", ".join(one.job for one in found.repair),
        **{one.job: Fraction(one.cost or 0) for one in found.repair},
    }  # fmt: skip
    return {name: answer[name] for name in figure.expected}


def _unread(_: Product, ours: Books, figure: figures.Unread) -> Found:
    book = ours.of(parse_period(figure.month))
    return dict(unread(book, ours.flows)) if book else {}


def _closed(_: Product, ours: Books, __: figures.ClosedMonths) -> Found:
    return {"closed": " ".join(str(book.month) for book in ours.months if book.closed)}


ASK: dict[type[figures.Figure], Callable[..., Found]] = {
    figures.Lines: _lines, figures.Sums: _sums, figures.Cost: _cost, figures.Basis: _basis, figures.Weakest: _weakest,
    figures.Tree: _tree, figures.Bridge: _bridge, figures.Blast: _blast, figures.ClosedMonths: _closed,
    figures.Unread: _unread,
}  # fmt: skip
