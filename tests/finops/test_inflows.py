"""What poured into many assets at once is what each is told alone, on random networks with and without circles."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import numpy as np
import pytest

from tests.finops.flows_of import Run, Version, flows_of
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.money import add
from trivium.facts.period import parse_period
from trivium.finops import inflows as subject
from trivium.finops.arrivals import arrivals
from trivium.finops.books import Books, Question, keep_books
from trivium.finops.charges import Charge
from trivium.finops.inflows import Inflows
from trivium.finops.loaded import loaded
from trivium.graph.flows import FAILED, SUCCESS

HOUR = DAY // 24
BEGIN = parse_instant("2026-09-03")


def random_books(seed: int) -> Books:
    """Make three months of runs that read and write a few datasets in any direction, so that many lie on circles."""
    dice = Random(seed)
    datasets = [f"dataset:ns/d{number}" for number in range(dice.randint(2, 6))]
    runs, charges = [], []
    for number in range(dice.randint(4, 30)):
        start = BEGIN + dice.randrange(80 * DAY)
        picked = dice.sample(datasets, dice.randint(1, len(datasets)))
        cut = dice.randint(0, len(picked))
        end, outcome = start + dice.choice([0, HOUR, 30 * HOUR]), dice.choice([SUCCESS] * 4 + [FAILED])
        runs.append(Run(
            f"run:r{number:02}", start, end, outcome,
            job=f"job:ns/j{dice.randrange(4)}", experiment=dice.choice(["", "", "experiment:e"]),
            reads={key: (dice.randint(1, 9), -1) for key in picked[:cut]},
            writes={key: (dice.randint(1, 9), -1) for key in picked[cut:]},
        ))  # fmt: skip
        charges.append(_charge(f"r{number:02}", dice, start))
    charges += [_charge("", dice, BEGIN + dice.randrange(80 * DAY)) for _ in range(3)]
    made = dice.sample(runs, 2)
    versions = [
        Version(name, run.start + 2 * DAY, [run.key], "experiment:e")
        for name, run in zip(("model:m/0", "model:m/1", "model:m2/1"), [*made, made[0]], strict=True)
    ]
    uses = [(dice.choice(versions).key, by, 0, 2**62) for by in ("endpoint:x", "job:ns/j0")]
    serving = _charge("", dice, BEGIN + dice.randrange(80 * DAY))
    charges.append(
        msgspec.structs.replace(serving, columns={"ChargeCategory": "Usage", "tag_trivium_asset": "endpoint:x"})
    )
    lives = {key: 40 for key in datasets if dice.random() < 0.2}
    flows = flows_of(runs, versions, uses, lives=lives)
    return keep_books(Question("USD", flows, charges, BEGIN + 85 * DAY), parse_period("2026-11"))


def _charge(run: str, dice: Random, start: int) -> Charge:
    amount = Decimal(dice.randint(-200, 2_000_000)).scaleb(-dice.choice([2, 5]))
    columns = {"ChargeCategory": "Usage", "tag_openlineage_run_id": run or None}
    return Charge(columns, start, start + dice.choice([HOUR, 40 * DAY]), amount, amount, False, 1, 0, 1)


def assets_of(books: Books) -> list[str]:
    flows = books.flows
    others = [*flows.datasets, *flows.experiments, *flows.versions.keys, *flows.consumers, *flows.runs.keys[:5]]
    return [key for key in others if not key.startswith("job:")]


@pytest.mark.parametrize("seed", range(60))
def test_many_at_once_are_what_each_is_alone(seed: int) -> None:
    books = random_books(seed)
    assets = assets_of(books)
    found = Inflows(books).months(assets)
    for asset in assets:
        for month, arrival in zip(found[asset], arrivals(books, [asset]), strict=True):
            assert month.month == arrival.book.month
            poured = arrival.poured
            assert month.own == arrival.book.money(int(poured.own[arrival.mine].sum()))
            opened = sum(arrival.opened.values())
            assert month.poured == arrival.book.money(int(poured.amount[arrival.edges].sum()) + opened)
        assert add(*(month.amount for month in found[asset])) == loaded(books, asset).build


def test_circles_are_among_the_random_networks_and_matter() -> None:
    circles, wrong = 0, 0
    for seed in range(60):
        books = random_books(seed)
        inflows = Inflows(books)
        assets = sorted(set(assets_of(books)))
        group = inflows._grouped(assets)
        found = inflows._circles(group, len(assets))
        circles += len(found)
        for place in found:
            plain = sum(
                int(part[place])
                for book, nodes in zip(books.months, inflows._nodes, strict=True)
                for part in subject._sums(book, group[nodes], len(assets))
            )
            wrong += books.months[0].money(plain) != loaded(books, assets[place]).build
    assert circles > 20
    assert wrong > 5


def test_more_assets_than_one_search_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    books = random_books(7)
    whole = Inflows(books).months(assets_of(books))
    monkeypatch.setattr(subject, "AT_ONCE", 2)
    assert Inflows(books).months(assets_of(books)) == whole


def test_the_compiled_search_finds_the_same_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    books = random_books(3)
    assets = sorted(set(assets_of(books)))
    inflows = Inflows(books)
    plain = inflows._circles(inflows._grouped(assets), len(assets))
    monkeypatch.setattr(subject, "COMPILED_FROM", 0)
    assert inflows._circles(inflows._grouped(assets), len(assets)) == plain


def test_a_job_stands_for_its_runs() -> None:
    books = random_books(11)
    job = books.flows.jobs[0]
    runs = [books.flows.runs.keys[run] for run in np.flatnonzero(books.flows.runs.job == 0).tolist()]
    for month, arrival in zip(Inflows(books).months([job])[job], arrivals(books, [job, *runs]), strict=True):
        assert month.own == arrival.book.money(int(arrival.poured.own[arrival.mine].sum()))
        opened = sum(arrival.opened.values())
        assert month.poured == arrival.book.money(int(arrival.poured.amount[arrival.edges].sum()) + opened)


def test_what_flows_between_assets_is_the_sum_of_their_edges() -> None:
    flows = flows_of(
        [
            Run("run:a", BEGIN, BEGIN + HOUR, SUCCESS, "job:ns/a", writes={"dataset:ns/raw": (-1, -1)}),
            Run("run:b", BEGIN + DAY, BEGIN + DAY + HOUR, SUCCESS, "job:ns/b", reads={"dataset:ns/raw": (-1, -1)},
                writes={"dataset:ns/out": (-1, -1)}),
        ]
    )  # fmt: skip
    charges = [
        Charge({"ChargeCategory": "Usage", "tag_openlineage_run_id": run}, BEGIN, BEGIN + HOUR, amount, amount, False,
               1, 0, 1)
        for run, amount in (("a", Decimal(10)), ("b", Decimal(5)))
    ]  # fmt: skip
    books = keep_books(Question("USD", flows, charges, BEGIN + 9 * DAY), parse_period("2026-09"))
    thread = ["job:ns/a", "dataset:ns/raw", "job:ns/b", "dataset:ns/out"]
    assert Inflows(books).between(thread) == {
        ("job:ns/a", "dataset:ns/raw"): Decimal(10),
        ("dataset:ns/raw", "job:ns/b"): Decimal(10),
        ("job:ns/b", "dataset:ns/out"): Decimal(15),
    }
    assert Inflows(books).built(thread) == dict(zip(thread, map(Decimal, (10, 10, 15, 15)), strict=True))


def test_the_charges_of_an_asset_are_its_own_part_and_their_days_sum_to_it() -> None:
    for seed in range(10):
        books = random_books(seed)
        inflows = Inflows(books)
        run = books.flows.runs.keys[0]
        charged = inflows.charged([run])
        assert add(*(one.amount for one in charged)) == add(*(one.own for one in inflows.months([run])[run]))
        for one in charged:
            days = one.by_day()
            assert sum(days.values()) == one.units
            assert all(day % DAY == 0 and one.charge.start - DAY < day < one.charge.end for day in days)
