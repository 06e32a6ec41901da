"""§3, sentence by sentence, its second half: experiments, versions, and who uses them."""

from __future__ import annotations

from tests.oracle.cases.figures import carried, costs, stands, sums
from tests.oracle.cases.telling import Section, paid, run, used, version
from tests.oracle.history import Owner, Prediction

models = Section()
case = models.case
JANUARY = "2027-01-01"


def trial(name: str, day: int, cost: int, experiment: str = "churn") -> list:
    """Return a trial of an hour at ten o'clock of a day of November."""
    return run(name, f"11-{day:02d}T10", f"11-{day:02d}T11", cost, trial_of=experiment)


def predicted(number: int, consumer: str, count: int) -> Prediction:
    """Return how often a consumer asked version `number` in November."""
    return Prediction(f"model:m/{number}", consumer, "2026-11", count)


case(
    "3.5a", "trials stay in their experiment, over the end of the month",
    [trial("T", 5, 5), trial("U", 6, 3)],
    stands({"experiment:churn": carried(8)}), stands({"experiment:churn": carried(8)}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.5b", "it drains the trials that ended before it took effect: registered later, told later, ended later",
    [
        trial("T", 5, 40, "a"), trial("U", 10, 2, "a"), version(1, "11-20", "T", experiment="a"),
        trial("V", 5, 30, "b"), trial("W", 10, 3, "b"), version(2, "11-06", "V", experiment="b", recorded="11-20"),
        trial("X", 5, 20, "c"), trial("Y", 4, 4, "c"), version(3, "11-01", "X", experiment="c"),
    ],
    stands({"model:m/1": carried(42), "model:m/2": carried(30), "experiment:b": carried(3), "model:m/3": carried(24)}),
)  # fmt: skip
case(
    "3.5c", "its own run's 40, the earlier trial's 10, not the later one's 7",
    [trial("T", 5, 40), trial("U", 5, 10), version(1, "11-06", "T"), trial("V", 7, 7)],
    stands({"model:m/1": carried(50), "experiment:churn": carried(7)}),
    costs("model:m/1", direct=40, trials=10, build=50),
)  # fmt: skip
case(
    "3.5d", "two versions of one run in November have half each",
    [trial("T", 5, 40), version(1, "11-06", "T"), version(2, "11-20", "T")],
    stands({"model:m/1": carried(20), "model:m/2": carried(20)}),
)  # fmt: skip
case(
    "3.5e", "a version of December, and a copy, have nothing",
    [
        trial("T", 5, 40), version(1, "11-06", "T"), version(2, "12-06", "T"),
        version(3, "11-07", "T", copy_of="model:m/1"),
    ],
    stands({"model:m/1": carried(40)}), stands({"model:m/1": carried(40)}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.5f", "what a version without a run cost is unknown, not 0",
    [trial("T", 5, 40), version(1, "11-06", experiment=None), version(2, "11-06", "nobody", experiment=None)],
    stands({"experiment:churn": carried(40)}),
    costs("model:m/1", build=None, total=None), costs("model:m/2", build=None, total=None),
)  # fmt: skip
case(
    "3.5g", "a prompt takes nothing from the run it names",
    [trial("T", 5, 40), version(1, "11-06", "T", prompt=True)],
    stands({"experiment:churn": carried(40)}),
)  # fmt: skip
SERVED = [
    trial("T", 5, 100), version(1, "11-06", "T"), used(1, "endpoint:e"), used(1, "job:ns/score"),
]  # fmt: skip
case(
    "3.6a", "an endpoint's 3000 predictions and a job's 1000",
    [*SERVED, predicted(1, "endpoint:e", 3000), predicted(1, "job:ns/score", 1000)],
    stands({"endpoint:e": 75, "job:score": 25}), sums(0, month="2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.6b", "of one consumer no number is known: halves",
    [*SERVED, predicted(1, "endpoint:e", 3000)], stands({"endpoint:e": 50, "job:score": 50}),
)  # fmt: skip
case(
    "3.6c", "what the job drained rests at it, whatever it writes",
    [*SERVED, run("S", "11-20T10", "11-20T11", 1, job="score", writes="scores")],
    stands({"endpoint:e": 50, "job:score": 50, "dataset:scores": carried(1)}),
)  # fmt: skip
case(
    "3.6d", "an endpoint's 100 drained and 5 of its own rest there",
    [*SERVED[:-1], paid("endpoint:e", 5, "11-20", "11-21")], stands({"endpoint:e": 105}),
)  # fmt: skip
case(
    "3.6e", "two teams own the endpoint, one product",
    [
        *SERVED[:-1], paid("endpoint:e", 5, "11-20", "11-21"), Owner("endpoint:e", "team:red"),
        Owner("endpoint:e", "team:blue"), Owner("endpoint:e", "product:shop"),
    ],
    stands({"team:red": "52.5", "team:blue": "52.5"}, by="team"), stands({"product:shop": 105}, by="product"),
)  # fmt: skip
case(
    "3.6f", "nobody uses it in November, an endpoint in December",
    [trial("T", 5, 100), version(1, "11-06", "T"), used(1, "endpoint:e", "12-10")],
    stands({"model:m/1": carried(100)}), stands({"endpoint:e": 100}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.6g", "what an endpoint drained is upstream, what it was charged is its own",
    [*SERVED[:-1], paid("endpoint:e", 5, "11-20", "11-21")], costs("endpoint:e", direct=5, upstream=100),
)  # fmt: skip
