"""Do pages say what the last verification found, and may only this server's own pages start one?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from tests.entrypoints.worked import JSON, PREFIX, Caller, caller, worked_rooms
from trivium.entrypoints.answers import ledger_proof
from trivium.entrypoints.answers.rooms import Rooms, Verified
from trivium.facts.instants import now
from trivium.facts.problem import refuse

HTML = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded", **HTML}
ASSET = "/assets/model:m/1"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Rooms]:
    with worked_rooms(tmp_path / "home") as opened:
        yield opened


def test_the_page_of_an_asset_says_what_was_verified(fresh: Rooms) -> None:
    asked = caller(fresh)
    assert "Not verified since the server started" in asked.ask(ASSET, headers=HTML).body.decode()
    fresh.verified.last = Verified(sequence=12, whole=True, at=now())
    assert "Verified to 12" in asked.ask(ASSET, headers=HTML).body.decode()


def test_the_page_of_an_asset_does_not_hide_a_broken_ledger(fresh: Rooms) -> None:
    fresh.verified.last = Verified(sequence=12, whole=False, at=now())
    shown = caller(fresh).ask(ASSET, headers=HTML).body.decode()
    assert "Broken, see the ledger" in shown
    assert "Not verified" not in shown


def test_a_verification_is_pressed_and_never_only_looked_at(fresh: Rooms) -> None:
    asked = caller(fresh)
    assert asked.ask("/ledger?verify=now", headers=HTML).status == 200
    assert fresh.verified.last is None
    answer = asked.ask("/ledger/verify", b"", {**FORM, "origin": "http://127.0.0.1:8080"}, method="POST")
    assert (answer.status, answer.headers["location"]) == (303, "/ledger")
    assert fresh.verified.last is not None
    assert fresh.verified.last.whole
    assert "Whole" in asked.ask("/ledger", headers=HTML).body.decode()
    assert asked.ask(f"{PREFIX}/ledger/verify").status == 405
    answer = asked.ask(f"{PREFIX}/ledger/verify", b"{}", JSON)
    assert (answer.status, msgspec.json.decode(answer.body)["ok"]) == (200, True)


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
@pytest.mark.parametrize("target", ["/ledger/verify", f"{PREFIX}/ledger/verify"])
def test_a_page_of_another_site_verifies_nothing(target: str, headers: dict[str, str], fresh: Rooms) -> None:
    kind = FORM if target == "/ledger/verify" else JSON
    answer = caller(fresh).ask(target, b"{}", {**kind, **headers})
    assert (answer.status, fresh.verified.last) == (403, None)


def test_the_leaf_of_a_fact_is_the_one_that_its_proof_shows(rooms: Rooms, asked: Caller) -> None:
    with rooms.ledger.reading() as connection:
        leaf = connection.execute(text("SELECT leaf FROM facts WHERE sequence = 3")).scalar_one().hex()
    proof = ledger_proof.ask(rooms, ledger_proof.Params(sequence=3))
    told = msgspec.json.decode(asked.ask(f"{PREFIX}/fact?sequence=3").body)
    assert told["leaf"] == leaf
    assert told["body_sha256"] == proof.body_sha256
    shown = asked.ask("/ledger/3", headers=HTML).body.decode()
    assert f"<dt>Leaf</dt><dd><code>{leaf}</code>" in shown
    assert f"<dt>Body hash</dt><dd><code>{proof.body_sha256}</code>" in shown


def test_an_asset_may_be_called_explain(empty: Rooms) -> None:
    asked = caller(empty)
    event = {
        "eventTime": "2026-11-01T00:00:00Z", "eventType": "COMPLETE", "producer": "p", "schemaURL": "s",
        "run": {"runId": "r"}, "job": {"namespace": "n", "name": "j"},
        "outputs": [{"namespace": "n", "name": "explain"}],
    }  # fmt: skip
    assert asked.ask("/api/v1/lineage", msgspec.json.encode(event), JSON).status == 201
    assert 'class="problem"' not in asked.ask("/assets/dataset:n/explain", headers=HTML).body.decode()
    assert asked.ask("/assets/dataset:n/explain", headers=HTML).status == 200


def test_a_page_that_cannot_be_made_now_says_when_to_ask_again(fresh: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def overloaded(*_: object) -> None:
        raise refuse("overloaded", "Too much waits.", status=503)

    monkeypatch.setattr(fresh.bookkeeping, "state", overloaded)
    answer = caller(fresh).ask("/statement", headers=HTML)
    assert (answer.status, answer.headers.get("retry-after")) == (503, "1")
    assert "Send it again after a moment." in answer.body.decode()


@pytest.mark.parametrize(("page", "href"), [
    (ASSET, "/api/trivium/v1/asset/show?"), (ASSET, "/explain/model"), ("/", "/statement?"), ("/", "/unmatched?"),
    ("/explain/model:m/1", "/api/trivium/v1/cost/explain?"),
])  # fmt: skip
def test_links_ask_what_the_page_was_asked(page: str, href: str, rooms: Rooms, asked: Caller) -> None:
    known = rooms.ledger.head().sequence
    shown = asked.ask(f"{page}?period=2026-11&currency=EUR&as_of=2026-11-09T00:00:00Z&known={known}", headers=HTML)
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', shown.body.decode())]
    found = [one for one in links if one.startswith(href) and "as_of" in one]
    assert found, links
    for one in found:
        assert "currency=EUR" in one
        assert f"known={known}" in one
