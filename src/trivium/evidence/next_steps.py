"""What to do next about an asset: every figure has a decision. The first that applies stands first."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

WEAK: Final = Decimal("0.25")
"""The share of a build from which weak allocation is worth a line of configuration."""
ROSE: Final = Decimal("0.25")
"""The rise against the month before from which a cost is worth a look."""

Doing = Literal["fix first", "allocate", "tag", "declare", "look"]


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that fails: what fails, and the job whose next run would repair it, with its usual cost."""

    dataset: str
    failing: tuple[str, ...]
    job: str = ""
    cost: Decimal | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an asset when one asks what to do. `bad` are failing datasets that it stands on or is itself.

    `weak` is the share of its build that rests on equal shares or on nothing, `resource` the largest cause of that.
    `cost` and `before` are whole months, so that they compare.
    """

    asset: str
    bad: tuple[Bad, ...] = ()
    owned: bool = True
    placed: bool = True
    weak: Decimal = Decimal(0)
    resource: str = ""
    cost: Decimal | None = None
    before: Decimal | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do: about which asset, what, and the line of a declaration that does it, where one would."""

    doing: Doing
    asset: str
    cost: Decimal | None = None
    job: str = ""
    failing: tuple[str, ...] = ()
    share: Decimal | None = None
    line: str = ""


def next_steps(situation: Situation) -> tuple[Step, ...]:
    """List what to do, the most urgent first; empty when nothing needs a person."""
    found = [
        Step(doing="fix first", asset=bad.dataset, failing=bad.failing, job=bad.job, cost=bad.cost)
        for bad in situation.bad
    ]
    if not situation.owned:
        found.append(Step(doing="declare", asset=situation.asset, line=owner_line(situation.asset)))
    if not situation.placed:
        found.append(Step(doing="allocate", asset=situation.asset, line=product_line(situation.asset)))
    if situation.weak >= WEAK and situation.resource:
        line = resource_line(situation.resource)
        found.append(Step(doing="tag", asset=situation.asset, share=situation.weak, line=line))
    rise = _rise(situation)
    if rise is not None and rise >= ROSE:
        found.append(Step(doing="look", asset=situation.asset, share=rise))
    return tuple(found)


def owner_line(asset: str) -> str:
    """Write the lines of a declaration that give an asset an owner."""
    return f'[[owner]]\nteam = "TEAM"\nassets = [{_quoted(asset)}]'


def product_line(asset: str) -> str:
    """Write the lines of a declaration that make an asset part of a product."""
    return f'[[product]]\nname = "PRODUCT"\nassets = [{_quoted(asset)}]'


def resource_line(resource: str) -> str:
    """Write the lines of a declaration that say who uses a billed resource."""
    return f'[[resource]]\nid = {_quoted(resource)}\nused_by = ["job:NAMESPACE/NAME"]'


def _rise(situation: Situation) -> Decimal | None:
    if situation.cost is None or not situation.before or situation.before < 0:
        return None
    return (situation.cost - situation.before) / situation.before


def _quoted(text: str) -> str:
    """Write a TOML basic string: what JSON escapes, TOML reads."""
    return msgspec.json.encode(text).decode()
