"""§3, sentence by sentence, its first half: runs, datasets, lives, failures."""

from __future__ import annotations

from tests.oracle.cases.figures import Unread, carried, stands, sums
from tests.oracle.cases.telling import Section, paid, run, version
from tests.oracle.history import Life

tanks = Section()
case = tanks.case
RAW = run("W", "11-01T08", "11-01T09", 10, writes="raw")
JANUARY = "2027-01-01"

case(
    "3.1a",
    "under way, a run holds its two and the ten that it drained as it began",
    [RAW, run("R", "11-05T10", "11-05T12", reads="raw"), paid("run:R", 2, "11-05T10", "11-05T11")],
    stands({"running": carried(12)}),
    as_of="11-05T11",
)
case(
    "3.1b", "what a run is charged in its month before and after it ran is there when it pours",
    [
        run("W", "11-05T10", "11-05T11", writes="out"), paid("run:W", 5, "11-20", "11-21"),
        paid("run:W", 3, "11-01", "11-02"), run("R", "11-06T10", "11-06T11", reads="out"),
    ],
    stands({"run:R": 8}),
)  # fmt: skip
case(
    "3.1c", "a charge of December for a run of November flows at once on the first",
    [
        run("W", "11-05T10", "11-05T11", 1, writes="out"), paid("run:W", 5, "12-05", "12-06"),
        run("R", "12-01T06", "12-01T07", reads="out"),
    ],
    stands({"dataset:out": carried(1)}), stands({"run:R": 6}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.1d",
    "a charge of October for a run of November waits for it",
    [paid("run:W", 5, "10-05", "10-06"), run("W", "11-05T10", "11-05T11", 1, writes="out")],
    stands({"running": carried(5)}, "2026-10"),
    stands({"dataset:out": carried(6)}),
)
case(
    "3.1e",
    "a training that also writes pours into its version",
    [RAW, run("T", "11-05T10", "11-05T11", 5, reads="raw", writes="out", trial_of="churn"), version(1, "11-05", "T")],
    stands({"model:m/1": carried(15)}),
)
case(
    "3.1f", "300 and 100 bytes written", [run("W", "11-05T10", "11-05T11", 8, writes={"a": 300, "b": 100})],
    stands({"dataset:a": carried(6), "dataset:b": carried(2)}),
)  # fmt: skip
case(
    "3.1g", "3 rows and 1 where one has no bytes; halves where nothing is known",
    [
        run("W", "11-05T10", "11-05T11", 8, writes={"a": (300, 3), "b": (None, 1)}),
        run("X", "11-05T10", "11-05T11", 4, writes={"c": (300, None), "d": (None, 1)}),
    ],
    stands({"dataset:a": carried(6), "dataset:b": carried(2), "dataset:c": carried(2), "dataset:d": carried(2)}),
)  # fmt: skip
case(
    "3.1h", "a trial that writes pours into what it wrote, another into its experiment",
    [
        run("T", "11-05T10", "11-05T11", 5, writes="out", trial_of="churn"),
        run("U", "11-05T10", "11-05T11", 3, trial_of="churn"),
    ],
    stands({"dataset:out": carried(5), "experiment:churn": carried(3)}),
)  # fmt: skip
case(
    "3.1i", "experiment 0 is none", [run("T", "11-05T10", "11-05T11", 5, trial_of="0")], stands({"run:T": 5}),
)  # fmt: skip
case(
    "3.1j", "a report keeps what it cost and what it drained",
    [RAW, run("R", "11-05T10", "11-05T11", 5, job="report", reads="raw")], stands({"run:R": 15}),
)  # fmt: skip
case(
    "3.2a", "a writer's 10 and a test's 2 meet the reader of the 3rd, three days of storage the one of the 5th",
    [
        RAW, run("T", "11-02T10", "11-02T11", 2, kind="TEST", reads="raw"), paid("dataset:ns/raw", 3, "11-01", "11-04"),
        run("A", "11-03T10", "11-03T11", job="a", reads="raw"), run("B", "11-05T10", "11-05T11", job="b", reads="raw"),
    ],
    stands({"run:A": 6, "run:B": 9}),
)  # fmt: skip
case(
    "3.2b", "a write, and the end of November, keep what readers share apart",
    [
        RAW, run("A", "11-02T10", "11-02T11", reads="raw"), run("X", "11-03T10", "11-03T11", 7, writes="raw"),
        run("B", "11-04T10", "11-04T11", reads="raw"), run("C", "12-02T10", "12-02T11", 1, reads="raw"),
    ],
    stands({"run:A": 10, "run:B": 7}), stands({"run:C": 1}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.2c", "two writes wait for the same two readers, a test's pour for the second of them; the next stretch is new",
    [
        RAW, run("X", "11-02T10", "11-02T11", 4, writes="raw"), run("A", "11-03T10", "11-03T11", reads="raw"),
        run("T", "11-03T12", "11-03T13", 2, kind="TEST", reads="raw"), run("B", "11-03T18", "11-03T19", reads="raw"),
        run("Y", "11-04T10", "11-04T11", 5, writes="raw"), run("C", "11-05T10", "11-05T11", reads="raw"),
    ],
    stands({"run:A": 7, "run:B": 9, "run:C": 5}),
)  # fmt: skip
case(
    "3.2d", "300 and 100 bytes read, whatever the rows",
    [
        RAW, run("A", "11-03T10", "11-03T11", reads={"raw": (300, 1)}),
        run("B", "11-03T10", "11-03T11", reads={"raw": (100, 1)}),
    ],
    stands({"run:A": "7.5", "run:B": "2.5"}),
)  # fmt: skip
case(
    "3.2e", "bytes of one reader only: rows count, 3 and 1",
    [
        RAW, run("A", "11-03T10", "11-03T11", reads={"raw": (1, 3)}),
        run("B", "11-03T10", "11-03T11", reads={"raw": (None, 1)}),
    ],
    stands({"run:A": "7.5", "run:B": "2.5"}),
)  # fmt: skip
case(
    "3.2f", "a job of two runs, a job of one, and an experiment of two trials have a third each",
    [
        run("W", "11-01T08", "11-01T09", 12, writes="raw"),
        run("A", "11-03T10", "11-03T11", job="a", reads="raw"), run("B", "11-03T12", "11-03T13", job="a", reads="raw"),
        run("C", "11-03T10", "11-03T11", job="c", reads="raw"),
        run("T", "11-03T10", "11-03T11", trial_of="churn", reads="raw"),
        run("U", "11-03T10", "11-03T11", trial_of="churn", reads="raw"),
    ],
    stands({"run:A": 2, "run:B": 2, "run:C": 4, "experiment:churn": carried(4)}),
)  # fmt: skip
case(
    "3.2g", "one dataset is fresh, one was written twice and nobody came",
    [
        RAW, run("A", "11-02T10", "11-02T11", 3, writes="twice"), run("B", "11-03T10", "11-03T11", 4, writes="twice"),
        run("C", "11-04T10", "11-04T11", 5, writes="read"), run("R", "11-05T10", "11-05T11", reads="read"),
    ],
    stands({"dataset:raw": carried(10), "dataset:twice": carried(7), "run:R": 5}),
    sums(0, "17", month="2026-12"),
    Unread({"dataset:ns/raw": "fresh", "dataset:ns/twice": "refreshed without a reader"}),
)  # fmt: skip
case(
    "3.2h", "a run that appends leaves what was there to the readers",
    [
        RAW, run("A", "11-02T10", "11-02T11", reads="raw"),
        run("X", "11-03T10", "11-03T11", 3, reads="raw", writes="raw"), run("B", "11-04T10", "11-04T11", reads="raw"),
    ],
    stands({"run:A": 10, "run:B": 3}),
)  # fmt: skip
LIVING = [
    run("W", "11-01T23", "11-02T00", 8, writes="raw"), Life("dataset:ns/raw", 4),
    run("A", "11-03T12", "11-03T13", reads="raw"), run("B", "11-05T12", "11-05T13", reads="raw"),
]  # fmt: skip
case(
    "3.3a", "8 over four days: parts of 2 at once, a day, two and three days later",
    LIVING, stands({"run:A": 2, "run:B": 6}),
)  # fmt: skip
case(
    "3.3b", "parts cut no stretch: the reader of the 5th shares those of the 2nd and 3rd",
    LIVING, stands({"run:A": 2, "run:B": 6}),
)  # fmt: skip
case(
    "3.3c", "on the 3rd two parts are there, two are prepaid", LIVING[:2],
    stands({"dataset:raw": carried(4), "prepaid": carried(4)}),
    as_of="11-03T12",
)  # fmt: skip
case(
    "3.3d", "a labelled set of 60 days, made on the 16th: 15 parts in November, 31 in December",
    [
        run("W", "11-16T11", "11-16T12", 60, writes="labels"), Life("dataset:ns/labels", 60),
        run("R", "12-31T13", "12-31T14", reads="labels"),
    ],
    stands({"dataset:labels": carried(15), "prepaid": carried(45)}),
    stands({"run:R": 46, "prepaid": carried(14)}, "2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "3.3e", "without a life all is there at once", [RAW, run("R", "11-01T10", "11-01T11", reads="raw")],
    stands({"run:R": 10}),
)  # fmt: skip
case(
    "3.4a", "a failed run drained its share",
    [
        RAW, run("F", "11-05T10", "11-05T11", 5, job="f", reads="raw", ended="FAIL"),
        run("R", "11-05T10", "11-05T11", reads="raw"),
    ],
    stands({"failed": carried(10), "run:R": 5}),
)  # fmt: skip
case(
    "3.4b", "what a failed run names holds nothing of it, and cuts nothing",
    [
        RAW, run("A", "11-04T10", "11-04T11", reads="raw"),
        run("F", "11-05T10", "11-05T11", 5, job="f", writes="raw out", ended="FAIL"),
        run("B", "11-06T10", "11-06T11", reads="raw out"),
    ],
    stands({"failed": carried(5), "run:A": 5, "run:B": 5}),
)  # fmt: skip
case(
    "3.4c", "a success that began before the failure ended takes nothing over; the next one does",
    [
        run("F", "11-05T10", "11-05T11", 5, job="f", ended="FAIL"),
        run("A", "11-05T10:30", "11-05T12", 1, job="f", writes="a"),
        run("B", "11-05T11", "11-05T12", 2, job="f", writes="b"),
        run("C", "11-05T13", "11-05T14", 3, job="f", writes="c"),
    ],
    stands({"dataset:a": carried(1), "dataset:b": carried(7), "dataset:c": carried(3)}),
)  # fmt: skip
case(
    "3.4d", "nothing of the job followed", [run("F", "11-05T10", "11-05T11", 5, job="f", writes="a", ended="FAIL")],
    stands({"failed": carried(5)}),
)  # fmt: skip
case(
    "3.4e", "a failed trial is a trial", [run("T", "11-05T10", "11-05T11", 5, trial_of="churn", ended="FAIL")],
    stands({"experiment:churn": carried(5)}),
)  # fmt: skip
