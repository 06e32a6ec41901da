"""Artifacts over HTTP: what goes in comes out, lists are MLflow's, paths are texts, and nothing half done stays."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.entrypoints.worked import JSON, Answered, Caller, caller
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.mlflow.artifacts import BASE
from trivium.entrypoints.api.mlflow.attachments import CHUNK
from trivium.lake import blobs as lake_blobs

MLFLOW = "/api/2.0/mlflow"


def put(rooms: Rooms, path: str, content: bytes = b"hello", **more: Any) -> Answered:
    return caller(rooms).ask(f"{BASE}/artifacts/{path}", content, method="PUT", **more)


def get(rooms: Rooms, path: str, headers: dict[str, str] | None = None, **more: Any) -> Answered:
    return caller(rooms).ask(f"{BASE}/artifacts/{path}", headers=headers, **more)


def listed(rooms: Rooms, path: str | None) -> Any:
    query = "" if path is None else f"?path={quote(path, safe='')}"
    answer = caller(rooms).ask(f"{BASE}/artifacts{query}")
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)


def refused(answer: Answered) -> tuple[int, str]:
    told = msgspec.json.decode(answer.body)
    assert set(told) == {"error_code", "message"}
    assert told["message"]
    return answer.status, told["error_code"]


def files_of(rooms: Rooms) -> list[Path]:
    return sorted(path for path in (rooms.home / "blobs").rglob("*") if path.is_file())


def run_of(rooms: Rooms) -> tuple[str, str]:
    made = caller(rooms).ask(f"{MLFLOW}/runs/create", b'{"experiment_id": "0"}', JSON)
    info = msgspec.json.decode(made.body)["run"]["info"]
    return info["run_id"], info["artifact_uri"]


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize("size", [0, 5, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_what_is_stored_is_given_back_byte_for_byte(empty: Rooms, size: int, pieces: int) -> None:
    content = random.Random(size).randbytes(size)
    stored = put(empty, "0/run/artifacts/model.bin", content, pieces=pieces)
    assert (stored.status, stored.body) == (200, b"")
    given = get(empty, "0/run/artifacts/model.bin")
    assert (given.status, given.body) == (200, content)
    assert given.headers["content-length"] == str(size)
    assert given.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'


def test_an_artifact_is_one_fact_of_its_run_and_a_blob_under_its_hash(empty: Rooms) -> None:
    run, uri = run_of(empty)
    put(empty, f"{uri.removeprefix('mlflow-artifacts:/')}/x/hello.txt")
    [fact] = [one.fact for one in empty.ledger.read() if one.fact.kind == "artifact.stored"]
    name = hashlib.sha256(b"hello").hexdigest()
    assert fact.subject == f"run:{run}"
    assert msgspec.json.decode(fact.body) == {
        "type": "artifact.stored", "path": f"0/{run}/artifacts/x/hello.txt", "blob": name, "bytes": 5,
    }  # fmt: skip
    assert files_of(empty) == [empty.home / "blobs" / "sha256" / name[:2] / name[2:]]


def test_the_same_content_twice_is_one_blob(empty: Rooms) -> None:
    for path in ("0/r/artifacts/a", "0/r/artifacts/b", "0/r/artifacts/a"):
        assert put(empty, path).status == 200
    assert len(files_of(empty)) == 1
    assert listed(empty, "0/r/artifacts")["files"] == [
        {"path": "a", "is_dir": False, "file_size": 5}, {"path": "b", "is_dir": False, "file_size": 5},
    ]  # fmt: skip


def test_an_artifact_is_replaced(empty: Rooms) -> None:
    put(empty, "0/r/artifacts/a", b"one")
    put(empty, "0/r/artifacts/a", b"another")
    assert get(empty, "0/r/artifacts/a").body == b"another"
    assert listed(empty, "0/r/artifacts")["files"] == [{"path": "a", "is_dir": False, "file_size": 7}]


def test_a_folder_is_listed_as_mlflow_lists_it(empty: Rooms) -> None:
    """In order of name, folders without a size, an empty file without one too, a file and nothing as `{}`."""
    for path in ("r/a.txt", "r/a/x", "r/a/y/z", "r/a-b/c", "r/ä", "r/b0", "r/b/c", "rest", "r/a0", "r/Z"):
        put(empty, path, path.encode())
    put(empty, "r/empty", b"")
    names = [(entry["path"], entry["is_dir"], entry.get("file_size")) for entry in listed(empty, "r")["files"]]
    assert names == [
        ("Z", False, 3), ("a", True, None), ("a-b", True, None), ("a.txt", False, 7), ("a0", False, 4),
        ("b", True, None), ("b0", False, 4), ("empty", False, None), ("ä", False, 4),
    ]  # fmt: skip
    assert [entry["path"] for entry in listed(empty, "r/a/")["files"]] == ["x", "y"]
    assert [entry["path"] for entry in listed(empty, None)["files"]] == ["r", "rest"]
    assert [entry["path"] for entry in listed(empty, "")["files"]] == ["r", "rest"]
    assert listed(empty, "r/a.txt") == {}
    assert listed(empty, "nowhere") == {}


def test_lists_are_those_of_a_plain_reading(empty: Rooms) -> None:
    """The list of every folder of random trees is what grouping all paths by hand gives."""
    chance = random.Random(3)
    parts = ["a", "b", "ab", "a.b", "a-", "a0", "z", "é", "A", "a b"]
    files: set[str] = set()
    for _ in range(120):
        path = "/".join(chance.choice(parts) for _ in range(chance.randint(1, 4)))
        if put(empty, path, b"x").status == 200:
            files.add(path)
    folders = {""} | {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    assert len(folders) > 20
    for folder in folders:
        below = [
            path[len(folder) + bool(folder) :] for path in files if path.startswith(f"{folder}/" if folder else "")
        ]
        expected = sorted({(rest.partition("/")[0], "/" in rest) for rest in below})
        assert [(entry["path"], entry["is_dir"]) for entry in listed(empty, folder)["files"]] == expected


def test_a_run_lists_its_own(empty: Rooms) -> None:
    run, uri = run_of(empty)
    place = uri.removeprefix("mlflow-artifacts:/")
    put(empty, f"{place}/x/hello.txt")
    put(empty, f"{place}/d.json", b"{}")
    ask = caller(empty).ask
    assert msgspec.json.decode(ask(f"{MLFLOW}/artifacts/list?run_id={run}").body) == {
        "root_uri": uri,
        "files": [{"path": "d.json", "is_dir": False, "file_size": 2}, {"path": "x", "is_dir": True}],
    }
    below = msgspec.json.decode(ask(f"{MLFLOW}/artifacts/list?run_id={run}&path=x").body)
    assert below["files"] == [{"path": "x/hello.txt", "is_dir": False, "file_size": 5}]
    assert msgspec.json.decode(ask(f"{MLFLOW}/artifacts/list?run_id={run}&path=y").body) == {"root_uri": uri}
    assert refused(ask(f"{MLFLOW}/artifacts/list?run_id={'0' * 32}")) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert refused(ask(f"{MLFLOW}/artifacts/list?run_id={run}&path=../x")) == (400, "INVALID_PARAMETER_VALUE")
    assert refused(ask(f"{MLFLOW}/artifacts/list")) == (400, "INVALID_PARAMETER_VALUE")


def test_a_logged_model_lists_its_own(empty: Rooms) -> None:
    ask = caller(empty).ask
    made = ask(f"{MLFLOW}/logged-models", b'{"experiment_id": "0", "name": "m"}', JSON)
    info = msgspec.json.decode(made.body)["model"]["info"]
    put(empty, f"{info['artifact_uri'].removeprefix('mlflow-artifacts:/')}/data/MLmodel")
    base = f"{MLFLOW}/logged-models/{info['model_id']}/artifacts/directories"
    assert msgspec.json.decode(ask(base).body) == {
        "root_uri": info["artifact_uri"], "files": [{"path": "data", "is_dir": True}],
    }  # fmt: skip
    below = msgspec.json.decode(ask(f"{base}?artifact_directory_path=data").body)
    assert below["files"] == [{"path": "data/MLmodel", "is_dir": False, "file_size": 5}]
    [fact] = [one.fact for one in empty.ledger.read() if one.fact.kind == "artifact.stored"]
    assert fact.subject == f"model:{info['model_id']}"


def test_artifacts_elsewhere_are_never_opened(empty: Rooms) -> None:
    ask = caller(empty).ask
    made = ask(f"{MLFLOW}/experiments/create", b'{"name": "far", "artifact_location": "s3://bucket/far"}', JSON)
    experiment = msgspec.json.decode(made.body)["experiment_id"]
    body = msgspec.json.encode({"experiment_id": experiment})
    run = msgspec.json.decode(ask(f"{MLFLOW}/runs/create", body, JSON).body)["run"]["info"]["run_id"]
    answer = ask(f"{MLFLOW}/artifacts/list?run_id={run}")
    assert refused(answer) == (400, "INVALID_PARAMETER_VALUE")
    assert b"s3://bucket/far" in answer.body


@pytest.mark.parametrize("path", ["0/r/artifacts/model", "0/r/artifacts", "0/r/artifacts/model/"])
def test_a_folder_is_removed_with_what_stands_in_it(empty: Rooms, path: str) -> None:
    for name in ("model/MLmodel", "model/data/x", "model/data/y"):
        put(empty, f"0/r/artifacts/{name}")
    put(empty, "0/r/other")
    for _ in range(2):
        removed = caller(empty).ask(f"{BASE}/artifacts/{path}", method="DELETE")
        assert (removed.status, removed.body) == (200, b"{}")
    assert listed(empty, "0/r/artifacts") == {}
    assert refused(get(empty, "0/r/artifacts/model/MLmodel")) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert get(empty, "0/r/other").status == 200
    kinds = [one.fact.kind for one in empty.ledger.read()]
    assert kinds.count("artifact.removed") == 1


def test_a_file_is_removed_alone(empty: Rooms) -> None:
    put(empty, "r/a")
    put(empty, "r/a0")
    assert caller(empty).ask(f"{BASE}/artifacts/r/a", method="DELETE").status == 200
    assert listed(empty, "r")["files"] == [{"path": "a0", "is_dir": False, "file_size": 5}]


@pytest.mark.parametrize(
    "path",
    [
        "..", "../x", "a/../b", "%2e%2e/x", "a/%2e%2e/b", "a/%252e%252e/b", "..%2fx", "a/..%252fb", "/etc/passwd",
        "%2fetc/passwd", "//x", "C:/x", "c:\\x", "\\\\server\\share\\x", "file:///etc/passwd", "file:/etc/passwd",
        "a#b", "a%23b", "%" + "25" * 12 + "2e", "a/..%00/../b", "//[", "x" * 5_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_a_path_to_elsewhere_is_refused(empty: Rooms, path: str, method: str) -> None:
    body = b"hello" if method == "PUT" else b""
    answer = caller(empty).ask(f"{BASE}/artifacts/{quote(path, safe='/')}", body, method=method, encoded=True)
    assert refused(answer) == (400, "INVALID_PARAMETER_VALUE"), path
    query = caller(empty).ask(f"{BASE}/artifacts?path={quote(path, safe='')}")
    assert refused(query) == (400, "INVALID_PARAMETER_VALUE"), path
    assert files_of(empty) == []
    assert empty.ledger.head().sequence == 0


@pytest.mark.parametrize("path", ["", ".", "a/", "a/.", "./a", "a/./b", "a//b/c", ".artifact.uploading.x", "y" * 256])
def test_a_path_that_names_no_file_is_refused(empty: Rooms, path: str) -> None:
    assert refused(put(empty, path)) == (400, "INVALID_PARAMETER_VALUE")
    assert files_of(empty) == []


STRANGE = [
    "a\x00b", "tab\there", "a b", "ä/日本語.txt", "a?b=c", "a%b", "100%", "a;b", "=1+1", "<svg onload=x>",
    "a\\b", "{{7*7}}", "__proto__", "\u202eabc", "a'b\"c", "...", "a..b", "~/x", "$HOME", "a:b", "Model:1/x",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_name_is_a_text_like_any_other(empty: Rooms, name: str) -> None:
    path = "r/" + quote(name, safe="/")
    assert put(empty, path, b"strange", encoded=True).status == 200
    given = get(empty, path, encoded=True)
    assert (given.status, given.body) == (200, b"strange")
    assert given.headers["content-disposition"].startswith("attachment; filename=")
    folder = "r/" + name.rpartition("/")[0]
    [entry] = listed(empty, folder)["files"]
    again = get(empty, quote(folder.rstrip("/") + "/" + entry["path"], safe="/"), encoded=True)
    assert again.body == b"strange"
    assert all(path.parent.parent.name == "sha256" for path in files_of(empty))


def test_a_line_break_is_no_part_of_an_address(empty: Rooms) -> None:
    """As with MLflow's own server: the address is none."""
    assert put(empty, "r/a%0Ab", encoded=True).status == 404


def test_a_secret_in_a_path_is_refused(empty: Rooms) -> None:
    assert refused(put(empty, "r/AKIAIOSFODNN7EXAMPLE.txt")) == (400, "INVALID_PARAMETER_VALUE")


def test_a_file_and_a_folder_do_not_share_a_path(empty: Rooms) -> None:
    put(empty, "r/a/b")
    assert refused(put(empty, "r/a")) == (400, "INVALID_PARAMETER_VALUE")
    assert refused(put(empty, "r/a/b/c/d")) == (400, "INVALID_PARAMETER_VALUE")
    assert refused(get(empty, "r/a")) == (400, "INVALID_PARAMETER_VALUE")
    assert refused(get(empty, "r/a/b/c")) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("MLmodel", "text/plain", "attachment; filename=MLmodel"),
        ("conda.yaml", "text/plain", "attachment; filename=conda.yaml"),
        ("page.html", "text/html", "attachment; filename=page.html"),
        ("curve.png", "image/png", "attachment; filename=curve.png"),
        ("model.pkl", "application/octet-stream", "attachment; filename=model.pkl"),
        ("a b.csv", "text/plain", 'attachment; filename="a b.csv"'),
        ("é.json", "text/plain", "attachment; filename=e.json; filename*=UTF-8''%C3%A9.json"),
        ("日本", "application/octet-stream", "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
    ],
)
def test_no_browser_shows_an_artifact(empty: Rooms, name: str, kind: str, disposition: str) -> None:
    put(empty, f"r/{name}")
    headers = get(empty, f"r/{name}").headers
    assert (headers["content-type"], headers["content-disposition"]) == (kind, disposition)
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-3", 206, 0, 4), ("bytes=3-", 206, 3, 10), ("bytes=-4", 206, 6, 10), ("bytes=-40", 200, 0, 10),
        ("bytes=0-", 200, 0, 10), ("bytes=9-99", 206, 9, 10), ("bytes=5-4", 200, 0, 10), ("bytes=0-1,3-4", 200, 0, 10),
        ("lines=0-1", 200, 0, 10), ("bytes=-", 200, 0, 10), ("bytes=x-y", 200, 0, 10),
    ],
)  # fmt: skip
def test_a_range_is_given(empty: Rooms, asked: str, status: int, start: int, stop: int) -> None:
    put(empty, "r/a", b"0123456789")
    answer = get(empty, "r/a", {"range": asked})
    assert (answer.status, answer.body) == (status, b"0123456789"[start:stop])
    assert answer.headers["content-length"] == str(stop - start)
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/10"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(empty: Rooms, asked: str) -> None:
    put(empty, "r/a", b"0123456789")
    answer = get(empty, "r/a", {"range": asked})
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")


def test_what_a_client_has_is_not_sent_again(empty: Rooms) -> None:
    put(empty, "r/a")
    tag = get(empty, "r/a").headers["etag"]
    assert (get(empty, "r/a", {"if-none-match": tag}).status, get(empty, "r/a", {"if-none-match": '"x"'}).status) == (
        304,
        200,
    )
    assert get(empty, "r/a", {"if-range": '"x"', "range": "bytes=0-1"}).status == 200


@pytest.mark.parametrize("size", [10, 3 * CHUNK])
def test_a_changed_blob_is_never_given_whole(empty: Rooms, size: int) -> None:
    put(empty, "r/a", bytes(size))
    [path] = files_of(empty)
    path.write_bytes(bytes(size - 1) + b"x")
    answer = get(empty, "r/a")
    assert len(answer.body) < size or answer.status == 500
    path.unlink()
    assert refused(get(empty, "r/a")) == (500, "INTERNAL_ERROR")


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, announced: bool) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "trivium.toml").write_text("upload_mb = 1")
    with open_rooms(tmp_path / "home") as rooms:
        headers = {"content-length": str(CHUNK + 1)} if announced else {}
        assert refused(put(rooms, "r/a", bytes(CHUNK + 1), headers=headers, pieces=3))[0] == 413
        assert files_of(rooms) == []
        assert put(rooms, "r/a", bytes(CHUNK), pieces=3).status == 200


def test_an_upload_that_breaks_off_leaves_nothing(empty: Rooms) -> None:
    messages = [
        {"type": "http.request", "body": bytes(2 * CHUNK), "more_body": True},
        {"type": "http.request", "body": b"more", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": "PUT",
        "path": f"{BASE}/artifacts/r/a", "raw_path": b"", "root_path": "", "query_string": b"",
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8080), "headers": [(b"host", b"127.0.0.1:8080")],
    }  # fmt: skip
    asyncio.run(caller(empty).app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert files_of(empty) == []
    assert empty.ledger.head().sequence == 0


def test_a_full_disk_is_503_and_leaves_nothing(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lake_blobs.Incoming, "write", full)
        answer = put(empty, "r/a")
    assert refused(answer) == (503, "TEMPORARILY_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert files_of(empty) == []
    assert put(empty, "r/a").status == 200


def test_another_site_stores_and_removes_nothing(empty: Rooms) -> None:
    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert put(empty, "r/a", headers=header).status == 403
        assert caller(empty).ask(f"{BASE}/artifacts/r/a", headers=header, method="DELETE").status == 403
    assert put(empty, "r/a", headers={"content-type": "text/html"}).status == 200


def test_encoded_content_is_refused(empty: Rooms) -> None:
    assert put(empty, "r/a", headers={"content-encoding": "gzip"}).status == 415


@pytest.mark.parametrize("part", ["create", "complete", "abort"])
def test_no_multipart_as_mlflow_says_it(asked: Caller, part: str) -> None:
    """The client takes the plain way when the message begins so."""
    answer = asked.ask(f"{BASE}/mpu/{part}/r/a", b'{"path": "a", "num_parts": 2}', JSON)
    assert refused(answer) == (501, "NOT_IMPLEMENTED")
    said = msgspec.json.decode(answer.body)["message"]
    assert said.startswith("Multipart upload is not supported for the current artifact repository")
    assert refused(asked.ask(f"{BASE}/mpu/{part}/r/../a", b"{}", JSON)) == (400, "INVALID_PARAMETER_VALUE")


def test_no_presigned_addresses(empty: Rooms) -> None:
    run, _ = run_of(empty)
    ask = caller(empty).ask
    assert refused(ask(f"{BASE}/presigned/r/a")) == (501, "NOT_IMPLEMENTED")
    for way in ("upload", "download"):
        body = msgspec.json.encode({"run_id": run, "path": "a"})
        answer = ask(f"{MLFLOW}/artifacts/presigned-{way}-url", body, JSON)
        assert refused(answer) == (400, "INVALID_PARAMETER_VALUE")
        assert b"mlflow-artifacts" in answer.body
        assert refused(ask(f"{MLFLOW}/artifacts/presigned-{way}-url", b"{}", JSON))[0] == 400
