"""One place that serves many deliveries: its intent names all of them, and a crash leaves nothing unknown."""

from __future__ import annotations

from pathlib import Path

from trivium.lake.staging import Stage, sweep


def published(stage: Stage, number: int) -> str:
    path = stage.path("spans", number)
    path.write_bytes(b"rows %d" % number)
    [file] = stage.publish([("spans", path, 1)])
    return file.path


def test_what_was_expected_and_is_not_known_is_swept_and_the_rest_stays(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.expect("spans", 3)
    known, orphan = published(stage, 0), published(stage, 1)
    stage.path("spans", 2).write_bytes(b"half written")
    assert sweep(tmp_path, {known}) == [orphan]
    assert (tmp_path / known).exists()
    assert list((tmp_path / "staging").iterdir()) == []


def test_an_expected_file_needs_no_other_intent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.expect("spans", 2)
    intent = stage.folder / "intent.json"
    before = intent.stat().st_mtime_ns
    published(stage, 0)
    published(stage, 1)
    assert intent.stat().st_mtime_ns == before


def test_what_was_not_expected_is_intended_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.expect("spans", 1)
    known, orphan = published(stage, 0), published(stage, 7)
    assert sweep(tmp_path, {known}) == [orphan]
    assert (tmp_path / known).exists()
