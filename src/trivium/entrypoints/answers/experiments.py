"""Which experiments are there, how do they go, and what did each cost?"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import Currency, money, words, written
from trivium.entrypoints.answers.tracked import (
    CostCurrency,
    Costs,
    PageToken,
    Stage,
    inflows_asked,
    instant_ms,
    stages_of,
)
from trivium.mlops.changing import experiment_key
from trivium.mlops.search.experiments import ExperimentSearch, count_experiments, find_experiments
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.experiments import experiments_by_number
from trivium.mlops.tracking.records import Experiment
from trivium.mlops.tracking.tallies import Tally, tallies


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    filter: Annotated[
        str, Meta(description="What must hold, in MLflow's grammar: `name LIKE 'triage%' AND tags.team = 'pathology'`.")
    ] = ""
    order_by: Annotated[
        str,
        Meta(description="What to order by, in MLflow's grammar, separated by commas: `last_update_time DESC, name`."),
    ] = ""
    stage: Stage = "active"
    costs: Costs = False
    currency: Currency = ""
    limit: Annotated[int, Meta(description="How many are listed at most.", ge=1, le=1000)] = 100
    page_token: PageToken = ""


class ExperimentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment."""

    experiment: Annotated[str, Meta(description="Its key.")]
    id: Annotated[str, Meta(description="Its id, as MLflow's clients name it.")]
    name: Annotated[str, Meta(description="Its name.")]
    stage: Annotated[str, Meta(description="active or deleted.")]
    runs: Annotated[int, Meta(description="How many runs it has; deleted ones do not count.")]
    failed: Annotated[int, Meta(description="How many of them failed or were killed.")]
    running: Annotated[int, Meta(description="How many of them have not ended.")]
    last_run: Annotated[
        str | None, Meta(description="When the last of them started; null without one.", extra=words(absent="never"))
    ]
    cost: Annotated[
        str | None,
        Meta(
            description="What its runs were charged and what they drained, to date; null where it was not asked for or "
            "no charge is known.",
            extra=words(absent="not asked for"),
        ),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Experiments, page by page."""

    total: Annotated[int, Meta(description="How many experiments match.")]
    currency: CostCurrency
    experiments: Annotated[
        tuple[ExperimentLine, ...],
        Meta(description="The experiments.", extra=words(absent="no experiment is called that")),
    ]
    next_page_token: Annotated[
        str, Meta(description="What to ask `page_token` for the next page; empty at the end.",
                  extra=words(absent="these are the last", label="next page"))
    ]  # fmt: skip


def ask(rooms: Rooms, params: Params) -> Answer:
    """List experiments, the newest first unless another order is asked."""
    search = ExperimentSearch(
        filter=params.filter,
        order_by=parts_of(params.order_by),
        stages=stages_of(params.stage),
        max_results=min(params.limit, 1000),
        page_token=params.page_token,
    )
    with rooms.ledger.reading() as connection:
        page = find_experiments(connection, search)
        found = experiments_by_number(connection, page.ids)
        counts = tallies(connection, page.ids)
        total = count_experiments(connection, search)
    keys = [experiment_key(number, one.name) for number, one in zip(page.ids, found, strict=True)]
    currency, inflows = inflows_asked(rooms, params.currency) if params.costs else ("", None)
    costs = inflows.of_experiments(keys) if inflows else {}
    return Answer(
        total=total,
        currency=currency,
        experiments=tuple(
            _line(one, key, counts[number], costs.get(key))
            for number, one, key in zip(page.ids, found, keys, strict=True)
        ),
        next_page_token=page.next_page_token,
    )


def _line(one: Experiment, key: str, tally: Tally, cost: Decimal | None) -> ExperimentLine:
    return ExperimentLine(
        experiment=key,
        id=one.experiment_id,
        name=one.name,
        stage=one.lifecycle_stage,
        runs=tally.runs,
        failed=tally.failed,
        running=tally.running,
        last_run=written(instant_ms(tally.last_ms)),
        cost=None if cost is None else money(cost),
    )
