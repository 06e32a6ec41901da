"""Writes sound rows as Parquet, numbering batches and resources in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trivium.facts.charges import AMOUNT, AMOUNTS, COLUMNS, LONG, RESOURCES, TEXT, TIME, TRUTH, WHOLE
from trivium.facts.money import DIGITS, SCALE, add
from trivium.facts.problem import refuse
from trivium.intake.files import columns
from trivium.intake.focus.report import BatchTotal
from trivium.intake.focus.rows import SoundRows

TYPES: Final = {
    TEXT: columns.TEXT,
    AMOUNT: pa.decimal128(DIGITS, SCALE),
    TIME: pa.timestamp("us"),
    WHOLE: pa.int32(),
    LONG: pa.int64(),
    TRUTH: pa.bool_(),
}
SCHEMA: Final = pa.schema([(name, pa.string() if name == "Extra" else TYPES[kind]) for name, kind in COLUMNS])
DICTIONARY: Final = pa.schema([(name, pa.string() if kind == TEXT else TYPES[kind]) for name, kind in RESOURCES])
_WRITTEN: Final = 20_000
"""Blocks of fewer rows are joined until so many stand in one row group."""
_SUMMABLE: Final = Decimal(10) ** (DIGITS - SCALE)
_ORDINARY: Final = Decimal(10) ** 15
"""Blocks that cannot sum to more are not summed twice."""
_BATCHES: Final = 20_000
_BATCH: Final = ("InvoiceIssuerName", "BillingAccountId", "BillingCurrency")


class Resources:
    """The dictionary of billed resources: numbers go on from those that the lake has."""

    def __init__(self, known: Sequence[Path]) -> None:
        self._numbers: dict[str, int] = {}
        for path in known:
            table = pq.read_table(path, columns=["resource", "ResourceId"])
            self._numbers.update(zip(table["ResourceId"].to_pylist(), table["resource"].to_pylist(), strict=True))
        self.added: list[tuple[int, str, str | None, str | None]] = []

    def number(self, ids: pa.DictionaryArray, names: pa.Array, types: pa.Array | None) -> pa.Array:
        """Give the numbers of a column of ids; a new one is entered with the name and type of its first row."""
        if ids.null_count == len(ids):
            return pa.nulls(len(ids), pa.int32())
        texts = ids.dictionary.to_pylist()
        numbers = [self._numbers.get(text, 0) for text in texts]
        if 0 in numbers:
            self._enter([place for place, number in enumerate(numbers) if not number], texts, ids, names, types)
            numbers = [self._numbers.get(text, 0) for text in texts]
        table = pa.array(np.array(numbers, np.int32))
        return table.take(ids.indices)

    def _enter(
        self, new: list[int], texts: list[str], ids: pa.DictionaryArray, names: pa.Array, types: pa.Array | None
    ) -> None:
        places = columns.codes(ids)
        first = np.full(len(texts) + 1, -1)
        first[places[::-1]] = np.arange(len(places))[::-1]
        wanted = [place for place in new if first[place] >= 0]
        rows = pa.array(first[wanted])
        called = names.take(rows).to_pylist()
        typed = types.take(rows).to_pylist() if types is not None else [None] * len(wanted)
        for place, name, kind in zip(wanted, called, typed, strict=True):
            number = len(self._numbers) + 1
            self._numbers[texts[place]] = number
            self.added.append((number, texts[place], name, kind))


class Batches:
    """Numbers batches from `first` on, in the order in which they come, and sums them exactly."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._numbers: dict[tuple[str, str, int, str], int] = {}
        self._sums: dict[int, tuple[int, Decimal, Decimal]] = {}
        self._texts: list[dict[str, int]] = [{} for _ in _BATCH]
        self._sizes = {"billed": Decimal(0), "effective": Decimal(0)}

    def number(self, rows: dict[str, pa.Array]) -> pa.Array:
        """Give each row the number of its batch and add it to the batch's sums."""
        parts = [self._codes(place, rows[name]) for place, name in enumerate(_BATCH)]
        period = rows["BillingPeriodStart"].cast(pa.int64()).to_numpy()
        keys, places = _distinct([*parts, period])
        numbers = np.array([self._enter(key) for key in keys], np.int32)
        billed, effective = rows["BilledCost"], rows["EffectiveCost"]
        self._check_size("billed", billed)
        self._check_size("effective", effective)
        if places is None:
            self._add(int(numbers[0]), len(billed), pc.sum(billed).as_py(), pc.sum(effective).as_py())
            return pa.array(np.full(len(billed), numbers[0]))
        batch = pa.array(numbers[places])
        table = pa.table({"batch": batch, "billed": billed, "effective": effective})
        sums = [("billed", "sum"), ("effective", "sum"), ("batch", "count")]
        for row in table.group_by("batch", use_threads=False).aggregate(sums).to_pylist():
            self._add(row["batch"], row["batch_count"], row["billed_sum"], row["effective_sum"])
        return batch

    def _add(self, batch: int, rows: int, billed: Decimal, effective: Decimal) -> None:
        before = self._sums.get(batch, (0, Decimal(0), Decimal(0)))
        self._sums[batch] = (before[0] + rows, add(before[1], billed), add(before[2], effective))

    def totals(self) -> tuple[BatchTotal, ...]:
        """Give the batches with their sums."""
        return tuple(
            BatchTotal(
                batch=number, issuer=key[0], account=key[1], period=key[2], currency=key[3],
                rows=self._sums[number][0], billed_cost=self._sums[number][1], effective_cost=self._sums[number][2],
            )
            for key, number in self._numbers.items()
        )  # fmt: skip

    def _codes(self, place: int, column: pa.DictionaryArray) -> npt.NDArray[np.int64] | int:
        """Give the column's texts numbers that hold over all blocks, one for a column of one text; none is empty."""
        known = self._texts[place]
        texts = [*column.dictionary.to_pylist(), ""]
        numbers = [known.setdefault(text, len(known)) for text in texts]
        if len(texts) == 1 or (len(texts) == 2 and column.null_count == 0):
            return numbers[0]
        spread: npt.NDArray[np.int64] = np.array(numbers, np.int64)[columns.codes(column)]
        return spread

    def _enter(self, key: tuple[int, ...]) -> int:
        issuer, account, currency = (list(texts)[code] for texts, code in zip(self._texts, key[:3], strict=True))
        named = (issuer, account, key[3], currency)
        if named not in self._numbers:
            if len(self._numbers) >= _BATCHES:
                title = f"The file has more than {_BATCHES:,} billing accounts, periods and currencies."
                raise refuse("too_many_batches", title, fix="Look for a column that was shifted or mistaken.")
            self._numbers[named] = self._next
            self._next += 1
        return self._numbers[named]

    def _check_size(self, name: str, amounts: pa.Array) -> None:
        """Keep every sum over the file, however signs fall, within DECIMAL(38,18)."""
        bounds = pc.min_max(amounts).as_py()
        size = max(abs(bounds["min"]), abs(bounds["max"])) * len(amounts)
        if size > _ORDINARY:
            size = add(*(abs(amount) for amount in amounts.to_pylist()))
        self._sizes[name] = add(self._sizes[name], size)
        if self._sizes[name] >= _SUMMABLE:
            fix = "Look for a column of amounts that was shifted or mistaken."
            raise refuse("amounts_too_large", "The amounts add up to more than DECIMAL(38,18) holds.", fix=fix)


class StagedCharges:
    """Writes one file of charges; use as a context manager, then `write_resources`."""

    def __init__(self, path: Path, resources: Resources, batches: Batches) -> None:
        self._writer = pq.ParquetWriter(
            path, SCHEMA, compression="lz4", use_dictionary=_REPEATING, write_statistics=_STATISTICS
        )
        self._resources = resources
        self._batches = batches
        self._waiting: list[pa.Table] = []
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def write(self, sound: SoundRows) -> None:
        """Write the rows of a block, with the numbers of their batches and resources."""
        rows = dict(sound.columns)
        if not len(rows["line"]):
            return
        rows["resource"] = self._resources.number(rows["ResourceId"], rows["ResourceName"], rows["ResourceType"])
        rows["allocated_resource"] = self._resources.number(
            rows["AllocatedResourceId"], rows["AllocatedResourceName"], None
        )
        rows["batch"] = self._batches.number(rows)
        self._waiting.append(pa.table([rows[name] for name in SCHEMA.names], schema=SCHEMA))
        self.rows += len(rows["line"])
        if sum(len(table) for table in self._waiting) >= _WRITTEN:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            if len(self._waiting) > 1:
                table = table.unify_dictionaries().combine_chunks()
            self._waiting = []
            self._writer.write_table(table, row_group_size=len(table))


_STATISTICS: Final = [
    "ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "batch", "resource", "allocated_resource", "line",
]  # fmt: skip
_REPEATING: Final = [
    *(name for name, kind in COLUMNS if kind == TEXT and name != "Extra"),
    *(name for name in AMOUNTS if name.endswith("Price")),
    "resource", "allocated_resource", "batch",
]  # fmt: skip
"""Columns whose values repeat; the others are written plainly, which is faster and no larger."""


def write_resources(path: Path, added: list[tuple[int, str, str | None, str | None]]) -> None:
    """Write the new part of the resource dictionary."""
    names = DICTIONARY.names
    given: list[list[Any]] = [list(values) for values in zip(*added, strict=True)]
    pq.write_table(pa.table(dict(zip(names, given, strict=True)), schema=DICTIONARY), path, compression="zstd")


_Numbers = npt.NDArray[np.int64]


def _distinct(parts: list[_Numbers | int]) -> tuple[list[tuple[int, ...]], _Numbers | None]:
    """Find the distinct tuples over columns of numbers, in order of appearance, and each row's place among them.

    A column of one number may be given as that number. Where there is one tuple only, no places are given.
    """
    parts = [part if isinstance(part, int) or (part != part[0]).any() else int(part[0]) for part in parts]
    spread = [part for part in parts if not isinstance(part, int)]
    if not spread:
        return [tuple(part for part in parts if isinstance(part, int))], None
    codes = np.zeros(len(spread[0]), np.int64)
    for part in spread:
        values = pc.dictionary_encode(pa.array(part))
        codes = codes * (len(values.dictionary) + 1) + values.indices.to_numpy()
        codes = pc.dictionary_encode(pa.array(codes)).indices.to_numpy().astype(np.int64)
    count = int(codes.max()) + 1
    first = np.empty(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    firsts = [[part] * count if isinstance(part, int) else part[first].tolist() for part in parts]
    return list(zip(*firsts, strict=True)), codes
