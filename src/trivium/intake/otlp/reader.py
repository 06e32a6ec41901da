"""Reads OTLP traces in either encoding into rows, and says which spans cannot be kept (OTLP 1.x, "OTLP/HTTP")."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.problem import refuse
from trivium.intake.otlp.json_form import json_rows_in
from trivium.intake.otlp.lexicon import Lexicon, UnfitSpanError
from trivium.intake.otlp.protobuf import rows_in
from trivium.intake.otlp.rows import AHEAD, Around, Row
from trivium.intake.otlp.wire import MalformedError

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
MEDIA_TYPES: Final = (PROTOBUF, JSON)
_EXAMPLES: Final = 3


class Request(msgspec.Struct, frozen=True):
    """One request: the rows of its spans, how many were refused, and why, in a sentence.

    `resources` are (service, billed resource) pairs that it names.
    """

    rows: list[Row]
    refused: int = 0
    message: str = ""
    resources: frozenset[tuple[str, str]] = frozenset()


def read(raw: bytes, media_type: str, lexicon: Lexicon, *, at: Instant, experiment: str = "") -> Request:
    """Read an ExportTraceServiceRequest of one of MEDIA_TYPES; refuses (400) what is none.

    `at` is the server's clock: spans that end a day after it are refused. `experiment` is MLflow's, from the header
    `x-mlflow-experiment-id`.
    """
    around = Around(experiment, (at + AHEAD) * 1_000, set())
    try:
        found = list(json_rows_in(raw, around)) if media_type == JSON else list(rows_in(raw, lexicon, around))
    except MalformedError as fault:
        title = f"The body is no ExportTraceServiceRequest: {fault}"
        raise refuse("bad_otlp", title, status=400, where="$", fix=f"Send one in {media_type}.") from fault
    rows = [one for one in found if isinstance(one, tuple)]
    named, refused = frozenset(around.named), len(found) - len(rows)
    if not refused:
        return Request(rows, resources=named)
    reasons = dict.fromkeys(str(one) for one in found if isinstance(one, UnfitSpanError))
    message = f"{refused} of {len(found)} spans were refused. {' '.join(islice(reasons, _EXAMPLES))}"
    return Request(rows, refused, message, named)
