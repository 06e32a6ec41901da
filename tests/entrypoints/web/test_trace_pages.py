"""The pages of traces and usage show what was received, and content only where it is asked for."""

from __future__ import annotations

import pytest

from tests.entrypoints.api.test_otlp import PB, RAW, SPANS
from tests.entrypoints.worked import caller
from tests.intake.otlp.told import CHAT, TRACE, request
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.otlp import PATH
from trivium.entrypoints.web.trace_pages import shown


@pytest.mark.parametrize("path", ["/traces", "/usage", "/traces?status=error&service=x"])
def test_an_empty_page_teaches_or_says_that_nothing_matches(empty: Rooms, path: str) -> None:
    answer = caller(empty).ask(path)
    assert answer.status == 200
    assert (b"OTEL_EXPORTER_OTLP_ENDPOINT" in answer.body) != (b"No trace matches" in answer.body)


def test_a_trace_is_listed_with_tokens_and_an_estimate(empty: Rooms) -> None:
    asked = caller(empty)
    asked.ask(PATH, RAW, PB)
    page = asked.ask("/traces").body.decode()
    assert f'href="/traces/{TRACE}"' in page
    assert "0.0035" in page
    assert "endpoint%3Aassistant" in page


def test_content_is_shown_only_where_it_is_asked_for(empty: Rooms) -> None:
    asked = caller(empty)
    told = SPANS[1] | {"attributes": CHAT | {"gen_ai.input.messages": "<svg onload=alert(1)> I am Ada"}}
    asked.ask(PATH, request(told).SerializeToString(), PB)
    assert "I am Ada" not in asked.ask(f"/traces/{TRACE}").body.decode()
    page = asked.ask(f"/traces/{TRACE}?content=true").body.decode()
    assert "I am Ada" in page
    assert "<svg onload" not in page


def test_usage_names_what_has_no_price(empty: Rooms) -> None:
    asked = caller(empty)
    odd = SPANS[1] | {"attributes": CHAT | {"gen_ai.request.model": "nobody-knows-1"}}
    asked.ask(PATH, request(odd).SerializeToString(), PB)
    page = asked.ask("/usage").body.decode()
    assert "Without a known price" in page
    assert "nobody-knows-1" in page
    assert "unknown" in page


@pytest.mark.parametrize(("estimated", "calls", "unpriced", "text"), [
    (None, 0, 0, "–"), (None, 2, 2, "unknown"), ("0.00335", 1, 0, "0.00335"), ("0.00335", 2, 1, "0.00335 + unknown"),
    ("0.0000002", 1, 0, "under 0.000001"), ("0.0000002", 2, 1, "under 0.000001 + unknown"), ("0", 1, 0, "0"),
])  # fmt: skip
def test_what_has_no_price_is_never_a_nought(estimated: str | None, calls: int, unpriced: int, text: str) -> None:
    assert shown(estimated, calls, unpriced) == text


def test_a_trace_that_is_not_known_is_no_page(empty: Rooms) -> None:
    assert caller(empty).ask("/traces/nope").status == 404
