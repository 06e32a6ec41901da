"""Pages of a real server: totals are those of HTTP and the command line; nothing that anybody sent runs in Chromium."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.stories.served import Served, end, serve, trivium
from trivium.facts.keys import dataset

WORKED = Path(__file__).resolve().parents[2] / "examples" / "worked"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FIRE = "window.__fired=1"
CORPUS = [
    f"<script>{FIRE}</script>",
    f'"><img src=x onerror="{FIRE}">',
    f"</script><script>{FIRE}</script>",
    f"<svg/onload={FIRE}>",
    f"' onmouseover='{FIRE}' x='",
    f"javascript:{FIRE}",
    f"{{{{constructor.constructor('{FIRE}')()}}}}",
    f"${{{FIRE}}}`{FIRE}`**<b>{FIRE}**",
    f"</pre><iframe srcdoc='<script>parent.{FIRE}</script>'>\u202e",
    f"=cmd|'/c calc'!A1 <a href='javascript:{FIRE}'>x</a>",
]
MARKED = re.compile(r'<data class="amount" value="([^"]+)"')
JSON = {"content-type": "application/json"}
SETTLED = """new Promise((done, bad) => { setTimeout(() => bad("a drawing did not come"), 20000); const look = () => (
  document.readyState === "complete" &&
  [...document.querySelectorAll("trivium-thread, trivium-tree")].every(drawn => drawn.classList.contains("drawn")) &&
  [...document.querySelectorAll("trivium-trend, trivium-sankey")].every(drawn => drawn.querySelector("svg path"))
  ) ? done() : requestAnimationFrame(look); look(); })"""
TOUCH = """for (const found of document.querySelectorAll("main *, nav *"))
  for (const kind of ["mouseover", "mouseenter", "focus"]) found.dispatchEvent(new Event(kind, {bubbles: true}))"""

in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: sudo apt-get install chromium")


def told_badly(number: int, text: str) -> bytes:
    """Write an event whose every text is hostile: names, checks, columns, owners, errors, tags."""
    checks = [{"assertion": text, "column": text, "success": False, "expected": text, "actual": text}]
    table = {
        "namespace": f"n{number}{text}", "name": text,
        "facets": {
            "schema": {"fields": [{"name": text, "type": text}]},
            "documentation": {"description": text},
            "ownership": {"owners": [{"name": text}]},
            "dataQualityAssertions": {"assertions": checks},
        },
        "inputFacets": {"dataQualityAssertions": {"assertions": checks}},
    }  # fmt: skip
    event = {
        "eventTime": f"2026-11-0{number % 9 + 1}T08:00:00Z", "eventType": "COMPLETE", "producer": text,
        "schemaURL": text,
        "run": {"runId": f"{number}{text}", "facets": {"errorMessage": {"message": text, "programmingLanguage": text}}},
        "job": {"namespace": text, "name": text, "facets": {"documentation": {"description": text}}},
        "inputs": [table], "outputs": [{"namespace": f"o{number}{text}", "name": text}],
    }  # fmt: skip
    return msgspec.json.encode(event)


def billed_badly() -> bytes:
    """Write a bill whose resources, services, invoices and tags are hostile."""
    rows = list(csv.DictReader(io.StringIO((WORKED / "bill.csv").read_text(encoding="utf-8"))))
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    for number, text in enumerate(CORPUS):
        tags = {"team": text} if number % 2 else {"trivium:asset": f"run:{number}{text}"} if number % 3 else {}
        writer.writerow(rows[number % len(rows)] | {
            "ResourceId": text, "ResourceName": text, "ServiceName": text, "InvoiceId": text, "ChargeDescription": text,
            "BillingAccountId": "bad", "Tags": msgspec.json.encode(tags).decode(),
        })  # fmt: skip
    return written.getvalue().encode()


def declared_badly() -> str:
    """Write a declaration whose titles and names are hostile."""
    tables = ['name = "bad"']
    for number, text in enumerate(CORPUS):
        said = msgspec.json.encode(text).decode()
        named = msgspec.json.encode(f"{number}{text}").decode()
        tables.append(f"[[team]]\nname = {named}\ntitle = {said}")
        tables.append(f'[[product]]\nname = {named}\ntitle = {said}\nowners = [{named}]\nassets = ["model:m"]')
    return "\n\n".join(tables)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the worked example and, beside it, everything hostile."""
    folder = tmp_path_factory.mktemp("real")
    served = serve(folder / "home")
    try:
        for line in (WORKED / "events.jsonl").read_bytes().splitlines():
            assert served.ask("/api/v1/lineage", line, JSON)[0] in {200, 201}
        for number, text in enumerate(CORPUS):
            status, _, body = served.ask("/api/v1/lineage", told_badly(number, text), JSON)
            assert status in {200, 201}, body
        (folder / "bad.csv").write_bytes(billed_badly())
        (folder / "bad.toml").write_text(declared_badly(), encoding="utf-8")
        for words in (
            ("import", "focus", WORKED / "bill.csv"), ("import", "focus", folder / "bad.csv", "--add"),
            ("declare", WORKED / "declare.toml", "--yes"), ("declare", folder / "bad.toml", "--yes"),
        ):  # fmt: skip
            said = trivium(*words, "--url", served.address)
            assert said.returncode == 0, said.stderr + said.stdout
        yield served
    finally:
        end(served)


@pytest.fixture(scope="module")
def window() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_context(viewport={"width": 1280, "height": 900})
        browser.close()


def amounts_of(served: Served, path: str) -> list[Decimal]:
    """Read the amounts that a page marks as such."""
    status, _, body = served.ask(path, headers={"accept": "text/html"})
    assert status == 200, body[-2000:]
    return [Decimal(unescape(value)) for value in MARKED.findall(body.decode())]


def said(served: Served, *words: object) -> Any:
    answer = trivium(*words, "--json", "--url", served.address)
    assert (answer.returncode, answer.stderr) == (0, "")
    return msgspec.json.decode(answer.stdout)


@pytest.mark.parametrize("by", ["product", "team", "asset"])
def test_a_statement_says_the_same_on_its_page_over_http_and_in_a_terminal(server: Served, by: str) -> None:
    asked = f"period=2026-11&by={by}&as_of=2026-11-20T00:00:00Z"
    answer = server.json(f"/api/trivium/v1/cost/statement?{asked}")
    assert answer == said(
        server, "cost", "statement", "--period", "2026-11", "--by", by, "--as-of", "2026-11-20T00:00:00Z"
    )
    shown = amounts_of(server, f"/statement?{asked}")
    for name in ("total", "brought_forward", "rested", "carried"):
        assert Decimal(answer[name]) in shown
    assert {Decimal(line["amount"]) for line in answer["lines"]} <= set(shown)
    assert {Decimal(step["amount"]) for step in answer["bridge"]["steps"]} <= set(shown)
    assert sum(Decimal(line["amount"]) for line in answer["lines"]) == Decimal(answer["total"])


@pytest.mark.parametrize("key", ["model:m/1", "dataset:worked/features", "experiment:m-search", "job:worked/prepare"])
def test_an_asset_says_the_same_on_its_page_over_http_and_in_a_terminal(server: Served, key: str) -> None:
    instant = "2026-11-20T00:00:00Z"
    answer = server.json(f"/api/trivium/v1/asset/show?key={quote(key, safe='')}&as_of={instant}")
    assert answer == said(server, "asset", "show", key, "--as-of", instant)
    shown = amounts_of(server, f"/assets/{quote(key, safe='')}?as_of={instant}")
    assert Decimal(answer["total"]) in shown
    assert {Decimal(origin["amount"]) for origin in answer["origins"]} <= set(shown)
    assert sum(Decimal(origin["amount"]) for origin in answer["origins"]) == Decimal(answer["total"]) > 0
    if not key.startswith("job:"):
        cost = said(server, "cost", "show", key, "--as-of", instant)
        assert cost["total"] == answer["total"]
        explained = amounts_of(server, f"/explain/{quote(key, safe='')}?as_of={instant}")
        assert Decimal(cost["build"]) in explained


def test_the_overview_says_the_same_on_its_page_over_http_and_in_a_terminal(server: Served) -> None:
    instant = "2026-11-20T00:00:00Z"
    answer = server.json(f"/api/trivium/v1/overview?as_of={instant}")
    assert answer == said(server, "overview", "--as-of", instant)
    shown = amounts_of(server, f"/?as_of={instant}")
    assert {Decimal(answer["total"]), Decimal(answer["unjoined"])} <= set(shown)
    assert {Decimal(product["cost"]) for product in answer["products"]} <= set(shown)


PATHS = [
    "/", "/statement?by=product", "/statement?by=team", "/statement?by=asset", "/assets", "/data", "/ledger",
    "/unmatched", "/declared", "/setup", "/-/patterns",
    *(f"/assets?q={quote(text, safe='')}" for text in CORPUS[:2]),
    *(f"/assets/{quote(dataset(f'n{number}{text}', text), safe='')}" for number, text in enumerate(CORPUS[:4])),
    *(f"/assets/{quote(f'product:{number}{text}', safe='')}" for number, text in enumerate(CORPUS[4:7], 4)),
    f"/explain/{quote(f'run:1{CORPUS[1]}', safe='')}",
    *(f"/ledger/{15 + number}" for number in range(3)),
    f"/statement?period={quote(CORPUS[0], safe='')}", f"/ledger?subject={quote(CORPUS[1], safe='')}",
    f"/{quote(CORPUS[0], safe='')}", f"/assets/{quote(CORPUS[3], safe='')}",
]  # fmt: skip

FOUND = [path for path in PATHS if "period=" not in path][:-2]
"""Those that answer: not a bad period, nor an address that nothing is at."""


def watched(page: Page) -> list[str]:
    """Note what the console, faults and dialogs of a page say, but for a status that a page of problems has."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
    return heard


@in_chromium
@pytest.mark.parametrize("path", PATHS)
def test_nothing_that_was_sent_billed_or_declared_runs(window: BrowserContext, server: Served, path: str) -> None:
    with window.new_page() as page:
        heard = watched(page)
        answer = page.goto(server.address + path)
        assert answer is not None
        assert answer.status == (200 if path in FOUND else answer.status) < 500
        page.evaluate(SETTLED)
        for summary in page.get_by_text("As a table", exact=True).all():
            summary.click()
        page.evaluate(TOUCH)
        assert page.evaluate("window.__fired") is None
        assert (
            page.locator("[href^='javascript' i], [src^='javascript' i], iframe, main script:not([type])").count() == 0
        )
        assert [said for said in heard if not said.startswith("Failed to load resource")] == []


@in_chromium
def test_the_watch_sees_what_would_run(window: BrowserContext, server: Served) -> None:
    with window.new_page() as page:
        heard = watched(page)
        page.goto(f"{server.address}/setup")
        page.evaluate(
            f"window.eval && (window.__fired = 1); document.body.insertAdjacentHTML('beforeend', {CORPUS[1]!r})"
        )
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("window.__fired") == 1
        assert any("Content Security Policy" in text for text in heard)


def test_hostile_names_are_shown_as_text(server: Served) -> None:
    text = server.ask("/assets", headers={"accept": "text/html"})[2].decode()
    for one in CORPUS[:4]:
        assert one not in text
        assert one in unescape(text)
