"""Does anything that our OpenAPI document allows, or nearly allows, give a 5xx?"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode

from tests.stories.served import Served, trivium
from trivium.entrypoints.answers.questions import PREFIX
from trivium.entrypoints.api.description import openapi

DESCRIBED = openapi()["paths"]
CASES = [
    (method, path, mode)
    for path, methods in DESCRIBED.items()
    for method, operation in methods.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or operation["parameters"] or "requestBody" in operation
]
"""Every operation as it is allowed, and wrongly where anything can be wrong."""
EXAMPLES = 15


@pytest.fixture(scope="module")
def schema(server: Served):
    from tests.entrypoints.worked import WORKED

    for arguments in (["import", "focus", WORKED / "bill.csv"], ["declare", WORKED / "declare.toml", "--yes"]):
        assert trivium(*arguments, "--url", server.address).returncode == 0
    for line in (WORKED / "events.jsonl").read_bytes().splitlines():
        assert server.ask("/api/v1/lineage", line, {"content-type": "application/json"})[0] in {200, 201}
    return schemathesis.openapi.from_url(f"{server.address}{PREFIX}/openapi.json")


@pytest.mark.parametrize(("method", "path", "mode"), CASES, ids=lambda one: getattr(one, "name", one))
def test_no_request_gives_a_5xx(method: str, path: str, mode: GenerationMode, schema, server: Served) -> None:
    seen: list[int] = []

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def ask(case) -> None:
        response = case.call(base_url=f"{server.address}{PREFIX}", timeout=30)
        seen.append(response.status_code)
        assert response.status_code < 500, (case.as_curl_command(), response.content[:500])

    ask()
    assert seen
