"""Tells an oracle's history to the product: facts through the graph's fold, charges as the lake gives them, closings.

Statements are handed to the fold by a reader that unpacks them from the fact's body, so that the history needs no wire
format; everything after that is the product's own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

import duckdb
import msgspec
import numpy as np
from sqlalchemy import Connection, create_engine

from tests.oracle import history as told
from tests.oracle.months import month_of
from trivium.dataops.fold import DataopsFold
from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.period import parse_period
from trivium.facts.problem import ProblemError
from trivium.facts.statements import (
    Belongs,
    CheckSeen,
    DatasetSeen,
    DatasetUse,
    Life,
    Owned,
    Predicted,
    ResourceUsed,
    Rule,
    RunSeen,
    Statement,
    TrialOf,
    Valued,
    VersionRegistered,
    VersionUsed,
)
from trivium.finops.archive import thaw
from trivium.finops.books import Books, MonthBook, Question, keep_books
from trivium.finops.charges import Bill, Charge
from trivium.finops.closing import Closed, MonthsFold, check_order, closed_of
from trivium.finops.closings import Closings
from trivium.finops.estimates import Estimate, Estimates
from trivium.graph.flows_reader import read_flows
from trivium.graph.fold import GraphFold

SCALE = 10**18
CHARGES = (
    '"InvoiceId" VARCHAR, "ChargeCategory" VARCHAR, "CommitmentDiscountStatus" VARCHAR, "CommitmentDiscountId" VARCHAR,'
    ' "ChargePeriodStart" TIMESTAMP, "ChargePeriodEnd" TIMESTAMP, "BilledCost" DECIMAL(38,18),'
    ' "EffectiveCost" DECIMAL(38,18), "BillingCurrency" VARCHAR, "BillingPeriodStart" TIMESTAMP,'
    " since_sequence BIGINT, until_sequence BIGINT"
)
CURRENCY = "USD"
CHECKED = "dataset:ns/d0"
"""What a check looked at counts only by the reads of its run."""
EVENTS = {
    "START": "start", "RUNNING": "running", "COMPLETE": "complete", "FAIL": "fail", "ABORT": "abort", "KILLED": "fail",
}  # fmt: skip
RULE_FIELDS = {"category": "ChargeCategory", "resource": "ResourceId", "account": "account"}


def exact(amount: Fraction) -> Decimal:
    """Round an amount to 18 places, as a bill would have it."""
    return Decimal(round(amount * SCALE)).scaleb(-18)


def rounded(history: told.History) -> told.History:
    """Give a history whose amounts fit DECIMAL(38,18)."""
    return told.History(
        tuple(
            replace(fact, amount=Fraction(exact(fact.amount))) if isinstance(fact, told.Charge) else fact
            for fact in history.deliveries
        )
    )


def spoken(history: told.History) -> told.History:
    """Give a history as clients can tell it: what is said of a run comes with or after its first event.

    An OpenLineage event names its parent by id; that parent is a run of this history once an event of its own is known.
    """
    heard: set[str] = set()
    waiting: dict[str, list[told.Delivery]] = {}
    deliveries: list[told.Delivery] = []

    def deliver(delivery: told.Delivery) -> None:
        missing = [run for run in _about(delivery) if run not in heard]
        if missing:
            waiting.setdefault(missing[0], []).append(delivery)
            return
        deliveries.append(delivery)
        if isinstance(delivery, told.RunEvent) and delivery.run not in heard:
            heard.add(delivery.run)
            for held in waiting.pop(delivery.run, []):
                deliver(held)

    for delivery in history.deliveries:
        deliver(delivery)
    return told.History(tuple(deliveries))


def _about(delivery: told.Delivery) -> list[str]:
    """Name the runs that must be known before something can be said."""
    match delivery:
        case told.Read() | told.Write():
            return [delivery.run]
        case told.RunDetail():
            return [delivery.run, *([delivery.parent] if delivery.parent else [])]
        case told.Joined():
            return [delivery.run, delivery.other]
        case told.Resource() if delivery.said != "declared" and delivery.key.startswith("run:"):
            return [delivery.key]
    return []


@dataclass
class Product:
    """The product while a history is told to it."""

    connection: Connection
    fold: GraphFold
    sequence: int = 0
    charges: dict[str, list[Charge]] = field(default_factory=dict)
    closed: list[tuple[int, int]] = field(default_factory=list)
    frozen: dict[str, list[MonthBook]] = field(default_factory=dict)
    spoken: dict[int, list[Statement]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """The time of the latest event told of each run: what is said of it besides comes with that."""
    billed: list[told.Charge] = field(default_factory=list)
    months: MonthsFold = field(default_factory=MonthsFold)
    counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Predictions told so far: a declaration states the sum."""
    estimates: list[Estimate] = field(default_factory=list)


def tell(history: told.History) -> Product:
    """Deliver a whole history."""
    connection = create_engine("sqlite://").connect()
    spoken: dict[int, list[Statement]] = {}
    fold = GraphFold(lambda recorded: spoken[recorded.sequence])
    folds: list[GraphFold | DataopsFold] = [fold]
    if any(isinstance(delivery, told.Check | told.Worth) for delivery in history.deliveries):
        folds.append(DataopsFold(lambda recorded: spoken[recorded.sequence]))
    product = Product(connection, fold, spoken=spoken)
    for each in (*folds, product.months):
        each.create(connection)
    batch: list[RecordedFact] = []
    for delivery in history.deliveries:
        if isinstance(delivery, told.Close):
            _apply(folds, connection, batch)
            batch = []
            _close(product, delivery.month)
        elif isinstance(delivery, told.Charge):
            product.sequence += 1
            product.billed.append(delivery)
            product.charges.setdefault(delivery.currency, []).append(_charge(delivery, product.sequence))
        elif isinstance(delivery, told.Estimate):
            used = Estimate(delivery.bearer, delivery.start, delivery.end, exact(delivery.amount), 1)
            product.estimates.append(used)
        elif statements := _statements(product, delivery):
            product.sequence += 1
            if isinstance(delivery, told.RunEvent):
                product.heard[delivery.run] = delivery.time
            spoken[product.sequence] = statements
            batch.append(_fact(product.sequence, statements[0]))
    _apply(folds, connection, batch)
    return product


def _apply(folds: Sequence[GraphFold | DataopsFold], connection: Connection, batch: Sequence[RecordedFact]) -> None:
    for fold in folds:
        fold.apply(
            connection, batch if isinstance(fold, GraphFold) else [f for f in batch if f.fact.kind in fold.kinds]
        )


def books(product: Product, as_of: int, month: str, currency: str = CURRENCY) -> Books:
    """Compute the books of a history that has been told, in one currency."""
    question = Question(
        currency, read_flows(product.connection), product.charges.get(currency, []), as_of, _closings(product),
        tuple(product.frozen.get(currency, ())), Estimates(product.estimates),
    )  # fmt: skip
    return keep_books(question, parse_period(month))


def _close(product: Product, month: str) -> None:
    """Close a month that has ended; one that is not the next to close is refused and stays open."""
    period = parse_period(month)
    ours = [books(product, period.end, month, currency) for currency in sorted(product.charges)]
    frozen: dict[str, bytes] = {}
    try:
        check_order(product.connection, period, period.end)
        closed = closed_of(period, max(1, product.sequence), ours, lambda body: _put(frozen, body))
    except ProblemError as refused:
        if refused.problem.code not in {"close_in_order", "nothing_to_close"}:
            raise
        return
    product.sequence += 1
    product.months.apply(product.connection, [_closing(product.sequence, closed)])
    product.closed.append((product.sequence - 1, period.end))
    for book in closed.books:
        product.frozen.setdefault(book.currency, []).append(thaw(frozen[book.sha256]))


def _put(frozen: dict[str, bytes], body: bytes) -> str:
    frozen[sha256(body).hexdigest()] = body
    return sha256(body).hexdigest()


def _closing(sequence: int, closed: Closed) -> RecordedFact:
    body = msgspec.json.encode(closed)
    fact = Fact(kind=Kind.MONTH_CLOSED, subject=closed.month, happened_at=0, source="told", key=closed.month, body=body)
    return RecordedFact(sequence=sequence, recorded_at=0, fact=fact)


def bill(product: Product) -> Bill:
    """Give the charges of a history as a lake of one table, with their invoices."""
    return _Lake([
        (
            fact.invoice, fact.category, "Unused" if fact.unused else None, _text(fact.start), _text(fact.end),
            exact(fact.amount if fact.billed is None else fact.billed), exact(fact.amount), CURRENCY,
            f"{fact.billing_month or month_of(fact.start)}-01", charge.since, None,
        )
        for fact, charge in zip(product.billed, product.charges.get(CURRENCY, ()), strict=True)
    ])  # fmt: skip


def _text(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


class _Lake:
    """A table of charges that answers SQL."""

    def __init__(self, rows: Sequence[tuple[object, ...]]) -> None:
        self._engine = duckdb.connect()
        self._engine.execute(f"CREATE TABLE charges_history ({CHARGES})")
        for row in rows:
            self._engine.execute("INSERT INTO charges_history VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def query(self, sql: str, parameters: Sequence[object] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        assert as_of is None, "this lake has one state"
        return self._engine.execute(sql, list(parameters)).fetchall()


def _closings(product: Product) -> Closings:
    table = np.array(product.closed, dtype=np.int64).reshape(-1, 2)
    return Closings(table[:, 0], table[:, 1])


def _fact(sequence: int, statement: Statement) -> RecordedFact:
    observed = isinstance(statement, (RunSeen, CheckSeen, DatasetSeen))
    kind = Kind.LINEAGE_EVENT if observed else Kind(statement.__struct_config__.tag)
    fact = Fact(kind=kind, subject="run:x", happened_at=0, source="told", key=str(sequence), body=b"{}")
    return RecordedFact(sequence=sequence, recorded_at=0, fact=fact)


def _charge(fact: told.Charge, sequence: int) -> Charge:
    tags, allocated = dict(fact.tags), dict(fact.allocated_tags)
    columns: dict[str, str | None] = {
        "ChargeCategory": fact.category, "ResourceId": fact.resource_id, "AllocatedResourceId": fact.allocated_resource,
        "CommitmentDiscountStatus": "Unused" if fact.unused else None,
        "has_allocated_tags": "yes" if allocated else None,
    }  # fmt: skip
    names = {
        "trivium_asset": "trivium:asset", "mlflow_run_id": "mlflow.run_id", "openlineage_run_id": "openlineage.run_id",
        "team": "team", "product": "product", "account": "account",
    }  # fmt: skip
    columns |= {f"tag_{ours}": tags.get(theirs) for ours, theirs in names.items()}
    columns |= {f"allocated_tag_{ours}": allocated.get(theirs) for ours, theirs in names.items()}
    columns |= {f"tag:{name}": value for name, value in tags.items()}
    amount = exact(fact.amount)
    billed = amount if fact.billed is None else exact(fact.billed)
    return Charge(columns, fact.start, fact.end, amount, billed, fact.in_tokens, sequence, 0, 1)


def _use(dataset: str, size: int | None, rows: int | None) -> DatasetUse:
    return DatasetUse(dataset, size, rows)


def _statements(product: Product, fact: told.Fact) -> Sequence[Statement]:
    """Say one fact of the history in the product's words."""
    if isinstance(fact, (told.RunEvent, told.Read, told.Write, told.Joined, told.RunDetail)):
        return _of_run(fact, product.heard.get(fact.run, 0))
    if isinstance(fact, (told.Version, told.Use, told.Prediction)):
        return [_of_version(product, fact)]
    if isinstance(fact, told.Resource) and fact.said != "declared":
        return [_observed(fact, product.heard.get(fact.key, 0))]
    return [_declared(fact)]


def _of_run(
    fact: told.RunEvent | told.Read | told.Write | told.Joined | told.RunDetail, at: int
) -> Sequence[Statement]:
    match fact:
        case told.RunEvent():
            return [RunSeen(run=fact.run, at=fact.time, event=EVENTS[fact.kind])]
        case told.Read():
            return [RunSeen(run=fact.run, at=at, reads=(_use(fact.dataset, fact.bytes, fact.rows),))]
        case told.Write():
            return [RunSeen(run=fact.run, at=at, writes=(_use(fact.dataset, fact.bytes, fact.rows),))]
        case told.Joined():
            return [RunSeen(run=fact.run, at=at, same_as=(fact.other,))]
    return _detail(fact, at)


def _of_version(product: Product, fact: told.Version | told.Use | told.Prediction) -> Statement:
    if isinstance(fact, told.Version):
        registered = fact.recorded_at if fact.happened_at is None else fact.happened_at
        experiment = f"experiment:{fact.experiment}" if fact.experiment else ""
        return VersionRegistered(fact.key, registered, fact.runs, experiment, fact.copy_of or "", fact.prompt)
    if isinstance(fact, told.Use):
        return VersionUsed(fact.version, fact.consumer, fact.since, fact.until or 0)
    key = (fact.version, fact.consumer, fact.month)
    product.counts[key] = product.counts.get(key, 0) + fact.count
    return Predicted(*key, product.counts[key])


def _declared(fact: told.Fact) -> Statement:
    match fact:
        case told.Resource():
            return ResourceUsed(fact.key, fact.resource_id, str(fact.weight))
        case told.Check():
            return CheckSeen(dataset=fact.dataset, check="unique", passed=fact.passed, at=fact.time)
        case told.Worth():
            return Valued(fact.product, str(exact(fact.amount)), CURRENCY)
        case told.Life():
            return Life(fact.dataset, fact.days)
        case told.Owner():
            owns = Owned if fact.owner.startswith("team:") else Belongs
            return owns(fact.key, fact.owner)
        case told.Rule():
            match = {RULE_FIELDS.get(name, name): value for name, value in fact.match}
            to, spread = ("", fact.to) if fact.spread or len(fact.to) > 1 else (fact.to[0], ())
            return Rule(f"r{fact.position}", match, to, spread, fact.position)
    raise AssertionError(fact)


def _observed(fact: told.Resource, at: int) -> Statement:
    """Say which resource is used as an event does: by a tag of a run or a dataset, or by the id of a query."""
    if fact.key.startswith("dataset:"):
        return DatasetSeen(dataset=fact.key, at=at, tags={"trivium.resource_id": fact.resource_id})
    if fact.said == "query":
        return RunSeen(run=fact.key, at=at, queries=(fact.resource_id,))
    return RunSeen(run=fact.key, at=at, resources=(fact.resource_id,))


def _detail(fact: told.RunDetail, at: int) -> list[Statement]:
    """Say what is known about a run; what checks is told by the result of a check."""
    seen: list[Statement] = [RunSeen(run=fact.run, at=at, job=fact.job or "", parent=fact.parent or "")]
    if fact.job_type:
        seen.append(RunSeen(run=fact.run, at=at, job_type=fact.job_type))
    if fact.checks_only:
        seen.append(CheckSeen(dataset=CHECKED, check="unique", passed=True, at=at, run=fact.run))
    if fact.experiment:
        seen.append(TrialOf(fact.run, f"experiment:{fact.experiment}"))
    return seen


__all__ = ["Product", "bill", "books", "exact", "rounded", "spoken", "tell"]
