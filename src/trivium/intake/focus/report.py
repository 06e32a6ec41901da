"""What a reader says of one file: how many rows, what was refused and repaired, and the batches that came of it."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from trivium.facts.deliveries import Trouble
from trivium.facts.instants import Instant
from trivium.facts.problem import Problem

REFUSED: Final = "refused"
REPAIRED: Final = "repaired"
NOTED: Final = "noted"
_LINES: Final = 5
_EXAMPLE: Final = 120
_GROUPS: Final = 500

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "null_text": ("The literal text NULL was taken as no value.", ""),
    "no_zone": ("A time without a zone was taken as UTC.", "Export times as 2026-10-05T08:00:00Z."),
    "bad_time": ("The time could not be read.", "Export times as 2026-10-05T08:00:00Z."),
    "no_period": ("The row was left out: a charge needs a start and an end.", "Export both columns as ISO 8601."),
    "unlikely_period": (
        "The row was left out: its charge period lies outside 1990 to 2199, or lasts more than 20 years.",
        "Correct the charge period.",
    ),
    "bad_period": ("The row was left out: its charge period does not end after its start.", "Ask the issuer."),
    "no_billing_period": ("The calendar month of the charge was taken.", ""),
    "not_a_number": ("The value is no number.", "Write amounts as 1234.56 or 1.5E-3, without unit or grouping."),
    "too_large": ("The value does not fit DECIMAL(38,18).", "Ask the issuer."),
    "rounded": ("The amount was rounded half to even to 18 decimal places.", ""),
    "binary_fraction": ("Stored as DOUBLE: its shortest decimal text was taken.", "Export costs as DECIMAL."),
    "no_amount": ("The row was left out: it has neither BilledCost nor EffectiveCost.", "Export both columns."),
    "no_billed_cost": ("EffectiveCost was taken as BilledCost.", "Export both columns."),
    "no_effective_cost": ("BilledCost was taken as EffectiveCost.", "Export both columns."),
    "no_currency": ("The row was left out: money needs a currency.", "Export BillingCurrency."),
    "bad_currency": ("The row was left out: its BillingCurrency is no currency.", "Write the ISO 4217 code."),
    "currency_spelling": ("The currency was written in capitals.", ""),
    "no_category": ("The charge was taken as Usage.", "Export ChargeCategory."),
    "category_spelling": ("The category was written as FOCUS spells it.", ""),
    "unknown_category": ("The category is none of FOCUS; it was kept.", "Ask the issuer."),
    "bad_tags": ("The tags could not be read; their text was kept in Extra.", "Export tags as a JSON object."),
    "tag_collision": ("Two keys became one without their prefix; the longer one kept it.", "Rename one of the tags."),
    "column_count": ("The row was left out: it has more or fewer fields than the header.", "Quote fields with commas."),
    "bad_json": ("The line was left out: it is no JSON object.", "Write one JSON object a line."),
    "bad_text": ("Bytes that are not UTF-8 were replaced by U+FFFD.", "Export as UTF-8."),
    "column_spelling": ("The column was taken as the one of FOCUS that it resembles.", ""),
    "column_twice": ("The column stands twice; the first was taken, the other kept in Extra.", "Drop one."),
    "nul": ("The row was left out: it holds a NUL character.", "Export as UTF-8 text, without NUL."),
    "no_rows": ("The file has a header, and no rows.", "Look whether the export was cut off."),
}
"""What was done, and what to do, for each reason (docs/reference/charges.md lists them for users)."""


class BatchTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one issuer, account, billing period and currency in a file, with exact sums."""

    batch: int
    issuer: str
    account: str
    period: Instant
    currency: str
    rows: int
    billed_cost: Decimal
    effective_cost: Decimal


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `rows` counts every row of it; `repaired` counts rows in which anything was repaired.

    `new_resources` rows were written to the resource dictionary. `problem` is set when the file was refused whole.
    `sha256` and `bytes` are of the file as it was read.
    """

    sha256: str = ""
    bytes: int = 0
    format: str = ""
    version: str = ""
    rows: int = 0
    imported: int = 0
    refused: int = 0
    repaired: int = 0
    new_resources: int = 0
    batches: tuple[BatchTotal, ...] = ()
    problems: tuple[Trouble, ...] = ()
    problem: Problem | None = None


class _Group:
    __slots__ = ("count", "example", "lines")

    def __init__(self) -> None:
        self.count = 0
        self.lines: list[int] = []
        self.example = ""


class Troubles:
    """Collects faults by (outcome, reason, column); keeps the first lines and one example. Safe for two threads."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._lock = threading.Lock()

    def add(self, outcome: str, reason: str, column: str, lines: Any, example: object = "", count: int = 0) -> None:
        """Count rows at `lines` (a sequence of line numbers), or `count` of them where lines are not known."""
        with self._lock:
            if len(self._groups) >= _GROUPS and (outcome, reason, column) not in self._groups:
                column = "…"
            group = self._groups.setdefault((outcome, reason, column), _Group())
            group.count += count or len(lines)
            if len(lines) and (len(group.lines) < _LINES or lines[0] < group.lines[-1]):
                merged: npt.NDArray[np.int64] = np.sort(np.concatenate([group.lines, lines[:_LINES]])).astype(np.int64)
                if not group.example or merged[0] != (group.lines or [-1])[0]:
                    group.example = str(example)[:_EXAMPLE]
                group.lines = merged[:_LINES].tolist()
            group.example = group.example or str(example)[:_EXAMPLE]

    def listed(self) -> tuple[Trouble, ...]:
        """List the faults: refused first, then repaired, then noted; the most frequent first."""
        order = {REFUSED: 0, REPAIRED: 1, NOTED: 2}
        keys = sorted(self._groups, key=lambda key: (order[key[0]], -self._groups[key].count, key))
        return tuple(_trouble(key, self._groups[key]) for key in keys)


def _trouble(key: tuple[str, str, str], group: _Group) -> Trouble:
    outcome, reason, column = key
    done, fix = SENTENCES[reason]
    return Trouble(
        reason=reason, column=column, outcome=outcome, count=group.count, lines=tuple(group.lines),
        example=group.example, done=done, fix=fix,
    )  # fmt: skip
