"""A small clinic: lineage, checks, a model that is served for a product, and the charges of it all."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection

from tests.dataops.test_quality import checked, folded
from tests.graph.graph_made import NS, ran
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.period import parse_period
from trivium.facts.statements import Belongs, Owned, Titled, Valued, VersionRegistered, VersionUsed
from trivium.finops.books import Books, Question, keep_books
from trivium.finops.charges import Charge
from trivium.finops.inflows import Inflows
from trivium.graph.flows_reader import read_flows

RAW, X, CLEAN, OTHER = (f"dataset:{NS}/{name}" for name in ("raw", "x", "clean", "other"))
LOAD, PREPARE, CLEANSE, TRAIN = (f"job:n/{name}" for name in ("load", "prepare", "cleanse", "train"))
MODEL, ENDPOINT, PRODUCT, TEAM = "model:m/1", "endpoint:api", "product:triage", "team:imaging"
OCTOBER, NOVEMBER = parse_period("2026-10"), parse_period("2026-11")
AS_OF = parse_instant("2026-11-20T00:00:00Z")


def at(text: str) -> int:
    return parse_instant(text)


def connection(*more: object) -> Connection:
    """Fold what happened: x passes on the 3rd, fails on the 5th; what is read after the 3rd may be bad."""

    def run(name: str, day: str, job: str, reads: list[str], writes: list[str]) -> list[bytes]:
        begin, end = f"2026-10-{day}T08:00:00Z", f"2026-10-{day}T09:00:00Z"
        return ran(name, begin, end, job=job, reads=reads, writes=writes)

    return folded(
        run("l1", "01", "load", [], ["raw"]),
        run("p1", "02", "prepare", ["raw"], ["x"]),
        checked("03", "x", unique=True),
        run("c0", "02", "cleanse", ["x"], ["clean"]),
        run("p2", "04", "prepare", ["raw"], ["x"]),
        checked("05", "x", unique=False),
        run("t1", "06", "train", ["x", "clean"], []),
        run("c1", "07", "cleanse", ["x"], ["clean"]),
        run("o1", "08", "report", ["raw"], ["other"]),
        VersionRegistered(MODEL, at("2026-10-09"), ("run:t1",)),
        VersionUsed(MODEL, ENDPOINT, at("2026-10-10")),
        Belongs(ENDPOINT, PRODUCT),
        Owned(PRODUCT, TEAM),
        Titled(PRODUCT, "Triage"),
        Valued(PRODUCT, "120", "USD"),
        *more,
    )


def charge(run: str, amount: str, day: str, **more: str) -> Charge:
    start = at(f"2026-10-{day}T08:00:00Z")
    columns = {"ChargeCategory": "Usage", "tag_openlineage_run_id": run, "ResourceId": f"vm-{run}", **more}
    return Charge(columns, start, start + DAY // 24, Decimal(amount), Decimal(amount), False, 1, 0, 1)


def served(day: int, amount: str, *, tokens: bool = False) -> Charge:
    start = at("2026-10-10") + day * DAY
    columns = {"ChargeCategory": "Usage", "tag_trivium_asset": ENDPOINT, "ServiceName": "Serving"}
    return Charge(columns, start, start + DAY, Decimal(amount), Decimal(amount), tokens, 1, 0, 1)


def charges() -> list[Charge]:
    """Bill the runs, 40 days of the endpoint (2.00 a day, on the last ten days 1.00 of tokens too), and loose ends."""
    runs = [("l1", "10", "01"), ("p1", "20", "02"), ("c0", "1", "02"), ("p2", "30", "04"), ("t1", "40", "06"),
            ("c1", "3", "07"), ("o1", "5", "08")]  # fmt: skip
    loose = Charge({"ChargeCategory": "Usage", "ResourceId": "vm-lost"}, at("2026-10-12"), at("2026-10-13"),
                   Decimal("7.01"), Decimal("7.01"), False, 1, 0, 1)  # fmt: skip
    return [
        *(charge(*row) for row in runs),
        *(served(day, "2") for day in range(40)),
        *(served(day, "1", tokens=True) for day in range(30, 40)),
        loose,
    ]


def books(connection: Connection, as_of: int = AS_OF, *more: Charge) -> Books:
    return keep_books(Question("USD", read_flows(connection), [*charges(), *more], as_of), NOVEMBER)


def inflows(connection: Connection, as_of: int = AS_OF, *more: Charge) -> Inflows:
    return Inflows(books(connection, as_of, *more))
