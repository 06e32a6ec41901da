"""What is one run: what it was told, what it measured, what it read and made, and what it cost?"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.measured import OWN_TAGS
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    ARGUMENT,
    Amount,
    Currency,
    CurrencyText,
    money,
    words,
    written,
)
from trivium.entrypoints.answers.tracked import duration_ms, instant_ms
from trivium.evidence.run_card import RunCard, run_card
from trivium.facts.instants import SECOND
from trivium.facts.problem import refuse, shown
from trivium.graph.identity import names_of
from trivium.graph.ran import Ran, run_now
from trivium.mlops.artifacts.listing import Artifacts, artifacts_below
from trivium.mlops.changing import experiment_key
from trivium.mlops.tracking.experiments import experiments_by_number
from trivium.mlops.tracking.lookup import logged_among
from trivium.mlops.tracking.reading import RunRow, whole_runs
from trivium.mlops.tracking.records import Run

FILES: Final = 200
"""How many artifacts are listed."""
_MS: Final = SECOND // 1_000


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    run: Annotated[str, Meta(description="The run, by id or key, under any of its names.", extra=ARGUMENT)]
    currency: Currency = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A param or a tag."""

    name: Annotated[str, Meta(description="Its name.")]
    value: Annotated[str, Meta(description="Its value.", extra=words(absent="empty"))]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The latest value of a metric."""

    name: Annotated[str, Meta(description="The metric.")]
    value: Annotated[float | str, Meta(description="The value; text where it is no number.")]
    step: Annotated[int, Meta(description="The step that it was measured at.")]
    at: Annotated[
        str | None, Meta(description="When it was measured, as its client says.", extra=words(absent="not said"))
    ]


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that the run named as input, as its client describes it."""

    name: Annotated[str, Meta(description="Its name.")]
    digest: Annotated[str, Meta(description="What its content comes down to.", extra=words(absent="not said"))]
    context: Annotated[str, Meta(description="What it was for: training, evaluation.", extra=words(absent="not said"))]
    source_type: Annotated[str, Meta(description="Where it lies: s3, delta, local, code.", extra=words(absent="-"))]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact."""

    path: Annotated[str, Meta(description="Its path below the run's own place.")]
    bytes: Annotated[int, Meta(description="Its size.", ge=0)]


class Poured(msgspec.Struct, frozen=True, kw_only=True):
    """Where a part of its money went."""

    asset: Annotated[str, Meta(description="The asset's key.")]
    amount: Amount


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it cost: charged + drained = total = what it poured + what stays."""

    charged: Annotated[str, Meta(description="Its own charges.")]
    drained: Annotated[str, Meta(description="What it took from the datasets that it read.")]
    total: Annotated[str, Meta(description="charged + drained.")]
    poured: Annotated[tuple[Poured, ...], Meta(description="Where it went.", extra=words(absent="nowhere yet"))]
    stays: Annotated[
        str, Meta(description="What has gone nowhere yet: it runs still, it failed, or nothing came of it.")
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one run."""

    run: Annotated[str, Meta(description="Its key.")]
    id: Annotated[
        str, Meta(description="Its id among MLflow's runs; empty where no MLflow client logged it.",
                  extra=words(absent="no MLflow client logged it"))
    ]  # fmt: skip
    names: Annotated[tuple[str, ...], Meta(description="Its other names.", extra=words(absent="it has one name only"))]
    name: Annotated[str, Meta(description="What it is called.")]
    experiment: Annotated[
        str, Meta(description="The key of its experiment; empty without one.", extra=words(absent="none"))
    ]
    experiment_id: Annotated[
        str, Meta(description="The id of its experiment; empty without one.", extra=words(absent="none"))
    ]
    job: Annotated[str, Meta(description="The job that it is a run of; empty without one.", extra=words(absent="none"))]
    status: Annotated[str, Meta(description="RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.")]
    stage: Annotated[str, Meta(description="active or deleted.")]
    user: Annotated[str, Meta(description="Who ran it, as its client says.", extra=words(absent="not said"))]
    start: Annotated[
        str | None, Meta(description="When it started; null where nobody said.", extra=words(absent="not said"))
    ]
    end: Annotated[str | None, Meta(description="When it ended; null while it runs.", extra=words(absent="running"))]
    duration_ms: Annotated[
        int | None, Meta(description="From start to end, in milliseconds; null while it runs.",
                         extra=words(absent="running"))
    ]  # fmt: skip
    currency: CurrencyText
    cost: Annotated[
        Cost | None,
        Meta(
            description="What it cost, to date; null where no charge is known.",
            extra=words(absent="no charge is known"),
        ),
    ]
    metrics: Annotated[tuple[Measured, ...], Meta(description="The latest value of each metric.")]
    params: Annotated[tuple[Said, ...], Meta(description="Its params.")]
    tags: Annotated[tuple[Said, ...], Meta(description="Its tags, those that people set first.")]
    inputs: Annotated[tuple[Input, ...], Meta(description="The datasets that its MLflow client named as inputs.")]
    reads: Annotated[
        tuple[str, ...], Meta(description="The datasets that it read, by key.", extra=words(absent="none is known"))
    ]
    writes: Annotated[
        tuple[str, ...], Meta(description="The datasets that it wrote, by key.", extra=words(absent="none is known"))
    ]
    models_taken: Annotated[
        tuple[str, ...], Meta(description="Logged models that it took, by id.", extra=words(absent="none"))
    ]
    models_made: Annotated[
        tuple[str, ...], Meta(description="Logged models that it made, by id.", extra=words(absent="none"))
    ]
    versions: Annotated[
        tuple[str, ...],
        Meta(description="The model versions that it led to, by key.", extra=words(absent="none is registered")),
    ]
    artifact_count: Annotated[int, Meta(description="How many artifacts it has here.", ge=0)]
    artifact_bytes: Annotated[int, Meta(description="How large they are together.", ge=0)]
    artifacts: Annotated[tuple[File, ...], Meta(description="The first of them, by path.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show a run."""
    asked = params.run if params.run.startswith("run:") else f"run:{params.run}"
    keeping = rooms.bookkeeping
    state = keeping.state()
    currency = keeping.currency(params.currency, state)
    key = keeping.name(asked, state)
    with keeping.graph(state) as connection:
        names = names_of(connection, key)
        row, ran = logged_among(connection, names), run_now(connection, key)
        if row is None and ran is None:
            fix = "`trivium runs search --experiment NAME` lists those that MLflow clients logged."
            raise refuse("no_such_run", f"Nothing is known of {shown(asked)}.", status=404, where="run", fix=fix)
        logged = None if row is None else whole_runs(connection, [row])[0]
        experiment = _experiment(connection, row)
        files = Artifacts() if row is None else artifacts_below(connection, row.artifact_uri, FILES)
    card = _card(rooms, key, currency, state)
    others = tuple(name for name in names if name != key)
    known = _known(row, ran, key) | {"experiment": experiment or card.experiment}
    return Answer(
        run=key, names=others, job=card.job, currency=currency, cost=_cost(card) if currency else None,
        reads=card.reads, writes=card.writes, versions=card.versions, artifact_count=files.count,
        artifact_bytes=files.bytes, artifacts=tuple(File(path=one.path, bytes=one.bytes) for one in files.files),
        **known, **_told(logged),
    )  # fmt: skip


def _card(rooms: Rooms, key: str, currency: str, state: State) -> RunCard:
    """Join what the graph and the books know; kept for the state."""
    keeping = rooms.bookkeeping
    return keeping.kept("run", state, lambda: run_card(keeping.inflows(currency, state), key), currency, key)


def _experiment(connection: Connection, row: RunRow | None) -> str:
    if row is None:
        return ""
    found = experiments_by_number(connection, [row.experiment])
    return experiment_key(row.experiment, found[0].name) if found else ""


def _known(row: RunRow | None, ran: Ran | None, key: str) -> dict[str, Any]:
    """Say what it is: by its MLflow client, else by the events of other clients."""
    if row is not None:
        return {
            "id": row.id, "name": row.name, "experiment_id": str(row.experiment), "status": row.status,
            "stage": row.stage, "user": row.user, "start": written(instant_ms(row.start_ms)),
            "end": written(instant_ms(row.end_ms or None)), "duration_ms": duration_ms(row),
        }  # fmt: skip
    assert ran is not None
    ended = ran.end is not None
    return {
        "id": "", "name": key.removeprefix("run:"), "experiment_id": "",
        "status": ("FINISHED" if ran.success else "FAILED") if ended else "RUNNING", "stage": "active", "user": "",
        "start": written(ran.start), "end": written(ran.end),
        "duration_ms": (ran.end - ran.start) // _MS if ran.end is not None and ran.start is not None else None,
    }  # fmt: skip


def _told(run: Run | None) -> dict[str, Any]:
    """Say what its MLflow client logged."""
    if run is None:
        nothing: dict[str, Any] = dict.fromkeys(("metrics", "params", "tags", "inputs"), ())
        return nothing | {"models_taken": (), "models_made": ()}
    tags = sorted(run.data.tags, key=lambda one: (one.key.startswith(OWN_TAGS), one.key))
    made = run.outputs.model_outputs if isinstance(run.outputs, msgspec.Struct) else ()
    return {
        "metrics": tuple(
            Measured(
                name=one.key,
                value=one.value,
                step=one.step if isinstance(one.step, int) else 0,
                at=written(instant_ms(one.timestamp)),
            )
            for one in sorted(run.data.metrics, key=lambda one: one.key)
        ),
        "params": tuple(Said(name=one.key, value=one.value) for one in sorted(run.data.params, key=lambda p: p.key)),
        "tags": tuple(Said(name=one.key, value=one.value) for one in tags),
        "inputs": tuple(
            Input(
                name=one.dataset.name,
                digest=one.dataset.digest,
                context=next((tag.value for tag in one.tags if tag.key == "mlflow.data.context"), ""),
                source_type=one.dataset.source_type if isinstance(one.dataset.source_type, str) else "",
            )
            for one in run.inputs.dataset_inputs
        ),
        "models_taken": tuple(one.model_id for one in run.inputs.model_inputs),
        "models_made": tuple(one.model_id for one in made),
    }


def _cost(card: RunCard) -> Cost:
    return Cost(
        charged=money(card.charged),
        drained=money(card.drained),
        total=money(card.total),
        poured=tuple(Poured(asset=one.asset, amount=money(one.amount)) for one in card.poured),
        stays=money(card.stays),
    )
