"""Reading only the facets that mean something gives the same meaning as reading everything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trivium.intake.openlineage
from tests.shared_data import shared
from trivium.facts.problem import ProblemError
from trivium.intake.openlineage import decoding, meaning
from trivium.intake.openlineage.decoding import KNOWN, decode_event
from trivium.intake.openlineage.reader import accept

SAMPLES = [
    path.read_bytes() for path in sorted(Path(trivium.intake.openlineage.__file__).parent.glob("samples/*.json"))
]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 1, "x", [], {}, [1], {"fields": 3}, {"fields": [{"name": "a"}, 5]}, [{"facets": {}}], True]
)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_samples_mean_the_same(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _compare(SAMPLES[number], monkeypatch)


@pytest.mark.parametrize("file", ["dbt_legacy.jsonl", "dbt_structured.jsonl"])
def test_recordings_mean_the_same(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for raw in shared(f"data/openlineage/{file}").read_bytes().splitlines():
        _compare(raw, monkeypatch)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_misshapen_events_mean_the_same(raw: bytes, data: st.DataObject) -> None:
    event = json.loads(raw)
    holder: Any = event
    for _ in range(data.draw(st.integers(0, 5))):
        names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not names:
            break
        name = data.draw(st.sampled_from(names))
        if not isinstance(holder[name], dict | list) or data.draw(st.booleans()):
            holder[name] = data.draw(ODD)
            break
        holder = holder[name]
    with pytest.MonkeyPatch.context() as patch:
        _compare(json.dumps(event).encode(), patch)


def test_a_facet_that_is_not_known_is_not_built() -> None:
    facets = {name: {"x": 1} for name in [*KNOWN, "spark_properties"]}
    body = msgspec.json.encode({"run": {"runId": "r", "facets": facets}, "job": {"namespace": "n", "name": "j"}})
    assert set(decode_event(body)["run"]["facets"]) == KNOWN


def test_every_facet_that_is_read_is_known() -> None:
    """A facet that some function asks for by name and that is not listed would never be seen."""
    named = ("facets.py", "meaning.py", "quality.py")
    folder = Path(trivium.intake.openlineage.__file__).parent
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in named)
    asked = set(re.findall(r'(?:text|count|items)\(\w*facets\w*(?:\([^)]*\))?, "(\w+)"', text))
    asked |= set(re.findall(r'facets\.get\("(\w+)"\)', text)) | set(re.findall(r'_uses\(\w+, "(\w+)"\)', text))
    assert len(asked) > 12
    assert asked <= KNOWN


def _compare(raw: bytes, patch: pytest.MonkeyPatch) -> None:
    try:
        fact = accept(raw)
    except ProblemError:
        return
    quick = meaning._statements(fact.body, fact.happened_at)
    patch.setattr(meaning, "decode_event", decoding._anything)
    whole = meaning._statements(fact.body, fact.happened_at)
    patch.undo()
    assert quick == whole
