"""§2, sentence by sentence: what counts as a run, a read, a write."""

from __future__ import annotations

from tests.oracle.cases.figures import carried, stands
from tests.oracle.cases.telling import Section, at, charge, paid, run, used, user, version
from tests.oracle.history import Joined, RunEvent

runs = Section()
case = runs.case
RAW = run("W", "11-01T08", "11-01T09", 10, writes="raw")

case(
    "2.1a", "a run that names datasets keeps its flows and its cost, whatever its parent names",
    [run("P", "11-05T10", "11-05T12", 5, writes="out"), run("C", "11-05T10", "11-05T11", 10, writes="raw", parent="P")],
    stands({"dataset:raw": carried(10), "dataset:out": carried(5)}),
)  # fmt: skip
case(
    "2.1b", "an SQL step folds into the model's run above it; a run that leads to a version does not",
    [
        run("G", "11-05T09", "11-05T13", 1, writes="far"),
        run("M", "11-05T10", "11-05T12", 6, writes="out", parent="G"),
        run("S", "11-05T10", "11-05T11", 4, parent="M"), run("V", "11-05T10", "11-05T11", 3, parent="M"),
        version(1, "11-06", "V", experiment=None),
    ],
    stands({"dataset:far": carried(1), "dataset:out": carried(10), "model:m/1": carried(3)}),
)  # fmt: skip
case(
    "2.1c", "a DAG's 30 go to an hour and two hours below it",
    [
        run("D", "11-05T10", "11-05T13", 30), run("A", "11-05T10", "11-05T11", writes="a", parent="D"),
        run("B", "11-05T11", "11-05T13", writes="b", parent="D"),
    ],
    stands({"dataset:a": carried(10), "dataset:b": carried(20)}),
)  # fmt: skip
case(
    "2.1d", "children that took no time share equally",
    [
        run("D", "11-05T10", "11-05T13", 30), run("A", "11-05T11", "11-05T11", writes="a", parent="D"),
        run("B", "11-05T12", "11-05T12", writes="b", parent="D"),
    ],
    stands({"dataset:a": carried(15), "dataset:b": carried(15)}),
)  # fmt: skip
case(
    "2.1e", "a nested trial stays a trial though its parent names datasets",
    [
        run("M", "11-05T10", "11-05T12", 7, writes="out"),
        run("T", "11-05T10", "11-05T11", 5, trial_of="churn", parent="M"),
    ],
    stands({"dataset:out": carried(7), "experiment:churn": carried(5)}),
)  # fmt: skip
SEEN_TWICE = Joined("run:ol", "run:ml")
case(
    "2.2a", "a job's run and a tracker's run are one: its charges meet",
    [
        run("ol", "11-05T10", "11-05T11", 3, job="train"), run("ml", "11-05T10", "11-05T11", 4, trial_of="churn"),
        SEEN_TWICE,
    ],
    stands({"experiment:churn": carried(7)}),
)  # fmt: skip
case(
    "2.2b", "one tracker saw the read, the other the write",
    [
        RAW, run("ol", "11-05T10", "11-05T11", 3, reads="raw"), run("ml", "11-05T10", "11-05T11", writes="out"),
        SEEN_TWICE,
    ],
    stands({"dataset:out": carried(13)}),
)  # fmt: skip
case(
    "2.2c", "a read that is told twice is one",
    [
        RAW, run("A", "11-05T10", "11-05T11", reads={"raw": 100}), run("A", "11-05T10", reads={"raw": 100}),
        run("B", "11-05T10", "11-05T11", reads={"raw": 100}),
    ],
    stands({"run:A": 5, "run:B": 5}),
)  # fmt: skip
case(
    "2.2d", "of 100 and 300 bytes told of one read, 300 count",
    [
        RAW, run("A", "11-05T10", "11-05T11", reads={"raw": 100}), run("A", "11-05T10", reads={"raw": 300}),
        run("B", "11-05T10", "11-05T11", reads={"raw": 100}),
    ],
    stands({"run:A": "7.5", "run:B": "2.5"}),
)  # fmt: skip
case(
    "2.3a", "a test shares no pour with a reader of its stretch",
    [RAW, run("R", "11-02T10", "11-02T11", reads="raw"), run("T", "11-03T10", "11-03T11", 2, kind="TEST", reads="raw")],
    stands({"run:R": 10, "dataset:raw": carried(2)}),
)  # fmt: skip
case(
    "2.3b", "a run that only checks is upkeep; one that checks what it reads and writes is not",
    [
        RAW, run("T", "11-03T10", "11-03T11", 2, checks=True, reads="raw"),
        run("C", "11-04T10", "11-04T11", 1, checks=True, reads="raw", writes="clean"),
    ],
    stands({"dataset:clean": carried(13)}),
)  # fmt: skip
case(
    "2.3c",
    "a test that looked at two datasets of different size pours into both alike, whatever it found",
    [run("T", "11-03T10", "11-03T11", 2, kind="TEST", reads={"a": 300, "b": 100}, ended="FAIL")],
    stands({"dataset:a": carried(1), "dataset:b": carried(1)}),
)
case(
    "2.3d", "the table of a test's findings has no line, and no reader",
    [
        run("T", "11-03T10", "11-03T11", 2, kind="TEST", reads="a", writes="audit"),
        run("R", "11-04T10", "11-04T11", 1, reads="audit"),
    ],
    stands({"dataset:a": carried(2), "run:R": 1}),
)  # fmt: skip
case(
    "2.4a", "a run that was heard of at nine reads before the write of half past nine",
    [
        run("W", "11-05T08", "11-05T09:30", 10, writes="raw"), run("R", "11-05T10", "11-05T11", 1, reads="raw"),
        RunEvent("run:R", at("11-05T09"), "RUNNING"),
    ],
    stands({"dataset:raw": carried(10), "run:R": 1}),
)  # fmt: skip
case(
    "2.4b", "a run that completed at eleven and again at one writes at one",
    [
        run("W", "11-05T10", "11-05T11", 10, writes="raw"), RunEvent("run:W", at("11-05T13"), "COMPLETE"),
        run("R", "11-05T12", "11-05T14", 1, reads="raw"),
    ],
    stands({"dataset:raw": carried(10), "run:R": 1}),
)  # fmt: skip
case(
    "2.4c", "a run that failed and then completed wrote what it named",
    [
        run("W", "11-05T10", "11-05T11", 10, job="w", writes="raw", ended="FAIL"),
        RunEvent("run:W", at("11-05T11"), "COMPLETE"),
    ],
    stands({"dataset:raw": carried(10)}),
)  # fmt: skip
case(
    "2.4d", "aborted and killed runs wrote nothing",
    [
        run("A", "11-05T10", "11-05T11", 3, job="w", writes="a", ended="ABORT"),
        run("K", "11-05T10", "11-05T11", 4, job="w", writes="b", ended="KILLED"),
    ],
    stands({"failed": carried(7)}),
)  # fmt: skip
case(
    "2.4e", "a run known by its end alone reads what was written half an hour before",
    [
        run("W", "11-05T08", "11-05T10:30", 10, writes="raw"), run("R", "11-05T11", "11-05T11", 1, reads="raw")[1:],
    ],
    stands({"run:R": 11}),
)  # fmt: skip
case(
    "2.4f", "at four, an open run has shared since ten",
    [
        run("A", "11-05T10"), run("B", "11-05T10", "11-05T14"), user("A", "r"), user("B", "r"),
        charge(6, "11-05T10", "11-05T18", resource_id="r"),
    ],
    stands({"running": carried(4), "run:B": 2}),
    as_of="11-05T16",
)  # fmt: skip
case(
    "2.4g", "an open run holds its charges and what it drained",
    [
        RAW, run("A", "11-05T10", None, 5, reads="raw", writes="out"),
        run("R", "11-06T10", "11-06T11", 1, reads="out"),
    ],
    stands({"running": carried(15), "run:R": 1}),
    as_of="11-06T12",
)  # fmt: skip
case(
    "2.4h", "cut at the second midnight, whose part a reader finds; a run of 23 hours is not cut",
    [
        run("L", "11-01T10", "11-04T12", writes="out"), paid("run:L", 38, "11-01T10", "11-03T00"),
        run("R", "11-03T06", "11-03T07", reads="out"), run("S", "11-01T10", "11-02T09", 23, writes="short"),
        run("Q", "11-02T06", "11-02T07", 1, reads="short"),
    ],
    stands({"run:R": 38, "dataset:short": carried(23), "run:Q": 1}),
)  # fmt: skip
case(
    "2.4i", "two slices read before a write, one after it; the first has poured when a reader comes",
    [
        RAW, run("L", "11-01T10", "11-04T12", reads="raw", writes="out"),
        run("X", "11-03T06", "11-03T07", 7, writes="raw"), run("R", "11-03T06", "11-03T07", reads="out"),
    ],
    stands({"run:R": 5, "dataset:out": carried(12)}),
)  # fmt: skip
LONG_FAILURE = [
    run("L", "11-01T10", "11-04T12", 74, job="l", writes="out", ended="FAIL"),
]
case(
    "2.4j", "a long run that failed on the fourth day wrote on the first three",
    LONG_FAILURE, stands({"dataset:out": carried(62), "failed": carried(12)}),
)  # fmt: skip
case(
    "2.4k", "its last slice failed", LONG_FAILURE, stands({"dataset:out": carried(62), "failed": carried(12)}),
)  # fmt: skip
case(
    "2.4l", "what was charged for the first day is poured by the first slice",
    [
        run("L", "11-01T10", "11-04T12", writes="out"), paid("run:L", 6, "11-01T10", "11-01T20"),
        paid("run:L", 4, "11-04T00", "11-04T12"), run("R", "11-03T06", "11-03T07", reads="out"),
    ],
    stands({"run:R": 6, "dataset:out": carried(4)}),
)  # fmt: skip
case(
    "2.4m", "740 bytes in 74 hours are 380 in the first 38",
    [
        RAW, run("L", "11-01T10", "11-04T12", reads={"raw": 740}), run("K", "11-01T12", "11-01T13", reads={"raw": 380}),
        run("X", "11-02T11", "11-02T12", writes="raw"),
    ],
    stands({"run:L": 5, "run:K": 5}),
)  # fmt: skip
case(
    "2.5a",
    "what ends at ten is there for what starts at ten",
    [run("W", "11-05T09", "11-05T10", 10, writes="raw"), run("A", "11-05T10", "11-05T11", reads="raw")],
    stands({"run:A": 10}),
)
case(
    "2.5b", "of two runs of one instant, the first key writes before the second reads, not the other way round",
    [
        run("A", "11-05T10", "11-05T10", 10, writes="a"), run("B", "11-05T10", "11-05T10", reads="a"),
        run("D", "11-05T10", "11-05T10", 7, writes="d"), run("C", "11-05T10", "11-05T10", 1, reads="d"),
    ],
    stands({"run:B": 10, "dataset:d": carried(7), "run:C": 1}),
)  # fmt: skip
case(
    "2.5c",
    "a run of no length drains, then pours",
    [RAW, run("Z", "11-05T10", "11-05T10", 1, reads="raw", writes="out")],
    stands({"dataset:out": carried(11)}),
)
case(
    "2.5d",
    "a run that starts before a write ends does not see it",
    [run("W", "11-05T09", "11-05T10:30", 10, writes="raw"), run("R", "11-05T10", "11-05T11", 1, reads="raw")],
    stands({"dataset:raw": carried(10), "run:R": 1}),
)
case(
    "2.5e",
    "what ends as the month ends, and storage to then, is poured in the month",
    [run("W", "11-30T23", "12-01T00", 5, writes="out"), paid("dataset:ns/out", 3, "11-30", "12-01")],
    stands({"dataset:out": carried(8)}),
)
case(
    "2.5f", "a version drains a trial that ends with the month, and its endpoint drains it",
    [
        run("T", "11-30T22", "12-01T00", 5, trial_of="churn"), run("X", "11-30T23", "12-01T00", 2, trial_of="churn"),
        version(1, "11-20", "T"), used(1, "endpoint:e"),
    ],
    stands({"endpoint:e": 7}),
)  # fmt: skip
case(
    "2.5g", "what starts as the month ends reads in the next month, after the endpoints",
    [
        run("W", "11-30T23", "12-01T00", 5, writes="out"), run("R", "12-01T00", "12-01T01", 1, reads="out"),
        run("T", "11-20T22", "11-20T23", 3, trial_of="churn"), version(1, "11-20T23", "T"),
        used(1, "endpoint:e", until="12-01T00"),
    ],
    stands({"dataset:out": carried(5), "endpoint:e": 3}), stands({"run:R": 6}, "2026-12"),
    as_of="2027-01-01",
)  # fmt: skip
