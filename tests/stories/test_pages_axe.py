"""Every page of a real server, wide and narrow, light and dark: axe-core finds nothing, the policy holds, all fits.

The server holds the worked example, what MLflow's API was told of trials and versions, and one trace; some of the names
are hostile.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.stories.served import Served, end, serve, trivium
from tests.stories.test_pages_real import CORPUS, FIRE, FLAGS, SETTLED
from trivium.entrypoints.web.routes import PAGES

WORKED = Path(__file__).resolve().parents[2] / "examples" / "worked"
AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
JSON = {"content-type": "application/json"}
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
TWIN = "01930000-0000-7000-8000-0000000000e1"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CURVES = (
    """[...document.querySelectorAll("trivium-curves, trivium-parallel")].every(one => one.querySelector("svg path"))"""
)
DRAWN = f"""new Promise(done => {{ const look = () => {CURVES} ? done() : requestAnimationFrame(look); look(); }})"""
SHAPES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: sudo apt-get install chromium")


def told(served: Served, path: str, said: dict[str, Any]) -> Any:
    """Send one request of MLflow's API."""
    status, _, body = served.ask(f"/api/2.0/mlflow/{path}", msgspec.json.encode(said), JSON)
    assert status == 200, body
    return msgspec.json.decode(body)


def trial(served: Served, experiment: str, number: int, name: str) -> str:
    """Log one trial: params, metrics with a history, tags; the first is the twin of a run of the worked example."""
    at = 1_762_329_600_000 + number
    tags = [{"key": "openlineage.run_id", "value": TWIN}] if number == 0 else [{"key": "note", "value": name}]
    asked = {"experiment_id": experiment, "start_time": at, "run_name": name, "tags": tags}
    run: str = told(served, "runs/create", asked)["run"]["info"]["run_id"]
    metrics = [
        {"key": key, "value": scale * step / (step + 3 + number), "timestamp": at + step * 1_000, "step": step}
        for key, scale in (("auc", 0.9), ("loss", 2.0))
        for step in range(30)
    ]
    params = [{"key": "depth", "value": str(number)}, {"key": "text", "value": name}]
    told(served, "runs/log-batch", {"run_id": run, "metrics": metrics, "params": params, "tags": []})
    status = "FAILED" if number == 2 else "FINISHED"
    told(served, "runs/update", {"run_id": run, "status": status, "end_time": at + 60_000})
    return run


def span() -> bytes:
    """Write one OTLP request: a span of a service that calls a model."""
    at = time.time_ns()
    attributes = [
        {"key": "gen_ai.system", "value": {"stringValue": "openai"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o-mini"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "120"}},
        {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "40"}},
    ]
    one = {
        "traceId": TRACE, "spanId": "b7ad6b7169203331", "name": CORPUS[0], "kind": 3, "attributes": attributes,
        "startTimeUnixNano": str(at - 2_000_000), "endTimeUnixNano": str(at), "status": {"code": 1},
    }  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "assistant"}}]}
    return msgspec.json.encode({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [one]}]}]})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[str]]]:
    """Serve a home with all of it, and give the ids of the runs."""
    served = serve(tmp_path_factory.mktemp("axe") / "home")
    try:
        for line in (WORKED / "events.jsonl").read_bytes().splitlines():
            assert served.ask("/api/v1/lineage", line, JSON)[0] in {200, 201}
        for words in (("import", "focus", WORKED / "bill.csv"), ("declare", WORKED / "declare.toml", "--yes")):
            said = trivium(*words, "--url", served.address)
            assert said.returncode == 0, said.stderr + said.stdout
        experiment = told(served, "experiments/create", {"name": CORPUS[1]})["experiment_id"]
        runs = [trial(served, experiment, number, name) for number, name in enumerate(["first", *CORPUS[:4]])]
        told(served, "registered-models/create", {"name": "m", "description": CORPUS[3]})
        for run in runs[:2]:
            told(served, "model-versions/create", {"name": "m", "source": f"runs:/{run}/model", "run_id": run})
        assert served.ask("/v1/traces", span(), JSON)[0] == 200
        yield served, runs
    finally:
        end(served)


@pytest.fixture(scope="module")
def window() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_context(viewport={"width": 1280, "height": 900})
        browser.close()


def address_of(path: str, runs: list[str]) -> str:
    """Give the address of a page with something on it."""
    key = "endpoint:assistant" if path.startswith("/endpoints") else "model:m/1"
    filling = {
        "{key:path}": quote(key, safe=""), "{sequence}": "3", "{experiment:path}": "1", "{run:path}": runs[0],
        "{model:path}": "m", "{trace}": TRACE, "{endpoint:path}": quote("endpoint:assistant", safe=""),
    }  # fmt: skip
    for name, text in filling.items():
        path = path.replace(name, text)
    asked = {
        "/runs/compare": [("run", run) for run in runs[:4]], "/curves": [("run", run) for run in runs],
        "/versions/diff": [("version", "model:m/1"), ("version", "model:m/2")],
    }.get(path)  # fmt: skip
    return f"{path}?{urlencode(asked)}" if asked else path


def faults(page: Page) -> list[tuple[str, str]]:
    """Run axe-core over a page as it stands."""
    result = page.evaluate(f"axe.run(document, {{runOnly: {RULES}, resultTypes: ['violations']}})")
    assert {"color-contrast", "link-name", "region"} <= {rule["id"] for rule in result["passes"]}
    return [(found["id"], found["nodes"][0]["html"][:300]) for found in result["violations"]]


@pytest.mark.parametrize("path", ["/-/patterns", *(path for path, name, _ in PAGES if name != "setup_heard.html")])
def test_axe_finds_no_fault_on_any_page_in_any_shape(
    window: BrowserContext, filled: tuple[Served, list[str]], path: str
) -> None:
    served, runs = filled
    with window.new_page() as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        answer = page.goto(served.address + address_of(path, runs))
        assert answer is not None
        assert answer.status == 200
        page.evaluate(SETTLED)
        page.evaluate(DRAWN)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for width, scheme in SHAPES:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            assert faults(page) == [], (path, width, scheme)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate("window.__fired") is None
        assert said == []
        assert FIRE.partition("=")[0] not in "".join(said)


def test_axe_sees_a_planted_fault(window: BrowserContext, filled: tuple[Served, list[str]]) -> None:
    with window.new_page() as page:
        page.goto(f"{filled[0].address}/experiments/1")
        page.evaluate("document.querySelector('td.pick input').removeAttribute('aria-label')")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert "label" in [found["id"] for found in page.evaluate("axe.run()")["violations"]]


def test_a_filter_an_order_and_columns_stand_in_the_address(
    window: BrowserContext, filled: tuple[Served, list[str]]
) -> None:
    with window.new_page() as page:
        page.goto(f"{filled[0].address}/experiments/1")
        page.get_by_label("Filter, in MLflow's grammar").fill("metrics.auc > 0.1 AND params.depth = '3'")
        page.keyboard.press("Enter")
        page.wait_for_url("**filter=metrics.auc*")
        assert page.locator("tbody tr").count() == 1
        page.get_by_label("Filter, in MLflow's grammar").fill("metrics.auc >")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert page.locator("[aria-invalid]").count() == 1
        page.goto(f"{filled[0].address}/experiments/1")
        page.get_by_role("link", name="auc", exact=True).click()
        page.wait_for_url("**order_by=metrics**")
        assert page.locator("th[aria-sort=descending]").inner_text().split()[-1].startswith("auc")
        page.get_by_text("Columns", exact=True).click()
        page.get_by_label("loss", exact=True).uncheck()
        page.get_by_role("button", name="Show these").click()
        page.wait_for_url("**column=**")
        assert "order_by=" in page.url
        assert page.get_by_role("link", name="loss", exact=True).count() == 0


def test_chosen_runs_are_compared_and_drawn(window: BrowserContext, filled: tuple[Served, list[str]]) -> None:
    with window.new_page() as page:
        page.goto(f"{filled[0].address}/experiments/1")
        for box in page.locator("td.pick input").all()[:3]:
            box.check()
        page.get_by_role("button", name="Compare the chosen").click()
        page.wait_for_url("**/runs/compare?run=*")
        assert page.locator("h1").inner_text() == "3 runs compared"
        page.get_by_role("link", name="Curves").click()
        page.wait_for_url("**/curves?run=*")
        page.evaluate(DRAWN)
        page.get_by_role("link", name="Log", exact=True).click()
        page.wait_for_url("**scale=log*")
        page.evaluate(DRAWN)
        page.locator("trivium-curves summary").first.click()
        assert page.locator("trivium-curves").first.locator("tbody tr").count() == 30
