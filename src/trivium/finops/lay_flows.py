"""What runs drain and where they pour: edges between slices and datasets, trials and failures.

Source: attribution.md §3.
"""

from __future__ import annotations

import numpy as np

from trivium.facts.instants import DAY
from trivium.finops.buckets import Reads, Stretches
from trivium.finops.draft import SUB
from trivium.finops.layout import Layout, Retries, order_in_time
from trivium.finops.measures import shared_by
from trivium.finops.network import PARTS, REST, Int64
from trivium.finops.timeline import OPENING, POUR, START
from trivium.finops.uses import Missed, Pours, month_drains, month_pours
from trivium.graph.flows import FAILED, OPEN, SUCCESS, Uses


def lay_reads(layout: Layout, missed: Missed) -> Reads:
    """Collect what the month's slices read at their start."""
    flows, slices = layout.view.flows, layout.slices
    drains = month_drains(layout.view, slices, missed)
    return Reads(flows.reads, drains.row, drains.slice, slices.share, _consumers(layout), layout.hold,
                 layout.timeline.start, layout.timeline.last + 1)  # fmt: skip


def _consumers(layout: Layout) -> Int64:
    """Give each run what equal shares are counted among: its job, else its experiment, else itself."""
    runs = layout.view.flows.runs
    jobs = len(layout.view.flows.jobs)
    alone = np.arange(len(runs.keys), dtype=np.int64) + jobs + len(layout.view.flows.experiments)
    by_experiment = np.where(runs.experiment >= 0, runs.experiment.astype(np.int64) + jobs, alone)
    return np.where(runs.job >= 0, runs.job.astype(np.int64), by_experiment)


def lay_ends(layout: Layout, reads: Reads, missed: Missed) -> None:
    """Let every slice pour at its end by the first route that applies, and match all pours with their readers."""
    flows, slices = layout.view.flows, layout.slices
    found = month_pours(layout.view, slices, missed)
    writes, upkeep, cuts = found.writes, found.upkeep, found.cuts
    leads = np.isin(slices.run, [*layout.registered.of_run, *layout.registered.awaited])
    if leads.any():
        keep = ~leads[writes.slice]
        writes = Pours(writes.slice[keep], writes.row[keep], True)
    poured = np.zeros(len(slices.run), dtype=np.bool_)
    poured[writes.slice] = poured[upkeep.slice] = True
    _route_others(layout, np.flatnonzero(~poured))
    _route_afterlives(layout)
    cut_at = flows.writes.dataset[cuts.row].astype(np.int64) * reads.width + layout.timeline.end[cuts.slice]
    stretches = Stretches(layout.draft, layout.places, reads, cut_at)
    _match_pours(layout, stretches, [(writes, flows.writes), (upkeep, flows.reads)])


def _route_others(layout: Layout, places: Int64) -> None:
    """Route the slices that pour into no dataset: open, failed, leading to versions, trials, ends."""
    slices, runs = layout.slices, layout.view.flows.runs
    retries = layout.retries
    plain = (slices.outcome[places] == SUCCESS) & (runs.experiment[slices.run[places]] < 0)
    plain &= ~np.isin(slices.run[places], [*layout.registered.of_run, *layout.registered.awaited])
    ends = places[plain]
    rest = layout.draft.nodes(
        np.full(len(ends), layout.timeline.last * SUB + 6), REST, slices.run[ends].astype(np.int64)
    )
    layout.draft.edges(layout.hold[ends], rest, np.ones(len(ends), dtype=np.int64))
    for place in places[~plain].tolist():
        run, node = int(slices.run[place]), int(layout.hold[place])
        at_once = slices.begins[place] and slices.start[place] == slices.end[place]
        order = order_in_time(int(slices.end[place]), START if at_once else 0) if slices.outcome[place] else 0
        if run in layout.registered.awaited and slices.outcome[place]:
            layout.draft.edge(node, layout.tank("running", "running", run))
            continue
        _route(layout, retries, run, node, int(slices.outcome[place]), int(layout.timeline.end[place]), order)


def _route(layout: Layout, retries: Retries, run: int, node: int, outcome: int, step: int, order: int) -> None:
    """Route one run's money when it pours into no dataset."""
    experiment = int(layout.view.flows.runs.experiment[run])
    versions = layout.registered.of_run.get(run, ()) if outcome != OPEN else ()
    if outcome == OPEN:
        layout.draft.edge(node, layout.tank("running", "running", run))
    elif versions:
        for version in versions:
            layout.draft.edge(node, layout.version(version))
    elif experiment >= 0:
        layout.draft.edge(node, layout.trial(experiment, run, order, step))
    elif outcome == FAILED and not layout.view.flows.runs.upkeep[run]:
        end = int(layout.spans.end[run])
        retry = retries.of(run, end, int(layout.spans.start[run]))
        taker = int(layout.hold[retry]) if retry >= 0 else layout.tank("failed", "failed", run, end)
        layout.draft.edge(node, taker)
    else:
        layout.draft.edge(node, layout.rest(run))


def _route_afterlives(layout: Layout) -> None:
    """Let runs that ended before the month pour what reached them since, at once and by their route."""
    flows, retries, step = layout.view.flows, layout.retries, OPENING
    for run, node in layout.after.items():
        outcome = int(layout.spans.outcome[run])
        leads = run in layout.registered.of_run and not flows.runs.upkeep[run]
        uses = flows.reads if flows.runs.upkeep[run] else flows.writes
        rows = _rows_of(uses, run)
        if len(rows) and not leads and (outcome == SUCCESS or flows.runs.upkeep[run]):
            weight = _weights(uses, rows, np.zeros(len(rows), dtype=np.int64), 1, bool(flows.runs.upkeep[run]))
            for row, share in zip(rows.tolist(), weight.tolist(), strict=True):
                pour = layout.source_of_pour(int(uses.dataset[row]), step, layout.view.first_instant)
                layout.draft.edge(node, pour, share)
        else:
            _route(layout, retries, run, node, outcome, step, order_in_time(layout.view.first_instant))


def _rows_of(uses: Uses, run: int) -> Int64:
    first, last = np.searchsorted(uses.run, [run, run + 1])
    return np.arange(first, last, dtype=np.int64)


def _weights(uses: Uses, row: Int64, owner: Int64, owners: int, equally: bool) -> Int64:
    """Weigh a pour's datasets: by bytes, else rows, else equally; upkeep always equally."""
    if equally:
        return np.ones(len(row), dtype=np.int64)
    return shared_by(owner, owners, uses, row)


def _match_pours(layout: Layout, stretches: Stretches, many: list[tuple[Pours, Uses]]) -> None:
    """Link all pours into datasets, those of slices at once and single ones, to the readers they meet."""
    source: list[Int64] = []
    dataset: list[Int64] = []
    step: list[Int64] = []
    weight: list[Int64] = []
    instant: list[Int64] = []
    for pours, uses in many:
        source.append(layout.hold[pours.slice])
        dataset.append(uses.dataset[pours.row].astype(np.int64))
        step.append(layout.timeline.end[pours.slice])
        weight.append(_weights(uses, pours.row, pours.slice, len(layout.slices.run), not pours.written))
        instant.append(np.minimum(layout.slices.end[pours.slice], layout.view.cutoff))
    single = np.array(layout.pours, dtype=np.int64).reshape(-1, 4)
    columns = [np.concatenate([*part, more]) for part, more in (
        (source, single[:, 0]), (dataset, single[:, 1]), (step, single[:, 2]),
        (weight, np.ones(len(single), dtype=np.int64)), (instant, single[:, 3]),
    )]  # fmt: skip
    _link(layout, stretches, *_release(layout, *columns))


def _release(
    layout: Layout, source: Int64, dataset: Int64, step: Int64, weight: Int64, instant: Int64
) -> tuple[Int64, Int64, Int64, Int64]:
    """Replace pours into datasets with a life by their daily parts; parts still to come stand in tanks.

    Openings of such datasets were released before and are no new pours (`layout.released`).
    """
    days = layout.view.flows.life_days[dataset] if len(dataset) else np.zeros(0, dtype=np.int32)
    lives = np.flatnonzero(days > 0)
    if not len(lives):
        return source, dataset, step, weight
    lives = lives[~np.isin(source[lives], list(layout.released))]
    parts: list[tuple[int, int, int, int]] = []
    for row in lives.tolist():
        parts.extend(_parts(layout, int(source[row]), int(dataset[row]), int(step[row]), int(weight[row]),
                            int(instant[row]), int(days[row])))  # fmt: skip
    kept = np.ones(len(source), dtype=np.bool_)
    kept[lives] = False
    more = np.array(parts, dtype=np.int64).reshape(-1, 4)
    pairs = ((source, 0), (dataset, 1), (step, 2), (weight, 3))
    first, second, third, fourth = (np.concatenate([column[kept], more[:, place]]) for column, place in pairs)
    return first, second, third, fourth


def _parts(
    layout: Layout, source: int, dataset: int, step: int, weight: int, instant: int, days: int
) -> list[tuple[int, int, int, int]]:
    """Give the parts of one pour that are released in this month, as (source, dataset, step, weight)."""
    place = layout.places.first_dataset + dataset
    node = layout.draft.node(step * SUB + 4, PARTS, place)
    layout.draft.edge(source, node, weight)
    begin, released = max(instant, layout.view.month.start), [(node, dataset, step, 1)]
    for day in range(1, days):
        at = begin + day * DAY
        if at <= layout.view.cutoff:
            released.append((node, dataset, layout.timeline.step(at, POUR), 1))
        else:
            layout.draft.edge(node, layout.tank("prepaid", "prepaid", place, at))
    return released


def _link(layout: Layout, stretches: Stretches, source: Int64, dataset: Int64, step: Int64, weight: Int64) -> None:
    if len(source):
        layout.draft.edges(source, stretches.nodes(dataset, step), weight)
