"""Is every promise that the README prints kept by a test that exists?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

TEN = (
    "Acked means durable", "Once", "Order-proof", "Append-only, checkable offline", "Rebuildable", "Money exact",
    "No known input gives a 500", "Deny by default", "Erasable", "Honest health",
)  # fmt: skip
"""What may be promised at all (design.md §5)."""

KEPT: dict[str, tuple[str, ...]] = {
    "Acked means durable": (
        "tests/faults/test_crash_images.py::test_no_image_loses_what_was_acknowledged",
        "tests/faults/test_crash_images.py::test_the_images_show_the_loss_where_the_writer_does_not_sync",
        "tests/faults/test_kills.py::test_thirty_kills_lose_nothing_and_write_nothing_twice",
        "tests/faults/test_disk.py::test_a_system_call_that_fails_loses_nothing_acknowledged",
    ),
    "Append-only, checkable offline": (
        "tests/faults/test_tampering.py::test_two_thousand_random_mutations_are_all_found",
        "tests/faults/test_tampering.py::test_only_a_checkpoint_shows_a_forgery_that_is_consistent_in_itself",
        "tests/faults/test_tampering.py::test_an_older_copy_of_the_home_is_found_against_a_checkpoint",
        "tests/faults/test_tampering.py::test_an_honest_home_verifies_and_says_what_is_not_excluded",
        "tests/ledger/test_merkle.py::test_roots_are_those_of_certificate_transparency",
        "tests/ledger/test_merkle.py::test_no_forged_proof_is_accepted",
    ),
    "Once": (
        "tests/ledger/test_book.py::test_a_repeat_adds_nothing_and_other_content_is_refused_alone",
        "tests/ledger/test_book.py::test_a_repeat_within_one_call_is_known",
        "tests/finops/test_imports.py::test_real_bills_import_to_the_last_digit",
    ),
    "Order-proof": (
        "tests/properties/test_graph_order.py::test_order_repetition_and_batches_leave_the_same_graph",
        "tests/properties/test_graph_order.py::test_the_recordings_give_one_graph_in_any_order_and_repetition",
    ),
    "Rebuildable": (
        "tests/ledger/test_book.py::test_rebuilding_gives_equal_projections_and_a_new_version_starts_anew",
        "tests/graph/test_fold.py::test_dropped_and_folded_again_the_tables_are_equal",
    ),
    "Money exact": (
        "tests/facts/test_money.py::test_sums_are_those_of_fractions",
        "tests/facts/test_money.py::test_two_currencies_are_never_added",
        "tests/finops/test_books.py::test_the_statement_is_the_bill",
        "tests/finops/test_books.py::test_the_explanation_sums_at_every_node_and_ends_in_charges",
        "tests/finops/test_imports.py::test_real_bills_import_to_the_last_digit",
        "tests/stories/test_examples.py::test_a_home_filled_with_it_answers_to_the_last_digit",
        "tests/entrypoints/answers/test_answers.py::test_a_statement_adds_up_and_is_the_same_on_every_path",
        "tests/entrypoints/cli/test_commands.py::test_totals_are_those_of_the_worked_example",
        "tests/stories/test_pages_real.py::test_a_statement_says_the_same_on_its_page_over_http_and_in_a_terminal",
        "tests/stories/test_acceptance_shapes.py::test_the_sums_hold",
        "tests/stories/test_acceptance_shapes.py::test_a_home_and_a_server_write_the_same",
    ),
    "No known input gives a 500": (
        "tests/entrypoints/api/test_bad_input.py::test_no_value_of_a_parameter_gives_a_500",
        "tests/entrypoints/api/test_bad_input.py::test_no_body_gives_a_500",
        "tests/entrypoints/api/test_bad_input.py::test_no_value_of_an_event_gives_a_500_or_stops_a_projection",
        "tests/entrypoints/api/test_bad_input.py::test_no_upload_gives_a_500",
        "tests/entrypoints/api/test_health.py::test_a_full_disk_is_shown_and_says_when_to_come_again",
        "tests/ledger/test_book.py::test_too_much_waiting_is_refused_with_advice",
        "tests/shape/test_problems.py::test_each_problem_says_where_and_what_to_do",
        "tests/stories/test_openapi.py::test_no_request_gives_a_5xx",
    ),
    "Deny by default": (
        "tests/entrypoints/api/test_policies.py::test_every_live_route_carries_a_policy",
        "tests/entrypoints/api/test_policies.py::test_a_route_without_a_policy_stops_the_start",
        "tests/entrypoints/api/test_policies.py::test_an_unknown_host_is_refused_first",
        "tests/entrypoints/api/test_policies.py::test_a_page_of_another_site_changes_nothing",
        "tests/stories/test_up.py::test_only_the_loopback_is_bound",
    ),
    "Honest health": (
        "tests/entrypoints/api/test_health.py::test_a_projection_that_stands_still_is_shown_on_every_face",
        "tests/entrypoints/api/test_health.py::test_a_full_disk_is_shown_and_says_when_to_come_again",
        "tests/entrypoints/api/test_health.py::test_what_waits_too_long_is_shown",
        "tests/entrypoints/api/test_health.py::test_what_is_not_joined_and_how_far_the_month_is_filled_stand_beside_the_money",
    ),
}
"""Each promise of the README, and the tests that would go red if it were broken."""


def promised(text: str) -> list[str]:
    """Read the titles of the numbered list below `## Promises`."""
    section = text.split("\n## Promises\n")[1].split("\n## ")[0]
    return [title.rstrip(".") for title in re.findall(r"^\d+\. \*\*(.+?)\*\*", section, re.MULTILINE)]


def test_readme_promises_what_is_kept_and_nothing_else() -> None:
    assert promised(README) == [title for title in TEN if title in KEPT]
    assert set(KEPT) <= set(TEN)


def test_a_promise_is_read() -> None:
    text = "# A\n\n## Promises\n\nEach…\n\n1. **Once.** A retry.\n2. **Money exact.** To the last.\n\n## B\n1. **No**\n"
    assert promised(text) == ["Once", "Money exact"]


@pytest.mark.parametrize("place", [place for places in KEPT.values() for place in places])
def test_the_test_of_a_promise_exists(place: str) -> None:
    path, _, name = place.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name.startswith("test_")
    assert name in names


@pytest.mark.parametrize("word", ["gate", "budget", "data contract", "PostgreSQL", "Spark", "waiver"])
def test_readme_claims_nothing_that_is_not_built(word: str) -> None:
    assert not re.search(rf"\b{word}s?\b", README, re.IGNORECASE)
