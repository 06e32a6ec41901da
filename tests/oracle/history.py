"""The facts of a history, as frozen dataclasses independent of every wire format.

Times are whole microseconds since 1970-01-01 UTC.  Keys are text such as
``dataset:ns/name`` or ``run:ID``.  A `History` is the ordered list of what was
delivered: the place of a fact in it is the order in which it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

TERMINAL = ("COMPLETE", "FAIL", "ABORT", "KILLED")


@dataclass(frozen=True)
class Charge:
    """One row of a bill; a reversal is a row with a negative amount.

    `amount` is the EffectiveCost; `billed` the BilledCost where it differs, on an invoice of a billing month.
    """

    key: str
    amount: Fraction
    start: int
    end: int
    category: str = "Usage"
    resource_id: str | None = None
    allocated_resource: str | None = None
    allocated_tags: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    in_tokens: bool = False
    unused: bool = False
    billed: Fraction | None = None
    invoice: str = ""
    billing_month: str | None = None
    currency: str = "USD"


@dataclass(frozen=True)
class RunEvent:
    """One event of a run: START, RUNNING, COMPLETE, FAIL, ABORT or KILLED."""

    run: str
    time: int
    kind: str


@dataclass(frozen=True)
class RunDetail:
    """What is known about a run besides its events; details of one run are united."""

    run: str
    job: str | None = None
    job_type: str | None = None
    parent: str | None = None
    experiment: str | None = None
    checks_only: bool = False


@dataclass(frozen=True)
class Read:
    """A run names a dataset as its input."""

    run: str
    dataset: str
    bytes: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Write:
    """A run names a dataset as its output."""

    run: str
    dataset: str
    bytes: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Joined:
    """Two run keys are one training seen twice."""

    run: str
    other: str


@dataclass(frozen=True)
class Resource:
    """A run, endpoint or dataset names the resource it uses: declared with a weight, or by a `tag` or a `query`."""

    key: str
    resource_id: str
    weight: Fraction = Fraction(1)
    said: str = "declared"


@dataclass(frozen=True)
class Rule:
    """A configured rule: a charge with all these fields goes to these keys equally.

    Fields are ``category``, ``resource``, ``account`` and ``tag:NAME``.  Only a rule
    with `spread` also applies to what already lies in a named account.
    """

    position: int
    match: tuple[tuple[str, str], ...]
    to: tuple[str, ...]
    spread: bool = False


@dataclass(frozen=True)
class Owner:
    """A team or product owns a key; several owners of one key are co-owners."""

    key: str
    owner: str


@dataclass(frozen=True)
class Life:
    """Pours into this dataset are released over so many days."""

    dataset: str
    days: int


@dataclass(frozen=True)
class Version:
    """A model version, registered at `happened_at`, else when it was recorded."""

    key: str
    recorded_at: int
    runs: tuple[str, ...] = ()
    experiment: str | None = None
    happened_at: int | None = None
    copy_of: str | None = None
    prompt: bool = False


@dataclass(frozen=True)
class Use:
    """An endpoint serves a version, or a job takes it as input, for a time."""

    version: str
    consumer: str
    since: int
    until: int | None = None


@dataclass(frozen=True)
class Prediction:
    """How often a consumer asked a version in a month; several counts add up."""

    version: str
    consumer: str
    month: str
    count: int


@dataclass(frozen=True)
class Estimate:
    """What a metered use should cost by a rate card: who used the resource, when, and how much."""

    bearer: str
    amount: Fraction
    start: int
    end: int
    resource_id: str


@dataclass(frozen=True)
class Check:
    """The result of a check on a dataset."""

    dataset: str
    time: int
    passed: bool


@dataclass(frozen=True)
class Worth:
    """What a day of a product is worth."""

    product: str
    amount: Fraction


@dataclass(frozen=True)
class Close:
    """The month is closed by what was delivered before this."""

    month: str


Fact = (
    Charge
    | RunEvent
    | RunDetail
    | Read
    | Write
    | Joined
    | Resource
    | Rule
    | Owner
    | Life
    | Version
    | Use
    | Prediction
    | Estimate
    | Check
    | Worth
)
Delivery = Fact | Close


@dataclass(frozen=True)
class History:
    """The deliveries in the order in which they were recorded."""

    deliveries: tuple[Delivery, ...]

    def then(self, *more: Delivery) -> History:
        """Return this history with more deliveries recorded after it."""
        return History(self.deliveries + more)

    def currencies(self) -> list[str]:
        """Return the currencies of all charges, sorted."""
        return sorted({d.currency for d in self.deliveries if isinstance(d, Charge)})

    def in_currency(self, currency: str) -> History:
        """Return what this history says in one currency: charges in others are of nothing."""
        return History(
            tuple(
                replace(d, amount=Fraction(0), billed=None) if isinstance(d, Charge) and d.currency != currency else d
                for d in self.deliveries
            )
        )
