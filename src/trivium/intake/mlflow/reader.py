"""What a client asks for: JSON bodies and query strings, read as protobuf's JSON is, into records of requests.

Fields that are not known are passed over, numbers may be text, null is as if nothing was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar, get_origin, get_type_hints

import msgspec

from trivium.facts.bounds import check_bounds, malformed, without_mark
from trivium.facts.misfits import misfit
from trivium.facts.problem import ProblemError
from trivium.facts.redaction import redact
from trivium.facts.screening import Screen
from trivium.intake.mlflow.checks import invalid

Asked = TypeVar("Asked", bound=msgspec.Struct)
_screen: Final = Screen()


def read_body(raw: bytes, kind: type[Asked], *, kept: bool = True) -> Asked:
    """Read a request from a JSON body; refuses what is out of bounds or does not fit.

    What will be `kept` loses known secrets; a question that is answered and forgotten is read as it is.
    """
    body = _bounded(without_mark(raw), kept) if raw else b"{}"
    try:
        asked: Asked = _decoder(kind).decode(body)
    except msgspec.ValidationError as fault:
        return _without_nulls(body, kind, fault)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise _refused(malformed(body, fault)) from fault
    return asked


def read_measured(raw: bytes, kind: type[Asked]) -> Asked:
    """Read metrics: numbers under names that come again and again, which alone are looked through for secrets.

    Names and numbers are bounded by their records; whatever does not fit goes the way of `read_body`.
    """
    try:
        asked: Asked = _decoder(kind).decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return read_body(raw, kind)
    return asked


@lru_cache(maxsize=16_384)
def is_plain(text: str) -> bool:
    """Say whether a text holds no known secret and can be stored."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return False
    return b"\0" not in raw and redact(raw) == raw


def read_query(pairs: Iterable[tuple[str, str]], kind: type[Asked]) -> Asked:
    """Read a request from a query string; a list is a name said several times."""
    lists = _lists(kind)
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return fitted(values, kind)


def fitted(values: Mapping[str, Any], kind: type[Asked]) -> Asked:
    """Make a request of values by name."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise _misfit(fault, values) from fault


def _bounded(raw: bytes, kept: bool) -> bytes:
    if kept:
        return _screen(raw)
    check_bounds(raw)
    return raw


def _without_nulls(body: bytes, kind: type[Asked], fault: msgspec.ValidationError) -> Asked:
    """Read again without what is null: null says nothing."""
    values = msgspec.json.decode(body)
    if not isinstance(values, dict):
        raise invalid("The request is no JSON object.", where="$") from fault
    plain = _plain(values)
    if plain == values:
        raise _misfit(fault, values) from fault
    return fitted(plain, kind)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items() if child is not None}
    return [_plain(child) for child in value] if isinstance(value, list) else value


def _misfit(fault: msgspec.ValidationError, values: Any) -> ProblemError:
    sentence, place = misfit(str(fault), values)
    return invalid(f"Invalid value for parameter '{place}' supplied: {sentence}", where=place)


def _refused(fault: ProblemError) -> ProblemError:
    return invalid(fault.problem.title, where=fault.problem.where)


@lru_cache(maxsize=128)
def _decoder(kind: type[Asked]) -> msgspec.json.Decoder[Asked]:
    return msgspec.json.Decoder(kind, strict=False)


@lru_cache(maxsize=128)
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    hints = get_type_hints(kind)
    return frozenset(name for name, hint in hints.items() if get_origin(hint) in {list, tuple})
