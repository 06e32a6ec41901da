"""§3 of the rule: what nobody has read yet is shown as fresh, or as refreshed without a reader."""

from __future__ import annotations

from tests.oracle.answers import computed
from tests.oracle.closing import Computed
from tests.oracle.history import History
from tests.oracle.rules import AS_WRITTEN, Rules


def unread(history: History, month: str, as_of: int, rules: Rules = AS_WRITTEN) -> dict[str, str]:
    """Return how each dataset that carries money is shown: refreshed, when it was written again before any read."""
    return shown(computed(history, as_of, None, rules, month)[-1])


def shown(found: Computed) -> dict[str, str]:
    """Return how each dataset that carries money out of a month that has been computed is shown."""
    words = {}
    for dataset, waiting in found.outcome.tanks.pending.items():
        if waiting:
            runs = found.view.runs.values()
            read = max((r.start for r in runs if dataset in r.reads and not r.upkeep), default=-1)
            writes = [
                r.end for r in runs if r.success and dataset in r.written() and r.end is not None and r.end > read
            ]
            refreshed = len(writes) > 1 and found.view.rules.refreshed_is_said
            words[dataset] = "refreshed without a reader" if refreshed else "fresh"
    return words
