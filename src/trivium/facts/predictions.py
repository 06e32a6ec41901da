"""The bodies of `predictions.received` and `labels.received` facts, and the columns of their rows in the lake.

What was predicted, from what, and what it should have been may be personal: that stands in the lake alone. The bodies
have counts, names of endpoints and versions, and days.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.charges import LONG, REAL, TEXT, TIME
from trivium.facts.deliveries import LakeFile, Source, Trouble
from trivium.facts.traffic import Traffic

PREDICTIONS: Final = "predictions"
"""The lake's table of predictions."""
LABELS: Final = "labels"
"""The lake's table of labels."""
FEATURE: Final = "feature."
"""What stands before the name of a feature in the names of the lake's columns."""
PREDICTION_COLUMNS: Final = (
    ("id", TEXT), ("at", TIME), ("endpoint", TEXT), ("version", TEXT), ("prediction", TEXT), ("score", REAL),
    ("latency_us", LONG), ("error", TEXT), ("line", LONG),
)  # fmt: skip
"""The columns of a file of predictions with their types; features follow, each a column `feature.NAME`.

`id` names a prediction below its endpoint. `endpoint` and `version` are asset keys, `version` is empty where nobody
said it. `prediction` is a class, a number or a text, as text; null where there was none. `error` is empty for answers.
`line` is the place in the file or batch. A feature is DOUBLE where the file was typed and had numbers, else text.
"""
LABEL_COLUMNS: Final = (
    ("id", TEXT), ("at", TIME), ("endpoint", TEXT), ("label", TEXT), ("after", LONG), ("line", LONG),
)  # fmt: skip
"""The columns of a file of labels. `id` is that of the prediction, `endpoint` empty where nobody said it.

`after` is the last fact before the delivery: of two labels of one time the one received later counts, so by `after`,
then `line`.
"""


class PredictionsReceived(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One delivery of predictions, of which none stood before. `predictions` counts its rows, failed ones too."""

    files: tuple[LakeFile, ...]
    predictions: int
    sources: tuple[Source, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    problems: tuple[Trouble, ...] = ()


class LabelsReceived(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One delivery of labels, of which none stood before."""

    files: tuple[LakeFile, ...]
    labels: int
    sources: tuple[Source, ...] = ()
    problems: tuple[Trouble, ...] = ()


_encoder = msgspec.json.Encoder()
_predictions: msgspec.json.Decoder[PredictionsReceived] = msgspec.json.Decoder(PredictionsReceived)
_labels: msgspec.json.Decoder[LabelsReceived] = msgspec.json.Decoder(LabelsReceived)


def encode_received(received: PredictionsReceived | LabelsReceived) -> bytes:
    """Write a delivery as a fact's body: JSON, its fields in the order of the record, its buckets as given."""
    return _encoder.encode(received)


def decode_predictions(body: bytes) -> PredictionsReceived:
    """Read a delivery of predictions back from a fact's body."""
    return _predictions.decode(body)


def decode_labels(body: bytes) -> LabelsReceived:
    """Read a delivery of labels back from a fact's body."""
    return _labels.decode(body)
