"""Blobs are stored once under their own hash, and a changed one is never given out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from trivium.facts.problem import ProblemError
from trivium.lake.blobs import Blobs


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def stored(blobs, tmp_path):
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"model", bytes(range(256)) * 1000])
def test_what_is_put_is_got(blobs, content):
    name = blobs.put(content)
    assert name == hashlib.sha256(content).hexdigest()
    assert blobs.get(name) == content


def test_the_same_bytes_are_written_once(blobs, tmp_path):
    name = blobs.put(b"model")
    [path] = stored(blobs, tmp_path)
    written = path.stat().st_mtime_ns, path.stat().st_ino
    assert blobs.put(b"model") == name
    assert [(found.stat().st_mtime_ns, found.stat().st_ino) for found in stored(blobs, tmp_path)] == [written]


def test_a_blob_lies_under_its_hash_and_nothing_else_is_left(blobs, tmp_path):
    name = blobs.put(b"model")
    assert stored(blobs, tmp_path) == [tmp_path / "blobs" / "sha256" / name[:2] / name[2:]]


def test_a_changed_blob_is_refused(blobs, tmp_path):
    name = blobs.put(b"model")
    [path] = stored(blobs, tmp_path)
    path.write_bytes(b"Model")
    with pytest.raises(ProblemError, match="was changed on disk") as fault:
        blobs.get(name)
    assert (fault.value.problem.code, fault.value.problem.status) == ("blob_changed", 500)


def test_a_missing_blob_is_refused(blobs):
    with pytest.raises(ProblemError, match="is missing") as fault:
        blobs.get("0" * 64)
    assert fault.value.problem.code == "blob_missing"


@pytest.mark.parametrize("name", ["", "0" * 63, "0" * 65, "A" * 64, "../" * 21 + "0", "0" * 62 + "/.", "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_never_becomes_a_path(blobs, name):
    with pytest.raises(ProblemError, match="is no SHA-256") as fault:
        blobs.get(name)
    assert fault.value.problem.code == "bad_blob"


def received(blobs, *chunks):
    incoming = blobs.receive()
    for chunk in chunks:
        incoming.write(chunk)
    return incoming


def nothing_known(names):
    return set()


def test_a_blob_that_comes_in_pieces_is_published_under_its_hash(blobs, tmp_path):
    incoming = received(blobs, b"mo", b"", b"del")
    name = incoming.publish()
    incoming.settle()
    incoming.discard()
    assert (name, incoming.size) == (hashlib.sha256(b"model").hexdigest(), 5)
    assert blobs.get(name) == b"model"
    assert stored(blobs, tmp_path) == [tmp_path / "blobs" / "sha256" / name[:2] / name[2:]]


def test_a_blob_is_durable_before_publish_returns(blobs, tmp_path, monkeypatch):
    """The order counts: content, then intent, then the move, then the folders that name the blob."""
    incoming = received(blobs, b"model")
    done = []
    really_sync, really_rename, really_touch = os.fsync, Path.rename, Path.touch

    def sync(descriptor):
        done.append(("sync", Path(f"/proc/self/fd/{descriptor}").resolve().name))
        really_sync(descriptor)

    def rename(path, target):
        done.append(("move", target.name))
        return really_rename(path, target)

    def touch(path, *given, **named):
        done.append(("intent", path.name))
        really_touch(path, *given, **named)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(Path, "touch", touch)
    aside = incoming._aside.name
    name = incoming.publish()
    order = [("sync", aside), ("intent", name), ("sync", "staging"), ("move", name[2:]), ("sync", name[:2])]
    assert [step for step in done if step in order] == order
    assert done[-1] == ("sync", "sha256")


def test_what_was_half_received_is_swept(blobs, tmp_path):
    received(blobs, b"mod")
    assert Blobs(tmp_path / "blobs").sweep(nothing_known) == 1
    assert stored(blobs, tmp_path) == []


@pytest.mark.parametrize("moved", [True, False])
def test_a_blob_without_a_fact_is_swept(blobs, tmp_path, monkeypatch, moved):
    """A kill after the intent, or after the move: no fact names the blob."""
    incoming = received(blobs, b"model")
    if not moved:
        monkeypatch.setattr("trivium.lake.blobs._move", lambda source, target: None)
    incoming.publish()
    assert Blobs(tmp_path / "blobs").sweep(nothing_known) == 2
    assert stored(blobs, tmp_path) == []


def test_a_blob_with_a_fact_stays(blobs, tmp_path):
    """A kill after the commit, before the intent was forgotten."""
    name = received(blobs, b"model").publish()
    asked = []
    assert Blobs(tmp_path / "blobs").sweep(lambda names: asked.append(set(names)) or names) == 1
    assert asked == [{name}]
    assert blobs.get(name) == b"model"


def test_only_what_was_on_its_way_is_ever_swept(blobs, tmp_path):
    """A blob that stands is safe from any sweep, whatever facts say: its intent is gone."""
    kept = blobs.put(b"book")
    incoming = received(blobs, b"model")
    name = incoming.publish()
    incoming.settle()
    assert Blobs(tmp_path / "blobs").sweep(nothing_known) == 0
    assert (blobs.get(kept), blobs.get(name)) == (b"book", b"model")


def test_what_is_stored_again_heals_a_changed_blob(blobs, tmp_path):
    name = received(blobs, b"model").publish()
    (tmp_path / "blobs" / "sha256" / name[:2] / name[2:]).write_bytes(b"Model")
    received(blobs, b"model").publish()
    assert blobs.get(name) == b"model"


def test_faults_are_found(blobs, tmp_path):
    names = [blobs.put(content) for content in (b"whole", b"short", b"other", b"gone!")]
    paths = [tmp_path / "blobs" / "sha256" / name[:2] / name[2:] for name in names]
    paths[1].write_bytes(b"shor")
    paths[2].write_bytes(b"Other")
    paths[3].unlink()
    named = [(name, 5) for name in names]
    assert blobs.faults(named) == [
        f"the blob {names[1]} has 4 bytes instead of 5",
        f"the blob {names[3]} cannot be read: No such file or directory",
    ]
    found = blobs.faults(named, hashes=True)
    assert [names[place] in fault for place, fault in zip((1, 2, 3), found, strict=True)] == [True, True, True]
