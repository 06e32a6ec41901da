"""Charges are read grouped as coarsely as no answer can tell, and no coarser."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.finops.flows_of import Run, flows_of
from tests.intake.focus.bills import csv_of, row
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.money import add
from trivium.facts.period import parse_period
from trivium.facts.statements import Rule
from trivium.finops.books import Question, keep_books
from trivium.finops.charges import Charge, ends_between, latest_start, read_charges
from trivium.finops.imports import import_focus
from trivium.finops.statement import statement
from trivium.graph.flows import SUCCESS, ResourceUse
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger

OCTOBER = parse_period("2026-10")
END = OCTOBER.end
TAGS = [
    "", '{"team":"a"}', '{"trivium:asset":"endpoint:e"}', '{"trivium:asset":"dataset:lake/raw"}',
    '{"trivium:asset":"model:m/1"}', '{"openlineage.run_id":"r1"}', '{"trivium:asset":"team:b"}',
    '{"trivium:asset":"nonsense"}', '{"trivium:account":"own"}',
]  # fmt: skip
CATEGORIES = ["Usage"] * 6 + ["Tax", "Credit", "Purchase"]


def bill(seed: int, rows: int) -> bytes:
    """A bill of hourly charges, and a few of several days, over two months."""
    dice = random.Random(seed)
    given = []
    for _ in range(rows):
        begin, hours = dice.randrange(60 * 24), dice.choice([1, 1, 1, 1, 5, 100])
        start = OCTOBER.start + begin * 3600 * 1_000_000
        given.append(
            row(
                EffectiveCost=f"{dice.randrange(-(10**6), 10**9)}E-9",
                ChargePeriodStart=stamp(start),
                ChargePeriodEnd=stamp(start + hours * 3600 * 1_000_000),
                ResourceId=dice.choice(["", "vm-1", "vm-2", "vm-3"]),
                ChargeCategory=dice.choice(CATEGORIES),
                Tags=dice.choice(TAGS),
            )
        )
    return csv_of(given)


def stamp(instant: int) -> str:
    from trivium.facts.instants import format_instant

    return format_instant(instant)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("charges")
    ledger = Ledger.open(folder / "home", folds=[Manifest()])
    lake = Lake(folder / "home" / "lake", ledger.reading)
    for seed, name in ((1, "a.csv"), (2, "b.csv"), (3, "a.csv")):
        (folder / name).write_bytes(bill(seed, 400))
        import_focus(folder / name, ledger=ledger, lake=lake)
    yield lake
    lake.close()
    ledger.close()


def flows(**more):
    start = parse_instant("2026-10-03")
    return flows_of([Run("run:r1", start, start + DAY, SUCCESS, job="job:x/a")], **more)


def key(charge: Charge) -> tuple[object, ...]:
    return (*sorted(charge.columns.items(), key=str), charge.in_tokens, charge.since, charge.until)


def sums(charges: list[Charge]) -> dict[tuple[object, ...], tuple[Decimal, Decimal, int]]:
    found: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for charge in charges:
        found[key(charge)].append(charge)
    return {
        name: (add(*(c.amount for c in rows)), add(*(c.billed for c in rows)), sum(c.rows for c in rows))
        for name, rows in found.items()
    }


USED = [ResourceUse("job:x/a", "vm-2", Fraction(1), 1), ResourceUse("run:r1", "vm-2", Fraction(1), 1)]
RULES = {
    "none": [],
    "account": [Rule("r", {"ChargeCategory": "Usage"}, to="shared")],
    "endpoint": [Rule("r", {"ResourceId": "vm-1"}, to="endpoint:e")],
    "dataset": [Rule("r", {"ResourceId": "vm-1"}, to="dataset:lake/raw")],
    "named": [
        Rule("r", {"ResourceName": "first", "RegionId": "eu"}, to="team:z"),
        Rule("s", {"tag:team": "a"}, "team:q"),
    ],
}


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("used", [[], USED])
def test_coarser_groups_give_the_same_statements(lake, rules, used):
    asked = flows()
    object.__setattr__(asked, "rules", RULES[rules])
    object.__setattr__(asked, "resources", used)
    fine = read_charges(lake, "EUR", RULES[rules], before=END + 60 * DAY)
    coarse = read_charges(lake, "EUR", RULES[rules], before=END + 60 * DAY, flows=asked)
    assert sums(coarse) == sums(fine)
    assert (len(coarse) == len(fine)) if rules == "dataset" else (len(coarse) < len(fine))
    if rules == "endpoint":
        assert all(c.start // DAY == (c.end - 1) // DAY or fine.count(c) == 1 for c in coarse)
    books = [
        keep_books(Question("EUR", asked, charges, END + 40 * DAY), parse_period("2026-11"))
        for charges in (fine, coarse)
    ]
    for month in ("2026-10", "2026-11"):
        one, other = (statement(book, parse_period(month)) for book in books)
        assert one == other


def test_only_what_rests_is_summed_over_time(lake):
    asked = flows()
    object.__setattr__(asked, "resources", USED)
    fine = Counter((key(c), c.start, c.end) for c in read_charges(lake, "EUR", [], before=END + 60 * DAY))
    for charge in read_charges(lake, "EUR", [], before=END + 60 * DAY, flows=asked):
        columns = charge.columns
        asset = columns["tag_trivium_asset"] or ""
        passes = columns["tag_openlineage_run_id"] or asset.partition(":")[0] in {"dataset", "model", "nonsense"}
        if passes or columns["ResourceId"] == "vm-2":
            assert fine[key(charge), charge.start, charge.end] == 1
        elif asset.startswith("endpoint:") and charge.rows > 1 and not fine[key(charge), charge.start, charge.end]:
            assert charge.start // DAY == (charge.end - 1) // DAY


def test_a_resource_is_called_as_it_was_first_seen_and_asked_columns_are_read(lake):
    [first, *_] = read_charges(lake, "EUR", RULES["named"], before=END, flows=flows())
    assert {"RegionId", "tag:team"} <= first.columns.keys()
    named = {(c.columns["ResourceId"], c.columns["ResourceName"]) for c in read_charges(lake, "EUR", [], before=END)}
    assert named == {(None, "first"), ("vm-1", "first"), ("vm-2", "first"), ("vm-3", "first")}


def test_nothing_that_begins_later_is_read(lake):
    middle = OCTOBER.start + 10 * DAY
    for asked in (None, flows()):
        charges = read_charges(lake, "EUR", [], before=middle, flows=asked)
        assert max(charge.start for charge in charges) < middle
        [(rows, amount)] = lake.query(
            "SELECT count(*), sum(EffectiveCost) FROM charges_history WHERE epoch_us(ChargePeriodStart) < ?", [middle]
        )
        assert (sum(c.rows for c in charges), add(*(c.amount for c in charges))) == (rows, amount)


def test_a_currency_without_charges_has_none(lake):
    assert read_charges(lake, "USD", [], before=END, flows=flows()) == []
    assert latest_start(lake, "USD") == 0
    assert latest_start(lake, "EUR") == max(c.start for c in read_charges(lake, "EUR", [], before=END + 90 * DAY))


def test_charges_fill_a_time_through_the_last_that_lasts_a_day_at_most(lake):
    [(start, end)] = lake.query("SELECT epoch_us(max(ChargePeriodStart)), epoch_us(max(ChargePeriodEnd)) FROM charges")
    found = ends_between(lake, "EUR", 0, END + 90 * DAY)
    assert (found.start, found.end) == (start, end)
    lasting = "ChargePeriodEnd - ChargePeriodStart <= INTERVAL 1 DAY"
    [(daily,)] = lake.query(f"SELECT epoch_us(max(ChargePeriodEnd)) FROM charges WHERE {lasting}")
    assert (found.daily, daily < end) == (daily, True)
    early = ends_between(lake, "EUR", 0, OCTOBER.start + DAY)
    assert early.start is not None
    assert early.start < OCTOBER.start + DAY
    assert ends_between(lake, "USD", 0, END) == (None, None, None)
