"""MLflow's words for what it keeps of traces (mlflow/tracing/constant.py of 3.17)."""

from __future__ import annotations

from typing import Final

NAME: Final = "mlflow.traceName"
LOCATION: Final = "mlflow.artifactLocation"
SPANS_LOCATION: Final = "mlflow.trace.spansLocation"
STORE: Final = "TRACKING_STORE"
"""Says that the spans are asked of the server, not of an artifact."""
FINALIZED: Final = "mlflow.trace.infoFinalized"
RUN: Final = "mlflow.sourceRun"
SCHEMA: Final = "mlflow.trace_schema.version"
CONTENTS: Final = frozenset({"mlflow.traceInputs", "mlflow.traceOutputs"})
"""Metadata that people wrote or read: content."""
STATES: Final = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
PREFIX: Final = "tr-"
KEY_MAX: Final = 250
VALUE_MAX: Final = 8_000
