"""Are the charges of one resource, service and basis one line, in whatever order they come?"""

from __future__ import annotations

from dataclasses import dataclass

from trivium.entrypoints.cli.trees import charge_lines


@dataclass(frozen=True)
class Charged:
    resource: str | None
    amount: str
    start: str
    service: str = "Compute"
    category: str = "Usage"
    basis: str = "resource"
    late: bool = False
    rows: int = 1


def test_charges_of_one_resource_are_one_line_also_when_others_stand_between() -> None:
    charges = [
        Charged("b", "1", "2026-10-01"), Charged("a", "2", "2026-10-02"),
        Charged("b", "0.5", "2026-10-03"), Charged(None, "4", "2026-10-04"),
    ]  # fmt: skip
    assert list(charge_lines(charges)) == [
        "4  Compute, resource, 2026-10-04, 1 row",
        "2  Compute a, resource, 2026-10-02, 1 row",
        "1.5  Compute b, resource, 2026-10-01 to 2026-10-03, 2 rows",
    ]
