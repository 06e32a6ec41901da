"""Makes a block of predictions or labels sound: asset keys, UTC times, finite numbers; counts what it left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trivium.facts.instants import DAY, parse_instant
from trivium.facts.keys import KINDS, kind_of, parse
from trivium.facts.predictions import FEATURE, LABELS, PREDICTIONS
from trivium.facts.problem import ProblemError
from trivium.intake.files.blocks import Block
from trivium.intake.files.columns import as_text, clean, nothing, picked, remade
from trivium.intake.files.times import NONE, absent, times
from trivium.intake.files.troubles import NOTED, REFUSED, REPAIRED, Troubles
from trivium.intake.predictions.names import Layout, layout_of

Mask = npt.NDArray[np.bool_]
EARLIEST: Final = parse_instant("1990-01-01")
LATEST: Final = parse_instant("2200-01-01")
LONGEST_ID: Final = 256
LONGEST_TEXT: Final = 1 << 20
_LONGEST_LATENCY_MS: Final = 7 * DAY // 1_000
_MODEL_URI: Final = re.compile(r"models:/{1,3}")
_NO_ERROR: Final = frozenset({"false", "0", "none", "ok"})


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all rows that say nothing else: the keys of endpoint and version, empty where nobody said them."""

    endpoint: str = ""
    version: str = ""


class SoundRows(msgspec.Struct, frozen=True):
    """The rows of a block that are kept, by column; `rows` counts what the block held."""

    columns: dict[str, pa.Array]
    rows: int
    refused: int
    repaired: int


def endpoint_key(text: str) -> str | None:
    """Read the name or key of an endpoint; None for what names none."""
    named = text if kind_of(text) in KINDS else f"endpoint:{text}"
    return named if _is_key(named, "endpoint") else None


def version_key(text: str) -> str | None:
    """Read `NAME/VERSION`, `model:NAME/VERSION` or `models:/NAME/VERSION`; None for what names no version."""
    bare = _MODEL_URI.sub("", text, count=1) if text.startswith("models:/") else text
    named = bare if kind_of(bare) in KINDS else f"model:{bare}"
    return named if _is_key(named, "model") and parse(named).version else None


def _is_key(named: str, kind: str) -> bool:
    try:
        return parse(named).kind == kind and named.isprintable()
    except ProblemError:
        return False


def make_sound(table: str, block: Block, given: Given, troubles: Troubles) -> SoundRows:
    """Apply every rule to a block and give the rows that are kept."""
    for reason in sorted({reason for _, reason, _ in block.refused}):
        hits = [(line, text) for line, other, text in block.refused if other == reason]
        troubles.add(REFUSED, reason, "", np.array([line for line, _ in hits]), hits[0][1])
    rows = _Rows(table, block, troubles)
    rows.read_id()
    rows.read_at()
    rows.read_endpoint(given)
    if table == PREDICTIONS:
        rows.read_version(given)
        rows.read_prediction()
        rows.read_measures()
        rows.read_features()
    else:
        rows.read_label()
    return rows.kept()


class _Rows:
    """One block on its way through the rules."""

    def __init__(self, table: str, block: Block, troubles: Troubles) -> None:
        self.table, self.block, self.troubles = table, block, troubles
        self.layout: Layout = layout_of(table, block.headers)
        self.count = len(block.lines)
        self.refused: Mask = np.zeros(self.count, bool)
        self.repaired: Mask = np.zeros(self.count, bool)
        self.columns: dict[str, pa.Array] = {}
        self.noted: list[tuple[str, str, str, Mask, pa.Array | None]] = []

    def read_id(self) -> None:
        """Want an id of at most 256 characters."""
        ids = self._text("id", "no_id")
        long = pc.greater(pc.utf8_length(ids.dictionary), LONGEST_ID)
        self._refuse("long_id", "id", picked(ids, long), ids)
        self.columns["id"] = ids

    def read_at(self) -> None:
        """Want a time in 1990 to 2199; one without a zone is taken as UTC."""
        place = self.layout.columns.get("at")
        read = absent(self.count) if place is None else times(self.block.arrays[place])
        source = None if place is None else self.block.arrays[place]
        self._refuse("no_time", "at", read.values == NONE, source)
        self._refuse("unlikely_time", "at", (read.values < EARLIEST) | (read.values >= LATEST), source)
        if read.no_zone is not None:
            self.noted.append((REPAIRED, "no_zone", "at", read.no_zone, source))
        self.columns["at"] = pa.array(read.values, pa.int64()).view(pa.timestamp("us"))

    def read_endpoint(self, given: Given) -> None:
        """Name the endpoint by its key; a label needs none."""
        column = self._keys("endpoint", "bad_endpoint", endpoint_key, given.endpoint)
        if self.table == PREDICTIONS:
            self._refuse("no_endpoint", "endpoint", _nulls(column))
        self.columns["endpoint"] = _filled(column)

    def read_version(self, given: Given) -> None:
        """Name the version by its key; one that nobody said is unknown, not guessed."""
        column = self._keys("version", "bad_version", version_key, given.version)
        self._note("no_version", "version", _nulls(column))
        self.columns["version"] = _filled(column)

    def read_prediction(self) -> None:
        """Keep what was answered as text, and what went wrong."""
        said = self._text("prediction")
        errors = self._text("error")
        errors = remade(errors, lambda text: None if text.lower() in _NO_ERROR else text)
        self._note("no_prediction", "prediction", _nulls(said) & _nulls(errors))
        self.columns["prediction"], self.columns["error"] = said, _filled(errors)

    def read_measures(self) -> None:
        """Keep score and latency where they are finite numbers."""
        score, bad = self._number("score")
        self._note("bad_score", "score", bad)
        latency, wrong = self._number("latency_ms")
        beyond = np.nan_to_num(latency, nan=0.0)
        outside = (beyond < 0) | (beyond > _LONGEST_LATENCY_MS)
        self._note("bad_latency", "latency_ms", wrong | outside)
        gone = np.isnan(latency) | outside
        whole = np.rint(np.where(gone, 0.0, latency) * 1_000).astype(np.int64)
        self.columns["score"] = pa.array(score, pa.float64(), mask=np.isnan(score))
        self.columns["latency_us"] = pa.array(whole, pa.int64(), mask=gone)

    def read_features(self) -> None:
        """Keep every further column: numbers of a typed file as numbers, all else as text."""
        for name, place in self.layout.others:
            given = self.block.arrays[place]
            if pa.types.is_floating(given.type) or pa.types.is_integer(given.type) or pa.types.is_decimal(given.type):
                self.columns[FEATURE + name] = pc.cast(given, pa.float64(), safe=False)
            else:
                self.columns[FEATURE + name] = pc.cast(clean(as_text(given))[0], pa.string())

    def read_label(self) -> None:
        """Want a label; further columns say nothing about it."""
        self.columns["label"] = self._text("label", "no_label")

    def kept(self) -> SoundRows:
        """Leave the refused rows out."""
        self.columns["line"] = pa.array(self.block.lines, pa.int64())
        columns = {name: _plain(array) for name, array in self.columns.items()}
        refused = int(self.refused.sum())
        if refused:
            keep = pa.array(~self.refused)
            columns = {name: array.filter(keep) for name, array in columns.items()}
        for outcome, reason, column, rows, texts in self.noted:
            held = rows & ~self.refused
            if outcome == REPAIRED:
                self.repaired |= held
            self._count(outcome, reason, column, held, texts)
        skipped = len(self.block.refused)
        return SoundRows(columns, self.count + skipped, refused + skipped, int(self.repaired.sum()))

    def _text(self, name: str, missing: str = "") -> pa.DictionaryArray:
        """Give a column as text; blank and the literal NULL are nothing, which `missing` refuses.

        Rows with NUL, or with a text beyond 1 MiB, are refused.
        """
        place = self.layout.columns.get(name)
        array = nothing(self.count) if place is None else clean(as_text(self.block.arrays[place]))[0]
        values = array.dictionary
        self._refuse("nul", name, picked(array, pc.match_substring(values, "\0")), None)
        self._refuse("long_text", name, picked(array, pc.greater(pc.binary_length(values), LONGEST_TEXT)), None)
        if missing:
            self._refuse(missing, name, _nulls(array))
        return array

    def _keys(self, name: str, bad: str, read: Callable[[str], str | None], given: str) -> pa.DictionaryArray:
        texts = self._text(name)
        wrong = [read(text) is None for text in texts.dictionary.to_pylist()]
        self._refuse(bad, name, picked(texts, wrong), texts)
        keys = remade(texts, read)
        return pc.dictionary_encode(pc.fill_null(pc.cast(keys, pa.string()), given)) if given else keys

    def _number(self, name: str) -> tuple[npt.NDArray[np.float64], Mask]:
        """Read numbers; NaN where there is none, and where there is one that is not finite, which the mask says."""
        place = self.layout.columns.get(name)
        if place is None:
            return np.full(self.count, np.nan), np.zeros(self.count, bool)
        given = self.block.arrays[place]
        if pa.types.is_floating(given.type) or pa.types.is_integer(given.type):
            numbers = pc.cast(given, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            there = pc.is_valid(given).to_numpy(zero_copy_only=False)
        else:
            texts = clean(as_text(given))[0]
            read = np.array([*map(_float, texts.dictionary.to_pylist()), np.nan])
            places = pc.fill_null(texts.indices, len(read) - 1).to_numpy(zero_copy_only=False)
            numbers, there = read[places], ~_nulls(texts)
        finite = np.isfinite(numbers)
        return np.where(finite, numbers, np.nan), there & ~finite

    def _refuse(self, reason: str, column: str, rows: Mask, texts: pa.Array | None = None) -> None:
        """Leave rows out; a row is counted under the first reason that hits it."""
        rows = rows & ~self.refused
        self.refused |= rows
        self._count(REFUSED, reason, column, rows, texts)

    def _note(self, reason: str, column: str, rows: Mask) -> None:
        place = self.layout.columns.get(column)
        self.noted.append((NOTED, reason, column, rows, None if place is None else self.block.arrays[place]))

    def _count(self, outcome: str, reason: str, column: str, rows: Mask, texts: pa.Array | None) -> None:
        if rows.any():
            example = "" if texts is None else _example(texts, int(np.argmax(rows)))
            self.troubles.add(outcome, reason, column, self.block.lines[rows], example)


def _float(text: str) -> float:
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return float("inf")


def _plain(array: Any) -> pa.Array:
    return pc.cast(array, pa.string()) if pa.types.is_dictionary(array.type) else array


def _filled(array: pa.DictionaryArray) -> pa.Array:
    return pc.fill_null(pc.cast(array, pa.string()), "")


def _nulls(array: pa.Array) -> Mask:
    rows: Mask = pc.is_null(array).to_numpy(zero_copy_only=False)
    return rows


def _example(texts: pa.Array, place: int) -> str:
    """Write one value for the report; nothing where it is absent, or no text can be made of it."""
    try:
        return pc.cast(texts.slice(place, 1), pa.string())[0].as_py() or ""
    except pa.ArrowException:
        return ""


__all__ = ["LABELS", "PREDICTIONS", "Given", "SoundRows", "endpoint_key", "make_sound", "version_key"]
