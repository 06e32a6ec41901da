"""Charges as the tank rule takes them: grouped by what decides their bearer, exact, with what replaced them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from trivium.facts.charges import FOCUS
from trivium.facts.problem import refuse, shown
from trivium.facts.statements import Rule

SIGNATURE: Final = (
    "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "ServiceName", "ResourceId", "ResourceName",
    "AllocatedResourceId", "has_allocated_tags", "allocated_tag_trivium_asset", "allocated_tag_mlflow_run_id",
    "allocated_tag_openlineage_run_id", "allocated_tag_team", "allocated_tag_product", "tag_trivium_asset",
    "tag_mlflow_run_id", "tag_openlineage_run_id", "tag_team", "tag_product", "tag_account", "allocated_tag_account",
)  # fmt: skip
"""Columns that decide who bears a charge, and those that a person recognises it by."""


class Bill(Protocol):
    """The lake as finops asks it."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT over `charges_history` as of a ledger sequence."""
        ...


ACCOUNT: Final = "account"
"""What a rule matches to spread a named account."""


@dataclass(frozen=True, slots=True)
class Charge:
    """Charges with the same bearer, period and delivery: `amount` is their exact sum of EffectiveCost.

    `start` and `end` are the charge period in microseconds since 1970 UTC; `since` and `until` the ledger sequences
    that recorded and replaced them (`until` 0: current); `rows` counts them; `columns` are SIGNATURE and what rules
    ask for.
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
    bill: Bill, currency: str, rules: Iterable[Rule], *, before: int, as_of: int | None = None
) -> list[Charge]:
    """Read the charges in one currency whose period starts before an instant, as of a ledger sequence."""
    asked = _asked(rules)
    names = [*SIGNATURE, *asked]
    picked = [_column(name) for name in SIGNATURE] + [f"{sql} AS {_quoted(name)}" for name, sql in asked.items()]
    sql = f"""
        SELECT {", ".join(picked)},
            epoch_us("ChargePeriodStart") AS starts, epoch_us("ChargePeriodEnd") AS ends,
            coalesce(in_tokens, false) AS tokens, since_sequence, coalesce(until_sequence, 0) AS until,
            sum("EffectiveCost") AS effective, sum("BilledCost") AS billed, count(*) AS row_count
        FROM charges_history
        WHERE "BillingCurrency" = ? AND "ChargePeriodStart" < make_timestamp(CAST(? AS BIGINT))
        GROUP BY ALL ORDER BY ALL
    """
    width = len(names)
    seen: dict[tuple[Any, ...], Mapping[str, str | None]] = {}
    charges = []
    for row in bill.query(sql, [currency, before], as_of=as_of):
        columns = seen.get(row[:width])
        if columns is None:
            columns = seen[row[:width]] = dict(zip(names, row[:width], strict=True))
        charges.append(_charge(columns, row[width:]))
    return charges


def currencies(bill: Bill, as_of: int | None = None) -> list[str]:
    """List the currencies of the charges, those with most rows first."""
    sql = 'SELECT "BillingCurrency", count(*) AS n FROM charges GROUP BY 1 ORDER BY n DESC, 1'
    return [str(row[0]) for row in bill.query(sql, as_of=as_of)]


def _charge(columns: Mapping[str, str | None], row: tuple[Any, ...]) -> Charge:
    starts, ends, tokens, since, until, effective, billed, rows = row
    assert ends >= starts
    return Charge(columns, starts, ends, effective or Decimal(0), billed or Decimal(0), tokens, since, until, rows)


def _asked(rules: Iterable[Rule]) -> dict[str, str]:
    """Give the SQL of the columns and tags that rules match on, beside the signature."""
    asked: dict[str, str] = {}
    for rule in rules:
        for name in rule.match:
            if name.startswith("tag:"):
                pointer = "/" + name[4:].replace("~", "~0").replace("/", "~1")
                asked[name] = f"json_extract_string(\"Tags\", '{pointer.replace(chr(39), chr(39) * 2)}')"
            elif name == ACCOUNT:
                continue
            elif name not in FOCUS:
                raise refuse(
                    "bad_rule", f"Rule {shown(rule.name)} matches {shown(name)}, no FOCUS column.", where="rule"
                )
            elif name not in SIGNATURE:
                asked[name] = f'CAST("{name}" AS VARCHAR)'
    return asked


def _column(name: str) -> str:
    if name == "has_allocated_tags":
        return "CASE WHEN coalesce(\"AllocatedTags\", '{}') <> '{}' THEN 'yes' END AS has_allocated_tags"
    return f'"{name}"'


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
