"""Which run bears the charge of a run: itself, an ancestor it folds into, or its children."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle.shares import by_weight, equally
from tests.oracle.view import Run, View


def bearers(key: str, view: View, seen: tuple[str, ...] = ()) -> dict[str, Fraction]:
    """Return the runs, with shares of one, at which the charge of a run counts."""
    run = view.runs.get(key)
    if run is None or key in seen or stands_alone(run, view):
        return {key: Fraction(1)}
    ancestor = naming_ancestor(run, view)
    if ancestor is not None and view.rules.fold_without_datasets:
        return {ancestor: Fraction(1)}
    children = [view.runs[c] for c in view.children.get(key, []) if c in view.runs and c not in seen and c != key]
    if not children or not view.rules.brackets_spread_down:
        return {key: Fraction(1)}
    result: dict[str, Fraction] = {}
    for child, share in child_shares(children, view).items():
        for bearer, part in bearers(child, view, (*seen, key)).items():
            result[bearer] = result.get(bearer, Fraction(0)) + share * part
    return result


def stands_alone(run: Run, view: View) -> bool:
    """Say whether a run names datasets, leads to a version, or is an MLflow run."""
    rules = view.rules
    names = run.names_datasets() and (rules.flows_stay or naming_ancestor(run, view) is None)
    nested_trial = run.experiment is not None and rules.nested_trials_stay
    return names or nested_trial or (rules.version_runs_stay and bool(view.leads_to(run.key)))


def naming_ancestor(run: Run, view: View) -> str | None:
    """Return the nearest ancestor that names datasets."""
    seen = {run.key}
    above = run.parent
    while above is not None and above not in seen and above in view.runs:
        if view.runs[above].names_datasets():
            return above
        seen.add(above)
        above = view.runs[above].parent
    return None


def child_shares(children: list[Run], view: View) -> dict[str, Fraction]:
    """Share a bracket's charge over its children by run-seconds, else equally."""
    seconds = {c.key: Fraction(c.slices[-1].until - c.start) for c in children}
    by_seconds = by_weight(seconds) if view.rules.bracket_by_seconds else None
    return by_seconds or equally([c.key for c in children][: None if view.rules.bracket_else_equally else 1])
