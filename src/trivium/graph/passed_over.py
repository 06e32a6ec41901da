"""What is stated but cannot be carried out: it is passed over, so that nothing else fails of it, and listed."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from sqlalchemy import Connection, text

from trivium.facts.charges import ACCOUNT, FOCUS, is_matchable
from trivium.facts.problem import shown
from trivium.facts.statements import LONGEST_LIFE, Life, Rule
from trivium.graph.declarations import all_declared
from trivium.graph.identity import names_now

LIFE_FIELD: Final = "tag:trivium:life"
"""The field of a dataset's description that tells its life."""
_DAYS: Final = re.compile(r"\s*(\d{1,5})\s*(?:d|days?)?\s*", re.ASCII)
_TAGGED: Final = text(
    "SELECT n.key, d.value FROM graph_descriptions d JOIN graph_names n ON n.id = d.asset WHERE d.field = :field"
)
_LIFE: Final = f"which is no life of at most {LONGEST_LIFE:,} days: it is passed over"


def is_carried_out(rule: Rule) -> bool:
    """Say whether charges can be asked for all that a rule matches on."""
    return all(map(is_matchable, rule.match))


def tagged_days(value: str) -> int | None:
    """Read the days of a tag `trivium:life`, as `90`, `90d` or `90 days`; None for what is no life."""
    found = _DAYS.fullmatch(value)
    return int(found[1]) if found and int(found[1]) <= LONGEST_LIFE else None


def passed_over(connection: Connection) -> list[tuple[str, str]]:
    """List the rules that match on no column, and the lives that are none, each by name with the reason."""
    said = [statement for statement, _ in all_declared(connection)]
    rules = [(f"rule:{one.name}", _reason(one)) for one in said if isinstance(one, Rule) and not is_carried_out(one)]
    names = names_now(connection)
    lives = {
        (names.get(key, key), f"its tag `trivium:life` says {shown(value)}, {_LIFE}")
        for key, value in connection.execute(_TAGGED, {"field": LIFE_FIELD})
        if tagged_days(value) is None
    }
    lives |= {
        (names.get(one.dataset, one.dataset), f"its `life_days` is {one.days:,}, {_LIFE}")
        for one in said
        if isinstance(one, Life) and one.days > LONGEST_LIFE
    }
    return sorted({*rules, *lives})


def _reason(rule: Rule) -> str:
    column = next(name for name in rule.match if not is_matchable(name))
    near = get_close_matches(column, (*FOCUS, ACCOUNT), n=1, cutoff=0.7)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"it matches on {shown(column)}, which no charge has: the rule is passed over{meant}"
