"""Do the pipelines do what they tell, whatever day it is?"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from trivium.demo.months import months_of, through_of
from trivium.demo.pipelines.biopsy_triage import FEATURES, BiopsyTriage, checks_of, partition
from trivium.demo.pipelines.form_digitiser import LABELLED, FormDigitiser
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.statements import Predicted, TrialOf, VersionRegistered, VersionUsed
from trivium.intake.declaration.reader import read_declaration

NOW = parse_instant("2026-03-08T09:00:00Z")


@pytest.fixture(scope="module")
def triage(tmp_path_factory: pytest.TempPathFactory) -> tuple[BiopsyTriage, str]:
    made = BiopsyTriage(tmp_path_factory.mktemp("triage"), NOW)
    return made, [made.month(month) for month in months_of(NOW)][-1]


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> tuple[FormDigitiser, str]:
    made = FormDigitiser(tmp_path_factory.mktemp("forms"), NOW)
    return made, [made.month(month) for month in months_of(NOW)][-1]


def test_everything_happened_before_the_last_midnight(
    triage: tuple[BiopsyTriage, str], forms: tuple[FormDigitiser, str]
) -> None:
    for made, _ in (triage, forms):
        runs = made.reporter.runs
        assert all(months_of(NOW)[0].start <= ran.start < ran.end <= through_of(NOW) for ran in runs)
        assert len({ran.run for ran in runs}) == len(runs)


def test_machines_do_one_thing_at_a_time(triage: tuple[BiopsyTriage, str], forms: tuple[FormDigitiser, str]) -> None:
    runs = [ran for made, _ in (triage, forms) for ran in made.reporter.runs if ran.resource]
    for resource in {ran.resource for ran in runs}:
        spans = sorted((ran.start, ran.end) for ran in runs if ran.resource == resource)
        assert all(first[1] < second[0] for first, second in pairwise(spans))


def test_features_are_refreshed_daily_and_a_lost_node_costs_a_second_run(triage: tuple[BiopsyTriage, str]) -> None:
    runs = [ran for ran in triage[0].reporter.runs if ran.job == "biopsy.features"]
    days = (through_of(NOW) - months_of(NOW)[0].start) // DAY
    assert Counter(ran.failed for ran in runs) == {False: days, True: 9}


def test_the_checks_find_the_laboratory_that_sends_square_centimetres(triage: tuple[BiopsyTriage, str]) -> None:
    made, _ = triage
    failing = [check for check in checks_of(made.bucket.read_parquet(FEATURES).content) if not check.passed]
    assert [(check.name, check.column) for check in failing] == [("range", "mean_area")]
    before = made.bucket.read_csv(partition(through_of(NOW) - 3 * DAY)).content
    assert min(before["mean_area"].to_pylist()) > 100


@pytest.mark.parametrize("product", ["triage", "forms"])
def test_a_version_comes_of_the_trials_of_a_month(product: str, request: pytest.FixtureRequest) -> None:
    made, toml = request.getfixturevalue(product)
    said = read_declaration(toml.encode()).statements
    trials = {one.run for one in said if isinstance(one, TrialOf)}
    versions = [one for one in said if isinstance(one, VersionRegistered)]
    ran = {f"run:{one.run}": one for one in made.reporter.runs}
    assert len(versions) == 4
    assert {ran[run].job for run in trials} == {f"{'biopsy' if product == 'triage' else 'forms'}.train"}
    assert any(ran[run].failed for run in trials)
    for version in versions:
        assert set(version.runs) <= trials
        assert not ran[version.runs[0]].failed
        assert version.at > max(ran[run].end for run in trials if ran[run].end <= version.at)
    served = sorted((one.since, one.until) for one in said if isinstance(one, VersionUsed))
    assert [until for _, until in served] == [*[since for since, _ in served[1:]], 0]
    assert all(one.count > 0 for one in said if isinstance(one, Predicted))


def test_a_month_that_has_just_begun_has_no_version_yet(tmp_path: Path) -> None:
    now = parse_instant("2026-03-02T09:00:00Z")
    made = FormDigitiser(tmp_path, now)
    toml = [made.month(month) for month in months_of(now)][-1]
    versions = [one for one in read_declaration(toml.encode()).statements if isinstance(one, VersionRegistered)]
    assert len(versions) == 3


def test_labels_are_those_of_the_scans(forms: tuple[FormDigitiser, str]) -> None:
    table = forms[0].bucket.read_parquet(LABELLED).content
    assert table.num_rows >= 700
    assert set(table["digit"].to_pylist()) == set(range(10))
