"""A long table comes in parts: each part says which it is, and following the ways shows every row once."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request

from tests.entrypoints.worked import Caller
from trivium.entrypoints.web.paging import PAGE, part_of
from trivium.facts.problem import ProblemError


def request(query: str) -> Request:
    return Request({"type": "http", "path": "/statement", "query_string": query.encode(), "headers": [],
                    "server": ("127.0.0.1", 8080), "scheme": "http"})  # fmt: skip


@pytest.mark.parametrize("total", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 7])
def test_following_the_ways_shows_every_row_once(total: int) -> None:
    rows, seen, query = list(range(total)), [], "by=asset"
    for _ in range(10):
        part, ways = part_of(rows, request(query))
        seen += part
        if ways is None or ways["after"] is None:
            break
        query = urlsplit(ways["after"]).query
        assert parse_qs(query)["by"] == ["asset"]
    assert seen == rows
    assert (part_of(rows, request(""))[1] is None) == (total <= PAGE)


def test_the_way_back_ends_at_the_beginning() -> None:
    _, ways = part_of(range(250), request("from=100&by=team"))
    assert ways == {"text": "101 to 200 of 250", "before": "/statement?by=team", "after": "/statement?by=team&from=200"}
    assert part_of(range(250), request("from=900"))[1] == {
        "text": "none beyond 250", "before": "/statement?from=800", "after": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "9" * 30, "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ProblemError):
        part_of([], request(f"from={text}"))


def test_a_part_of_a_statement_adds_up(asked: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivium.entrypoints.web.paging.PAGE", 3)
    text = unescape(
        asked.ask(
            "/statement?by=asset&period=2026-11&as_of=2026-11-09T00:00:00Z&from=2", headers={"accept": "text/html"}
        ).body.decode()
    )
    table = text[text.index("Lines of the statement") : text.index("</table>", text.index("Lines of the statement"))]
    amounts = [Decimal(row) for row in re.findall(r'<tr.*?<data class="amount" value="([^"]+)"', table, re.DOTALL)]
    assert "on other pages" in table
    assert sum(amounts[:-1]) == amounts[-1] == Decimal("339.01")
