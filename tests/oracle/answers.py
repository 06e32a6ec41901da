"""§4 of the rule: the statement of a month, the loaded cost of an asset, the pours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle.closing import Computed, compute, total_of
from tests.oracle.history import History, Owner, RunEvent, Version
from tests.oracle.months import month_of
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.shares import equally
from tests.oracle.tanks import ZERO, Arrival, Pour
from tests.oracle.view import View

ASSETS = ("dataset:", "run:", "job:", "experiment:", "model:", "endpoint:")
BUILD = ("direct", "upstream", "trials")


@dataclass(frozen=True)
class Statement:
    """Where a month's money came to rest: each line is (amount, carried part of it)."""

    month: str
    total: Fraction
    brought_forward: Fraction
    late: dict[str, Fraction]
    lines: dict[str, tuple[Fraction, Fraction]]


@dataclass(frozen=True)
class Loaded:
    """What it took to have an asset; build and total are None where the origin is unknown."""

    direct: Fraction
    upstream: Fraction
    trials: Fraction
    build: Fraction | None
    serving: Fraction
    tokens: Fraction
    run: Fraction
    total: Fraction | None


def computed(
    history: History, as_of: int, absorbs: str | None, rules: Rules, until: str | None = None
) -> list[Computed]:
    """Compute all months up to the as-of instant, or up to one month."""
    last = month_of(as_of - 1) if until is None else until
    return list(compute(history, as_of, last, absorbs, rules))


def statement(
    history: History, month: str, by: str = "asset", as_of: int = 2**62, rules: Rules = AS_WRITTEN
) -> Statement:
    """Return where the money of a month came to rest, by asset, team or product."""
    answer = computed(history, as_of, None, rules, month)
    return drawn(answer[-1], by) if answer else Statement(month, ZERO, ZERO, {}, {})


def drawn(found: Computed, by: str) -> Statement:
    """Return the statement of a month that has been computed."""
    month = found.month
    late: dict[str, Fraction] = {}
    for share in found.shares:
        if share.part.month < month and found.view.rules.late_is_listed:
            late[share.part.month] = late.get(share.part.month, ZERO) + share.amount
    rules = found.view.rules
    brought = sum(found.before.lines().values(), ZERO)
    lines: dict[str, tuple[Fraction, Fraction]] = {}
    for carried, amounts in ((False, found.outcome.rests), (True, found.outcome.tanks.lines(rules))):
        for key, amount in amounts.items():
            for line, share in lines_of(key, by, found.view).items():
                add(lines, line, amount * share, carried and rules.carried_is_said)
    kept = {key: line for key, line in lines.items() if line != (ZERO, ZERO)}
    return Statement(month, total_of(found.shares), brought, late, kept)


def add(lines: dict[str, tuple[Fraction, Fraction]], key: str, amount: Fraction, carried: bool) -> None:
    """Add to a line, and to its carried part."""
    old, was = lines.get(key, (ZERO, ZERO))
    lines[key] = old + amount, was + (amount if carried else ZERO)


def lines_of(key: str, by: str, view: View) -> dict[str, Fraction]:
    """Return the lines at which a key stands: its owners of a kind, else `unowned`; accounts as they are."""
    if by == "asset" or ":" not in key:
        whole = key if view.rules.line_per_asset else key.partition(":")[0]
        return {whole: Fraction(1)}
    owners = next((found for name in (key, *parts_of(key, view)) if (found := owners_of(name, by, view))), {})
    if not view.rules.co_owners_equally:
        owners = dict.fromkeys(sorted(owners)[:1], Fraction(1))
    return owners or {"unowned" if view.rules.unowned_is_said else key: Fraction(1)}


def parts_of(key: str, view: View) -> list[str]:
    """Return what an asset is part of, nearest first: a version of its model, a run of its job, else its experiment."""
    if key.startswith("model:") and "/" in key:
        return [key.partition("/")[0]]
    run = view.runs.get(key)
    named = (run.job, run.trial_of if run.experiment != "0" else None) if run else ()
    return [name for name in named if name]


def owners_of(key: str, by: str, view: View, seen: tuple[str, ...] = ()) -> dict[str, Fraction]:
    """Return the owners of a kind: the key itself, its owners, else the owners of these."""
    if key.startswith(f"{by}:"):
        return {key: Fraction(1)}
    direct = sorted({o.owner for o in view.of(Owner) if view.key(o.key) == key and o.owner not in seen})
    of_kind = [o for o in direct if o.startswith(f"{by}:")]
    if of_kind:
        return equally(of_kind)
    above = [owned for owned in (owners_of(o, by, view, (*seen, key)) for o in direct) if owned]
    result: dict[str, Fraction] = {}
    for owned in above:
        for owner, share in owned.items():
            result[owner] = result.get(owner, ZERO) + share / len(above)
    return result


def loaded(
    history: History, key: str, month: str | None = None, as_of: int = 2**62, rules: Rules = AS_WRITTEN
) -> Loaded:
    """Return what poured into an asset, to date or in one month, counted at its first arrival."""
    absorbs = key if rules.first_arrival_only else None
    return arrived(computed(history, as_of, absorbs, rules, month), key, month, rules)


def arrived(answer: list[Computed], key: str, month: str | None = None, rules: Rules = AS_WRITTEN) -> Loaded:
    """Return what poured into an asset in months that have been computed with its outflow removed."""
    view = answer[-1].view
    counted = [found for found in answer if rules.closed_count_to_date or not found.closed]
    arrivals = [a for found in counted for a in found.outcome.arrivals if view.key(a.key) == view.key(key)]
    if month is not None and rules.month_restricts:
        arrivals = [a for a in arrivals if a.month == month]
    if not rules.loaded_overlaps:
        arrivals = [a for a in arrivals if a.kind != "upstream"]
    if not rules.direct_is_own:
        arrivals = [replace(a, kind="upstream") if a.kind == "direct" else a for a in arrivals]
    sums = {kind: total(arrivals, kind) for kind in (*BUILD, "serving", "tokens")}
    run = sums["serving"] + sums["tokens"]
    build: Fraction | None = sums["direct"] + sums["upstream"] + sums["trials"]
    if rules.unknown_origin_said and answer and unknown_origin(key, answer[-1]):
        build = None
    return Loaded(
        *(sums[kind] for kind in BUILD),
        build,
        sums["serving"],
        sums["tokens"],
        run,
        None if build is None else build + (run if rules.run_is_in_total else ZERO),
    )


def total(arrivals: list[Arrival], kind: str) -> Fraction:
    """Return the sum of the arrivals of one kind."""
    return sum((a.amount for a in arrivals if a.kind == kind), ZERO)


def unknown_origin(key: str, found: Computed) -> bool:
    """Say whether a key is a version of which no run is known, by all that has been told."""
    heard = {fact.run for fact in found.told if isinstance(fact, RunEvent)}
    versions = [fact for fact in found.told if isinstance(fact, Version) and fact.key == key]
    return any(not heard & set(version.runs) for version in versions)


def pours(history: History, as_of: int, rules: Rules = AS_WRITTEN) -> list[Pour]:
    """Return every pour of every month up to the as-of instant, in order."""
    return [pour for found in computed(history, as_of, None, rules) for pour in found.outcome.pours]
