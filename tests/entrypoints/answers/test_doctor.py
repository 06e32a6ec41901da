"""The doctor finds files of the lake that are gone or changed, and never falls over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.worked import caller, worked_rooms
from trivium.entrypoints.answers import doctor
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import refuse


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Rooms]:
    with worked_rooms(tmp_path / "home") as rooms:
        yield rooms


def lake_check(rooms: Rooms, *, hashes: bool = False, name: str = "lake") -> doctor.Check:
    answer = doctor.ask(rooms, doctor.Params(hashes=hashes))
    [check] = [one for one in answer.checks if one.name == name]
    return check


def charges(rooms: Rooms) -> Path:
    [path] = (rooms.home / "lake" / "charges").iterdir()
    return path


def test_a_whole_lake_is_in_order(filled: Rooms) -> None:
    assert (lake_check(filled).ok, lake_check(filled, hashes=True).ok) == (True, True)


@pytest.mark.parametrize("table", ["charges", "resources"])
def test_a_missing_file_is_found(table: str, filled: Rooms) -> None:
    [path] = (filled.home / "lake" / table).iterdir()
    path.unlink()
    check = lake_check(filled)
    assert (check.ok, path.name in check.found, bool(check.fix)) == (False, True, True)


def test_a_file_of_another_size_is_found(filled: Rooms) -> None:
    path = charges(filled)
    path.write_bytes(path.read_bytes()[:-1])
    assert "bytes instead of" in lake_check(filled).found


def test_a_changed_byte_is_found_when_hashes_are_asked_for(filled: Rooms) -> None:
    path = charges(filled)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    check = lake_check(filled, hashes=True)
    assert (check.ok, "SHA-256" in check.found) == (False, True)


def test_a_refused_question_is_a_finding(filled: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise refuse("lake_memory", "Too much.", status=503)

    monkeypatch.setattr(type(filled.lake), "query", refused)
    check = lake_check(filled)
    assert (check.ok, check.found) == (False, "Too much.")
    assert check.fix


def test_a_damaged_artifact_is_found(filled: Rooms) -> None:
    assert lake_check(filled, name="artifacts").found == "0 blobs"
    for path, content in (("r/a", b"model"), ("r/b", b"model"), ("r/c", b"curve")):
        assert caller(filled).ask(f"/api/2.0/mlflow-artifacts/artifacts/{path}", content, method="PUT").status == 200
    whole = lake_check(filled, name="artifacts", hashes=True)
    assert (whole.ok, whole.found) == (True, "2 blobs")
    [path, other] = (filled.home / "blobs" / "sha256").glob("*/*")
    path.write_bytes(b"other")
    assert lake_check(filled, name="artifacts").ok
    changed = lake_check(filled, name="artifacts", hashes=True)
    assert (changed.ok, "was changed" in changed.found, bool(changed.fix)) == (False, True, True)
    other.unlink()
    assert "cannot be read" in lake_check(filled, name="artifacts").found
