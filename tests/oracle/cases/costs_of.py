"""§4, sentence by sentence, its second half: loaded cost, explain, blast radius."""

from __future__ import annotations

from tests.oracle.cases.figures import Blast, Fraction, costs, explains, sums
from tests.oracle.cases.telling import Section, at, paid, run, used, version
from tests.oracle.history import Check, Close, Owner, Prediction, Worth

costs_of = Section()
case = costs_of.case
JANUARY, CHRISTMAS = "2027-01-01", "12-20"
RAW = run("W", "11-01T08", "11-01T09", 10, writes="raw")

case(
    "4.3a", "on a circle: what comes back to the dataset is not counted again",
    [
        RAW, run("B", "11-02T10", "11-02T11", 5, reads="raw", writes="out"),
        run("C", "11-03T10", "11-03T11", 3, reads="out", writes="raw"),
        run("D", "11-04T10", "11-04T11", 2, reads="raw", writes="out"),
    ],
    costs("dataset:out", direct=7, upstream=13), costs("dataset:raw", direct=13, upstream=5),
)  # fmt: skip
case(
    "4.3b", "over October and November, in either, and in one without any",
    [
        run("W", "10-05T08", "10-05T09", 10, writes="raw"), run("X", "11-05T08", "11-05T09", 4, writes="raw"),
    ],
    costs("dataset:raw", direct=14), costs("dataset:raw", "2026-10", direct=10),
    costs("dataset:raw", "2026-11", direct=4), costs("dataset:raw", "2026-12", direct=0),
    as_of=JANUARY,
)  # fmt: skip
case(
    "4.3c", "a reader of October told late takes nothing from what October's reader made",
    [
        run("W", "10-05T08", "10-05T09", 10, writes="raw"), run("A", "10-06T10", "10-06T11", reads="raw", writes="out"),
        Close("2026-10"), run("L", "10-06T10", "10-06T11", reads="raw"),
    ],
    costs("dataset:out", upstream=10), costs("dataset:out", "2026-10", upstream=10),
)  # fmt: skip
TRAINED = [
    RAW, run("T", "11-05T10", "11-05T11", 40, trial_of="churn", reads={"raw": 300}),
    run("U", "11-05T10", "11-05T11", 5, trial_of="churn", reads={"raw": 100}), version(1, "11-06", "T"),
]  # fmt: skip
case(
    "4.3d", "40 of its own run, 7.50 that this drained, 7.50 of the other trial",
    TRAINED, costs("model:m/1", direct=40, upstream="7.5", trials="7.5", build=55),
)  # fmt: skip
SERVED = [
    *TRAINED, used(1, "endpoint:e"), run("V", "11-05T10", "11-05T11", 1, trial_of="price"),
    version(2, "11-06", "V", experiment="price"), used(2, "endpoint:e"),
    Prediction("model:m/1", "endpoint:e", "2026-11", 3000), Prediction("model:m/2", "endpoint:e", "2026-11", 1000),
    paid("endpoint:e", 10, "11-20", "11-21"), paid("endpoint:e", 6, "11-20", "11-21", in_tokens=True),
]  # fmt: skip
case(
    "4.3e", "3 of 4 predictions: 7.50 of 10, and 4.50 of 6 metered in tokens",
    SERVED, costs("model:m/1", serving="7.5", tokens="4.5", run=12), costs("model:m/2", serving="2.5", tokens="1.5"),
)  # fmt: skip
case("4.3f", "55 built and 12 run", SERVED, costs("model:m/1", build=55, run=12, total=67))
case(
    "4.3g", "90 of the writer, 2 of upkeep and 3 of storage are direct, 10 upstream",
    [
        RAW, run("B", "11-02T10", "11-02T11", 90, reads="raw", writes="out"),
        run("T", "11-03T10", "11-03T11", 2, kind="TEST", reads="out"), paid("dataset:ns/out", 3, "11-01", "11-04"),
    ],
    costs("dataset:out", direct=95, upstream=10),
)  # fmt: skip
case(
    "4.3h", "10 and 15 for two datasets of a bill of 15",
    [RAW, run("B", "11-02T10", "11-02T11", 5, reads="raw", writes="out")],
    costs("dataset:raw", build=10), costs("dataset:out", build=15), sums(15),
)  # fmt: skip
CHAIN = [
    RAW, run("B", "11-02T10", "11-02T11", 5, reads="raw", writes="b"), paid("dataset:ns/b", 1, "11-01", "11-02"),
    run("C", "11-03T10", "11-03T11", 4, reads="b", writes="c"),
]  # fmt: skip
case(
    "4.4a", "20 of c are C's 4 and 16 of b, which are 1 of storage, B's 5 and 10 of raw",
    CHAIN,
    explains("dataset:c", {
        "dataset:c": 20, "dataset:c < run:C": 20, "dataset:c < run:C charges": 4, "dataset:c < run:C < dataset:b": 16,
        "dataset:c < run:C < dataset:b charges": 1, "dataset:c < run:C < dataset:b < run:B": 15,
        "dataset:c < run:C < dataset:b < run:B charges": 5, "dataset:c < run:C < dataset:b < run:B < dataset:raw": 10,
        "dataset:c < run:C < dataset:b < run:B < dataset:raw < run:W": 10,
        "dataset:c < run:C < dataset:b < run:B < dataset:raw < run:W charges": 10,
    }, depth=6),
)  # fmt: skip
case(
    "4.4b", "two assets deep, and four unless asked",
    CHAIN,
    explains("dataset:c", {
        "dataset:c": 20, "dataset:c < run:C": 20, "dataset:c < run:C charges": 4, "dataset:c < run:C < dataset:b": 16,
        "dataset:c < run:C < dataset:b charges": 1, "dataset:c < run:C < dataset:b < …": 15,
    }, depth=2),
    explains("dataset:c", {
        "dataset:c": 20, "dataset:c < run:C": 20, "dataset:c < run:C charges": 4, "dataset:c < run:C < dataset:b": 16,
        "dataset:c < run:C < dataset:b charges": 1, "dataset:c < run:C < dataset:b < run:B": 15,
        "dataset:c < run:C < dataset:b < run:B charges": 5, "dataset:c < run:C < dataset:b < run:B < dataset:raw": 10,
        "dataset:c < run:C < dataset:b < run:B < dataset:raw < …": 10,
    }),
)  # fmt: skip
HEALTHY = Check("dataset:ns/raw", at("11-03"), True)
SPREAD = [
    run("W", "11-01T08", "11-01T09", 10, job="w", writes="raw"), Check("dataset:ns/raw", at("11-02"), True),
    run("B", "11-02T10", "11-02T11", 5, job="z", reads="raw", writes="out"),
    run("N", "11-02T10", "11-02T11", 5, job="n", reads="raw", writes="fine"),
    Check("dataset:ns/raw", at("11-04"), False),
    run("C", "11-05T10", "11-05T11", 7, job="z", reads="raw", writes="out"),
    run("T", "11-06T10", "11-06T11", 9, job="t", reads="out", trial_of="churn"), version(1, "11-07", "T"),
    used(1, "endpoint:e", "11-08"), Owner("endpoint:e", "product:shop"), Worth("product:shop", Fraction(120)),
    paid("endpoint:e", 80, "11-08", "12-18"), paid("endpoint:e", 10, "12-08", "12-18", in_tokens=True),
]  # fmt: skip
REACHED = "dataset:ns/out endpoint:e job:ns/t job:ns/z model:m/1 product:shop"
case(
    "4.5a", "bad since its last passing check", [*SPREAD, HEALTHY],
    Blast({"since": Fraction(at("11-03")), "assets": REACHED}, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.5b", "no check ever passed: everything after it, and no sum",
    [each for each in SPREAD if not isinstance(each, Check)],
    Blast({
        "since": None, "spent": None, "assets": f"dataset:ns/fine {REACHED}".replace("job:ns/t", "job:ns/n job:ns/t"),
    }, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.5c", "what read it before is not reached", [*SPREAD, HEALTHY],
    Blast({"assets": REACHED}, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.5d", "the 7 and 9 of the reached runs, not what they drained", [*SPREAD, HEALTHY],
    Blast({"spent": Fraction(16)}, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.5e", "over the last 28 days with charges 2 a day, 10 of them in tokens; 120 a day of the product",
    [*SPREAD, HEALTHY],
    Blast({"serving": Fraction(2), "tokens": Fraction(10, 28), "value": Fraction(120)}, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.5f", "first z at the mean of 5 and 7, then t, which reads what it writes", [*SPREAD, HEALTHY],
    Blast({"repair": "job:ns/z, job:ns/t", "job:ns/z": Fraction(6), "job:ns/t": Fraction(9)}, "dataset:ns/raw"),
    as_of=CHRISTMAS,
)  # fmt: skip
