"""The columns of predictions and labels: how they may be called, and which a file must have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final

import msgspec

from trivium.facts.predictions import LABELS, PREDICTIONS
from trivium.facts.problem import refuse, shown
from trivium.intake.files.blocks import Form
from trivium.intake.files.headers import check_count, plain_name

SPELLINGS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    PREDICTIONS: {
        "id": ("prediction_id", "id", "request_id"),
        "at": ("at", "timestamp", "predicted_at"),
        "endpoint": ("endpoint",),
        "version": ("version", "model_version"),
        "prediction": ("prediction", "predicted"),
        "score": ("score",),
        "latency_ms": ("latency_ms",),
        "error": ("error",),
    },
    LABELS: {
        "id": ("prediction_id", "id", "request_id"),
        "label": ("label", "actual"),
        "at": ("at", "timestamp", "labelled_at"),
        "endpoint": ("endpoint",),
    },
}
"""For each table its columns, and how each may be called; of several that stand in a file the first one counts."""
NEEDED: Final = {PREDICTIONS: ("id", "at"), LABELS: ("id", "label", "at")}
MOST_FEATURES: Final = 1_000
LONGEST_NAME: Final = 256
_FIXES: Final = {
    PREDICTIONS: "Give predictions as CSV, CSV.gz, Parquet or JSON lines, with the columns prediction_id, at, "
    "endpoint, version and prediction.",
    LABELS: "Give labels as CSV, CSV.gz, Parquet or JSON lines, with the columns prediction_id, label and at.",
}


class Layout(msgspec.Struct, frozen=True):
    """Where each column stands in a file. `others` are headers that are none of them: (name, place).

    `left_out` are others that cannot be features: a name that stands there already in any case, is too long, or cannot
    be shown.
    """

    columns: dict[str, int]
    others: tuple[tuple[str, int], ...]
    left_out: tuple[str, ...]


@lru_cache(maxsize=256)
def layout_of(table: str, headers: tuple[str, ...]) -> Layout:
    """Find the columns of a table among a file's headers."""
    check_count(headers, _FIXES[table])
    plain = [plain_name(header) for header in headers]
    columns: dict[str, int] = {}
    for name, spellings in SPELLINGS[table].items():
        places = [plain.index(one) for one in map(plain_name, spellings) if one in plain]
        if places:
            columns[name] = places[0]
    taken: set[str] = set()
    others: list[tuple[str, int]] = []
    left_out: list[str] = []
    for place, header in enumerate(headers):
        if place in columns.values():
            continue
        name = header.strip().strip("\ufeff") or f"column {place + 1}"
        if name.lower() in taken or len(name) > LONGEST_NAME or not name.isprintable():
            left_out.append(name)
        else:
            taken.add(name.lower())
            others.append((name, place))
    if len(others) > MOST_FEATURES:
        title = f"The file has {len(others):,} columns beside its own; at most {MOST_FEATURES:,} features are kept."
        raise refuse("too_many_columns", title, status=413, fix=_FIXES[table])
    return Layout(columns, tuple(others), tuple(left_out))


def check_columns(table: str, headers: tuple[str, ...], source: str) -> None:
    """Refuse a file that lacks what a prediction, or a label, cannot be without."""
    found = layout_of(table, headers).columns
    missing = [SPELLINGS[table][name][0] for name in NEEDED[table] if name not in found]
    if missing:
        first = ", ".join(shown(header, 30) for header in headers[:4]) or "nothing"
        title = f"The file lacks {', '.join(missing)}: it holds no {table}. Its columns begin with {first}."
        raise refuse(f"not_{table}", title, where=source, fix=_FIXES[table])


def form_of(table: str) -> Form:
    """Say what a file of a table looks like."""
    return Form(
        what=table,
        code=f"not_{table}",
        known=partial(_known, table),
        seldom=lambda headers: frozenset(range(len(headers))),
        check=lambda headers: check_count(headers, _FIXES[table]),
    )


def _known(table: str, headers: Sequence[str]) -> int:
    """Count the headers that are columns of a table."""
    spellings = {plain_name(one) for several in SPELLINGS[table].values() for one in several}
    return sum(plain_name(header) in spellings for header in headers)
