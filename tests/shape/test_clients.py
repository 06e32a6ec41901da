"""Do the clients' environments hold what their locks say, and does talking with one work?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from tests.clients.talking import ROOT, Client, ClientError, interpreter
from tests.shape.test_make import MAKEFILE

LOCKS = sorted((ROOT / "tests" / "clients").glob("*.lock"))
NOWHERE = "http://127.0.0.1:1"


def test_the_makefile_makes_what_has_a_lock() -> None:
    [listed] = re.findall(r"^CLIENTS := (.*)$", MAKEFILE, re.MULTILINE)
    assert sorted(listed.split()) == [lock.stem for lock in LOCKS]
    assert [lock.with_suffix(".in").exists() for lock in LOCKS] == [True] * len(LOCKS)


@pytest.mark.parametrize(("name", "version"), [("mlflow3", "3.17.2"), ("mlflow2", "2.22.5")])
def test_a_client_answers_and_keeps_its_names(tmp_path: Path, name: str, version: str) -> None:
    with Client(name, NOWHERE, tmp_path / "work") as client:
        code = "from importlib.metadata import version\nprint('aside')\nversion('mlflow')"
        assert client.run(code) == version
        assert client.run("[version('mlflow'), given]", given=7) == [version, 7]
        assert client.run("kept = 1") is None
        with pytest.raises(ClientError, match="division by zero") as raised:
            client.run("kept / 0")
        assert raised.value.kind == "ZeroDivisionError"
        assert client.run("kept") == 1
        assert "aside" in client.said()


def test_an_absent_environment_is_skipped_with_what_to_type() -> None:
    with pytest.raises(Skipped, match="make clients"):
        interpreter("none")
