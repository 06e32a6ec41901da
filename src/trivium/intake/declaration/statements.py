"""What each table of a declaration says, in statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from trivium.facts.charges import ACCOUNT, FOCUS, is_matchable
from trivium.facts.keys import model_version, parse
from trivium.facts.money import Money, parse_amount, plain
from trivium.facts.period import month_of, parse_period
from trivium.facts.problem import ProblemError, shown
from trivium.facts.statements import (
    EQUAL,
    LONGEST_LIFE,
    RIGHT,
    TOLERANCE,
    Alias,
    Belongs,
    Correct,
    Declared,
    Life,
    Owned,
    Predicted,
    ResourceUsed,
    Rule,
    Titled,
    TrialOf,
    Valued,
    VersionRegistered,
    VersionUsed,
)
from trivium.intake.declaration.entries import Entry
from trivium.intake.declaration.names import CORRECT, SERVED, VERSION

_VALUE: Final = re.compile(r"(\S+)\s+(\S.*)")
_SHARED: Final = "shared"


def said_by(entry: Entry) -> Iterator[Declared]:
    """Give the statements of one table."""
    yield from _SAYS[entry.table](entry)


def _about(entry: Entry, asset: str) -> Iterator[Declared]:
    """Give what most tables may say of their asset: title, owners, product, resource."""
    if title := entry.text("title"):
        yield Titled(asset, title)
    for team in entry.keys("owners", "team"):
        yield Owned(asset, team)
    if product := entry.key("product", "product"):
        yield Belongs(asset, product)
    if resource := entry.text("resource"):
        yield ResourceUsed(asset, resource.removeprefix("resource:"), entry.weight())


def _team(entry: Entry) -> Iterator[Declared]:
    team = entry.key("name", "team")
    yield Titled(team, entry.text("title") or team.partition(":")[2])


def _product(entry: Entry) -> Iterator[Declared]:
    product = entry.key("name", "product")
    yield Titled(product, entry.text("title") or product.partition(":")[2])
    for team in entry.keys("owners", "team"):
        yield Owned(product, team)
    for asset in entry.keys("assets"):
        yield Belongs(asset, product)
    if value := entry.text("value_per_day"):
        money = _money(entry, value)
        yield Valued(product, plain(money.amount), money.currency)
    if correct := entry.part("correct", CORRECT, "product.correct"):
        yield _correct(correct, product)


def _correct(entry: Entry, product: str) -> Correct:
    """Read when a prediction is correct; a tolerance or a class stands only beside the rule that asks for it."""
    rule, tolerance, positive = entry.text("rule"), entry.text("tolerance"), entry.text("positive")
    if rule not in RIGHT:
        raise entry.refused("rule", f"is {shown(rule)}", f"Write {', '.join(RIGHT[:-1])} or {RIGHT[-1]}.")
    if bool(tolerance) != (rule == TOLERANCE):
        what = "is missing" if rule == TOLERANCE else f"is {shown(tolerance)}, which the rule {rule} does not ask for"
        raise entry.refused("tolerance", what, 'Write rule = "tolerance" and tolerance = "0.05" together.')
    if positive and rule != EQUAL:
        what = f"is {shown(positive)}, and the rule {rule} knows no classes"
        raise entry.refused("positive", what, f'Write rule = "{EQUAL}" beside it.')
    return Correct(product, rule, _tolerance(entry, tolerance) if tolerance else "", positive)


def _tolerance(entry: Entry, text: str) -> str:
    try:
        amount = parse_amount(text)
    except ProblemError as fault:
        raise entry.refused("tolerance", f"is {shown(text)}", 'Write a decimal number, as "0.05".') from fault
    if amount < 0:
        raise entry.refused("tolerance", f"is {shown(text)}", "Write a number from 0 on.")
    return plain(amount)


def _money(entry: Entry, value: str) -> Money:
    found = _VALUE.fullmatch(value.strip())
    if not found:
        raise entry.refused("value_per_day", f"is {shown(value)}", 'Write amount and currency, as "120 EUR".')
    try:
        money = Money(parse_amount(found[1]), found[2])
    except ProblemError as fault:
        raise entry.refused(
            "value_per_day", f"is wrong: {fault.problem.title.rstrip('.')}", 'Write it as "120 EUR".'
        ) from fault
    if money.amount < 0:
        raise entry.refused("value_per_day", f"is {shown(value)}", "Write an amount from 0 on.")
    return money


def _owner(entry: Entry) -> Iterator[Declared]:
    team = entry.key("team", "team")
    for asset in entry.keys("assets"):
        yield Owned(asset, team)


def _title(entry: Entry) -> Iterator[Declared]:
    yield Titled(entry.key("asset"), entry.text("title"))


def _endpoint(entry: Entry) -> Iterator[Declared]:
    endpoint = entry.key("name", "endpoint")
    said = list(_about(entry, endpoint))
    if not any(isinstance(statement, Titled) for statement in said):
        yield Titled(endpoint, endpoint.partition(":")[2])
    yield from said
    yield from _uses(entry, "serves", endpoint)


def _dataset(entry: Entry) -> Iterator[Declared]:
    dataset = entry.key("key", "dataset")
    yield from _about(entry, dataset)
    if days := entry.count("life_days", most=LONGEST_LIFE):
        yield Life(dataset, days)


def _job(entry: Entry) -> Iterator[Declared]:
    job = entry.key("key", "job")
    yield from _about(entry, job)
    yield from _uses(entry, "uses", job)


def _uses(entry: Entry, key: str, by: str) -> Iterator[Declared]:
    for served in entry.inner(key, SERVED, f"{entry.table}.{key}"):
        yield _used(served, by)


def _used(entry: Entry, by: str) -> VersionUsed:
    since, until = entry.instant("since"), entry.instant("until")
    if entry.text("until") and (until <= since or not until):
        raise entry.refused("until", f"is {shown(entry.text('until'))}", "Write a time after `since`, or leave it out.")
    return VersionUsed(entry.version("version"), by, since, until)


def _resource(entry: Entry) -> Iterator[Declared]:
    resource, weight = entry.text("id").removeprefix("resource:"), entry.weight()
    for asset in entry.texts("used_by"):
        yield ResourceUsed(entry.as_key("used_by", asset), resource, weight)


def _alias(entry: Entry) -> Iterator[Declared]:
    name, means = entry.key("name"), entry.key("means")
    if parse(name).kind != parse(means).kind:
        fix = "Write two keys of one kind."
        raise entry.refused("means", f"names {shown(means)}, another kind of thing than {shown(name)}", fix)
    yield Alias(name, means)


def _experiment(entry: Entry) -> Iterator[Declared]:
    experiment = entry.key("name", "experiment")
    yield from _about(entry, experiment)
    for run in entry.keys("runs", "run"):
        yield TrialOf(run, experiment)


def _model(entry: Entry) -> Iterator[Declared]:
    model = entry.key("name", "model")
    yield from _about(entry, model)
    for version in entry.inner("version", VERSION, "model.version"):
        key = model_version(parse(model).name, version.text("version"))
        if title := version.text("title"):
            yield Titled(key, title)
        yield VersionRegistered(
            version=key,
            at=version.instant("happened_at"),
            runs=tuple(version.keys("runs", "run")),
            experiment=version.key("experiment", "experiment"),
            copy_of=version.version("copy_of"),
            prompt=version.flag("prompt"),
        )


def _use(entry: Entry) -> Iterator[Declared]:
    yield _used(entry, entry.key("by", "endpoint", "job"))


def _predictions(entry: Entry) -> Iterator[Declared]:
    version, by = entry.version("version"), entry.key("by", "endpoint", "job")
    for month, count in entry.table_of("months").items():
        try:
            period = parse_period(month)
        except ProblemError as fault:
            raise entry.refused("months", f"names {shown(month)}", "Write months as 2026-10.") from fault
        if period != month_of(period.start):
            raise entry.refused("months", f"names {shown(month)}, no single month", "Write months as 2026-10.")
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 2**63:
            raise entry.refused("months", f"counts {shown(count)} in {month}", "Write a whole number from 0 on.")
        yield Predicted(version, by, str(period), count)


def _rule(entry: Entry) -> Iterator[Declared]:
    match = entry.table_of("match")
    for column, value in match.items():
        if not is_matchable(column):
            raise _unmatchable(entry, column)
        if not isinstance(value, str):
            raise entry.refused("match", f"asks {column} for {shown(value)}", "Write texts in match.")
    to = entry.text("to")
    spread = tuple(entry.keys("spread"))
    if not match:
        raise entry.refused("match", "is empty", 'Write columns or tags, as { "ServiceName" = "Amazon S3" }.')
    if bool(to) == bool(spread):
        fix = "Write either `to` (an asset key, or shared) or `spread` (a list of asset keys)."
        raise entry.refused("to", "and spread are both there, or both missing", fix)
    target = to if to in {"", _SHARED} else entry.as_key("to", to)
    yield Rule(entry.text("name"), dict(sorted(match.items())), target, spread, entry.count("position"))


def _unmatchable(entry: Entry, column: str) -> ProblemError:
    near = get_close_matches(column, (*FOCUS, ACCOUNT), n=1, cutoff=0.7)
    fix = f"Did you mean `{near[0]}`?" if near else "Write columns of FOCUS 1.4, `account`, or `tag:KEY`."
    return entry.refused("match", f"asks for {shown(column)}, no FOCUS column, `account` or `tag:KEY`", fix)


_SAYS: Final[dict[str, Callable[[Entry], Iterator[Declared]]]] = {
    "team": _team,
    "product": _product,
    "owner": _owner,
    "title": _title,
    "endpoint": _endpoint,
    "dataset": _dataset,
    "job": _job,
    "resource": _resource,
    "alias": _alias,
    "experiment": _experiment,
    "model": _model,
    "use": _use,
    "predictions": _predictions,
    "rule": _rule,
}
