"""Does each fact of the worked example say in words what it states, and is a run called by its job?"""

from __future__ import annotations

import pytest

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.wording import words_of

RUN = "run:01930000-0000-7000-8000-0000000000b1"


def said(rooms: Rooms) -> list[str]:
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    return [words_of(recorded, rooms.reader, names) for recorded in rooms.ledger.read(0, 1000)]


@pytest.mark.parametrize(
    "sentence",
    [
        "`prepare` started, wrote `features`",
        "`train` ended well, read `features`",
        "charges imported for 2026-11",
        "`The worked example` is called The worked example",
        "owner of `The worked example` is `The team of the worked example`",
        "`m` is part of `The worked example`",
        "`m/1` registered from `train, 01930000`",
        "`train, 01930000` is a trial of `m-search`",
    ],
)
def test_a_fact_speaks(sentence: str, rooms: Rooms) -> None:
    assert sentence in said(rooms)


def test_no_fact_is_left_without_words(rooms: Rooms) -> None:
    found = said(rooms)
    assert len(found) == rooms.ledger.head().sequence
    assert all(found)
    assert not any("{" in text or text.startswith("an event that states nothing") for text in found)


def test_a_run_is_called_by_its_job_and_what_is_unknown_by_its_key(rooms: Rooms) -> None:
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    assert names.of(RUN) == "prepare, 01930000"
    assert names.job_of(RUN) == "job:worked/prepare"
    assert names.of("product:worked") == "The worked example"
    assert (names.of("run:nowhere"), names.of("idle")) == ("nowhere", "idle")
