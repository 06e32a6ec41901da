"""The SQL that groups a bill into charges: by what decides their bearer, and by as much of their time as it needs.

Grouping reads the numbers of resources in place of their texts, and no column in which nothing stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from trivium.facts.charges import ACCOUNT, TAG, is_matchable
from trivium.facts.instants import DAY
from trivium.facts.keys import kind_of
from trivium.facts.statements import Rule
from trivium.graph.flows import Flows

SIGNATURE: Final = (
    "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "ServiceName", "ResourceId", "ResourceName",
    "AllocatedResourceId", "has_allocated_tags", "allocated_tag_trivium_asset", "allocated_tag_mlflow_run_id",
    "allocated_tag_openlineage_run_id", "allocated_tag_team", "allocated_tag_product", "tag_trivium_asset",
    "tag_mlflow_run_id", "tag_openlineage_run_id", "tag_team", "tag_product", "tag_account", "allocated_tag_account",
)  # fmt: skip
"""Columns that decide who bears a charge, and those that a person recognises it by."""
_EXACT, _DAY, _MONTH = range(3)
_RESTS: Final = {"endpoint": _DAY, "job": _DAY, "team": _MONTH, "product": _MONTH, "": _MONTH}
"""Kinds of bearers at which money rests, by the time that is asked of their charges; all others pass it on."""
_RUN_TAGS: Final = tuple(name for name in SIGNATURE if name.endswith("run_id"))
_ASSET_TAGS: Final = tuple(name for name in SIGNATURE if name.endswith("trivium_asset"))
_NUMBERED: Final = {"ResourceId": "resource", "AllocatedResourceId": "allocated_resource"}
_FILLED: Final = {**_NUMBERED, "has_allocated_tags": "AllocatedTags"}
_WHERE: Final = '"BillingCurrency" = ? AND "ChargePeriodStart" < make_timestamp(CAST(? AS BIGINT))'
_START, _END = 'epoch_us("ChargePeriodStart")', 'epoch_us("ChargePeriodEnd")'
_MONTH_OF_START: Final = "date_trunc('month', \"ChargePeriodStart\")"


class Grouping(msgspec.Struct, frozen=True):
    """A SELECT over `charges_history`, its parameters, and the columns that its first results are, in order."""

    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[str, ...]


def asked_by(rules: Iterable[Rule]) -> dict[str, str]:
    """Give the SQL of the columns and tags that rules match on, beside the signature."""
    asked: dict[str, str] = {}
    for rule in rules:
        for name in rule.match:
            assert is_matchable(name), "the graph passes other rules over"
            if name.startswith(TAG):
                pointer = "/" + name.removeprefix(TAG).replace("~", "~0").replace("/", "~1")
                asked[name] = f"json_extract_string(\"Tags\", '{pointer.replace(chr(39), chr(39) * 2)}')"
            elif name not in SIGNATURE and name != ACCOUNT:
                asked[name] = f'CAST("{name}" AS VARCHAR)'
    return asked


def count_values() -> str:
    """Write the SELECT that counts, for each column of the signature, the rows in which something stands."""
    counts = ", ".join(f'count("{_FILLED.get(name, name)}")' for name in SIGNATURE)
    return f"SELECT {counts} FROM charges_history WHERE {_WHERE}"


def grouping(live: Sequence[str], rules: Sequence[Rule], flows: Flows | None, currency: str, before: int) -> Grouping:
    """Write the SELECT that groups; `live` are the columns of the signature in which something stands.

    Without `flows`, every charge period stays as it is.
    """
    assert set(live) <= set(SIGNATURE)
    exact = any("ResourceName" in rule.match for rule in rules)
    keys = {name: _key(name, exact=exact) for name in live} | asked_by(rules)
    told, parameters = _told_apart(set(live), rules, flows)
    inner = "".join(f"{sql} AS {_quoted(name)}, " for name, sql in keys.items())
    outer = "".join(f"{_shown(name, exact=exact)}, " for name in keys)
    joins = "".join(
        f" LEFT JOIN resources AS {number}s ON {number}s.resource = g.{_quoted(name)}"
        for name, number in _NUMBERED.items()
        if name in keys
    )
    sql = f"""
        SELECT {outer}starts, ends, tokens, since_sequence, until, effective, billed, row_count FROM (
            SELECT {inner}
                CASE told WHEN {_EXACT} THEN {_START} WHEN {_DAY} THEN {_START} // {DAY}
                    ELSE epoch_us({_MONTH_OF_START}) END AS begun,
                CASE told WHEN {_EXACT} THEN {_END} ELSE 0 END AS ended,
                min({_START}) AS starts, max({_END}) AS ends, coalesce(in_tokens, false) AS tokens, since_sequence,
                coalesce(until_sequence, 0) AS until, coalesce(sum("EffectiveCost"), 0) AS effective,
                coalesce(sum("BilledCost"), 0) AS billed,
                count(*) AS row_count
            FROM (SELECT *, {told} AS told FROM charges_history WHERE {_WHERE}) GROUP BY ALL
        ) AS g{joins} ORDER BY ALL
    """
    return Grouping(sql, (*parameters, currency, before), tuple(keys))


def _told_apart(live: set[str], rules: Sequence[Rule], flows: Flows | None) -> tuple[str, tuple[Any, ...]]:
    """Write how exactly a charge's period is told apart, and the parameters for it.

    Exactly where the bearer may pass money on in time: a run, a dataset, a model, an experiment, the users of a
    resource. Where it rests, at an endpoint or a job, only its day matters; else its month, when it lies within one.
    """
    least = _EXACT if flows is None else _asked_by_bearers(rules, flows)
    if flows is None or least == _EXACT:
        return f"{_EXACT}", ()
    passing, parameters = _passing(live, flows)
    tagged = [f"coalesce(starts_with({_quoted(name)}, 'endpoint:'), false)" for name in _ASSET_TAGS if name in live]
    daily = "true" if least == _DAY else _any(tagged)
    day, month = f"{_START} // {DAY} = ({_END} - 1) // {DAY}", f"{_MONTH_OF_START} + INTERVAL 1 MONTH"
    return (
        f"CASE WHEN {passing} THEN {_EXACT} WHEN {daily} THEN CASE WHEN {day} THEN {_DAY} ELSE {_EXACT} END "
        f'WHEN "ChargePeriodEnd" <= {month} THEN {_MONTH} ELSE {_EXACT} END'
    ), parameters


def _asked_by_bearers(rules: Sequence[Rule], flows: Flows) -> int:
    """Say what the bearers that rules name ask of the time of the charges that come to them."""
    keys = [flows.names.get(key, key) for rule in rules for key in (rule.to, *rule.spread) if key]
    kinds = [kind_of(key) if ":" in key else "" for key in keys]
    return min((_RESTS.get(kind, _EXACT) for kind in kinds), default=_MONTH)


def _passing(live: set[str], flows: Flows) -> tuple[str, tuple[Any, ...]]:
    """Write the condition that a charge's bearer may pass money on."""
    terms = [f"{_quoted(name)} IS NOT NULL" for name in _RUN_TAGS if name in live]
    for name in _ASSET_TAGS:
        rests = _any(f"starts_with({_quoted(name)}, '{kind}:')" for kind in ("endpoint", "team", "product"))
        terms += [f"coalesce(NOT {rests}, false)"] if name in live else []
    used = sorted({use.resource for use in flows.resources})
    numbers = [number for name, number in _NUMBERED.items() if name in live and used]
    wanted = 'SELECT resource FROM resources WHERE "ResourceId" IN (SELECT unnest(?))'
    terms += [f"coalesce({number} IN ({wanted}), false)" for number in numbers]
    return _any(terms), tuple(used for _ in numbers)


def _any(terms: Iterable[str]) -> str:
    return f"({' OR '.join(terms) or 'false'})"


def _key(name: str, *, exact: bool) -> str:
    """Write what is grouped by: a resource's number; its name only where that is asked for or it has no number."""
    if name == "has_allocated_tags":
        return "CASE WHEN coalesce(\"AllocatedTags\", '{}') <> '{}' THEN 'yes' END"
    if name == "ResourceName" and not exact:
        return 'CASE WHEN resource IS NULL THEN "ResourceName" END'
    return _NUMBERED.get(name, f'"{name}"')


def _shown(name: str, *, exact: bool) -> str:
    """Write the text of a column of the grouped rows."""
    if name in _NUMBERED:
        return f'{_NUMBERED[name]}s."ResourceId" AS {_quoted(name)}'
    if name == "ResourceName" and not exact:
        return 'coalesce(g."ResourceName", resources."ResourceName") AS "ResourceName"'
    return f"g.{_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
