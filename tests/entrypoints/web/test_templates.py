from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest
from jinja2 import Environment

from tests.entrypoints.web.sample_assets import HOSTILE
from tests.entrypoints.web.samples import PAGES, PARTIALS, shell
from trivium.entrypoints.web.environment import templates
from trivium.entrypoints.web.pages import page, problem_page
from trivium.entrypoints.web.shell import Shell, navigation
from trivium.facts.problem import Problem

EACH = [(path, template, name) for path, (template, contexts) in PAGES.items() for name in contexts]


class Read(HTMLParser):
    """Collects what matters about a page: its tags with attributes, its text, its data for drawings."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: list[Any] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.data.append(json.loads(data))
        else:
            self.text += data


@pytest.fixture(scope="module")
def environment() -> Environment:
    return templates()


def rendered(environment: Environment, path: str, name: str) -> tuple[str, Read]:
    template, contexts = PAGES[path]
    html = environment.get_template(template).render({"shell": shell(path), **contexts[name]()})
    read = Read()
    read.feed(html)
    return html, read


@pytest.mark.parametrize(("path", "template", "name"), EACH)
def test_every_page_keeps_the_content_security_policy(
    environment: Environment, path: str, template: str, name: str
) -> None:
    _, read = rendered(environment, path, name)
    for tag, attributes in read.tags:
        assert "style" not in attributes, (tag, attributes)
        assert not [attribute for attribute in attributes if attribute.startswith("on")], (tag, attributes)
        assert tag != "style"
        if tag == "script":
            assert attributes.get("type") == "application/json" or "src" in attributes
        for attribute in ("href", "src", "action"):
            assert not (attributes.get(attribute) or "").lower().startswith(("javascript:", "data:", "//", "http")), (
                attributes
            )


@pytest.mark.parametrize(("path", "template", "name"), EACH)
def test_every_page_has_one_heading_a_title_and_a_main_part(
    environment: Environment, path: str, template: str, name: str
) -> None:
    html, read = rendered(environment, path, name)
    names = [tag for tag, _ in read.tags]
    assert names.count("main") == 1
    assert html.count(" · Trivium</title>") == 1
    assert names.count("h1") == (2 if path == "/-/patterns" else 1)
    assert "None" not in read.text
    assert "dict object" not in html


def test_texts_of_clients_are_shown_as_text(environment: Environment) -> None:
    html, read = rendered(environment, "/assets/{key}", "hostile")
    assert "<svg onload" not in html
    assert read.text.count(HOSTILE) >= 8
    assert read.data[0]["nodes"][0]["label"] == HOSTILE
    assert "</script><svg" not in html


def test_the_body_of_a_fact_is_shown_as_text(environment: Environment) -> None:
    html, read = rendered(environment, "/ledger/48213", "")
    assert "<script>alert" not in html
    assert "</pre><script>alert(1)</script>" in read.text


def test_an_empty_overview_is_the_setup_page(environment: Environment) -> None:
    _, read = rendered(environment, "/", "empty")
    assert "Set up" in read.text
    assert "export OPENLINEAGE_URL" in read.text
    assert "What to do next" not in read.text


def test_the_band_of_a_decision_is_absent_when_nothing_needs_a_person(environment: Environment) -> None:
    with_decision, _ = rendered(environment, "/assets/{key}", "")
    without, _ = rendered(environment, "/assets/{key}", "bare")
    assert 'class="decision"' in with_decision
    assert 'class="decision"' not in without


def test_totals_stand_in_the_text_of_the_statement_to_the_last_digit(environment: Environment) -> None:
    _, read = rendered(environment, "/statement", "")
    assert "402.408333333" in read.text
    assert "433.108333333" in read.text


def test_live_setup_replaces_each_line_by_its_id(environment: Environment) -> None:
    template, context = PARTIALS["/setup/heard"]
    html = environment.get_template(template).render(context())
    for client in ("openlineage", "focus", "declare"):
        assert f'id="heard-{client}" hx-swap-oob="true"' in html
    assert "nothing heard yet" in html


def test_a_shell_without_search_and_pills_shows_neither(environment: Environment) -> None:
    bare = Shell(groups=navigation("overview"), search="")
    html = environment.get_template("problem.html").render(shell=bare, problem=Problem(code="x", title="Gone."))
    assert "trivium-search" not in html
    assert 'class="pill"' not in html


def test_a_name_that_the_context_lacks_is_an_error(environment: Environment) -> None:
    with pytest.raises(jinja2.UndefinedError, match="products"):
        environment.get_template("overview.html").render(shell=shell("/"), overview={}, setup={})


def test_a_problem_is_a_page_with_its_own_status(environment: Environment) -> None:
    problem = Problem(code="full", title="The queue is full: 512 wait.", status=503, fix="Try again in `2 s`.")
    answer = problem_page(environment, shell("/"), problem)
    assert answer.status_code == 503
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert b"The queue is full: 512 wait." in answer.body
    assert page(environment, "problem.html", shell=shell("/"), problem=problem).status_code == 200
