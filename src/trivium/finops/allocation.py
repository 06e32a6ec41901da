"""Finds the bearer of each charge, in the order of attribution.md §1, and keeps how it was found.

Everything here is exact: amounts are whole units, what is finer goes to `rounding`, division is by largest remainder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from typing import Final

import msgspec
import numpy as np

from trivium.facts.keys import is_key, kind_of
from trivium.facts.money import SCALE, of_units
from trivium.facts.period import Period, month_of
from trivium.facts.statements import Rule
from trivium.finops.apportion import apportion, shared_exactly
from trivium.finops.bearings import Bearings
from trivium.finops.charges import ACCOUNT, Charge
from trivium.finops.closings import Closings
from trivium.finops.places import Places
from trivium.finops.sharing import Sharing

BASES: Final = (
    "category", "tagged", "resource", "time share", "rule", "equal share", "provider split", "owner tag", "none",
    "child share", "estimate",
)  # fmt: skip
"""How a bearer was found. `none` is `unallocated`; `child share` is a bracket's charge spread over its children;
`estimate` is a charge for tokens that endpoints share by what they used of models."""
CATEGORY, TAGGED, RESOURCE, TIME_SHARE, RULE, EQUAL_SHARE, PROVIDER_SPLIT, OWNER_TAG, NONE, CHILD_SHARE, ESTIMATE = (
    range(11)
)

_MANY: Final = 1 << 40
"""Enough units for every sharer to get some."""
_EXACT: Final = Context(prec=80, traps=[Inexact])
BEARERS: Final = frozenset({"dataset", "run", "job", "experiment", "model", "endpoint"})
"""Kinds of assets that a charge can be tagged with; a team or product is asked last."""
ACCOUNT_OF_CATEGORY: Final = {
    "Tax": "tax", "Credit": "credit", "Adjustment": "adjustment", "Purchase": "purchase",
}  # fmt: skip


class Part(msgspec.Struct, frozen=True, gc=False):
    """The part of a group of charges in one month: `amount` in units of 10⁻¹⁸, and whether it is late there."""

    group: int
    month: Period
    start: int
    end: int
    amount: int
    late: bool


def month_parts(charges: list[Charge], closings: Closings) -> list[Part]:
    """Prorate each group over the months it touches, to the last unit; put what is late into its open month.

    A replaced group is reversed where its replacement counts; when both count in the same month nothing is left.
    """
    parts: list[Part] = []
    periods: dict[tuple[int, int], list[tuple[Period, tuple[int, int]]]] = {}
    months: dict[tuple[Period, int], tuple[Period, bool]] = {}

    def counted_in(month: Period, sequence: int) -> tuple[Period, bool]:
        found = months.get((month, sequence))
        if found is None:
            found = months[month, sequence] = _counted_in(month, sequence, closings)
        return found

    now = month_of(charges[0].start) if charges else Period(0, 1)
    for number, charge in enumerate(charges):
        if now.start <= charge.start <= charge.end <= now.end and charge.start < now.end:
            spans = [(now, (charge.start, charge.end))]
        else:
            spans = periods.get((charge.start, charge.end)) or _spans(charge)
            periods[charge.start, charge.end], now = spans, spans[0][0]
        whole = int(charge.amount.scaleb(SCALE, _EXACT))
        shares = [whole]
        if len(spans) > 1:
            shares = apportion(whole, [end - start for _, (start, end) in spans])
            assert sum(shares) == whole, "proration loses nothing"
        for (month, (start, end)), share in zip(spans, shares, strict=True):
            counted, late = counted_in(month, charge.since)
            if charge.until:
                reversed_in, reversed_late = counted_in(month, charge.until)
                if reversed_in == counted:
                    continue
                parts.append(Part(number, reversed_in, start, end, -share, reversed_late))
            parts.append(Part(number, counted, start, end, share, late))
    return parts


def _spans(charge: Charge) -> list[tuple[Period, tuple[int, int]]]:
    """Give the months that a charge touches, each with its part of the charge period."""
    months = Period(charge.start, max(charge.end, charge.start + 1)).months()
    return [(month, (max(charge.start, month.start), min(charge.end, month.end))) for month in months]


def _counted_in(month: Period, sequence: int, closings: Closings) -> tuple[Period, bool]:
    """Give the month in which something recorded at a sequence counts: the oldest then open one, when it is late."""
    bound = int(closings.bound(np.array([sequence]))[0])
    return (month, False) if month.start >= bound else (month_of(bound), True)


@dataclass
class Allocator:
    """Finds bearers as of one cutoff. `digits` is the number of decimal places of a unit: 9 (nano) or 6 (micro)."""

    places: Places
    sharing: Sharing
    digits: int = 9
    _found: dict[int, tuple[int, list[int], str]] = field(default_factory=dict)
    _plain: dict[int, tuple[int, int] | None] = field(default_factory=dict)
    """What was found before, by the identity of a charge's columns, which charges of one kind share."""

    def bearings(self, charges: list[Charge], parts: Iterable[Part]) -> tuple[Bearings, Decimal]:
        """Give the month's charges with their bearers, and the sum of what is finer than a unit."""
        rows: list[tuple[int, int, int, int, int, int, bool]] = []
        unit, finer = 10 ** (SCALE - self.digits), 0
        for part in parts:
            units = abs(part.amount) // unit * (1 if part.amount >= 0 else -1)
            assert abs(part.amount - units * unit) < unit
            finer += part.amount - units * unit
            if not units:
                continue
            charge = charges[part.group]
            key = id(charge.columns)
            plain = self._plain[key] if key in self._plain else self._note_plain(charge)
            if plain is not None:
                rows.append((plain[0], units, part.start, part.end, plain[1], part.group, part.late))
                continue
            for place, share, basis in self._share(charge, part, units):
                rows.append((place, share, part.start, part.end, basis, part.group, part.late))
        return Bearings.of(rows), of_units(finer, SCALE)

    def _note_plain(self, charge: Charge) -> tuple[int, int] | None:
        """Note the one bearer of all charges like this one, or that they are shared."""
        basis, bearers, resource = self._find(charge)
        plain = None
        if not resource and len(bearers) == 1:
            shared = [
                taken
                for place, units, how in self._spread(charge, bearers[0], _MANY, basis)
                for taken in self._carried_by(place, units, how)
            ]
            if len(shared) == 1:
                plain = (shared[0][0], shared[0][2])
        self._plain[id(charge.columns)] = plain
        return plain

    def _share(self, charge: Charge, part: Part, units: int) -> list[tuple[int, int, int]]:
        """Share one part among its bearers: (place, units, basis)."""
        basis, bearers, resource = self._find(charge)
        if resource:
            split, basis = self._split(charge, part, resource, basis)
            users = sorted(split)
            shares = apportion(units, [split[place] for place in users])
            found = [
                (place if place >= 0 else self._named("idle"), share)
                for place, share in zip(users, shares, strict=True)
                if share
            ]
        else:
            found = list(zip(bearers, apportion(units, [1] * len(bearers)), strict=True))
        shared: list[tuple[int, int, int]] = []
        for place, share in found:
            for taker, taken, how in self._spread(charge, place, share, basis):
                shared.extend(self._carried_by(taker, taken, how))
        assert sum(row[1] for row in shared) == units, "no unit is lost between bearers"
        return [row for row in shared if row[1]]

    def _split(self, charge: Charge, part: Part, resource: str, basis: int) -> tuple[dict[int, int], int]:
        """Give the weights by which a resource's users share a part, and the basis: for tokens estimates come first."""
        end = min(part.end, max(self.sharing.cutoff, part.start))
        shares = self.sharing.estimated(resource, part.start, end) if charge.in_tokens else None
        if shares is not None:
            return shares, ESTIMATE
        return self.sharing.sheet(resource).split(part.start, end), basis

    def _spread(self, charge: Charge, place: int, units: int, basis: int) -> list[tuple[int, int, int]]:
        """Spread what lies in a named account where a rule does so, once; a row split by the provider stays whole."""
        account = self.places.key(place) if place >= self.places.first_other else ":"
        if ":" in account or is_split(charge):
            return [(place, units, basis)]
        asked = {ACCOUNT, "ChargeCategory"} if basis == CATEGORY else {ACCOUNT}
        for rule in self.places.flows.rules:
            if rule.spread and asked & set(rule.match) and _matches(rule, charge, account):
                takers = [self.places.place(key) for key in sorted(rule.spread)]
                shares = apportion(units, [1] * len(takers))
                return [(taker, share, EQUAL_SHARE) for taker, share in zip(takers, shares, strict=True)]
        return [(place, units, basis)]

    def _carried_by(self, place: int, units: int, basis: int) -> list[tuple[int, int, int]]:
        """Follow a run to what carries its cost: itself, the run it folds into, or the children of a bracket."""
        if not self.places.is_run(place):
            return [(place, units, basis)]
        spans = self.sharing.spans
        if spans.carrier[place] == place and not spans.bracket[place]:
            return [(place, units, basis)] if units else []
        carriers = self.sharing.carriers(place)
        how = basis if len(carriers) == 1 else CHILD_SHARE
        return [(carrier, share, how) for carrier, share in shared_exactly(units, carriers)]

    # --- finding the bearer ------------------------------------------------------------------------------------------

    def _find(self, charge: Charge) -> tuple[int, list[int], str]:
        """Give (basis, places that share equally, or the resource whose users share by time)."""
        found = self._found.get(id(charge.columns))
        if found is None:
            found = self._found[id(charge.columns)] = self._look(charge)
        return found

    def _look(self, charge: Charge) -> tuple[int, list[int], str]:
        """Go down the list of attribution.md §1."""
        columns = charge.columns
        category = str(columns.get("ChargeCategory") or "")
        account = ACCOUNT_OF_CATEGORY.get(category)
        if columns.get("CommitmentDiscountStatus") == "Unused":
            account = "commitment_unused"
        if account:
            return CATEGORY, [self._named(account)], ""
        split = is_split(charge)
        if split and (found := self._by_tags(charge, "allocated_tag_", PROVIDER_SPLIT)):
            return found
        if split and (found := self._by_resource(str(columns.get("AllocatedResourceId") or ""), split)):
            return found
        if found := self._by_tags(charge, "tag_", TAGGED):
            return found
        if found := self._by_resource(str(columns.get("ResourceId") or ""), split):
            return found
        return self._by_rule(charge) or self._by_owner(charge) or (NONE, [self._named("unallocated")], "")

    def _by_tags(self, charge: Charge, prefix: str, basis: int) -> tuple[int, list[int], str] | None:
        """Find an asset or a run that a tag names; a tag that is no asset key names nothing."""
        asset = charge.columns.get(f"{prefix}trivium_asset")
        if asset and is_key(asset) and kind_of(asset) in BEARERS:
            return basis, [self.places.place(asset)], ""
        for run in ("mlflow_run_id", "openlineage_run_id"):
            if name := charge.columns.get(f"{prefix}{run}"):
                return basis, [self.places.place(f"run:{name}")], ""
        return None

    def _by_resource(self, resource: str, split: bool) -> tuple[int, list[int], str] | None:
        """Find the declared users of a resource; a row that the provider has split is never split again."""
        users = self.sharing.users(resource) if resource else []
        if not users or (split and len(users) > 1):
            return None
        if split or (len(users) == 1 and not self.sharing.timed(resource)):
            return PROVIDER_SPLIT if split else RESOURCE, [self.places.place(users[0].asset)], ""
        return TIME_SHARE if self.sharing.timed(resource) else RESOURCE, [], resource

    def _by_rule(self, charge: Charge) -> tuple[int, list[int], str] | None:
        """Find the first configured rule whose columns and tags all equal the charge's."""
        for rule in self.places.flows.rules:
            if not _matches(rule, charge, "") or (is_split(charge) and len(rule.spread) > 1):
                continue
            if rule.spread:
                return EQUAL_SHARE, [self.places.place(key) for key in sorted(rule.spread)], ""
            return RULE, [self.places.place(rule.to)], ""
        return None

    def _by_owner(self, charge: Charge) -> tuple[int, list[int], str] | None:
        """Find the team, product or account that a tag names, by its key or its bare name."""
        for prefix in ("allocated_tag_", "tag_"):
            asset = charge.columns.get(f"{prefix}trivium_asset") or ""
            if is_key(asset) and kind_of(asset) in {"team", "product"}:
                return OWNER_TAG, [self.places.place(asset)], ""
            for kind in ("team", "product"):
                if name := charge.columns.get(f"{prefix}{kind}"):
                    key = name if is_key(name) and kind_of(name) == kind else f"{kind}:{name}"
                    return OWNER_TAG, [self.places.place(key)], ""
            if account := charge.columns.get(f"{prefix}account"):
                return OWNER_TAG, [self._named(account.replace(":", " "))], ""
        return None

    def _named(self, account: str) -> int:
        return self.places.place(account)


def is_split(charge: Charge) -> bool:
    """Say whether the provider has split the row already (FOCUS: AllocatedResourceId, AllocatedTags)."""
    return bool(charge.columns.get("AllocatedResourceId") or charge.columns.get("has_allocated_tags"))


def _matches(rule: Rule, charge: Charge, account: str) -> bool:
    """Say whether a charge has all that a rule asks for; `account` is where it lies, when it lies in one."""
    columns = {**charge.columns, ACCOUNT: account}
    return all(columns.get(name) == value for name, value in rule.match.items())
