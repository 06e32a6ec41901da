"""No known secret enters the ledger, and nothing else is touched."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.graph.graph_made import event
from tests.shared_data import shared
from trivium.facts.redaction import redact
from trivium.intake.openlineage.reader import accept

HOSTILE = """
from trivium.facts.redaction import redact
for level in (1, 2):
    quote = b"\\\\" * (2 ** level - 1) + b'"'
    start = b"password" + quote + b":" + quote
    for unit in (b"\\\\", b"\\\\" * 2 + b"n", b'"', b'\\\\"', b'\\\\' * 3 + b'"', b"\\\\" * 7 + b'"', b" ", b"a", start,
                 b"password", b"password" + quote, b"password" + quote + b":" + b" " * 8,
                 start + b"\\\\" * 5, b"authorization\\\\"):
        text = unit * (2 ** 20 // len(unit))
        for raw in (text + start, start + text + quote):
            redact(raw)
print("done")
"""
CANARY = "c4n4ryC4N4RYc4n4ry99"
SECRETS = {
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "aws session": "ASIA" + "ABCDEFGHIJKLMNOP",
    "bearer": f"Authorization: Bearer {CANARY}",
    "basic": f"authorization=Basic {CANARY}",
    "url": f"postgres://ada:{CANARY}@db:5432/clinic",
    "url without user": f"redis://:{CANARY}@cache",
    "github": "ghp_" + CANARY,
    "github fine": "github_pat_" + CANARY,
    "gitlab": "glpat-" + CANARY,
    "slack": "xoxb-" + CANARY,
    "stripe": "sk_live_" + CANARY,
    "openai": "sk-proj-" + CANARY,
    "google": "AIza" + CANARY + "123456789012345",
    "json web token": f"eyJ{CANARY}.eyJ{CANARY}.{CANARY}",
    "signed url": f"https://acc.blob.core.windows.net/c/x?sv=2&sig={CANARY}%3D",
    "assignment": f"export DB_PASSWORD={CANARY} && run",
    "api key": f"url?api_key={CANARY}&x=1",
    "dsn": f"host=db user=ada pwd={CANARY};",
    "quoted": f"connect(token = '{CANARY}')",
    "sql": f"create user ada identified by '{CANARY}'",
    "sql role": f"alter role ada with password '{CANARY}'",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", sorted(SECRETS))
def test_a_canary_in_any_text_does_not_reach_the_fact(kind: str) -> None:
    secret = SECRETS[kind]
    raw = event("r", "START", "2026-10-05", job="j", reads=["x"], sql={"query": f"select 1 -- {secret} -- end"})
    body = accept(raw).body
    assert CANARY.encode() not in body

    assert b"AKIAABCD" not in body
    assert b"ASIAABCD" not in body
    assert b"[redacted]" in body
    assert json.loads(body)["run"]["facets"]["sql"]["query"].startswith("select 1")


@pytest.mark.parametrize(
    "name", ["password", "db_password", "clientSecret", "aws_secret_access_key", "API_KEY", "auth-token", "credentials"]
)
def test_a_member_named_like_a_secret_is_cut_out(name: str) -> None:
    body = accept(event("r", "START", "2026-10-05", conf={name: CANARY + ' "quoted"', "user": "ada"})).body
    assert CANARY.encode() not in body
    assert json.loads(body)["run"]["facets"]["conf"] == {name: "[redacted]", "user": "ada"}


@pytest.mark.parametrize(
    "text",
    [
        "select token, key from t where key = 3", "arn:aws:s3:::bucket/AKIA", "https://example.org/a@b",
        "max_tokens", "task-0123456789012345678901",
        "abfss://container@account.dfs.core.windows.net/x", "git@example.org:a/b.git", "bearer of news",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(text: str) -> None:
    raw = event("r", "START", "2026-10-05", note={"text": text, "key": "k", "columns": ["password", "token"]})
    assert redact(raw) is raw or redact(raw) == raw


VALUES = [
    CANARY,
    f'{CANARY}"',
    f'"{CANARY}',
    f"{CANARY}\\\\",
    f"\\{CANARY}",
    f'a\\"{CANARY}\\n\n\té/',
    f'\\" {CANARY} {{}}',
]


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_member_of_json_within_json_is_cut_out(level: int, value: str, ascii_only: bool) -> None:
    inner: object = {"a": '"\\', "db_password": value, "user": 'ada "x"', "Authorization": f"Basic {CANARY}"}
    for _ in range(level):
        inner = {"text": json.dumps(inner, ensure_ascii=ascii_only), "after": "\\"}
    body = redact(json.dumps(inner, ensure_ascii=ascii_only).encode())
    assert CANARY.encode() not in body
    found = json.loads(body)
    for _ in range(level):
        assert found["after"] == "\\"
        found = json.loads(found["text"])
    basic = found.pop("Authorization")
    assert (found, basic) == ({"a": '"\\', "db_password": "[redacted]", "user": 'ada "x"'}, "Basic [redacted]")


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("value", ["\\", "\\\\", '"', '\\"', ""])
def test_a_value_of_escapes_alone_leaves_json(level: int, value: str) -> None:
    inner: object = {"token": value, "b": "c"}
    for _ in range(level):
        inner = {"text": json.dumps(inner)}
    found = json.loads(redact(json.dumps(inner).encode()))
    for _ in range(level):
        found = json.loads(found["text"])
    assert found == {"token": "[redacted]" if value else "", "b": "c"}


def test_hostile_texts_are_looked_at_in_linear_time() -> None:
    run = subprocess.run([sys.executable, "-c", HOSTILE], timeout=120, check=True, capture_output=True)
    assert run.stdout == b"done\n"


def test_recorded_events_stay_as_they_are() -> None:
    for raw in shared("data/openlineage/dbt_structured.jsonl").read_bytes().splitlines():
        assert redact(raw) == raw
