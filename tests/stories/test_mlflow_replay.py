"""Has what MLflow's own server answered to its client the same shape when Trivium answers it?

The recorded exchanges are sent again, in order, with our ids instead of the recorded ones. Compared are the status and
the shape of the JSON: its keys and the kinds of its values. Recordings were cut short: what is there is compared.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.shared_data import shared
from tests.stories.recorded import differences, matched, told_so_far
from tests.stories.served import Served

LOGGED_MODEL = {"artifact_path": "model", "flavors": {}, "utc_time_created": "2026-01-01", "run_id": "r"}
"""Stands for a model's description that was cut short: what every one of them says."""
REQUEST_MAX = 400
"""Characters of a request that were recorded."""
_ID = re.compile(r"m-[0-9a-f]{32}|[0-9a-f]{32}")
ELSEWHERE = {
    r"/traces|/v1/traces": "Traces are tier D; what clients do with them has stories of its own.",
    r"/mlflow/datasets": "Evaluation datasets are tier E.",
    r"/webhooks": "Webhooks are tier E; the server calls no address that a client gives it.",
}
LISTED = {
    r"\$\.(sqlstate|error_class) is not told": "Clients make both of the error's code where they are not told.",
    r"server-info: \$\.": "A server tells what it has; ours has no gateway and no presigned addresses.",
}


def exchanges() -> list[dict[str, Any]]:
    """Read the recorded exchanges."""
    text = shared("data/mlflow/client_3_17_exchanges.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_recorded_exchanges_have_the_same_shape(own_server: Served) -> None:
    replay = Replay(own_server)
    faults = [fault for one in exchanges() if _reason(one["path"], ELSEWHERE) is None for fault in replay.send(one)]
    unlisted = [fault for fault in faults if _reason(fault, LISTED) is None]
    assert not unlisted, "\n".join([f"{len(unlisted)} differences", *unlisted[:20]])
    assert replay.sent > 200


@pytest.mark.parametrize("pattern", [*ELSEWHERE, *LISTED])
def test_what_is_listed_has_a_reason(pattern: str) -> None:
    assert (ELSEWHERE | LISTED)[pattern].endswith(".")


def test_a_difference_of_shape_is_seen() -> None:
    assert differences({"a": 1, "b": {}}, {"a": "1"}, cut=False) == ["$.b is not told", "$.a is text, recorded number"]
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, cut=False) == ["$.a[0].c is told, recorded not"]
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}], "d": 1}, cut=True) == []


def test_what_was_cut_is_read_as_far_as_it_goes() -> None:
    assert told_so_far('{"a": [{"b": "c", "d": "e') == ({"a": [{"b": "c"}]}, False)
    assert told_so_far('{"a": 1}') == ({"a": 1}, True)
    assert told_so_far("no JSON")[0] is None


class Replay:
    """Sends recorded requests, and learns by the answers what ours calls the things that they name."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._ours: dict[str, str] = {}
        self.sent = 0

    def send(self, one: dict[str, Any]) -> list[str]:
        """Send one request again; name what differs in its answer."""
        self.sent += 1
        named = f"{one['method']} {one['path'].partition('?')[0]}: "
        headers = {"Content-Type": one["content_type"]} if one["content_type"] else {}
        body = self._body(one)
        status, _, answer = self._server.ask(self._renamed(one["path"]), body, headers, one["method"])
        if status != one["status"]:
            return [f"{named}status {status}, recorded {one['status']}: {answer[:200]!r}"]
        if "json" not in str(one["response_content_type"]) or not one["response"]:
            return []
        recorded, whole = told_so_far(one["response"])
        told = json.loads(answer)
        for theirs, ours in matched(recorded, told):
            self._ours.update(zip(_ID.findall(theirs), _ID.findall(ours), strict=False))
        return [named + fault for fault in differences(recorded, told, cut=not whole)]

    def _body(self, one: dict[str, Any]) -> bytes | None:
        """Give what is sent: a request that was cut loses what it does not say whole."""
        text = one["request"]
        if not text and one["method"] == "GET":
            return None
        if len(text) >= REQUEST_MAX and one["content_type"] == "application/json":
            text = json.dumps(_sound(told_so_far(text)[0]))
        return self._renamed(text).encode()

    def _renamed(self, text: str) -> str:
        return _ID.sub(lambda found: self._ours.get(found[0], found[0]), text)


def _sound(asked: dict[str, Any]) -> dict[str, Any]:
    """Make of a request that was cut one that can be sent: what was logged last is left out."""
    last = list(asked)[-1]
    if last in {"metrics", "params", "tags"}:
        return asked | {last: asked[last][:-1]}
    return asked | {"model_json": json.dumps(LOGGED_MODEL)} if list(asked) == ["run_id"] else asked


def _reason(text: str, listed: dict[str, str]) -> str | None:
    return next((reason for pattern, reason in listed.items() if re.search(pattern, text)), None)
