"""Where things stand on this server: an asset's page, and the same page with one filter changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

REPEATED: Final = frozenset({"column", "run", "version"})
"""Parameters that a page takes several of; of any other the last counts."""


def asset_address(key: str) -> str:
    """Give the address of an asset's page: its key in text form, percent-encoded once (design.md §4)."""
    return f"/assets/{quote(key, safe='')}"


def explain_address(key: str) -> str:
    """Give the address of the page that explains an asset's cost."""
    return f"/explain/{quote(key, safe='')}"


def drift_address(key: str) -> str:
    """Give the address of the page that says whether a version's predictions drifted."""
    return f"/drift/{quote(key, safe='')}"


def performance_address(key: str) -> str:
    """Give the address of the page that says how good a version's predictions are."""
    return f"/performance/{quote(key, safe='')}"


def endpoint_address(key: str) -> str:
    """Give the address of the page about an endpoint's traffic, latency, errors and cost."""
    return f"/endpoints/{quote(key, safe='')}"


def accurate_address(key: str) -> str:
    """Give the address of the page that says what one accurate prediction of a version costs."""
    return f"/accurate/{quote(key, safe='')}"


def address(path: str, query: str | Mapping[str, str] = "", **changes: str | None) -> str:
    """Give a path of this server with some query parameters changed; None or an empty text removes one.

    `query` is the query string that the page was asked with, so that other filters stay.
    """
    pairs = parse_qsl(query) if isinstance(query, str) else list(query.items())
    last = dict(pairs)
    pairs = [pair for pair in pairs if pair[0] in REPEATED] + [pair for pair in last.items() if pair[0] not in REPEATED]
    pairs = [pair for pair in pairs if pair[0] not in changes]
    pairs += [(name, value) for name, value in changes.items() if value]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def local_address(href: str | None) -> str | None:
    """Give an address that a link may have: a path of this server or an http address; anything else is None."""
    if href is None or any(ord(letter) < 33 for letter in href):
        return None
    if href.startswith(("/", "?", "#")):
        return None if href.startswith(("//", "/\\")) else href
    return href if href.startswith(("http://", "https://")) else None
