"""Do the pipelines do what they tell, whatever day it is?"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from trivium.demo.months import months_of, through_of
from trivium.demo.pipelines.biopsy_triage import FEATURES, WRONG_DAYS, BiopsyTriage, checks_of, partition
from trivium.demo.pipelines.chats import EMBEDDING, LARGE, PILOT, PROVIDERS, SMALL, chats_of
from trivium.demo.pipelines.form_digitiser import LABELLED, FormDigitiser
from trivium.demo.pipelines.patient_assistant import PILOT_DAYS, PatientAssistant
from trivium.demo.skus import TOKENS
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.statements import VersionUsed
from trivium.intake.declaration.reader import read_declaration

NOW = parse_instant("2026-03-08T09:00:00Z")
Product = BiopsyTriage | FormDigitiser | PatientAssistant
MADE = {"triage": BiopsyTriage, "forms": FormDigitiser, "assistant": PatientAssistant}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Product, str]]:
    """Run all months of each product, which nobody is told of, and give its last declaration."""
    made = {name: make(tmp_path_factory.mktemp(name), NOW) for name, make in MADE.items()}
    return {name: (one, [one.month(month) for month in months_of(NOW)][-1]) for name, one in made.items()}


@pytest.fixture(scope="module")
def triage(products: dict[str, tuple[Product, str]]) -> BiopsyTriage:
    made, _ = products["triage"]
    assert isinstance(made, BiopsyTriage)
    return made


@pytest.fixture(scope="module")
def assistant(products: dict[str, tuple[Product, str]]) -> PatientAssistant:
    made, _ = products["assistant"]
    assert isinstance(made, PatientAssistant)
    return made


def test_everything_happened_before_the_last_midnight(products: dict[str, tuple[Product, str]]) -> None:
    for made, _ in products.values():
        runs = made.reporter.runs
        assert all(months_of(NOW)[0].start <= ran.start < ran.end <= through_of(NOW) for ran in runs)
        assert len({ran.run for ran in runs}) == len(runs)


def test_machines_do_one_thing_at_a_time(products: dict[str, tuple[Product, str]]) -> None:
    runs = [ran for made, _ in products.values() for ran in made.reporter.runs if ran.resource]
    for resource in {ran.resource for ran in runs}:
        spans = sorted((ran.start, ran.end) for ran in runs if ran.resource == resource)
        assert all(first[1] < second[0] for first, second in pairwise(spans))


def test_features_are_refreshed_daily_and_a_lost_node_costs_a_second_run(triage: BiopsyTriage) -> None:
    runs = [ran for ran in triage.reporter.runs if ran.job == "biopsy.features"]
    days = (through_of(NOW) - months_of(NOW)[0].start) // DAY
    assert Counter(ran.failed for ran in runs) == {False: days, True: 9}


def test_the_checks_find_the_laboratory_that_sends_square_centimetres(triage: BiopsyTriage) -> None:
    failing = [check for check in checks_of(triage.bucket.read_parquet(FEATURES).content) if not check.passed]
    assert [(check.name, check.column) for check in failing] == [("range", "mean_area")]
    before = triage.bucket.read_csv(partition(through_of(NOW) - (WRONG_DAYS + 1) * DAY)).content
    assert min(before["mean_area"].to_pylist()) > 100


@pytest.mark.parametrize(("product", "versions"), [("triage", 4), ("forms", 4), ("assistant", 2)])
def test_each_version_serves_until_the_next_one(
    product: str, versions: int, products: dict[str, tuple[Product, str]]
) -> None:
    made, toml = products[product]
    used = [one for one in read_declaration(toml.encode()).statements if isinstance(one, VersionUsed)]
    served = sorted((one.since, one.until) for one in used)
    assert len(served) == versions
    assert [until for _, until in served] == [*[since for since, _ in served[1:]], 0]
    trained = [ran for ran in made.reporter.runs if ran.job.endswith((".train", ".evaluate"))]
    assert any(ran.failed for ran in trained)
    assert all(any(ran.end <= since for ran in trained if not ran.failed) for since, _ in served)


def test_a_month_that_has_just_begun_has_no_version_yet(tmp_path: Path) -> None:
    now = parse_instant("2026-03-02T09:00:00Z")
    made = FormDigitiser(tmp_path, now)
    toml = [made.month(month) for month in months_of(now)][-1]
    used = [one for one in read_declaration(toml.encode()).statements if isinstance(one, VersionUsed)]
    assert len(used) == 3


def test_labels_are_those_of_the_scans(products: dict[str, tuple[Product, str]]) -> None:
    made, _ = products["forms"]
    table = made.bucket.read_parquet(LABELLED).content
    assert table.num_rows >= 700
    assert set(table["digit"].to_pylist()) == set(range(10))


def test_chats_follow_each_other_and_the_second_version_spares_the_large_model() -> None:
    day = parse_instant("2026-02-11T00:00:00Z")
    first, second = (list(chats_of(day, 3, version, pilot=False)) for version in (1, 2))
    assert [chat.start for chat in first] == sorted(chat.start for chat in first)
    assert {chat.calls[-1].model for chat in first} == {LARGE}
    assert {chat.calls[-1].model for chat in second} == {LARGE, SMALL}
    assert any(call.cached for chat in second for call in chat.calls)
    for chat in (*first, *second):
        assert all(chat.start < call.start < call.end < chat.end and call.cached <= call.given for call in chat.calls)
        assert (chat.said == 0) or (chat.said > chat.end and not chat.fault)


def test_a_model_whose_price_nobody_lists_answers_on_the_last_days_only(assistant: PatientAssistant) -> None:
    metered = assistant.metered()
    piloted = {one.day for one in metered if one.sku.startswith(PILOT)}
    assert piloted == set(range(through_of(NOW) - PILOT_DAYS * DAY, through_of(NOW), DAY))
    assert {one.sku for one in metered} <= set(TOKENS)
    assert {model for model in PROVIDERS if any(one.sku.startswith(model) for one in metered)} == {
        LARGE, SMALL, EMBEDDING, PILOT,
    }  # fmt: skip
    assert assistant.metered() == []


def test_what_a_model_learnt_is_kept_as_plain_arrays(triage: BiopsyTriage) -> None:
    for version in triage.versions:
        assert version.learnt.accuracy > 0.8
        arrays = version.learnt.arrays()
        assert len(arrays) > 3
        assert all(array.dtype.kind in "biuf" and isinstance(array, np.ndarray) for array in arrays.values())
