"""The pages of endpoints show traffic, labels and money, and teach where there is nothing yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.entrypoints.worked import Caller, caller
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import declare, import_focus, import_labels, import_predictions
from trivium.entrypoints.answers.rooms import Rooms
from trivium.intake.openlineage.reader import accept

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "predictions"
MONTH = "period=2026-10"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages over the worked example."""
    with open_rooms(tmp_path_factory.mktemp("pages") / "home") as rooms:
        rooms.ledger.append([accept(line) for line in (EXAMPLE / "events.jsonl").read_bytes().splitlines()])
        import_focus.ask(rooms, import_focus.Params(), [EXAMPLE / "bill.csv"])
        declare.ask(rooms, declare.Params(toml=(EXAMPLE / "declare.toml").read_text(encoding="utf-8"), name="p"))
        import_predictions.ask(rooms, import_predictions.Params(), [EXAMPLE / "predictions.csv"])
        import_labels.ask(rooms, import_labels.Params(), [EXAMPLE / "labels.csv"])
        asked = caller(rooms)
        return {
            "list": shown(asked, f"/endpoints?{MONTH}"),
            "one": shown(asked, f"/endpoints/endpoint:screening?{MONTH}"),
            "first": shown(asked, f"/accurate/model:screening/1?{MONTH}"),
            "second": shown(asked, f"/accurate/model:screening/2?{MONTH}"),
        }


def shown(asked: Caller, path: str) -> str:
    answer = asked.ask(path)
    assert answer.status == 200, answer.body
    return answer.body.decode()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("list", ["screening", "36 / 46 / 46", "2026-10-28", "/endpoints/endpoint%3Ascreening", "endpoints.csv"]),
        ("one", ["83.3 %", "21", "2026-10-21", "/accurate/model%3Ascreening%2F1", "No run is known that made this"]),
        ("first", ["21 EUR", "22.988571 EUR", "between 20.307121 and 23.037185", "100.8", "malignant", "80.0 %"]),
        ("second", ["Unknown", "not 0", "[[model.version]]"]),
    ],
)
def test_a_page_shows_what_it_is_about(pages: dict[str, str], page: str, words: list[str]) -> None:
    assert [word for word in words if word not in pages[page]] == []


def test_an_empty_list_shows_the_line_that_fills_it(empty: Rooms) -> None:
    assert "trivium import predictions FILE" in shown(caller(empty), "/endpoints")


def test_an_unknown_endpoint_is_not_found(empty: Rooms) -> None:
    assert caller(empty).ask("/endpoints/endpoint:nobody").status == 404
