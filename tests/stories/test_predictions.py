"""Does the worked example of cost per accurate prediction come out of a real server and command line, to the digit?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.stories.served import Served, end, serve, trivium

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "predictions"
EXPLAINED = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "cost-per-accurate-prediction.md"
JSON = {"content-type": "application/json"}
API = "/api/trivium/v1"
FIGURE = ("kpi", "cost-per-accurate-prediction", "model:screening/1", "--period", "2026-10")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that got bill, events, predictions and labels in an order nobody would choose: labels come first."""
    served = serve(tmp_path_factory.mktemp("predictions") / "home")
    try:
        for command in (
            ("import", "labels", EXAMPLE / "labels.csv"),
            ("import", "predictions", EXAMPLE / "predictions.csv"),
            ("import", "focus", EXAMPLE / "bill.csv"),
            ("declare", EXAMPLE / "declare.toml", "--yes"),
        ):
            said = trivium(*command, "--url", served.address)
            assert said.returncode == 0, said.stderr
        for line in (EXAMPLE / "events.jsonl").read_bytes().splitlines():
            assert served.ask("/api/v1/lineage", line, JSON)[0] == 201
        yield served
    finally:
        end(served)


def ask(served: Served, *arguments: object) -> Any:
    said = trivium(*arguments, "--json", "--url", served.address)
    assert said.returncode == 0, said.stderr
    return msgspec.json.decode(said.stdout)


def test_the_run_rate_is_the_one_worked_by_hand(example: Served) -> None:
    found = ask(example, *FIGURE)
    rate = found["run_rate"]
    assert (found["currency"], found["rule"], found["positive"]) == ("EUR", "equal", "malignant")
    assert (found["build"], found["predictions_to_date"]) == ("120", 10)
    assert (rate["serving"], rate["tokens"], rate["build"], rate["cost"]) == ("24", "4.8", "72", "100.8")
    assert (rate["predictions"], rate["labelled"], rate["labelled_correct"]) == (6, 5, 4)
    assert (rate["coverage"], rate["accuracy"], rate["correct"]) == ("0.833333", "0.8", "4.8")
    assert (rate["accuracy_low"], rate["accuracy_high"]) == ("0.375535", "0.963776")
    assert (rate["value"], rate["low"], rate["high"]) == ("21", "20.307121", "23.037185")
    assert (rate["true_positives"], rate["per_true_positive"]) == ("2.4", "42")
    assert rate["divided"] == "100.8 EUR ÷ 4.8 correct predictions"
    assert (rate["reason"], rate["sentence"], rate["next_line"]) == ("", "", "")


def test_the_lifetime_is_the_one_worked_by_hand(example: Served) -> None:
    rate = ask(example, *FIGURE)["lifetime"]
    assert (rate["cost"], rate["predictions"], rate["labelled"], rate["labelled_correct"]) == ("178.8", 10, 9, 7)
    assert (rate["correct"], rate["value"]) == ("7.777778", "22.988571")


def test_the_document_has_these_numbers(example: Served) -> None:
    text = EXPLAINED.read_text(encoding="utf-8")
    found = ask(example, *FIGURE)
    for form in ("run_rate", "lifetime"):
        for name in ("low", "high", "accuracy_low", "accuracy_high") if form == "run_rate" else ("value",):
            assert found[form][name] in text, name
    assert "**21.00 EUR**" in text


def test_a_version_of_unknown_origin_says_so_and_never_0(example: Served) -> None:
    found = ask(example, "kpi", "cost-per-accurate-prediction", "model:screening/2", "--period", "2026-10")
    rate = found["run_rate"]
    assert (found["build"], rate["value"], rate["cost"], rate["reason"]) == (None, None, None, "origin_unknown")
    assert (rate["serving"], rate["predictions"]) == ("16", 4)
    assert "not 0" in rate["sentence"]


def test_http_and_command_line_answer_the_same(example: Served) -> None:
    query = "version=model%3Ascreening%2F1&period=2026-10"
    assert example.json(f"{API}/kpi/cost-per-accurate-prediction?{query}") == ask(example, *FIGURE)


def test_a_batch_is_received_once_whatever_is_repeated(example: Served) -> None:
    one = {"prediction_id": "b1", "at": "2026-08-01T00:00:00Z", "endpoint": "other", "prediction": 0.25, "error": None}
    body = msgspec.json.encode({"version": "other/1", "predictions": [one]})
    key = {**JSON, "idempotency-key": "batch-1"}
    first = example.ask(f"{API}/predictions", body, key)
    again = example.ask(f"{API}/predictions", body, key)
    assert first[0] == 200, first[2]
    assert again[2] == first[2]
    counted = msgspec.json.decode(first[2])
    assert (counted["received"], counted["counted"][0]["version"]) == (1, "model:other/1")
    without = msgspec.json.decode(example.ask(f"{API}/predictions", body, JSON)[2])
    assert (without["received"], without["repeated"], without["sequence"]) == (0, 1, None)
    other = msgspec.json.encode({"predictions": [{**one, "prediction": 1}]})
    status, _, refused = example.ask(f"{API}/predictions", other, key)
    assert (status, msgspec.json.decode(refused)["code"]) == (409, "key_conflict")
    changed = msgspec.json.decode(example.ask(f"{API}/predictions", other, JSON)[2])
    assert (changed["refused"], changed["problems"][0]["reason"]) == (1, "other_content")


def test_a_late_correction_of_a_label_counts_and_can_be_asked_as_known_before(example: Served) -> None:
    before = example.json(f"{API}/ledger/head")["sequence"]
    body = msgspec.json.encode(
        {"labels": [{"prediction_id": "o5", "label": "malignant", "at": "2026-10-29T00:00:00Z"}]}
    )
    status, _, answer = example.ask(f"{API}/labels", body, JSON)
    assert (status, msgspec.json.decode(answer)["received"]) == (200, 1)
    now = ask(example, *FIGURE)["run_rate"]
    assert (now["accuracy"], now["correct"], now["value"]) == ("1", "6", "16.8")
    then = ask(example, *FIGURE, "--known", before)["run_rate"]
    assert (then["accuracy"], then["value"]) == ("0.8", "21")
    earlier = msgspec.json.encode(
        {"labels": [{"prediction_id": "o5", "label": "benign", "at": "2026-10-28T23:00:00Z"}]}
    )
    assert example.ask(f"{API}/labels", earlier, JSON)[0] == 200
    assert ask(example, *FIGURE)["run_rate"]["value"] == "16.8"


def test_rebuilding_gives_the_same_tables(example: Served) -> None:
    said = trivium("ledger", "rebuild", "--json", "--url", example.address)
    assert said.returncode == 0, said.stdout + said.stderr
