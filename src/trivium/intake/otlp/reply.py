"""What OTLP's clients are answered: ExportTraceServiceResponse and google.rpc.Status, in the request's own encoding."""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.problem import Problem
from trivium.intake.otlp.reader import JSON
from trivium.intake.otlp.wire import put_number, put_text, put_varint

_CODES: Final = {400: 3, 403: 7, 404: 5, 413: 3, 415: 3, 422: 3, 429: 8, 503: 14}
"""google.rpc.Code by HTTP status."""
_INTERNAL: Final = 13


def export_response(media_type: str, refused: int, message: str) -> bytes:
    """Write an ExportTraceServiceResponse; it says nothing where every span was taken."""
    if media_type == JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(refused), "errorMessage": message}}
        return msgspec.json.encode(partial if refused else {})
    if not refused:
        return b""
    inside = put_number(1, refused) + put_text(2, message)
    return b"\x0a" + put_varint(len(inside)) + inside


def status(media_type: str, problem: Problem) -> bytes:
    """Write a google.rpc.Status."""
    code, sentence = _CODES.get(problem.status, _INTERNAL), problem.sentence()
    if media_type == JSON:
        return msgspec.json.encode({"code": code, "message": sentence})
    return put_number(1, code) + put_text(2, sentence)
