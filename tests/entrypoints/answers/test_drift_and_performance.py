"""Drift and performance of a version, from files of predictions and labels to every face."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.entrypoints.worked import Caller, caller
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import (
    declare,
    drift_show,
    import_labels,
    import_predictions,
    import_reference,
    performance_show,
)
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError

FIRST = dt.datetime(2026, 9, 25, tzinfo=dt.UTC)
TURN = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)
KEY = "model:biopsy/3"


def _predictions(folder: Path) -> tuple[Path, Path]:
    """Forty days of 150 predictions; from the 26th on an area slips by 100 in 31 % of rows, and more are wrong."""
    random = np.random.default_rng(1)
    predictions, labels = folder / "predictions.csv", folder / "labels.csv"
    with predictions.open("w") as asked, labels.open("w") as told:
        write, label = csv.writer(asked), csv.writer(told)
        write.writerow(["prediction_id", "at", "prediction", "score", "worst_area", "ward"])
        label.writerow(["prediction_id", "at", "label"])
        for place in range(40 * 150):
            at = FIRST + dt.timedelta(days=place // 150, minutes=place % 150)
            late = at >= TURN
            area = random.gamma(2.4, 370) / (100 if late and random.uniform() < 0.31 else 1)
            truth = random.uniform() < 0.4
            said = truth if random.uniform() < (0.81 if late else 0.94) else not truth
            score = min(1.0, max(0.0, (0.8 if said else 0.2) + random.normal() / 10))
            names = ("benign", "malignant")
            write.writerow([f"p{place}", at.isoformat(), names[said], score, area, random.choice(["A", "B"])])
            if random.uniform() < 0.7:
                label.writerow([f"p{place}", (at + dt.timedelta(days=1)).isoformat(), names[truth]])
    return predictions, labels


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    folder = tmp_path_factory.mktemp("predicted")
    predictions, labels = _predictions(folder)
    with open_rooms(folder / "home") as opened:
        given = import_predictions.Params(endpoint="triage", version="biopsy/3")
        assert import_predictions.ask(opened, given, [predictions]).received == 6000
        import_labels.ask(opened, import_labels.Params(), [labels])
        numbers = folder / "numbers.parquet"
        pq.write_table(_of_numbers(), numbers)
        import_predictions.ask(opened, import_predictions.Params(endpoint="area", version="areas/1"), [numbers])
        labels = folder / "areas.parquet"
        pq.write_table(_of_numbers().select(["prediction_id", "at", "label"]), labels)
        import_labels.ask(opened, import_labels.Params(endpoint="area"), [labels])
        yield opened


def _of_numbers() -> pa.Table:
    random = np.random.default_rng(2)
    truth = random.normal(50, 10, 600)
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    return pa.table({
        "prediction_id": [f"n{place}" for place in range(600)],
        "at": [start + dt.timedelta(hours=place) for place in range(600)],
        "prediction": truth + 2 + random.normal(0, 1, 600),
        "label": truth,
        "constant": np.ones(600),
    })  # fmt: skip


@pytest.fixture(scope="module")
def asked(rooms: Rooms) -> Caller:
    return caller(rooms)


def test_a_period_is_compared_with_the_first_predictions(rooms: Rooms) -> None:
    found = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-10-20/2026-11-01"))
    assert (found.state, found.reference_rows, found.current_rows) == ("drifted", 1050, 1800)
    assert found.reference == "its own first predictions, 2026-09-25 to 2026-10-01"
    assert found.sentence.startswith("1 of 4 columns drifted: worst_area. worst_area is 100 times smaller in 3")
    assert [one.column for one in found.columns] == ["worst_area", "prediction", "score", "ward"]
    assert {one.column: one.shape for one in found.columns}["worst_area"] == "number"
    for one in found.columns:
        assert sum(each.reference for each in one.bins) == pytest.approx(1, abs=1e-5)
        assert sum(each.current for each in one.bins) == pytest.approx(1, abs=1e-5)


def test_the_reference_is_no_part_of_the_period(rooms: Rooms) -> None:
    found = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-10"))
    assert found.current_rows == 30 * 150
    found = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-09"))
    assert (found.state, found.columns) == ("unjudged", ())
    assert found.sentence.startswith("The period holds only what it would be compared with: its own first predictions")
    found = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2025-01"))
    assert found.sentence == "There is no prediction of this version in the period."
    assert drift_show.ask(rooms, drift_show.Params(key=KEY)).period == "2026-11"


def test_classes_are_scored_and_the_turn_is_found(rooms: Rooms) -> None:
    found = performance_show.ask(rooms, performance_show.Params(key=KEY, period="2026-10"))
    assert (found.task, found.measure, found.predictions, found.rule) == ("classes", "accuracy", 4650, "")
    assert found.coverage == pytest.approx(0.7, abs=0.02)
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high
    assert [one.name for one in found.classes.classes] == ["benign", "malignant"]
    assert sum(one.right for one in found.classes.classes) / found.labelled == pytest.approx(
        found.accuracy.value, abs=1e-6
    )
    assert (found.change.since, found.change.better) == ("2026-10-20", False)
    assert found.change.sentence.startswith("Accuracy fell from 0.94 to 0.81 since 20 Oct 2026;")
    assert (found.days[0].day, found.days[-1].day, len(found.days)) == ("2026-09-25", "2026-10-31", 37)
    assert sum(one.predictions for one in found.days if one.day >= "2026-10") == found.predictions


def test_numbers_are_scored_by_their_error(rooms: Rooms) -> None:
    found = performance_show.ask(rooms, performance_show.Params(key="model:areas/1", period="2026-10"))
    assert (found.task, found.measure, found.accuracy, found.classes) == ("numbers", "mean absolute error", None, None)
    assert found.numbers.bias.value == pytest.approx(2, abs=0.2)
    assert found.numbers.mean_absolute_error.value == pytest.approx(2, abs=0.2)
    assert found.numbers.explained > 0.9
    assert found.days[0].value == pytest.approx(2, abs=1)
    assert "Predictions are off by" in found.sentence


def test_a_declared_rule_counts(tmp_path: Path) -> None:
    with open_rooms(tmp_path / "home") as rooms:
        table = tmp_path / "numbers.parquet"
        pq.write_table(_of_numbers(), table)
        import_predictions.ask(rooms, import_predictions.Params(endpoint="area", version="areas/1"), [table])
        labels = tmp_path / "labels.parquet"
        pq.write_table(_of_numbers().select(["prediction_id", "at", "label"]), labels)
        import_labels.ask(rooms, import_labels.Params(endpoint="area"), [labels])
        toml = '[[product]]\nname = "p"\nassets = ["endpoint:area"]\n[product.correct]\nrule = "tolerance"\n'
        toml += 'tolerance = "2.5"\n'
        declare.ask(rooms, declare.Params(toml=toml, name="p"))
        found = performance_show.ask(rooms, performance_show.Params(key="model:areas/1"))
        assert (found.rule, found.task) == ("tolerance", "numbers")
        assert 0.6 < found.accuracy.value < 0.8


def test_scores_are_those_of_the_declared_class(tmp_path: Path) -> None:
    predictions, labels = _predictions(tmp_path)
    with open_rooms(tmp_path / "home") as rooms:
        import_predictions.ask(rooms, import_predictions.Params(endpoint="triage", version="biopsy/3"), [predictions])
        import_labels.ask(rooms, import_labels.Params(), [labels])
        assert performance_show.ask(rooms, performance_show.Params(key=KEY)).scores is None
        toml = '[[product]]\nname = "p"\nassets = ["endpoint:triage"]\n[product.correct]\nrule = "equal"\n'
        declare.ask(rooms, declare.Params(toml=toml + 'positive = "malignant"\n', name="p"))
        found = performance_show.ask(rooms, performance_show.Params(key=KEY)).scores
        assert found.positive == "malignant"
        assert 0.7 < found.auc < 1
        assert 0 < found.brier < found.log_loss
        assert sum(one.rows for one in found.calibration) == found.rows


def test_earlier_states_know_less(rooms: Rooms) -> None:
    nothing = performance_show.ask(rooms, performance_show.Params(key=KEY, period="2026-10", known=1))
    assert (nothing.predictions, nothing.labelled, nothing.next_line) == (4650, 0, "trivium import labels FILE")
    early = performance_show.ask(rooms, performance_show.Params(key=KEY, as_of="2026-10-01T00:00:00Z"))
    assert early.period == "2026-09"
    assert early.days[-1].labelled == 0


def test_what_is_no_version_or_unknown_is_refused(rooms: Rooms) -> None:
    for ask, params in ((drift_show.ask, drift_show.Params), (performance_show.ask, performance_show.Params)):
        with pytest.raises(ProblemError, match="no model version"):
            ask(rooms, params(key="model:biopsy"))
        with pytest.raises(ProblemError, match="Nothing is known"):
            ask(rooms, params(key="model:other/1"))
        with pytest.raises(ProblemError, match="no period"):
            ask(rooms, params(key=KEY, period="yesterday"))


@pytest.mark.parametrize("path", ["drift", "performance"])
def test_every_face_shows_it(asked: Caller, path: str) -> None:
    query = "key=model%3Abiopsy%2F3&period=2026-10"
    answer = asked.ask(f"/api/trivium/v1/{path}/show?{query}")
    assert answer.status == 200
    said = json.loads(answer.body)
    assert said["asset"] == KEY
    table = asked.ask(f"/api/trivium/v1/{path}/show.csv?{query}")
    assert (table.status, len(table.body.splitlines())) == (
        200,
        1 + len(said["columns" if path == "drift" else "days"]),
    )
    assert asked.ask(f"/api/trivium/v1/{path}/show.parquet?{query}").body.startswith(b"PAR1")
    page = asked.ask(f"/{path}/{KEY}?period=2026-10", headers={"accept": "text/html"})
    assert page.status == 200, page.body
    assert said["sentence"].partition(";")[0] in page.body.decode().replace("&#39;", "'")


def test_training_rows_are_the_reference_once_imported(tmp_path: Path) -> None:
    predictions, _ = _predictions(tmp_path)
    training = tmp_path / "training.csv"
    random = np.random.default_rng(7)
    rows = [f"{random.gamma(2.4, 370):.3f},{'AB'[place % 2]},person {place}" for place in range(2000)]
    training.write_text("\n".join(["worst_area,ward,name", *rows]))
    with open_rooms(tmp_path / "home") as rooms:
        import_predictions.ask(rooms, import_predictions.Params(endpoint="triage", version="biopsy/3"), [predictions])
        params = import_reference.Params(version="biopsy/3")
        kept = import_reference.ask(rooms, params, [training])
        assert (kept.asset, kept.rows, kept.already_known) == (KEY, 2000, False)
        assert {one.column: one.values for one in kept.columns} == {"name": 0, "ward": 2, "worst_area": 0}
        assert import_reference.ask(rooms, params, [training]).already_known
        assert b"person" not in rooms.ledger.fact(kept.sequence).fact.body
        other = tmp_path / "other.csv"
        other.write_text("worst_area\n1\n2\n")
        assert import_reference.ask(rooms, params, [other]).sequence == kept.sequence + 1
        kept = import_reference.ask(rooms, params, [training])
        assert not kept.already_known
        found = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-10-20/2026-11-01"))
        assert found.reference == f"the rows it was trained on, training.csv (fact {kept.sequence})"
        assert (found.reference_rows, found.unsent, found.next_line) == (2000, ("name",), "")
        assert [one.column for one in found.columns if one.state == "drifted"] == ["worst_area"]
        assert "100 times smaller" in found.sentence
        early = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-09"))
        assert early.state == "same"
        before = drift_show.ask(rooms, drift_show.Params(key=KEY, period="2026-10", known=kept.sequence - 3))
        assert before.reference.startswith("its own first predictions")


@pytest.mark.parametrize(("version", "told"), [("", "No model version"), ("biopsy", "no model version")])
def test_training_rows_need_a_version(version: str, told: str, rooms: Rooms, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=told):
        import_reference.ask(rooms, import_reference.Params(version=version), [tmp_path / "rows.csv"])


def test_training_rows_come_over_http(asked: Caller) -> None:
    csv_file = {"content-type": "text/csv"}
    answer = asked.ask("/api/trivium/v1/import/reference?version=other%2F1&name=t.csv", b"x,y\n1,a\n2,b\n", csv_file)
    assert answer.status == 200, answer.body
    assert json.loads(answer.body)["asset"] == "model:other/1"
    refused = asked.ask("/api/trivium/v1/import/reference?name=t.csv", b"x,y\n1,a\n", csv_file)
    assert (refused.status, json.loads(refused.body)["code"]) == (422, "no_version")
