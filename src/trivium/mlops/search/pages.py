"""Which part of what was found is handed out, and the token that asks for the next part, as MLflow writes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from trivium.facts.bounds import INT64
from trivium.facts.problem import shown
from trivium.mlops.search.tokens import refused

T = TypeVar("T")
_FIX: Final = "Send the token as it was given, or none for the first page."


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Ids in order, and the token of the next page, empty where there is none."""

    ids: tuple[T, ...]
    next_page_token: str = ""


def offset_of(token: str) -> int:
    """Read a page token: base64 of the JSON {"offset": n}; no token is the beginning."""
    if not token:
        return 0
    try:
        asked = json.loads(base64.b64decode(token))
        offset = int(asked["offset"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as fault:
        raise refused(f"The page token {shown(token)} cannot be read.", "page_token", _FIX) from fault
    if offset <= 0 or offset not in INT64:
        raise refused(f"The page token {shown(token)} names the place {shown(offset)}.", "page_token", _FIX)
    return offset


def token_of(offset: int) -> str:
    """Write the token of the page that begins at an offset."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def check_limit(max_results: int, most: int, *, least: int = 1) -> None:
    """Refuse a page that is larger or smaller than MLflow gives."""
    if not least <= max_results <= most:
        title = f"max_results is {shown(max_results)}; it must lie between {least} and {most}."
        raise refused(title, "max_results", "Ask for fewer results and follow next_page_token.")


def paged(found: Sequence[T], offset: int, max_results: int) -> Page[T]:
    """Make the page of what was found beginning at an offset, where one more was asked for than the page holds."""
    assert len(found) <= max_results + 1, "one more is asked for than the page holds"
    more = len(found) > max_results
    return Page(tuple(found[:max_results]), token_of(offset + max_results) if more else "")
