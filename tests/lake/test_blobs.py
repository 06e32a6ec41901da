"""Blobs are stored once under their own hash, and a changed one is never given out."""

from __future__ import annotations

import hashlib

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
