"""A bill that is uploaded: damaged and hostile archives, a full disk, and what a kill leaves."""

from __future__ import annotations

import errno
import io
import tarfile
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import TimeoutError as NoConnectionError

from tests.entrypoints.worked import WORKED, Answered, caller
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api import uploads
from trivium.lake.staging import Stage

PATH = "/api/trivium/v1/import/focus"
TAR = {"content-type": "application/x-tar"}
BILL = (WORKED / "bill.csv").read_bytes()


def tar_of(*contents: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number, content in enumerate(contents):
            member = tarfile.TarInfo(f"bill-{number}.csv")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def sparse_tar(real_size: int, *, damaged: bool = False) -> bytes:
    """Make a GNU sparse member (type S) that claims a real size and holds a few bytes."""
    header = bytearray(tarfile.TarInfo("bill.csv").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[124:136] = b"%011o\0" % 512
    header[386:398] = b"zzzzzzzzzzz\0" if damaged else b"%011o\0" % 0
    header[398:410] = b"%011o\0" % 512
    header[483:495] = b"%011o\0" % real_size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header[:512]) + b"x" * 512 + bytes(1024)


def told(answer: Answered) -> tuple[int, str]:
    return answer.status, msgspec.json.decode(answer.body).get("code", "")


def uploads_left(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir() if path.name.startswith("upload-"))


def test_a_tar_of_bills_is_one_delivery(empty: Rooms) -> None:
    answer = caller(empty).ask(PATH, tar_of(BILL), TAR)
    assert (answer.status, msgspec.json.decode(answer.body)["imported"]) == (200, BILL.count(b"\n") - 1)
    assert uploads_left(empty.home) == []


def test_a_sparse_file_is_refused_before_it_unpacks(empty: Rooms) -> None:
    answer = caller(empty).ask(PATH, sparse_tar(20 << 30), TAR)
    assert told(answer) == (400, "bad_archive")
    assert "sparse" in msgspec.json.decode(answer.body)["title"]


@pytest.mark.parametrize("body", [sparse_tar(1 << 20, damaged=True), b"no tar", tar_of(BILL)[:700]])
def test_a_damaged_archive_is_refused_with_a_sentence(body: bytes, empty: Rooms) -> None:
    assert told(caller(empty).ask(PATH, body, TAR)) == (400, "bad_archive")
    assert uploads_left(empty.home) == []


def test_what_is_unpacked_is_counted(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(tar_of(b"a" * 600, b"b" * 600))
    with pytest.raises(Exception, match="1000"):
        uploads._unpack(body, 1000)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such_and_may_be_tried_again(
    number: int, empty: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(Stage, "__init__", full)
    answer = caller(empty).ask(PATH, BILL, {"content-type": "application/octet-stream"})
    assert told(answer) == (503, "disk_full")
    assert answer.headers["retry-after"]
    assert uploads_left(empty.home) == []


def test_a_question_that_finds_no_reader_is_told_to_come_again(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise NoConnectionError("QueuePool limit of size 4 overflow 32 reached")

    monkeypatch.setattr(type(empty.ledger), "counts_by_kind", busy)
    monkeypatch.setattr(type(empty.ledger), "read", busy)
    answer = caller(empty).ask("/api/trivium/v1/facts")
    assert told(answer) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"


def test_what_a_kill_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_rooms(home) as rooms:
        name = rooms.blobs.put(b"frozen")
    (home / "upload-killed").mkdir()
    (home / "upload-killed" / "body").write_bytes(BILL)
    (home / "blobs" / "sha256" / name[:2] / ".0123456789abcdef").write_bytes(b"half")
    with open_rooms(home) as rooms:
        assert uploads_left(home) == []
        assert [path.name for path in (home / "blobs" / "sha256" / name[:2]).iterdir()] == [name[2:]]
        assert rooms.blobs.get(name) == b"frozen"
