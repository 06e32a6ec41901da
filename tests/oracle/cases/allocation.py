"""§1, sentence by sentence: charge → bearer."""

from __future__ import annotations

from tests.oracle.cases.figures import Basis, Bridge, Fraction, Weakest, stands, sums
from tests.oracle.cases.telling import Section, at, charge, paid, run, user
from tests.oracle.history import Estimate, Owner, Rule

allocation = Section()
case = allocation.case
LAST_UNIT = Fraction(1, 10**18)
DAY = ("11-05", "11-06")
A, B = run("A", "11-05T10", "11-05T11"), run("B", "11-05T10", "11-05T12")

case(
    "1.1a", "what is no usage goes to its account, whatever its tags say",
    [
        A,
        [paid("run:A", 5, *DAY, category="Tax"), paid("run:A", -2, *DAY, category="Credit")],
        [paid("run:A", 1, *DAY, category="Adjustment"), paid("run:A", 7, *DAY, category="Purchase")],
        paid("run:A", 3, *DAY, unused=True),
    ],
    stands({"tax": 5, "credit": -2, "adjustment": 1, "purchase": 7, "commitment_unused": 3}),
)  # fmt: skip
case(
    "1.1b", "a rule spreads tax over a team and a product",
    [
        charge(6, *DAY, category="Tax"), charge(4, *DAY, category="Purchase"),
        Rule(1, (("category", "Tax"),), ("team:red", "product:shop"), spread=True),
    ],
    stands({"team:red": 3, "product:shop": 3, "purchase": 4}),
)  # fmt: skip
case(
    "1.2a", "what the provider has split goes where it says, before tags and resources",
    [
        A, B, user("A", "r0"), user("B", "r1"),
        charge(5, *DAY, resource_id="r0", allocated_resource="r1", tags={"mlflow.run_id": "A"}),
        charge(3, *DAY, resource_id="r0", allocated_tags=(("trivium:asset", "job:ns/x"),)),
    ],
    stands({"run:B": 5, "job:x": 3}),
)  # fmt: skip
case(
    "1.2b", "a row of the provider's split is not split between the users of its resource",
    [
        A, B, user("A", "r1"), user("B", "r1"),
        charge(6, "11-05T10", "11-05T11", allocated_resource="r1", tags={"team": "red"}),
    ],
    stands({"team:red": 6}),
)  # fmt: skip
case(
    "1.3a",
    "the tag of an asset comes before the resource of a run",
    [A, user("A", "r0"), charge(5, *DAY, resource_id="r0", tags={"trivium:asset": "job:ns/x"})],
    stands({"job:x": 5}),
)
case(
    "1.3b", "the tags of both trackers name a run",
    [
        A, B, charge(5, *DAY, tags={"mlflow.run_id": "A", "team": "red"}),
        charge(3, *DAY, tags={"openlineage.run_id": "B", "team": "red"}),
    ],
    stands({"run:A": 5, "run:B": 3}),
)  # fmt: skip
case(
    "1.4a", "a resource is declared, tagged or named by a query, of a run, an endpoint or a dataset",
    [
        A, B, run("C", "11-05T10", "11-05T11"),
        user("A", "r0"), user("B", "r1", said="tag"), user("C", "r2", said="query"),
        user("endpoint:e", "r3"), user("dataset:ns/d", "r4"), user("dataset:ns/t", "r5", said="tag"),
        [charge(i + 1, *DAY, resource_id=f"r{i}") for i in range(6)],
    ],
    stands({"run:A": 1, "run:B": 2, "run:C": 3, "endpoint:e": 4, "dataset:d": (5, 5), "dataset:t": (6, 6)}),
)  # fmt: skip
case(
    "1.4b", "an hour of A alone, an hour of A and B as 1 to 3, two hours of B alone",
    [
        run("A", "11-05T10", "11-05T12"), run("B", "11-05T11", "11-05T14"), user("A", "r"), user("B", "r", 3),
        charge(12, "11-05T10", "11-05T14", resource_id="r"),
    ],
    stands({"run:A": "3.75", "run:B": "8.25"}),
)  # fmt: skip
case(
    "1.4c", "the last hour of a shared resource is idle",
    [
        A, run("B", "11-05T11", "11-05T13"), user("A", "r"), user("B", "r"),
        charge(8, "11-05T10", "11-05T14", resource_id="r"),
    ],
    stands({"run:A": 2, "run:B": 4, "idle": 2}),
)  # fmt: skip
case(
    "1.5a", "the first rule that matches, by position",
    [
        Rule(2, (("tag:cost", "x"),), ("team:blue",)), Rule(1, (("tag:cost", "x"),), ("team:red",)),
        charge(5, *DAY, tags={"cost": "x"}),
    ],
    stands({"team:red": 5}),
)  # fmt: skip
case(
    "1.5b", "what no rule sends to `shared` is not there",
    [
        Rule(1, (("tag:cost", "x"),), ("shared",)), charge(5, *DAY, tags={"cost": "x"}),
        charge(2, *DAY, tags={"cost": "y"}),
    ],
    stands({"shared": 5, "unallocated": 2}),
)  # fmt: skip
case(
    "1.5c", "of `shared`, only what a rule asks for is spread",
    [
        Rule(1, (("tag:cost", "x"),), ("shared",)), Rule(2, (("tag:cost", "y"),), ("shared",)),
        Rule(3, (("account", "shared"), ("tag:cost", "y")), ("team:red", "team:blue"), spread=True),
        Owner("job:ns/x", "team:green"), charge(5, *DAY, tags={"cost": "x"}), charge(4, *DAY, tags={"cost": "y"}),
    ],
    stands({"shared": 5, "team:red": 2, "team:blue": 2}),
)  # fmt: skip
case(
    "1.6a", "tags of teams, products and accounts, after rules",
    [
        Rule(1, (("tag:cost", "x"),), ("team:blue",)), charge(5, *DAY, tags={"cost": "x", "team": "red"}),
        charge(3, *DAY, tags={"team": "red"}), charge(2, *DAY, tags={"product": "shop"}),
        charge(1, *DAY, tags={"account": "42"}),
    ],
    stands({"team:blue": 5, "team:red": 3, "product:shop": 2, "42": 1}),
)  # fmt: skip
case(
    "1.6b",
    "a charge without any tag, and one whose tag is no key",
    [charge("7.01", *DAY), charge(2, *DAY, tags={"trivium:asset": "nonsense"})],
    stands({"unallocated": "9.01"}),
)
case(
    "1.7", "62 by tag, 30 by time, 8 in equal shares; the larger of the resources that were only divided comes next",
    [
        A, B, user("A", "r"), user("B", "r"), paid("endpoint:e", 62, *DAY),
        charge(30, "11-05T10", "11-05T11", resource_id="r"),
        Rule(1, (("tag:cost", "x"),), ("endpoint:e", "endpoint:f")),
        charge(2, *DAY, resource_id="small", tags={"cost": "x"}),
        charge(6, *DAY, resource_id="big", tags={"cost": "x"}),
    ],
    Basis({"tagged": Fraction(62), "time share": Fraction(30), "equal share": Fraction(8)}),
    Weakest({"weakest": "big"}, "endpoint:e"),
)  # fmt: skip
case(
    "1.8a", "a charge of November on December's invoice is November's",
    [charge(5, *DAY, billing_month="2026-12")],
    stands({"unallocated": 5}), stands({}, "2026-12"),
    as_of="2027-01-01",
)  # fmt: skip
case(
    "1.8b", "61 days over three months, and a third of a day's three to the last unit",
    [charge(61, "10-02", "12-02"), charge(LAST_UNIT, "10-31", "11-03")],
    sums(30 + LAST_UNIT / 3, month="2026-10"), sums(30 + LAST_UNIT * 2 / 3), sums(1, month="2026-12"),
    as_of="2027-01-01",
)  # fmt: skip
INVOICES = [
    charge(100, *DAY, billed=100, invoice="i-1"), charge(0, *DAY, billed=300, category="Purchase", invoice="i-1"),
    charge("8.5", *DAY, billed=9, invoice="i-2"),
    charge(-30, "10-20", "10-21", invoice="i-2", billing_month="2026-11"),
    charge(70, *DAY, billing_month="2026-10", invoice="i-0"),
]  # fmt: skip
BRIDGED = {"i-1": Fraction(400), "i-2": Fraction(-21), "total": Fraction("178.5")}
STEPS = {"difference": Fraction("-300.5"), "invoiced now": Fraction(30), "invoiced elsewhen": Fraction(70)}
case("1.9a", "invoices are sums of BilledCost of a billing period", INVOICES, Bridge(BRIDGED | STEPS))
case("1.9b", "billed + what differs + what belongs elsewhere = the total", INVOICES, Bridge(BRIDGED | STEPS),
     stands({"unallocated": "178.5"}))  # fmt: skip
NO_ESTIMATES = "the product tells what no bill covers apart from its statements, in `trivium usage`"


def estimate(bearer: str, amount: int) -> Estimate:
    """Return what somebody used of the resource r on the 5th."""
    return Estimate(bearer, Fraction(amount), at("11-05"), at("11-06"), "r")


case(
    "1.10a", "10 for tokens are split 1 to 3 by estimates of 4, what else is charged by weight",
    [
        user("endpoint:e", "r"), user("endpoint:f", "r", 2), estimate("endpoint:e", 1), estimate("endpoint:f", 3),
        charge(10, *DAY, resource_id="r", in_tokens=True), charge(9, *DAY, resource_id="r"),
    ],
    stands({"endpoint:e": "5.5", "endpoint:f": "13.5"}), sums(19),
    Basis({"estimate": Fraction(10), "resource": Fraction(9)}),
)  # fmt: skip
case(
    "1.10b", "estimates that no bill covers stand, as estimates",
    [estimate("endpoint:e", 1), charge(10, *DAY, resource_id="another")],
    stands({"endpoint:e": 1, "unallocated": 10}), Basis({"estimate": Fraction(1), "unallocated": Fraction(10)}),
    alone=NO_ESTIMATES,
)  # fmt: skip
