"""A command with an Idempotency-Key is carried out once, also when the server is started anew in between."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.entrypoints.worked import Answered, caller
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers.rooms import Rooms

PATH = "/api/trivium/v1/declare"


def declare(rooms: Rooms, name: str, key: str, *, mark: bytes = b"") -> Answered:
    body = mark + msgspec.json.encode({"toml": f'[[product]]\nname = "{name}"\n', "name": "mine"})
    headers = {"content-type": "application/json", "idempotency-key": key}
    return caller(rooms).ask(PATH, body, headers)


def test_a_key_holds_over_a_restart(tmp_path: Path) -> None:
    with open_rooms(tmp_path / "home") as rooms:
        first = declare(rooms, "p", "k-1")
        assert (first.status, len(msgspec.json.decode(first.body)["changes"])) == (200, 1)
    with open_rooms(tmp_path / "home") as rooms:
        again = declare(rooms, "p", "k-1")
        assert (again.status, again.body) == (200, first.body)
        other = declare(rooms, "q", "k-1")
        assert (other.status, msgspec.json.decode(other.body)["code"]) == (409, "key_conflict")
        assert declare(rooms, "q", "k-2").status == 200
        assert declare(rooms, "p", "k-1").body == first.body
        assert rooms.ledger.head().sequence == 3


def test_a_declaration_without_changes_uses_its_key_up(empty: Rooms) -> None:
    declare(empty, "p", "k-1")
    same = declare(empty, "p", "k-2")
    assert msgspec.json.decode(same.body)["changes"] == []
    assert declare(empty, "q", "k-2").status == 409
    assert empty.ledger.head().sequence == 1


def test_a_key_that_is_none_is_refused(empty: Rooms) -> None:
    for key in ("k" * 257, "a\tb"):
        answer = declare(empty, "p", key)
        assert (answer.status, msgspec.json.decode(answer.body)["where"]) == (422, "Idempotency-Key")
    assert empty.ledger.head().sequence == 0


def test_a_byte_order_mark_is_left_out(empty: Rooms) -> None:
    assert declare(empty, "p", "k-1", mark=b"\xef\xbb\xbf").body == declare(empty, "p", "k-1").body
