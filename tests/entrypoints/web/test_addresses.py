from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.entrypoints.web.addresses import address, asset_address, local_address


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_a_key_in_an_address_is_encoded_once(name: str) -> None:
    key = f"dataset:s3://x%2Fy/{name}"
    written = asset_address(key)
    assert unquote(written.removeprefix("/assets/")) == key
    assert "/" not in written.removeprefix("/assets/")


def test_one_filter_changes_and_the_others_stay() -> None:
    assert address("/statement", "by=team&period=2026-10", period="2026-11") == "/statement?by=team&period=2026-11"
    assert address("/statement", {"by": "team"}, by=None) == "/statement"
    assert address("/x", "q=%3Csvg%3E&q=2", kind="a b") == "/x?q=2&kind=a+b"


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//elsewhere",
        "/\\elsewhere",
        "java\nscript:x",
        " /x",
        "vbscript:x",
        "",
    ],
)
def test_an_address_that_leaves_or_runs_is_no_link(href: str) -> None:
    assert local_address(href) is None


@pytest.mark.parametrize("href", ["/assets/x", "?period=2026-10", "#thread", "https://example.org/x"])
def test_an_address_of_a_page_is_a_link(href: str) -> None:
    assert local_address(href) == href
