"""Makes a block of rows sound: FOCUS 1.4 columns, exact amounts, UTC times, flattened tags; counts what it changed.

The rules stand in docs/reference/charges.md; each is one method of `_Rows` here.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache, partial
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trivium.facts.charges import AMOUNTS, FOCUS, JOIN_TAGS, TIMES
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.money import Money
from trivium.facts.problem import ProblemError
from trivium.intake.files.blocks import Block
from trivium.intake.files.columns import as_text, clean, filled, nothing, picked, recode, remade, where
from trivium.intake.files.times import NONE, Instants, Times, absent, times
from trivium.intake.focus.amounts import BINARY, NOT_A_NUMBER, NULL_TEXT, ROUNDED, TOO_LARGE, Amounts, amounts
from trivium.intake.focus.names import FORMER, layout_of
from trivium.intake.focus.report import NOTED, REFUSED, REPAIRED, Troubles
from trivium.intake.focus.tags import BAD_TAGS, COLLISION, flatten

Mask = npt.NDArray[np.bool_]
CATEGORIES: Final = ("Adjustment", "Credit", "Purchase", "Tax", "Usage")
_TAGS: Final = ("Tags", "AllocatedTags")
_TEXTS: Final = tuple(name for name in FOCUS if name not in {*AMOUNTS, *TIMES, *_TAGS})
_CORE: Final = ("BilledCost", "EffectiveCost")
_UNITS: Final = ("ConsumedUnit", "PricingUnit", "SkuMeter")
_STAMP: Final = pa.timestamp("us")
_encode = msgspec.json.encode
_flatten = lru_cache(maxsize=131_072)(flatten)


class SoundRows(msgspec.Struct, frozen=True):
    """The rows of a block that are kept, by column, all but `resource`, `allocated_resource` and `batch`.

    `rows` counts what the block held, `repaired` the kept rows in which anything was repaired.
    """

    columns: dict[str, pa.Array]
    rows: int
    refused: int
    repaired: int


def make_sound(block: Block, troubles: Troubles) -> SoundRows:
    """Apply every rule to a block and give the rows that are kept."""
    for reason in sorted({reason for _, reason, _ in block.refused}):
        hits = [(line, text) for line, other, text in block.refused if other == reason]
        troubles.add(REFUSED, reason, "", np.array([line for line, _ in hits]), hits[0][1])
    rows = _Rows(block, troubles)
    rows.read_texts()
    rows.read_times()
    rows.read_amounts()
    rows.check_currency()
    rows.check_category()
    rows.read_tags()
    return rows.kept()


class _Rows:
    """One block on its way through the rules."""

    def __init__(self, block: Block, troubles: Troubles) -> None:
        self.block = block
        self.layout = layout_of(block.headers)
        self.troubles = troubles
        self.lines = block.lines
        self.count = len(block.lines)
        self.refused: Mask = np.zeros(self.count, bool)
        self.repaired: Mask = np.zeros(self.count, bool)
        self.changed: list[tuple[str, str, str, Mask, pa.Array | None]] = []
        self.columns: dict[str, pa.Array] = {}
        self.kept_texts: list[tuple[str, pa.DictionaryArray]] = []
        self.nothing = Amounts(pa.nulls(self.count, _DECIMAL), {})
        self.amounts_read: dict[int, Amounts] = {}
        self.texts_read: dict[int, tuple[pa.DictionaryArray, Mask | None]] = {}

    def read_texts(self) -> None:
        """Blank and literal NULL are no value; a former column fills the one that took its place."""
        for name in _TEXTS:
            self.columns[name] = self._text(name, self.layout.columns.get(name))
        for former, index in self.layout.former.items():
            text = self._text(former, index)
            for name in FORMER[former]:
                self.columns[name] = filled(self.columns[name], text)
        self.columns["InvoiceIssuerName"] = filled(
            self.columns["InvoiceIssuerName"], self.columns["ServiceProviderName"]
        )

    def read_times(self) -> None:
        """Want a period that ends after it starts; a missing billing period is the month of the charge."""
        read = {name: self._times(name) for name in TIMES}
        start, end = read["ChargePeriodStart"], read["ChargePeriodEnd"]
        for name, column in (("ChargePeriodStart", start), ("ChargePeriodEnd", end)):
            self._refuse("bad_time", name, column.bad)
            self._refuse("no_period", name, column.values == NONE if column.gaps else None)
        self._refuse("bad_period", "ChargePeriodEnd", end.values <= start.values)
        if start.first < EARLIEST or end.last > LATEST:
            unlikely = (start.values < EARLIEST) | (end.values > LATEST)
            self._refuse("unlikely_period", "ChargePeriodStart", unlikely)
        if end.last - start.first > LONGEST:
            self._refuse("unlikely_period", "ChargePeriodEnd", end.values - start.values > LONGEST)
        for name in TIMES:
            self._repair("no_zone", name, read[name].no_zone)
        billing_start, billing_end = self._billing_period(read, start.values)
        for name, values in zip(TIMES, (billing_end, billing_start, end.values, start.values), strict=True):
            self.columns[name] = pa.array(values, pa.int64()).view(_STAMP)

    def _billing_period(self, read: dict[str, Times], charged: Instants) -> tuple[Instants, Instants]:
        """Fill the months of charges in where a billing period is missing."""
        first, second = read["BillingPeriodStart"], read["BillingPeriodEnd"]
        start, end = first.values, second.values
        if first.gaps:
            self._repair("no_billing_period", "BillingPeriodStart", start == NONE)
            start = np.where(start == NONE, _month(charged, 0), start)
        if first.gaps or second.gaps or second.first <= first.last:
            missing = (end == NONE) | (end <= start)
            self._repair("no_billing_period", "BillingPeriodEnd", missing)
            end = np.where(missing, _month(start, 1), end)
        return start, end

    def read_amounts(self) -> None:
        """BilledCost and EffectiveCost must be readable; where one is absent the other is taken."""
        for name in AMOUNTS:
            self._amount(name)
        billed, effective = self.columns["BilledCost"], self.columns["EffectiveCost"]
        no_billed, no_effective = _nulls(billed), _nulls(effective)
        if not (no_billed.any() or no_effective.any()):
            return
        self._refuse("no_amount", "EffectiveCost", no_billed & no_effective)
        self._repair("no_billed_cost", "BilledCost", no_billed & ~no_effective)
        self._repair("no_effective_cost", "EffectiveCost", no_effective & ~no_billed)
        self.columns["BilledCost"] = pc.coalesce(billed, effective)
        self.columns["EffectiveCost"] = pc.coalesce(effective, billed)

    def check_currency(self) -> None:
        """Money needs a currency; ISO 4217 codes are written in capitals."""
        column = self.columns["BillingCurrency"]
        self._refuse("no_currency", "BillingCurrency", _nulls(column))
        if all(_currency(text) == text for text in column.dictionary.to_pylist()):
            return
        wrong = picked(column, [_currency(text) is None for text in column.dictionary.to_pylist()])
        self._refuse("bad_currency", "BillingCurrency", wrong, column)
        changed = picked(column, [_currency(text) != text for text in column.dictionary.to_pylist()])
        self._repair("currency_spelling", "BillingCurrency", changed, column)
        self.columns["BillingCurrency"] = remade(column, _currency)

    def check_category(self) -> None:
        """Take a charge without a category as Usage; correct another case; keep an unknown one."""
        column = self.columns["ChargeCategory"]
        known = {name.lower(): name for name in CATEGORIES}
        texts = column.dictionary.to_pylist()
        absent = _nulls(column)
        if absent.any():
            self._repair("no_category", "ChargeCategory", absent)
            column = pc.dictionary_encode(pc.fill_null(pc.cast(column, pa.string()), "Usage"))
        if not set(texts) <= set(CATEGORIES):
            other = [text not in CATEGORIES and text.lower() in known for text in column.dictionary.to_pylist()]
            self._repair("category_spelling", "ChargeCategory", picked(column, other), column)
            strange = [text.lower() not in known for text in column.dictionary.to_pylist()]
            self._note("unknown_category", "ChargeCategory", picked(column, strange), column)
            column = remade(column, lambda text: known.get(text.lower(), text))
        self.columns["ChargeCategory"] = column

    def read_tags(self) -> None:
        """Tags become sorted JSON, and the tags that join a charge to an asset become columns."""
        for name, prefix in zip(_TAGS, ("tag_", "allocated_tag_"), strict=True):
            array = self._source(self.layout.columns.get(name))
            read = [_flatten(text) for text in array.dictionary.to_pylist()]
            faults = {cell.fault for cell in read}
            if COLLISION in faults:
                self._note(COLLISION, name, picked(array, [cell.fault == COLLISION for cell in read]), array)
            if BAD_TAGS in faults:
                self._note(BAD_TAGS, name, bad := picked(array, [cell.fault == BAD_TAGS for cell in read]), array)
                self.kept_texts.append((name, where(array, bad)))
            self.columns[name] = _spread(array, [cell.text for cell in read])
            for place, tag in enumerate(JOIN_TAGS):
                self.columns[prefix + tag] = _spread(array, [cell.joins[place] for cell in read])

    def kept(self) -> SoundRows:
        """Add what is derived, and leave the refused rows out."""
        tokens = np.zeros(self.count, bool)
        for units in {id(self.columns[name]): self.columns[name] for name in _UNITS}.values():
            metered = pc.match_substring(units.dictionary, "token", ignore_case=True)
            if pc.any(metered).as_py():
                tokens |= picked(units, metered)
        self.columns["in_tokens"] = pa.array(tokens)
        self.columns["line"] = pa.array(self.lines, pa.int64())
        self.columns["Extra"] = self._extra()
        refused = int(self.refused.sum())
        columns = self.columns
        if refused:
            keep = pa.array(~self.refused)
            columns = {name: array.filter(keep) for name, array in columns.items()}
        self._count_changed()
        repaired = int(self.repaired.sum())
        skipped = len(self.block.refused)
        return SoundRows(columns, self.count + skipped, refused + skipped, repaired)

    def _source(self, index: int | None) -> pa.DictionaryArray:
        return nothing(self.count) if index is None else as_text(self.block.arrays[index])

    def _text(self, name: str, index: int | None) -> pa.DictionaryArray:
        if index is None:
            return nothing(self.count)
        given = self.block.arrays[index]
        if id(given) not in self.texts_read:
            self.texts_read[id(given)] = clean(as_text(given))
        array, literal = self.texts_read[id(given)]
        self._repair(NULL_TEXT, name, literal)
        return array

    def _times(self, name: str) -> Times:
        index = self.layout.columns.get(name)
        return absent(self.count) if index is None else times(self.block.arrays[index])

    def _amount(self, name: str) -> None:
        index = self.layout.columns.get(name)
        read = self.nothing if index is None else self._read_amounts(self.block.arrays[index])
        self.columns[name] = read.values
        for reason in (NULL_TEXT, ROUNDED, BINARY):
            self._repair(reason, name, read.mask(reason), None if index is None else self.block.arrays[index])
        for reason in (NOT_A_NUMBER, TOO_LARGE):
            wrong = read.mask(reason)
            if wrong is None or index is None:
                continue
            if name in _CORE:
                self._refuse(reason, name, wrong, self.block.arrays[index])
            else:
                self._note(reason, name, wrong, self.block.arrays[index])
                self.kept_texts.append((name, where(as_text(self.block.arrays[index]), wrong)))

    def _read_amounts(self, array: pa.Array) -> Amounts:
        """Read a column once, however many names stand above the same array."""
        read = self.amounts_read.get(id(array))
        if read is None:
            read = self.amounts_read[id(array)] = amounts(array)
        return read

    def _extra(self) -> pa.Array:
        """Write the columns that FOCUS 1.4 does not have, and texts that could not be read, as one JSON object."""
        kept = [(name, self._source(index)) for name, index in (*self.layout.extra, *self.layout.former.items())]
        pieces = []
        for name, array in sorted(kept + self.kept_texts, key=lambda pair: pair[0]):
            cleaned, _ = clean(array)
            if cleaned.null_count < self.count:
                written = pc.cast(remade(cleaned, partial(_member, name)), pa.string())
                pieces.append(pc.fill_null(pc.binary_join_element_wise(written, ",", ""), ""))
        if not pieces:
            return pa.nulls(self.count, pa.string())
        joined = pc.utf8_rtrim(pc.binary_join_element_wise(*pieces, ""), ",")
        assert len(joined) == self.count
        written = pc.binary_join_element_wise("{", joined, "}", "")
        return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), written)

    def _refuse(self, reason: str, column: str, rows: Mask | None, texts: pa.Array | None = None) -> None:
        """Leave rows out; a row is counted under the first reason that hits it."""
        if rows is not None and rows.any() and (rows := rows & ~self.refused).any():
            self.refused |= rows
            self._count(REFUSED, reason, column, rows, texts)

    def _repair(self, reason: str, column: str, rows: Mask | None, texts: pa.Array | None = None) -> None:
        """Note what was put right; it counts once it is known which rows are kept."""
        if rows is not None and rows.any():
            self.changed.append((REPAIRED, reason, column, rows, texts))

    def _note(self, reason: str, column: str, rows: Mask, texts: pa.Array | None = None) -> None:
        if rows.any():
            self.changed.append((NOTED, reason, column, rows, texts))

    def _count_changed(self) -> None:
        """Count what was repaired and noted in the rows that are kept."""
        for outcome, reason, column, rows, texts in self.changed:
            held = rows & ~self.refused
            if outcome == REPAIRED:
                self.repaired |= held
            if held.any():
                self._count(outcome, reason, column, held, texts)

    def _count(self, outcome: str, reason: str, column: str, rows: Mask, texts: pa.Array | None) -> None:
        if texts is None:
            index = self.layout.columns.get(column)
            texts = None if index is None else self.block.arrays[index]
        example = "" if texts is None else _example(texts, int(np.argmax(rows)))
        self.troubles.add(outcome, reason, column, self.lines[rows], example)


EARLIEST: Final = parse_instant("1990-01-01")
LATEST: Final = parse_instant("2200-01-01")
LONGEST: Final = 20 * 366 * DAY
"""No bill charges for a time before 1990, after 2199, or for more than twenty years at once."""
_DECIMAL: Final = pa.decimal128(38, 18)


@lru_cache(maxsize=4096)
def _currency(text: str) -> str | None:
    """Write a currency as FOCUS does; None for what is none."""
    code = text.upper() if len(text) == 3 and text.isalpha() else text
    try:
        return Money(Decimal(0), code).currency
    except ProblemError:
        return None


def _example(texts: pa.Array, place: int) -> str:
    """Write one value for the report; nothing where it is absent, or no text can be made of it."""
    try:
        text = pc.cast(texts.slice(place, 1), pa.string())[0].as_py()
    except pa.ArrowException:
        return ""
    return text or ""


def _member(name: str, text: str) -> str:
    """Write one member of a JSON object."""
    return f"{_encode(name).decode()}:{_encode(text).decode()}"


def _spread(array: pa.DictionaryArray, texts: list[str | None]) -> pa.DictionaryArray:
    if all(text is None for text in texts):
        return nothing(len(array))
    return recode(pa.DictionaryArray.from_arrays(array.indices, pa.array(texts, pa.string())))


def _nulls(array: pa.Array) -> Mask:
    rows: Mask = pc.is_null(array).to_numpy(zero_copy_only=False)
    return rows


def _month(instants: npt.NDArray[np.int64], later: int) -> npt.NDArray[np.int64]:
    """Give the start of the calendar month of each instant, or of a later one; whatever for absent ones."""
    months = np.where(instants == NONE, 0, instants).view("datetime64[us]").astype("datetime64[M]") + later
    starts: npt.NDArray[np.int64] = months.astype("datetime64[us]").view(np.int64)
    return starts
