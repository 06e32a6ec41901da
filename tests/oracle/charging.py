"""How charges reach what bears them: where a month starts at the bill (§1 and §3 of the rule)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle import schedule
from tests.oracle.allocation import Part, Share
from tests.oracle.families import bearers
from tests.oracle.readers import Step
from tests.oracle.shares import by_weight, equally
from tests.oracle.tanks import ZERO, Arrival, Money, Position, Pour, Prepaid, Tanks
from tests.oracle.view import Run, Slice, View


@dataclass
class Month:
    """What one month leaves: where money rests, what is carried, what moved."""

    name: str
    tanks: Tanks
    rests: dict[str, Fraction] = field(default_factory=dict)
    pours: list[Pour] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    serving: dict[tuple[str, bool], Fraction] = field(default_factory=dict)


class Charging:
    """What a month's simulation does with charges; the flow of money beyond them is left to it."""

    month: Month
    tanks: Tanks
    view: View
    opens: int
    absorbs: frozenset[str]
    steps: dict[str, list[Step]]
    done: set[tuple[str, int]]

    @abstractmethod
    def at(self, position: Position, act: Callable[[], None]) -> None:
        """Do something at a position in the order of steps."""

    @abstractmethod
    def rest(self, key: str, amount: Fraction) -> None:
        """Let money come to rest."""

    @abstractmethod
    def note(self, position: Position, source: str, target: str, amount: Fraction) -> None:
        """Write down a pour."""

    @abstractmethod
    def arrive(self, key: str, kind: str, amount: Fraction) -> None:
        """Write down what came to an asset."""

    @abstractmethod
    def pour(self, dataset: str, money: Money, position: Position, source: str) -> None:
        """Pour into a dataset at once, or over its life in equal daily parts."""

    @abstractmethod
    def route(self, run: Run, part: Slice, money: Money, position: Position) -> None:
        """Pour money of a run that has ended into the first of its destinations."""

    @abstractmethod
    def _hold(self, part: Slice, money: Money) -> None: ...

    @abstractmethod
    def _release(self, part: Prepaid, position: Position) -> None: ...

    @abstractmethod
    def _into_trial(self, run: Run, experiment: str, money: Money, position: Position) -> None: ...

    def _charge(self, share: Share) -> None:
        """Count a share of a charge at its bearer."""
        kind = share.bearer.partition(":")[0] if ":" in share.bearer else ""
        late = share.part.month < self.month.name
        if kind == "run" and late and not self.view.rules.late_by_route:
            self.rest(share.bearer, share.amount)
        elif kind == "run":
            for bearer, part in bearers(share.bearer, self.view).items():
                self._give(bearer, Money(own=share.amount * part), share.part, (self.opens, 0, 0, bearer, 0))
        elif kind in ("dataset", "experiment"):
            self._charge_in_time(share, kind)
        elif kind == "model":
            self.arrive(share.bearer, "direct", share.amount)
            if share.bearer not in self.absorbs:
                self.tanks.models[share.bearer] = self.tanks.models.get(share.bearer, ZERO) + share.amount
        else:
            self.arrive(share.bearer, "direct", share.amount)
            if kind == "endpoint" and not self.view.rules.endpoints_rest:
                self.tanks.models[share.bearer] = self.tanks.models.get(share.bearer, ZERO) + share.amount
            else:
                self.rest(share.bearer, share.amount)
            if kind == "endpoint":
                place = (share.bearer, share.part.charge.in_tokens)
                self.month.serving[place] = self.month.serving.get(place, ZERO) + share.amount

    def _charge_in_time(self, share: Share, kind: str) -> None:
        """Pour a charge of a dataset or experiment at the end of its period."""
        late = share.part.month < self.month.name
        end = share.part.end if self.view.rules.storage_at_period_end else share.part.start
        position = (self.opens, 0, 0, share.bearer, 0) if late else (end, schedule.ENDS, 1, share.bearer, 0)
        money = Money(own=share.amount)
        if kind == "dataset":
            if position[0] > self.view.as_of:
                self.arrive(share.bearer, "direct", share.amount)
                if share.bearer not in self.absorbs:
                    self._release(Prepaid(share.bearer, end, share.amount), position)
            else:
                self.at(position, lambda: self.pour(share.bearer, money, position, share.bearer))
            return
        self.at(position, lambda: self._into_trial(Run(share.bearer), share.bearer, money, position))

    def _give(self, key: str, money: Money, part: Part | None, position: Position) -> None:
        """Put money at a run: into its slices of this month, else along its route."""
        self.arrive(key, "direct", money.own)
        self.arrive(key, "upstream", money.drained)
        run = self.view.runs.get(key)
        if run is None and not self.view.rules.early_parts_are_running:
            self.rest(key, money.all)
            return
        if run is None:
            self.tanks.runs[key] = self.tanks.runs.get(key, Money()) + money
            return
        open_slices = [s for step in self.steps[key] for s in step.slices if (key, s.start) not in self.done]
        after = part is not None and run.end is not None and part.start >= run.end
        if part is not None and after and not self.view.rules.month_charges_whenever:
            place = (part.start, schedule.ENDS, 1, key, 0)
            self.at(place, lambda: self.route(run, run.slices[-1], money, place))
        elif open_slices:
            for one, share in self._overlaps(open_slices, part).items():
                self._hold(one, money.times(share))
        elif self.view.rules.later_parts_by_route:
            self.at(position, lambda: self.route(run, run.slices[-1], money, position))
        else:
            self.rest(key, money.all)

    def _overlaps(self, slices: list[Slice], part: Part | None) -> dict[Slice, Fraction]:
        """Share a charge over slices by overlap, else by seconds, else equally."""
        if part is None:
            return {slices[0]: Fraction(1)}
        common: dict[Slice, Fraction | int | None] = {}
        for one in slices:
            instant = part.end <= part.start and one.start <= part.start < max(one.until, one.start + 1)
            common[one] = max(min(part.end, one.until) - max(part.start, one.start), int(instant))
        overlap = by_weight(common) if self.view.rules.charges_by_overlap else None
        return overlap or by_weight({one: one.seconds for one in slices}) or equally(slices)
