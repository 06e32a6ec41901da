"""The words in which the cases are told: small histories of November 2026 with whole amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle.cases.figures import Figure
from tests.oracle.history import Charge, Delivery, History, Read, Resource, RunDetail, RunEvent, Use, Version, Write
from tests.oracle.months import instant

Amount = int | str | Fraction
DATASET, JOB = "dataset:ns/", "job:ns/"
END = "12-01"


@dataclass(frozen=True)
class Case:
    """A history for one sentence, and the figures that follow from it, computed by hand.

    `alone` says why only the oracle is asked, where the product has nothing to tell the history to.
    """

    number: str
    name: str
    told: Sequence[Delivery | Sequence[Delivery]]
    figures: tuple[Figure, ...]
    as_of: str = END
    alone: str = ""

    @property
    def history(self) -> History:
        """Return the history, told in order."""
        flat: list[Delivery] = []
        for part in self.told:
            flat += part if isinstance(part, Sequence) else [part]
        return History(tuple(flat))


@dataclass
class Section:
    """The cases of one part of the rule, in its order."""

    cases: list[Case] = field(default_factory=list)

    def case(
        self, number: str, name: str, told: Sequence[Delivery | Sequence[Delivery]], *figures: Figure,
        as_of: str = END, alone: str = "",
    ) -> None:  # fmt: skip
        """Add a case."""
        self.cases.append(Case(number, name, told, figures, as_of, alone))


def at(text: str) -> int:
    """Return the instant of a text such as `11-05` or `11-05T10` or `11-05T10:30` in 2026, or of a whole date."""
    text = text if text.startswith("20") else f"2026-{text}"
    return instant(f"{text}:00" if len(text) == 13 else text)


def dataset(name: str) -> str:
    """Return the key of a dataset."""
    return DATASET + name


def charge(
    amount: Amount, start: str, end: str, *, tags: dict[str, str] | None = None, billed: Amount | None = None,
    **more: object,
) -> Charge:  # fmt: skip
    """Return a charge for a time."""
    paid = None if billed is None else Fraction(billed)
    tagged = tuple((tags or {}).items())
    return Charge(f"{start}/{end}", Fraction(amount), at(start), at(end), tags=tagged, billed=paid, **more)  # type: ignore[arg-type]


def paid(asset: str, amount: Amount, start: str, end: str, **more: object) -> Charge:
    """Return a charge that is tagged with its asset."""
    return charge(amount, start, end, tags={"trivium:asset": asset}, **more)  # type: ignore[arg-type]


def run(
    name: str, start: str, end: str | None = None, cost: Amount | None = None, *, job: str | None = None,
    reads: str | dict[str, object] = "", writes: str | dict[str, object] = "", ended: str = "COMPLETE",
    kind: str | None = None, checks: bool = False, trial_of: str | None = None, parent: str | None = None,
) -> list[Delivery]:  # fmt: skip
    """Return a run with its charge over its time; reads and writes are names, or names with bytes or (bytes, rows)."""
    key = f"run:{name}"
    told: list[Delivery] = [RunEvent(key, at(start), "START")]
    if end is not None:
        told.append(RunEvent(key, at(end), ended))
    above = f"run:{parent}" if parent else None
    told.append(RunDetail(key, JOB + job if job else None, kind, above, trial_of, checks))
    for flow, named in ((Read, reads), (Write, writes)):
        sizes = dict.fromkeys(named.split()) if isinstance(named, str) else named
        told += [flow(key, DATASET + each, *_size(size)) for each, size in sizes.items()]
    if cost is not None:
        told.append(paid(key, cost, start, end or start))
    return told


def _size(size: object) -> tuple[int | None, int | None]:
    if isinstance(size, tuple):
        return size[0], size[1]
    return (size, None) if isinstance(size, int) else (None, None)


def user(run_name: str, resource: str, weight: int = 1, said: str = "declared") -> Resource:
    """Return that a run (by name) or another asset (by key) uses a resource."""
    return Resource(run_name if ":" in run_name else f"run:{run_name}", resource, Fraction(weight), said)


def version(
    number: int, registered: str, *runs: str, experiment: str | None = "churn", recorded: str | None = None,
    **more: object,
) -> Version:  # fmt: skip
    """Return version `number` of the model m, made by runs."""
    happened = at(registered) if recorded else None
    keys = tuple(f"run:{name}" for name in runs)
    return Version(f"model:m/{number}", at(recorded or registered), keys, experiment, happened, **more)  # type: ignore[arg-type]


def used(number: int, consumer: str, since: str = "11-01", until: str | None = None) -> Use:
    """Return that a consumer uses version `number` of the model m."""
    return Use(f"model:m/{number}", consumer, at(since), at(until) if until else None)
