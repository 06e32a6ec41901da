"""§1 of the rule: which bearer takes which part of a charge, and on what basis."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle.history import Charge, Estimate, Owner, Resource, Rule
from tests.oracle.months import prorate
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.shares import by_weight, equally
from tests.oracle.view import View

ASSETS = ("dataset:", "run:", "job:", "experiment:", "model:", "endpoint:")
CATEGORIES = {"Tax": "tax", "Credit": "credit", "Adjustment": "adjustment", "Purchase": "purchase"}


@dataclass(frozen=True)
class Part:
    """The part of a charge that lies in one month."""

    charge: Charge
    month: str
    amount: Fraction
    start: int
    end: int


@dataclass(frozen=True)
class Share:
    """An amount of a part, its bearer, and why it is the bearer."""

    part: Part
    bearer: str
    amount: Fraction
    basis: str


@dataclass(frozen=True)
class Span:
    """Who uses a resource with which weight, from when until when."""

    key: str
    weight: Fraction
    since: int = -(2**62)
    until: int = 2**62


Step = Callable[[Part, View], dict[str, Fraction]]


def parts_of(charge: Charge, rules: Rules = AS_WRITTEN) -> list[Part]:
    """Divide a charge over the months it touches, by charge time."""
    amount = charge.amount if rules.effective_cost or charge.billed is None else charge.billed
    if not rules.charge_time and charge.billing_month:
        return [Part(charge, charge.billing_month, amount, charge.start, charge.end)]
    if not rules.prorated:
        month = prorate(amount, charge.start, charge.start)[0][0]
        return [Part(charge, month, amount, charge.start, charge.end)]
    return [Part(charge, *piece) for piece in prorate(amount, charge.start, charge.end)]


def allocate(part: Part, view: View) -> list[Share]:
    """Go down the list of §1 and return who bears the part; the shares sum to it."""
    bearers, basis = first_that_names(part, view)
    shares = []
    for bearer, share in bearers.items():
        found = basis if view.rules.basis_kept else "tagged"
        shares += spread_account(part, Share(part, bearer, part.amount * share, found), view)
    return shares


def first_that_names(part: Part, view: View) -> tuple[dict[str, Fraction], str]:
    """Return the bearers, with shares of one, that the first applicable step names."""
    charge = part.charge
    account = category_account(charge)
    if account and view.rules.category_first:
        return {account: Fraction(1)}, "category"
    for step, basis in steps_of(view.rules):
        bearers = step(part, view)
        if bearers:
            return bearers, basis_of(basis, part, bearers, view)
    account = account_of(charge) if view.rules.account_tag else None
    if account:
        return {account: Fraction(1)}, "tagged"
    left = "unallocated" if view.rules.shared_only_by_rule else "shared"
    return ({left: Fraction(1)} if view.rules.unallocated_stands else {}), "unallocated"


def basis_of(basis: str, part: Part, bearers: dict[str, Fraction], view: View) -> str:
    """Return the basis of shares: of a resource by time, of a rule equally, where it was shared."""
    if basis == "rule" and len(bearers) > 1:
        return "equal share"
    by_time = basis == "resource" and is_timed(declared_for(part.charge.resource_id or "", view))
    return "time share" if by_time and not is_allocated(part.charge) else basis


def steps_of(rules: Rules) -> list[tuple[Step, str]]:
    """Return the steps 2 to 5 of the list, each with the basis it gives."""
    steps: list[tuple[Step, str]] = [
        (of_allocated, "tagged"), (of_tags, "tagged"), (of_estimates, "estimate"), (of_resource, "resource"),
        (of_rules, "rule"),
    ]  # fmt: skip
    if not rules.asset_tag_before_resource:
        steps.append(steps.pop(1))
    return steps if rules.allocated_first else steps[1:]


def category_account(charge: Charge) -> str | None:
    """Return the account of a charge that is no usage."""
    return "commitment_unused" if charge.unused else CATEGORIES.get(charge.category)


def spread_account(part: Part, share: Share, view: View) -> list[Share]:
    """Spread what lies in a named account, where a rule does so, once."""
    if ":" in share.bearer or is_allocated(part.charge):
        return [share]
    if share.bearer == "shared" and not view.rules.shared_stays:
        owners = sorted({owner.owner for owner in view.of(Owner)})
        return [Share(part, owner, share.amount * w, "equal share") for owner, w in equally(owners).items()]
    for rule in rules_of(view):
        fields = {"account"}
        if share.basis == "category" and view.rules.rules_spread_categories:
            fields.add("category")
        names_it = fields & {name for name, _ in rule.match}
        if rule.spread and names_it and matches(rule, part.charge, share.bearer):
            spread = equally(rule.to).items()
            return [Share(part, to, share.amount * w, "equal share") for to, w in spread]
    return [share]


def is_allocated(charge: Charge) -> bool:
    """Say whether the provider has split the row already."""
    return charge.allocated_resource is not None or bool(charge.allocated_tags)


def named_by(tags: tuple[tuple[str, str], ...], view: View) -> str | None:
    """Return the asset or run that tags name."""
    found = dict(tags)
    asset = found.get("trivium:asset", "")
    if asset.startswith(ASSETS):
        return view.key(asset)
    for name in ("mlflow.run_id", "openlineage.run_id") if view.rules.run_tags else ():
        if name in found:
            return view.key(f"run:{found[name]}")
    return None


def of_allocated(part: Part, view: View) -> dict[str, Fraction]:
    """Return the one bearer that the provider's own split names."""
    charge = part.charge
    named = named_by(charge.allocated_tags, view)
    if named:
        return {named: Fraction(1)}
    if charge.allocated_resource is None:
        return {}
    declared = declared_for(charge.allocated_resource, view)
    if len(declared) == 1 or not view.rules.allocated_rows_stay_whole:
        return by_weight(declared) or {}
    return {}


def of_tags(part: Part, view: View) -> dict[str, Fraction]:
    """Return the asset or run that the tags of the charge name."""
    named = named_by(part.charge.tags, view)
    return {named: Fraction(1)} if named else {}


def of_estimates(part: Part, view: View) -> dict[str, Fraction]:
    """Return the endpoints that share a charge for tokens, in proportion to what they used meanwhile."""
    charge = part.charge
    declared = declared_for(charge.resource_id or "", view)
    if not charge.in_tokens or is_allocated(charge) or not all(key.startswith("endpoint:") for key in declared):
        return {}
    meanwhile = replace(charge, start=part.start, end=max(min(part.end, view.as_of), part.start + 1))
    amounts = dict.fromkeys(declared, Fraction(0))
    for fact in view.of(Estimate):
        if fact.bearer in amounts and covers(meanwhile, fact) and view.rules.estimates_split:
            amounts[fact.bearer] += fact.amount
    return by_weight(amounts) or {}


def covers(charge: Charge, estimate: Estimate) -> bool:
    """Say whether a charge for tokens is the bill of what was estimated."""
    meanwhile = charge.start < estimate.end and estimate.start < charge.end
    return charge.in_tokens and charge.resource_id == estimate.resource_id and meanwhile


def estimated(view: View, month: str) -> list[Share]:
    """Return the estimates of a month that no bill covers: they stand as they are."""
    charges = view.of(Charge)
    shares = []
    for fact in view.of(Estimate):
        covered = any(covers(charge, fact) for charge in charges) and view.rules.estimates_split
        if not covered and view.rules.estimates_stand:
            charge = Charge("estimate", fact.amount, fact.start, fact.end, resource_id=fact.resource_id)
            shares += [Share(p, fact.bearer, p.amount, "estimate") for p in parts_of(charge) if p.month == month]
    return shares


def declared_for(resource_id: str, view: View) -> dict[str, Fraction]:
    """Return the keys that declare a resource, with their weights."""
    weights: dict[str, Fraction] = {}
    for fact in view.of(Resource) if view.rules.declared_resources else ():
        if fact.resource_id == resource_id:
            key = view.key(fact.key)
            weights[key] = max(fact.weight, weights.get(key, fact.weight))
    if not view.rules.resource_by_weight:
        return dict.fromkeys(weights, Fraction(1))
    return weights


def of_resource(part: Part, view: View) -> dict[str, Fraction]:
    """Return who declares the resource: one key whole, several by instant and weight."""
    if part.charge.resource_id is None:
        return {}
    declared = declared_for(part.charge.resource_id, view)
    whole = is_allocated(part.charge) and view.rules.allocated_rows_stay_whole
    if not declared or (len(declared) == 1 and (whole or not is_timed(declared))):
        return dict.fromkeys(declared, Fraction(1))
    if whole:
        return {}
    if not view.rules.resource_by_instant:
        return by_weight(declared) or {}
    return by_instants(part, spans_of(declared, view), view)


def is_timed(declared: dict[str, Fraction]) -> bool:
    """Say whether a resource is shared by time: by the runs of a job, or by a run and others."""
    kinds = {key.partition(":")[0] for key in declared}
    return "job" in kinds or ("run" in kinds and len(declared) > 1)


def spans_of(declared: dict[str, Fraction], view: View) -> list[Span]:
    """Return who uses a resource when: a job's runs and runs while they last, all else always."""
    spans = []
    for key, weight in declared.items():
        if key.partition(":")[0] not in ("run", "job"):
            spans.append(Span(key, weight))
        for run in view.runs.values():
            if key in (run.key, run.job):
                spans.append(Span(run.key, weight, run.start, run.slices[-1].until))
    return spans


def by_instants(part: Part, users: list[Span], view: View) -> dict[str, Fraction]:
    """Give each instant of the part to those active then, by weight, else to `idle`."""
    end = min(part.end, max(view.as_of, part.start))
    if end <= part.start:
        return active_shares(part.start, part.start, users, view)
    edges = {edge for user in users for edge in (user.since, user.until) if part.start < edge < end}
    marks = sorted({part.start, end} | edges)
    result: dict[str, Fraction] = {}
    for since, until in itertools.pairwise(marks):
        for key, share in active_shares(since, until, users, view).items():
            result[key] = result.get(key, Fraction(0)) + share * Fraction(until - since, end - part.start)
    return result


def active_shares(since: int, until: int, users: list[Span], view: View) -> dict[str, Fraction]:
    """Return the shares of those active throughout a stretch."""
    active: dict[str, Fraction] = {}
    for user in users:
        if (user.since <= since and until <= user.until) or not view.rules.idle_stands:
            active[user.key] = active.get(user.key, Fraction(0)) + user.weight
    return by_weight(active) or {"idle": Fraction(1)}


def rules_of(view: View) -> list[Rule]:
    """Return the configured rules in their order."""
    return sorted(view.of(Rule), key=lambda r: r.position if view.rules.rules_in_order else -r.position)


def matches(rule: Rule, charge: Charge, account: str | None = None) -> bool:
    """Say whether a charge has all fields that a rule asks for."""
    fields = {f"tag:{name}": value for name, value in charge.tags}
    fields |= {"category": charge.category, "resource": charge.resource_id or "", "account": account or ""}
    return all(fields.get(name) == value for name, value in rule.match)


def of_rules(part: Part, view: View) -> dict[str, Fraction]:
    """Return where the first rule that matches sends the charge."""
    for rule in rules_of(view):
        if matches(rule, part.charge):
            if is_allocated(part.charge) and len(rule.to) > 1:
                continue
            return {view.key(to): share for to, share in equally(rule.to).items()}
    return {}


def account_of(charge: Charge) -> str | None:
    """Return the team, product or account that a tag names."""
    for tags in (dict(charge.allocated_tags), dict(charge.tags)):
        asset = tags.get("trivium:asset", "")
        if asset.startswith(("team:", "product:")):
            return asset
        for name in ("team", "product"):
            if name in tags:
                return f"{name}:{tags[name]}"
        if "account" in tags:
            return tags["account"]
    return None
