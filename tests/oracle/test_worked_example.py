"""§6: the worked example, to the last digit, at both dates, then closed and unmoved."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle.history import HOUR, Charge, Close, Delivery, History, Read, RunDetail, RunEvent, Version, Write
from tests.oracle.months import instant
from tests.oracle.oracle import loaded, pours, statement

ON_6TH = instant("2026-11-06T12:00")
ON_8TH = instant("2026-11-08")


def run(key: str, day: int, cost: str, job: str | None, **more: str) -> list[Delivery]:
    """Return a run of an hour at ten o'clock, with its charge."""
    start = instant(f"2026-11-{day:02d}T10:00")
    end = start + HOUR
    charge = Charge(f"charge-{key}", Fraction(cost), start, end, tags=(("trivium:asset", key),))
    return [RunDetail(key, job=job, **more), RunEvent(key, start, "START"), RunEvent(key, end, "COMPLETE"), charge]


def example() -> History:
    """Return the facts of the worked example."""
    raw, features = "dataset:raw", "dataset:features"
    deliveries = [*run("run:A", 1, "10", "job:A"), Write("run:A", raw)]
    for key, day in (("run:B1", 2), ("run:B2", 3), ("run:B3", 7)):
        deliveries += [*run(key, day, "90", "job:B"), Read(key, raw), Write(key, features)]
    deliveries += [*run("run:tests", 4, "2", "job:tests", job_type="TEST"), Read("run:tests", features)]
    for key, cost, size in (("run:T1", "40", 300), ("run:T2", "10", 100)):
        deliveries += [*run(key, 5, cost, None, experiment="churn"), Read(key, features, bytes=size * 10**6)]
    deliveries.append(Version("model:m/1", instant("2026-11-06"), runs=("run:T1",), experiment="churn"))
    untagged = Charge("untagged", Fraction("7.01"), instant("2026-11-01"), instant("2026-11-02"))
    return History((*deliveries, untagged))


def moved(as_of: int, source: str, target: str) -> Fraction:
    """Return what was poured from one key to another."""
    return sum((p.amount for p in pours(example(), as_of) if (p.source, p.target) == (source, target)), Fraction(0))


def test_as_of_the_6th() -> None:
    """As of the 6th: version 1 holds 242.00, `unallocated` 7.01, the bill is 249.01."""
    found = statement(example(), "2026-11", as_of=ON_6TH)
    assert found.total == Fraction("249.01")
    assert found.lines == {
        "model:m/1": (Fraction(242), Fraction(242)),
        "unallocated": (Fraction("7.01"), Fraction(0)),
    }


def test_pours_of_the_6th() -> None:
    """Every row of the table."""
    assert moved(ON_6TH, "run:A", "dataset:raw") == 10
    assert moved(ON_6TH, "dataset:raw", "run:B1") == moved(ON_6TH, "dataset:raw", "run:B2") == 5
    assert moved(ON_6TH, "run:B1", "dataset:features") == moved(ON_6TH, "run:B2", "dataset:features") == 95
    assert moved(ON_6TH, "run:tests", "dataset:features") == 2
    assert moved(ON_6TH, "dataset:features", "run:T1") == 144
    assert moved(ON_6TH, "dataset:features", "run:T2") == 48


def test_version_1() -> None:
    """Version 1: direct 40.00, upstream 144.00, trials 58.00, together 242.00."""
    found = loaded(example(), "model:m/1", as_of=ON_6TH)
    assert (found.direct, found.upstream, found.trials) == (40, 144, 58)
    assert found.build == found.total == 242
    assert found.run == 0


def test_as_of_the_8th() -> None:
    """As of the 8th the third run of B shares `raw`: 3.333… each."""
    found = statement(example(), "2026-11", as_of=ON_8TH)
    third = Fraction(10, 3)
    assert moved(ON_8TH, "dataset:raw", "run:B3") == third
    assert found.total == Fraction("339.01")
    assert found.lines == {
        "model:m/1": (242 - third, 242 - third),
        "dataset:features": (90 + third, 90 + third),
        "unallocated": (Fraction("7.01"), Fraction(0)),
    }


def test_closed_and_unmoved() -> None:
    """When November is closed, it is final: a run recorded later shares nothing of it."""
    closed = example().then(Close("2026-11"))
    before = statement(closed, "2026-11", as_of=instant("2026-12-05"))
    late = [*run("run:B4", 8, "90", "job:B"), Read("run:B4", "dataset:raw"), Write("run:B4", "dataset:features")]
    after = closed.then(*late)
    assert statement(after, "2026-11", as_of=instant("2026-12-05")) == before
    december = statement(after, "2026-12", as_of=instant("2026-12-05"))
    assert december.total == 90
    assert december.late == {"2026-11": Fraction(90)}
    assert december.brought_forward == 332
    features = 90 + Fraction(10, 3) + 90
    assert december.lines["dataset:features"] == (features, features)
    assert statement(example(), "2026-11", as_of=instant("2026-12-05")) == before
