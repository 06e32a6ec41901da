"""What does one accurate prediction of a model version cost?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    ARGUMENT,
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Known,
    Period,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.evidence.cost_per_accurate_prediction import (
    CostPerAccuratePrediction,
    Lack,
    Rate,
    cost_per_accurate_prediction,
    rules_of,
)
from trivium.facts.instants import format_instant
from trivium.facts.keys import AssetKey, parse
from trivium.facts.money import of_units
from trivium.facts.problem import refuse, shown
from trivium.facts.statements import Correct
from trivium.graph.declarations import declared_now
from trivium.mlops.endpoints.outcomes import Outcome, outcomes

_SHOWN_DIGITS: Final = 9
_LINES: Final = '[[product]]\nname = "PRODUCT"\nassets = ["endpoint:NAME"]\n[product.correct]\nrule = "equal"'
SENTENCES: Final[dict[Lack, tuple[str, str]]] = {
    "": ("", ""),
    "no_predictions": (
        "No prediction of this version is known.",
        "trivium import predictions FILE --endpoint NAME --version NAME/VERSION",
    ),
    "origin_unknown": (
        "No run is known that made this version: what it took is not known, so it is not 0.",
        '[[model]]\nname = "NAME"\n[[model.version]]\nversion = "VERSION"\nruns = ["RUN"]',
    ),
    "no_money": ("No charge has reached this version.", "trivium import focus BILL"),
    "no_rule": ("No product of this version declares when a prediction is correct.", _LINES),
    "several_rules": (
        "The products of this version declare different rules for when a prediction is correct.",
        "Declare the same [product.correct] for each of them.",
    ),
    "no_labels": ("No prediction has a label yet.", "trivium import labels FILE"),
    "zero_correct": ("Not one labelled prediction is correct: there is nothing to divide by.", ""),
}
"""Why there is no figure, and the line that would help."""

Cost = Annotated[
    str | None, Meta(description="Exact money, to 9 decimals where it has more.", extra=words(absent="not known"))
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    version: Annotated[
        str, Meta(description="The model version, model:NAME/VERSION, under any of its names.", extra=ARGUMENT)
    ]
    period: Period = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form: value = cost ÷ correct, and cost = build + serving + tokens."""

    value: Annotated[
        str | None,
        Meta(
            description="The cost of one accurate prediction, rounded once, half to even, to 6 decimals; null where "
            "`reason` says why there is none.",
            extra=words(absent="there is none"),
        ),
    ]
    low: Annotated[
        str | None,
        Meta(
            description="The figure if those without a label are as accurate as the upper end of the interval.",
            extra=words(absent="there is none"),
        ),
    ]
    high: Annotated[
        str | None,
        Meta(
            description="The figure if those without a label are as accurate as the lower end of the interval.",
            extra=words(absent="there is none"),
        ),
    ]
    reason: Annotated[str, Meta(description="A stable word for why there is no figure; empty where there is one.")]
    sentence: Annotated[str, Meta(description="Why there is no figure, in words.")]
    next_line: Annotated[str, Meta(description="The command, or the lines of a declaration, that would help.")]
    divided: Annotated[str, Meta(description="What was divided by what.")]
    cost: Cost
    build: Annotated[
        str | None,
        Meta(description="The part of the build cost that these predictions bear.", extra=words(absent="not known")),
    ]
    serving: Annotated[str, Meta(description="Its share of the own charges of its endpoints.")]
    tokens: Annotated[str, Meta(description="Its share of charges metered in tokens.")]
    predictions: Annotated[int, Meta(description="Predictions: answers, not failed requests.")]
    labelled: Annotated[int, Meta(description="Predictions with a label that the rule can judge.")]
    coverage: Annotated[
        str | None, Meta(description="labelled ÷ predictions, to 6 decimals.", extra=words(absent="no predictions"))
    ]
    labelled_correct: Annotated[int, Meta(description="Labelled predictions that are correct.")]
    accuracy: Annotated[
        str | None, Meta(description="labelled_correct ÷ labelled, to 6 decimals.", extra=words(absent="no labels"))
    ]
    accuracy_low: Annotated[
        str | None, Meta(description="The lower end of Wilson's interval (95 %).", extra=words(absent="no labels"))
    ]
    accuracy_high: Annotated[
        str | None, Meta(description="The upper end of Wilson's interval (95 %).", extra=words(absent="no labels"))
    ]
    correct: Annotated[
        str | None,
        Meta(
            description="Correct predictions: those labelled so, and of the others the same share; to 6 decimals.",
            extra=words(absent="no labels"),
        ),
    ]
    true_positives: Annotated[
        str | None,
        Meta(
            description="Correct predictions of the class that matters, counted in the same way.",
            extra=words(absent="no class is declared as the one that matters, or there is no label"),
        ),
    ]
    per_true_positive: Annotated[
        str | None,
        Meta(
            description="The same cost for each of them, to 6 decimals.",
            extra=words(absent="there is none"),
        ),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Run rate: (serving + tokens of the month + build × predictions of the month ÷ predictions to its end) ÷ correct.

    Lifetime: all of it to the month's end ÷ correct predictions to the month's end.
    """

    asset: AssetText
    currency: CurrencyText
    period: Annotated[str, Meta(description="The month.")]
    as_of: When
    filled_through: Annotated[
        str | None,
        Meta(
            description="The end of the last charge that is known of the month.",
            extra=words(absent="no charge of the month is known"),
        ),
    ]
    products: Annotated[
        tuple[str, ...],
        Meta(description="The products whose rule counts.", extra=words(absent="none declares when it is correct")),
    ]
    rule: Annotated[
        str,
        Meta(description="equal, tolerance or accepted; empty where no one rule holds.", extra=words(absent="none")),
    ]
    tolerance: Annotated[str, Meta(description="By how much two numbers may differ.")]
    positive: Annotated[str, Meta(description="The class that matters.")]
    build: Annotated[
        str | None,
        Meta(
            description="What it took to make the version, to the month's end.",
            extra=words(absent="origin unknown: no run is known that made it"),
        ),
    ]
    predictions_to_date: Annotated[int, Meta(description="Its predictions to the month's end.")]
    run_rate: Annotated[Form, Meta(description="Of the month.")]
    lifetime: Annotated[Form, Meta(description="From the beginning to the month's end.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Divide what a version cost by its correct predictions."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    version = keeping.name(params.version, state)
    _check_version(version)
    keeping.check_known(version, state)
    found = figure(rooms, state, currency, month_key=params.period, version=version)
    rule = found.rule
    return Answer(
        asset=version,
        currency=currency,
        period=str(month),
        as_of=format_instant(min(state.as_of, month.end)),
        filled_through=written(keeping.filled_through(month, currency, state)),
        products=found.products,
        rule=rule.rule if rule else "",
        tolerance=rule.tolerance if rule else "",
        positive=rule.positive if rule else "",
        build=None if found.build is None else money(found.build),
        predictions_to_date=found.predictions_to_date,
        run_rate=_form(found.run_rate, currency),
        lifetime=_form(found.lifetime, currency),
    )


def figure(rooms: Rooms, state: State, currency: str, month_key: str, version: str) -> CostPerAccuratePrediction:
    """Compute both forms for a version, by its canonical name."""
    keeping = rooms.bookkeeping
    month = keeping.month(month_key, currency, state)
    books = keeping.books(currency, state)
    rules = rules_of(books.flows, version, str(AssetKey("model", parse(version).name)), rules_now(rooms, state))
    before = min(month.end, state.until)
    judged = judged_by(rooms, state, "version", version, rules, before)
    return cost_per_accurate_prediction(books, version, month, rules, judged)


def rules_now(rooms: Rooms, state: State) -> list[Correct]:
    """List the declared rules, by the names that products go by."""
    flows = rooms.bookkeeping.flows(state)
    with rooms.bookkeeping.graph(state) as connection:
        said = [one for one, _ in declared_now(connection, Correct)]
    return [msgspec.structs.replace(one, product=flows.names.get(one.product, one.product)) for one in said]


def judged_by(rooms: Rooms, state: State, asked: str, key: str, rules: list[Correct], before: int) -> list[Outcome]:
    """Judge the predictions of a version or an endpoint before an instant, under all of its names."""
    names = rooms.bookkeeping.flows(state).names
    every = sorted({key, *(name for name, means in names.items() if means == key)})
    rule = rules[0] if len({(one.rule, one.tolerance, one.positive) for one in rules}) == 1 else None
    return outcomes(rooms.lake, asked, every, rule, before, state.until, state.known)


def _check_version(version: str) -> None:
    key = parse(version)
    if key.kind != "model" or not key.version:
        title = f"{shown(version)} is no model version."
        raise refuse("no_version", title, where="version", fix="Name a version, as model:NAME/VERSION.")


def _form(rate: Rate, currency: str) -> Form:
    sentence, line = SENTENCES[rate.lack]
    return Form(
        value=_money(rate.value), low=_money(rate.low), high=_money(rate.high), reason=rate.lack, sentence=sentence,
        next_line=line, divided=_divided(rate, currency), cost=_exact(rate.cost), build=_exact(rate.build),
        serving=money(rate.serving), tokens=money(rate.tokens), predictions=rate.predictions, labelled=rate.labelled,
        coverage=_share(Fraction(rate.labelled, rate.predictions)) if rate.predictions else None,
        labelled_correct=rate.right, accuracy=_share(rate.accuracy), accuracy_low=_share(rate.accuracy_low),
        accuracy_high=_share(rate.accuracy_high), correct=_share(rate.correct), true_positives=_share(rate.found),
        per_true_positive=_money(rate.per_found),
    )  # fmt: skip


def _divided(rate: Rate, currency: str) -> str:
    if rate.value is None:
        return ""
    return f"{_exact(rate.cost)} {currency} ÷ {_share(rate.correct)} correct predictions"


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)


def _exact(amount: Fraction | None) -> str | None:
    return None if amount is None else money(of_units(round(amount * 10**_SHOWN_DIGITS), _SHOWN_DIGITS))


def _share(share: Fraction | None) -> str | None:
    return None if share is None else money(of_units(round(share * 10**6), 6))
