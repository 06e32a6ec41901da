"""Beside what rests at a job or a model stands what its runs took and what its versions cost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.finops.test_books import DECEMBER, NOVEMBER, question
from tests.finops.test_inflows import random_books
from trivium.facts.money import add
from trivium.finops.arrivals import arrivals
from trivium.finops.beside import VersionTotal, runs_took, version_totals
from trivium.finops.books import keep_books
from trivium.finops.inflows import Inflows
from trivium.finops.loaded import loaded


def worked() -> Inflows:
    return Inflows(keep_books(question("11-08"), NOVEMBER))


def test_what_the_runs_of_a_job_took_is_their_charges_and_what_they_drained() -> None:
    assert runs_took(worked(), "job:x/b") == Decimal(280)
    assert loaded(worked().books, "job:x/b").total == 0
    assert runs_took(worked(), "job:x/b", DECEMBER) == 0
    assert runs_took(worked(), "dataset:lake/raw") is None


def test_a_model_lists_its_versions_with_their_totals() -> None:
    assert version_totals(worked(), "model:m") == (VersionTotal("model:m/1", Decimal("238.666666667")),)
    assert version_totals(worked(), "model:m", DECEMBER) == (VersionTotal("model:m/1", Decimal(0)),)
    assert version_totals(worked(), "model:m/1") == version_totals(worked(), "dataset:lake/raw") == ()


def test_the_total_of_a_version_holds_its_serving_and_a_model_lists_no_namesake() -> None:
    found = {}
    for seed in range(40):
        books = random_books(seed)
        inflows = Inflows(books)
        for one in version_totals(inflows, "model:m"):
            alone = loaded(books, one.asset)
            assert one.total == alone.total
            found[bool(alone.serving), bool(alone.build)] = one.asset
        assert [one.asset for one in version_totals(inflows, "model:m2")] == ["model:m2/1"]
    assert (True, True) in found
    assert all(name.startswith("model:m/") for name in found.values())


@pytest.mark.parametrize("seed", range(12))
def test_a_version_in_the_list_costs_what_it_costs_alone(seed: int) -> None:
    inflows = Inflows(random_books(seed))
    for one in version_totals(inflows, "model:m"):
        assert one.total == loaded(inflows.books, one.asset).total


@pytest.mark.parametrize("seed", range(12))
def test_the_runs_of_a_job_took_what_arrives_at_them_with_their_outflow_removed(seed: int) -> None:
    books = random_books(seed)
    for number, job in enumerate(books.flows.jobs):
        runs = [
            key for key, of in zip(books.flows.runs.keys, books.flows.runs.job.tolist(), strict=True) if of == number
        ]
        arrived = []
        for arrival in arrivals(books, runs):
            units = int(arrival.poured.own[arrival.mine].sum() + arrival.poured.amount[arrival.edges].sum())
            arrived.append(arrival.book.money(units + sum(arrival.opened.values())))
        assert runs_took(Inflows(books), job) == add(*arrived)
