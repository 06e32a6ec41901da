"""Are measured values, durations and sizes written so that nothing is lost, and nothing that a client sent runs?"""

from __future__ import annotations

import pytest

from trivium.entrypoints.web.figures import lasted, measure, octets
from trivium.entrypoints.web.tracked_links import compare_address, curves_address, quoted


@pytest.mark.parametrize(
    ("value", "text", "title"),
    [
        (0.123456789, "0.12346", "0.123456789"),
        (1e-12, "1e-12", "1e-12"),
        ("1.2000000000000002", "1.2", "1.2000000000000002"),
        ("NaN", "NaN", "NaN"),
        ("5", "5", "5"),
        ("x" * 50, "x" * 40 + "…", "x" * 50),
        ("1" * 400, "1" * 40 + "…", "1" * 400),
    ],
)
def test_a_value_is_short_and_its_title_exact(value: float | str, text: str, title: str) -> None:
    written = str(measure(value))
    assert f">{text}<" in written
    assert f'title="{title}"' in written


def test_a_value_that_is_not_there_is_a_dash_and_one_that_a_client_sent_is_text() -> None:
    assert "–" in measure(None)
    assert "<img" not in measure('"><img src=x onerror=alert(1)>')


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(None, "–"), (71, "71 ms"), (4_200, "4.2 s"), (720_000, "12 min"), (12_600_000, "3.5 h"), (181_440_000, "2.1 d")],
)
def test_a_duration_has_its_largest_unit(duration_ms: int | None, text: str) -> None:
    assert lasted(duration_ms) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (321, "321 B"), (1_200_000, "1.2 MB"), (3 * 10**9, "3 GB")])
def test_a_size_has_its_unit(size: int, text: str) -> None:
    assert octets(size) == text


def test_links_carry_several_runs() -> None:
    assert compare_address(["run:a", "b"]) == "/runs/compare?run=a&run=b"
    assert curves_address(["run:a"], column="metrics.val auc") == "/curves?run=a&column=metrics.val+auc"
    assert quoted("metrics.val auc") == "metrics.`val auc`"
