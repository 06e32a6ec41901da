"""§4, sentence by sentence, its first half: statements and closing."""

from __future__ import annotations

from tests.oracle.cases.figures import ClosedMonths, carried, costs, stands, sums
from tests.oracle.cases.telling import Section, charge, paid, run, version
from tests.oracle.history import Close, Owner

statements = Section()
case = statements.case
JANUARY, CHRISTMAS = "2027-01-01", "12-20"
OCTOBER_RAW = run("W", "10-05T08", "10-05T09", 10, writes="raw")

case(
    "4.1a", "10 brought forward and 7 charged: 12 came to rest, 5 are carried",
    [OCTOBER_RAW, run("R", "11-05T10", "11-05T11", 2, reads="raw"), run("X", "11-06T10", "11-06T11", 5, writes="raw")],
    stands({"run:R": 12, "dataset:raw": carried(5)}), sums(7, 10),
    sums(10, month="2026-10"), sums(0, 5, month="2026-12"),
    as_of=JANUARY,
)  # fmt: skip
case(
    "4.1b", "a line for each kind of asset, and accounts",
    [
        run("W", "11-05T08", "11-05T09", 1, writes="raw"), run("R", "11-05T10", "11-05T11", 2),
        paid("job:ns/x", 3, "11-05", "11-06"), run("U", "11-05T10", "11-05T11", 4, trial_of="price"),
        run("T", "11-05T10", "11-05T11", 5, trial_of="churn"), version(1, "11-06", "T"),
        paid("endpoint:e", 6, "11-05", "11-06"), charge(7, "11-05", "11-06"),
        charge(8, "11-05", "11-06", category="Tax"),
    ],
    stands({
        "dataset:raw": carried(1), "run:R": 2, "job:x": 3, "experiment:price": carried(4), "model:m/1": carried(5),
        "endpoint:e": 6, "unallocated": 7, "tax": 8,
    }),
)  # fmt: skip
OWNED = [
    run("W", "11-05T08", "11-05T09", 1, writes="raw"), run("R", "11-05T10", "11-05T11", 2, job="r"),
    run("N", "11-05T10", "11-05T11", 4, job="n"), charge(7, "11-05", "11-06"),
    charge(3, "11-05", "11-06", tags={"team": "red"}), run("T", "11-05T10", "11-05T11", 9, trial_of="churn"),
    version(1, "11-06", "T"), Owner("model:m", "product:shop"), Owner("product:shop", "team:blue"),
    Owner("dataset:ns/raw", "team:red"), Owner("job:ns/r", "team:red"),
]  # fmt: skip
case(
    "4.1c", "a run's job and a version's model have owners, another job has none",
    OWNED, stands({"team:red": (6, 1), "team:blue": carried(9), "unowned": 4, "unallocated": 7}, by="team"),
    stands({"unowned": (10, 1), "product:shop": carried(9), "unallocated": 7}, by="product"),
)  # fmt: skip
case(
    "4.1d", "a team's line is one: 6, of which 1 is carried",
    OWNED, stands({"team:red": (6, 1), "team:blue": carried(9), "unowned": 4, "unallocated": 7}, by="team"),
)  # fmt: skip
case(
    "4.1e", "to the last of 18 digits, EffectiveCost, not what was billed",
    [
        charge("0.123456789012345678", "11-05", "11-06", billed=5), charge(10, "11-05", "11-06", billed=0),
        charge("-0.000000000000000001", "11-05", "11-06"), run("W", "11-05T08", "11-05T09", "0.0000000005", writes="r"),
    ],
    sums("10.123456789512345677"),
)  # fmt: skip
case(
    "4.2a", "November is not closed while October is open, nor by itself",
    [
        charge(5, "10-05", "10-06"), charge(3, "11-05", "11-06"), Close("2026-11"), charge(2, "11-07", "11-08"),
        Close("2026-10"), charge(1, "11-09", "11-10"), charge(4, "10-09", "10-10"),
    ],
    ClosedMonths({"closed": "2026-10"}), sums(5, month="2026-10"), sums(10, late=4),
    as_of=CHRISTMAS,
)  # fmt: skip
CLOSED = [*OCTOBER_RAW, *run("R", "10-06T10", "10-06T11", 1, reads="raw", writes="out"), Close("2026-10")]
case(
    "4.2b", "a reader told after the close takes nothing of October",
    [CLOSED, run("L", "10-06T10", "10-06T11", reads="raw", writes="far"), paid("run:W", 7, "10-05", "10-06")],
    stands({"dataset:out": carried(11)}, "2026-10"), sums(11, month="2026-10"),
)  # fmt: skip
case(
    "4.2c", "November is over but open: what is told in December counts in it",
    [charge(3, "11-05", "11-06"), run("R", "12-05T10", "12-05T11", 1), charge(2, "11-07", "11-08")],
    sums(5), sums(1, 0, month="2026-12"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.2d", "asked at Christmas, November's run was under way at its end, and December's last has not begun",
    [
        run("R", "11-30T20", "12-01T10", 14, writes="out"), run("Q", "12-10T10", "12-10T11", 1, reads="out"),
        run("P", "12-25T10", "12-25T11", 9),
    ],
    stands({"running": carried(4)}), stands({"run:Q": 15}, "2026-12"),
    as_of=CHRISTMAS,
)  # fmt: skip
case(
    "4.2e", "storage of October, told late, is there for the first reader of November, and marked",
    [CLOSED, paid("dataset:ns/out", 5, "10-05", "10-06"), run("Q", "11-01T01", "11-01T02", reads="out")],
    stands({"run:Q": 16}), sums(5, 11, late=5),
)  # fmt: skip
case(
    "4.2f", "October's run is reversed and billed anew: both flow where it wrote",
    [CLOSED, paid("run:R", -1, "10-06", "10-07"), paid("run:R", 3, "10-06", "10-07")],
    stands({"dataset:out": carried(13)}), sums(2, 11, late=2),
)  # fmt: skip
case(
    "4.2g", "two late runs of October: the one that began earlier writes what the other reads",
    [
        CLOSED, run("Z", "10-08T10", "10-08T11", 4, writes="new"),
        run("A", "10-09T10", "10-09T11", 1, reads="new", writes="last"), run("Q", "11-01T00", "11-01T01", reads="last"),
    ],
    stands({"run:Q": 5, "dataset:out": carried(11)}), sums(5, 11, late=5),
)  # fmt: skip
case(
    "4.2h", "of 8 counted in November 5 are late",
    [CLOSED, charge(5, "10-20", "10-21"), charge(3, "11-05", "11-06")],
    sums(8, 11, late=5),
)  # fmt: skip
case(
    "4.2i", "to date: October's closed 11, November's open 5",
    [CLOSED, run("X", "11-05T10", "11-05T11", 5, writes="out")],
    costs("dataset:out", direct=6, upstream=10), costs("dataset:out", "2026-10", direct=1, upstream=10),
    costs("dataset:out", "2026-11", direct=5, upstream=0),
)  # fmt: skip
