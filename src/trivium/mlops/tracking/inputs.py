"""What a run read and made: datasets, and logged models."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from trivium.facts.keys import run_key
from trivium.facts.problem import refuse
from trivium.facts.tracking import Change, Input, RunMade, RunUsed
from trivium.intake.mlflow.checks import check_dataset, check_input_tag, check_run_id, invalid, required
from trivium.intake.mlflow.requests import DatasetInput, LogInputs, LogOutputs
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision
from trivium.mlops.tracking.runs import active_run

_MODELS = text("SELECT model FROM tracking_run_models WHERE run = :run AND made = :made")


class NoteInputs(Decision):
    """Notes the datasets that a run reads, and the logged models that it takes."""

    def __init__(self, asked: LogInputs) -> None:
        super().__init__()
        required(asked.run_id, "run_id")
        check_run_id(asked.run_id)
        self._run = asked.run_id
        inputs: dict[tuple[str, str], Input] = {}
        for one in map(_input, asked.datasets):
            inputs.setdefault((one.name, one.digest), one)
        self._datasets = tuple(inputs.values())
        self._models = tuple(one.model_id for one in asked.models)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a run that may not be changed; a model that it took before is taken once."""
        row = active_run(connection, self._run)
        known = _noted(connection, row.number, made=0)
        models = tuple(model for model in dict.fromkeys(self._models) if model not in known)
        if not self._datasets and not models:
            return []
        used = RunUsed(run=self._run, start_ms=row.start_ms or 0, datasets=self._datasets, models=models)
        return [(run_key(self._run), used)]


class NoteOutputs(Decision):
    """Notes the logged models that a run made."""

    def __init__(self, asked: LogOutputs) -> None:
        super().__init__()
        required(asked.run_id, "run_id")
        if not asked.models:
            raise invalid("Missing value for required parameter 'models'.", where="models")
        self._run = asked.run_id
        self._models = tuple((one.model_id, one.step) for one in asked.models)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a run that may not be changed, and a model that it made before: a run makes a model once."""
        row = active_run(connection, self._run)
        known = _noted(connection, row.number, made=1)
        for model, _ in self._models:
            if model in known:
                title = f"The run {self._run} made the logged model {model} before."
                raise refuse("bad_request", title, status=400, where="models", fix="Note what a run made once.")
            known.add(model)
        return [(run_key(self._run), RunMade(run=self._run, models=self._models))]


def _noted(connection: Connection, run: int, *, made: int) -> set[str]:
    """Give the logged models that a run took, or made."""
    return {model for (model,) in fetch(connection, _MODELS, run=run, made=made)}


def _input(asked: DatasetInput) -> Input:
    """Check one dataset; what its name and digest say first counts."""
    dataset = asked.dataset
    if dataset is None:
        raise invalid("Dataset cannot be None", where="datasets")
    check_dataset(dataset.name or "", dataset.digest or "", dataset.source or "", (dataset.schema, dataset.profile))
    for tag in asked.tags:
        check_input_tag(tag.key, tag.value)
    return Input(
        name=dataset.name or "",
        digest=dataset.digest or "",
        source_type=dataset.source_type or "",
        source=dataset.source or "",
        schema=dataset.schema,
        profile=dataset.profile,
        tags=tuple((tag.key, tag.value) for tag in asked.tags),
    )
