"""What does one accurate prediction of a model version cost: in a month (run rate), and over its lifetime?

Source: attribution.md §3 and §4, docs/explanation/cost-per-accurate-prediction.md. All money is exact; the quotient
alone is rounded, once, half to even, to 6 decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, Literal

import msgspec

from trivium.facts.money import add, of_units
from trivium.facts.period import Period, month_of
from trivium.facts.statements import Correct
from trivium.finops.books import Books
from trivium.finops.loaded import Loaded, loaded
from trivium.graph.flows import Flows
from trivium.mlops.endpoints.outcomes import Outcome

DIGITS: Final = 6
CONFIDENCE_Z: Final = Decimal("1.959963984540054")
"""The normal quantile of a 95 % interval."""
_PRECISION: Final = 60

Lack = Literal[
    "", "no_predictions", "origin_unknown", "no_money", "no_rule", "several_rules", "no_labels", "zero_correct"
]
"""Why there is no quotient; empty where there is one."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One form of the figure. `value` = `cost` ÷ `correct`; None where `lack` says why, never 0 and never infinite.

    `cost` = `build` + `serving` + `tokens`, where `build` is the part that these predictions bear. `accuracy` is of the
    `labelled` predictions; `low` and `high` follow from its interval for those without a label. `found` are the true
    positives, `per_found` what one costs; None where the rule names no positive class, or none was found.
    """

    cost: Fraction | None
    build: Fraction | None
    serving: Decimal
    tokens: Decimal
    predictions: int
    labelled: int
    right: int
    accuracy: Fraction | None
    accuracy_low: Fraction | None
    accuracy_high: Fraction | None
    correct: Fraction | None
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    found: Fraction | None
    per_found: Decimal | None
    lack: Lack


class CostPerAccuratePrediction(msgspec.Struct, frozen=True, kw_only=True):
    """Both forms for one version. `build` is its build cost to the month's end, None where its origin is unknown.

    `rule` is the one that counts, by which `product`; None where none is declared, or several differ (`products`).
    """

    version: str
    currency: str
    period: Period
    products: tuple[str, ...]
    rule: Correct | None
    build: Decimal | None
    predictions_to_date: int
    run_rate: Rate
    lifetime: Rate


class _Sums(msgspec.Struct, frozen=True):
    """Predictions of a stretch of time, and what their labels say."""

    predictions: int
    labelled: int
    right: int
    found: int


def cost_per_accurate_prediction(
    books: Books, version: str, month: Period, rules: Sequence[Correct], judged: Sequence[Outcome]
) -> CostPerAccuratePrediction:
    """Divide what a version cost by its correct predictions, in a month and to its end.

    `rules` are those of its products (`rules_of`), `judged` its predictions to the month's end by the only one of them.
    """
    until = replace(books, months=tuple(book for book in books.months if book.month.start < month.end))
    to_date, of_month = loaded(until, version), loaded(until, version, month)
    made = predictions_of(books.flows, version)
    sums = _sums(made, judged, lambda one: one == month.start)
    whole = _sums(made, judged, lambda one: one <= month.start)
    share = Fraction(sums.predictions, whole.predictions) if whole.predictions else Fraction(0)
    distinct = {(one.rule, one.tolerance, one.positive) for one in rules}
    rule = rules[0] if len(distinct) == 1 else None
    lack: Lack = "" if rule else "several_rules" if rules else "no_rule"
    return CostPerAccuratePrediction(
        version=version,
        currency=books.currency,
        period=month,
        products=tuple(sorted({one.product for one in rules})),
        rule=rule,
        build=to_date.build if to_date.known else None,
        predictions_to_date=whole.predictions,
        run_rate=_rate(to_date, of_month, share, sums, rule, lack),
        lifetime=_rate(to_date, to_date, Fraction(1), whole, rule, lack),
    )


def rules_of(flows: Flows, version: str, model: str, declared: Iterable[Correct]) -> list[Correct]:
    """Give what counts as correct for a version: by the products of its consumers, else its own, else its model's.

    `declared` are the rules by canonical product.
    """
    by_product = {one.product: one for one in declared}
    for assets in (consumers_of(flows, version), [version], [model]):
        products = sorted({product for asset in assets for product in flows.products.get(asset, ())})
        found = [by_product[product] for product in products if product in by_product]
        if found:
            return found
    return []


def consumers_of(flows: Flows, version: str) -> list[str]:
    """List who uses, or was predicted for by, a version."""
    if version not in flows.versions.keys:
        return []
    place = flows.versions.keys.index(version)
    users = {*flows.consumptions.consumer[flows.consumptions.version == place].tolist()}
    users |= {*flows.predictions.consumer[flows.predictions.version == place].tolist()}
    return sorted(flows.consumers[user] for user in users)


def predictions_of(flows: Flows, version: str) -> dict[int, int]:
    """Count a version's predictions by the start of the month, over all consumers."""
    if version not in flows.versions.keys:
        return {}
    made, counts = flows.predictions, dict[int, int]()
    mine = made.version == flows.versions.keys.index(version)
    for month, count in zip(made.month[mine].tolist(), made.count[mine].tolist(), strict=True):
        counts[month] = counts.get(month, 0) + count
    return counts


def _sums(made: dict[int, int], judged: Sequence[Outcome], wanted: Callable[[int], bool]) -> _Sums:
    """Add up the months that are wanted; a label is of a prediction, so there are at least as many of those."""
    chosen = [one for one in judged if wanted(month_of(one.day).start)]
    labelled = sum(one.labelled for one in chosen)
    predictions = max(sum(count for month, count in made.items() if wanted(month)), labelled)
    right = sum(one.correct for one in chosen)
    found = sum(one.found for one in chosen)
    assert 0 <= found <= right <= labelled <= predictions
    return _Sums(predictions, labelled, right, found)


def _rate(to_date: Loaded, stretch: Loaded, share: Fraction, sums: _Sums, rule: Correct | None, lack: Lack) -> Rate:
    """Make one form: the part `share` of the build, and what the stretch of time cost to serve."""
    build = Fraction(to_date.build) * share if to_date.known else None
    cost = None if build is None else build + Fraction(add(stretch.serving, stretch.tokens))
    accuracy = Fraction(sums.right, sums.labelled) if rule and sums.labelled else None
    between = wilson(sums.right, sums.labelled) if accuracy is not None else None
    rest = sums.predictions - sums.labelled
    correct = None if accuracy is None else sums.right + rest * accuracy
    lack = _lack(to_date, cost, sums, lack)
    found = _expected(sums.found, sums) if rule and rule.positive and sums.labelled else None
    ends = [sums.right + rest * end for end in between] if between else []
    return Rate(
        cost=cost, build=build, serving=stretch.serving, tokens=stretch.tokens, predictions=sums.predictions,
        labelled=sums.labelled, right=sums.right, accuracy=accuracy,
        accuracy_low=between[0] if between else None, accuracy_high=between[1] if between else None, correct=correct,
        value=divided(cost, correct) if not lack else None,
        low=divided(cost, max(ends)) if ends and lack in {"", "zero_correct"} else None,
        high=divided(cost, min(ends)) if ends and not lack else None,
        found=found, per_found=divided(cost, found) if not lack else None, lack=lack,
    )  # fmt: skip


def _expected(count: int, sums: _Sums) -> Fraction:
    """Give how many of all predictions are such, when those without a label are as those with one."""
    return count + (sums.predictions - sums.labelled) * Fraction(count, sums.labelled)


def _lack(to_date: Loaded, cost: Fraction | None, sums: _Sums, lack: Lack) -> Lack:
    """Say what is missing for a quotient, what must be known first first."""
    if not sums.predictions:
        return "no_predictions"
    if not to_date.known:
        return "origin_unknown"
    if not cost:
        return "no_money"
    if lack:
        return lack
    if not sums.labelled:
        return "no_labels"
    return "" if sums.right else "zero_correct"


def divided(cost: Fraction | None, by: Fraction | None) -> Decimal | None:
    """Divide exactly and round once, half to even, to 6 decimals; None where there is nothing to divide by."""
    if cost is None or not by:
        return None
    return of_units(round(cost / by * 10**DIGITS), DIGITS)


def wilson(count: int, of: int) -> tuple[Fraction, Fraction]:
    """Give Wilson's score interval (95 %) of a share, exact to 50 digits (E. B. Wilson, 1927)."""
    assert 0 <= count <= of
    assert of > 0
    with localcontext() as context:
        context.prec = _PRECISION
        z2, n, p = CONFIDENCE_Z**2, Decimal(of), Decimal(count) / of
        middle, scale = p + z2 / (2 * n), 1 + z2 / n
        reach = CONFIDENCE_Z * (p * (1 - p) / n + z2 / (4 * n * n)).sqrt()
        low = Decimal(0) if count == 0 else (middle - reach) / scale
        high = Decimal(1) if count == of else (middle + reach) / scale
    return Fraction(low), Fraction(high)
