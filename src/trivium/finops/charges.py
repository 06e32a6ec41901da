"""Charges as the tank rule takes them: grouped by what decides their bearer, exact, with what replaced them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np

from trivium.facts.charges import ACCOUNT
from trivium.facts.instants import Instant
from trivium.facts.statements import Rule
from trivium.finops.charge_query import SIGNATURE, count_values, grouping
from trivium.graph.flows import Flows

__all__ = [
    "ACCOUNT", "SIGNATURE", "Bill", "Charge", "Ends", "currencies", "ends_between", "latest_start", "read_charges",
]  # fmt: skip


class Bill(Protocol):
    """The lake as finops asks it."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT over `charges_history` as of a ledger sequence."""
        ...

    def query_arrow(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> Any:
        """Answer one SELECT as an Arrow table."""
        ...


_AMOUNTS: Final = ("effective", "billed")
_ENDS: Final = """
    SELECT epoch_us(max("ChargePeriodStart")),
        epoch_us(max(CASE WHEN "ChargePeriodEnd" - "ChargePeriodStart" <= INTERVAL 1 DAY THEN "ChargePeriodEnd" END)),
        epoch_us(max("ChargePeriodEnd"))
    FROM charges WHERE "BillingCurrency" = ? AND "ChargePeriodStart" >= make_timestamp(CAST(? AS BIGINT))
        AND "ChargePeriodStart" < make_timestamp(CAST(? AS BIGINT))
"""


class Charge(msgspec.Struct, frozen=True, gc=False):
    """Charges with the same bearer and delivery: `amount` is their exact sum of EffectiveCost.

    `start` and `end` are the charge period in microseconds since 1970 UTC, or hold those of several charges between
    whose periods no answer makes a difference; `since` and `until` are the ledger sequences that recorded and replaced
    them (`until` 0: current); `rows` counts them; `columns` are SIGNATURE and what rules ask for.
    """

    columns: Mapping[str, str | None]
    start: int
    end: int
    amount: Decimal
    billed: Decimal
    in_tokens: bool
    since: int
    until: int
    rows: int


def read_charges(
    bill: Bill, currency: str, rules: Iterable[Rule], *, before: int, as_of: int | None = None,
    flows: Flows | None = None,
) -> list[Charge]:  # fmt: skip
    """Read the charges in one currency whose period starts before an instant, as of a ledger sequence.

    With `flows`, charges whose bearer passes nothing on are summed over as much time as no answer tells apart.
    """
    rules = list(rules)
    [counts] = bill.query(count_values(), [currency, before], as_of=as_of)
    live = [name for name, count in zip(SIGNATURE, counts, strict=True) if count]
    asked = grouping(live, rules, flows, currency, before)
    table = bill.query_arrow(asked.sql, asked.parameters, as_of=as_of)
    columns = _columns(table, asked.columns)
    given = [table[name].to_pylist() for name in _AMOUNTS]
    numbers = [table[name].to_numpy().tolist() for name in ("starts", "ends", "tokens", "since_sequence", "until")]
    charges = [
        Charge(*row)
        for row in zip(columns, *numbers[:2], *given, *numbers[2:], table["row_count"].to_numpy().tolist(), strict=True)
    ]
    assert all(charge.start <= charge.end for charge in charges)
    return charges


def _columns(table: Any, names: Sequence[str]) -> list[Mapping[str, str | None]]:
    """Make one mapping for each distinct signature, and give each row of the table its own."""
    places, values = np.zeros(len(table), np.int64), []
    for name in names:
        column = table[name].combine_chunks().dictionary_encode()
        codes = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
        values.append((name, codes, [*column.dictionary.to_pylist(), None]))
        places = np.unique(places * (len(column.dictionary) + 1) + codes, return_inverse=True)[1]
    first = np.zeros(int(places.max(initial=-1)) + 1, np.int64)
    first[places[::-1]] = np.arange(len(places))[::-1]
    texts = [[texts[code] for code in codes[first].tolist()] for _, codes, texts in values]
    blank = dict.fromkeys(SIGNATURE)
    distinct = [{**blank, **dict(zip(names, row, strict=True))} for row in zip(*texts, strict=True)] or [dict(blank)]
    return [distinct[place] for place in places.tolist()]


def currencies(bill: Bill, as_of: int | None = None) -> list[str]:
    """List the currencies of the charges, those with most rows first."""
    sql = 'SELECT "BillingCurrency", count(*) AS n FROM charges GROUP BY 1 ORDER BY n DESC, 1'
    return [str(row[0]) for row in bill.query(sql, as_of=as_of)]


class Ends(NamedTuple):
    """The last start and end among some charges, and the last end of those that last a day at most; None of none."""

    start: Instant | None
    daily: Instant | None
    end: Instant | None


def ends_between(bill: Bill, currency: str, start: Instant, end: Instant, as_of: int | None = None) -> Ends:
    """Say through when charges fill the time from `start` to before `end`: of those in a currency that begin in it."""
    [found] = bill.query(_ENDS, [currency, start, end], as_of=as_of)
    return Ends(*found)


def latest_start(bill: Bill, currency: str, as_of: int | None = None) -> int:
    """Give the last instant at which a charge in a currency begins, 0 when there is none."""
    sql = 'SELECT max(epoch_us("ChargePeriodStart")) FROM charges_history WHERE "BillingCurrency" = ?'
    [(latest,)] = bill.query(sql, [currency], as_of=as_of)
    return latest or 0
