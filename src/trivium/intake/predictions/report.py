"""What a reader says of one file of predictions or labels."""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.deliveries import Trouble
from trivium.intake.files import troubles

SENTENCES: Final[dict[str, tuple[str, str]]] = troubles.SENTENCES | {
    "no_id": ("The row was left out: it has no prediction id.", "Give each prediction an id, and each label that id."),
    "long_id": ("The row was left out: its id is longer than 256 characters.", "Write a shorter id."),
    "no_time": ("The row was left out: it has no time that can be read.", "Write times as 2026-10-05T08:00:00Z."),
    "unlikely_time": ("The row was left out: its time lies outside 1990 to 2199.", "Correct the time."),
    "no_endpoint": ("The row was left out: nobody says which endpoint answered.", "Add a column, or give --endpoint."),
    "bad_endpoint": ("The row was left out: this names no endpoint.", "Write the endpoint's name, or endpoint:NAME."),
    "bad_version": ("The row was left out: this names no model version.", "Write NAME/VERSION or model:NAME/VERSION."),
    "no_version": (
        "The version is unknown: the row counts for the endpoint alone.",
        "Add a column, or give --version.",
    ),
    "no_label": ("The row was left out: it has no label.", "Leave out labels that are not known yet."),
    "no_prediction": (
        "Nothing was predicted and no error is told; it can never be correct.",
        "Write what was answered.",
    ),
    "long_text": ("The row was left out: a text in it is longer than 1 MiB.", "Send the part that is judged."),
    "bad_score": ("The score is no finite number; it was left out.", "Write scores as 0.93."),
    "bad_latency": ("The latency is no number of milliseconds from 0 to 7 days; it was left out.", "Write 12.5."),
    "column_twice": (
        "The column stands twice, in any case, or its name cannot be kept; it was left out.",
        "Rename it.",
    ),
    "ignored_column": ("The column says nothing about a label; it was left out.", ""),
    "repeat": ("The row was left out: it stands already, or earlier in the same delivery.", ""),
    "other_content": (
        "The row was left out: a prediction with this id stands already for its endpoint, with another content.",
        "Give each prediction an id of its own; send what it should have been as a label.",
    ),
}
"""What was done, and what to do, for each reason."""


class Part(msgspec.Struct, frozen=True):
    """One staged Parquet file: its number in the stage, and its rows."""

    number: int
    rows: int


class RowsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file: its rows, those taken and refused, and those in which anything was repaired."""

    sha256: str = ""
    bytes: int = 0
    format: str = ""
    rows: int = 0
    taken: int = 0
    refused: int = 0
    repaired: int = 0
    parts: tuple[Part, ...] = ()
    problems: tuple[Trouble, ...] = ()
