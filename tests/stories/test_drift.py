"""Do drift and performance of a version come out of a real server, through the real command line?"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.stories.served import Served, end, serve, trivium

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "drift"
VERSION = "model:biopsy/3"
LATE = "2026-10-20/2026-11-01"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that got labels first, then the reference, then the predictions."""
    served = serve(tmp_path_factory.mktemp("drift") / "home")
    try:
        for command in (
            ("import", "labels", EXAMPLE / "labels.csv"),
            ("import", "reference", EXAMPLE / "training.csv", "--version", "biopsy/3"),
            ("import", "predictions", EXAMPLE / "predictions.csv", "--endpoint", "triage", "--version", "biopsy/3"),
        ):
            said = trivium(*command, "--url", served.address)
            assert said.returncode == 0, said.stderr
        yield served
    finally:
        end(served)


def ask(served: Served, *arguments: object) -> Any:
    said = trivium(*arguments, "--json", "--url", served.address)
    assert said.returncode == 0, said.stderr
    return msgspec.json.decode(said.stdout)


def test_the_slipped_unit_is_told_against_the_training_rows(example: Served) -> None:
    found = ask(example, "drift", "show", VERSION, "--period", LATE)
    assert (found["state"], found["reference_rows"], found["current_rows"]) == ("drifted", 400, 240)
    assert found["reference"].startswith("the rows it was trained on, training.csv")
    assert [one["column"] for one in found["columns"] if one["state"] == "drifted"] == ["worst_area"]
    assert "worst_area is 100 times smaller in 3" in found["sentence"]


def test_before_the_slip_nothing_drifted(example: Served) -> None:
    found = ask(example, "drift", "show", VERSION, "--period", "2026-10-01/2026-10-20")
    assert (found["state"], found["sentence"].partition(".")[0]) == ("same", "None of 3 columns drifted")


def test_the_day_of_the_slip_is_found_in_the_labels(example: Served) -> None:
    found = ask(example, "performance", "show", VERSION, "--period", "2026-10")
    assert (found["predictions"], found["labelled"], found["coverage"]) == (620, 465, 0.75)
    assert (found["change"]["since"], found["change"]["better"]) == ("2026-10-20", False)
    assert found["change"]["after"]["high"] < found["change"]["before"]["low"]


@pytest.mark.parametrize("page", ["drift", "performance"])
def test_the_pages_say_the_same(page: str, example: Served) -> None:
    said = ask(example, page, "show", VERSION, "--period", LATE)["sentence"]
    answer = example.ask(f"/{page}/model%3Abiopsy%2F3?period={quote(LATE)}")
    assert answer[0] == 200
    assert said.partition(";")[0] in unescape(answer[-1].decode())


def test_the_page_of_the_version_leads_to_both(example: Served) -> None:
    page = example.ask("/assets/model%3Abiopsy%2F3")[-1].decode()
    assert 'href="/drift/model%3Abiopsy%2F3"' in page
    assert 'href="/performance/model%3Abiopsy%2F3"' in page
    assert "/drift/" not in example.ask("/assets/endpoint%3Atriage")[-1].decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("drift", "show", "model:biopsy"),
        ("drift", "show", "model:other/1"),
        ("performance", "show", VERSION, "--period", "../../etc/passwd"),
        ("import", "reference", EXAMPLE / "training.csv", "--version", "=1+1"),
        ("import", "reference", EXAMPLE / "training.csv"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(arguments: tuple[object, ...], example: Served) -> None:
    said = trivium(*arguments, "--url", example.address)
    assert said.returncode in {1, 2}
    assert said.stderr.strip()
    assert "Traceback" not in said.stderr
