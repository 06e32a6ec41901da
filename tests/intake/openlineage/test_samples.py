"""Each sample means what stands beside it in expected/."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import trivium.intake.openlineage
from trivium.facts.fact import RecordedFact
from trivium.intake.openlineage.reader import accept, statements

FOLDER = Path(trivium.intake.openlineage.__file__).parent


@pytest.mark.parametrize("sample", sorted(FOLDER.glob("samples/*.json")), ids=lambda path: path.stem)
def test_a_sample_means_what_is_expected(sample: Path) -> None:
    fact = accept(sample.read_bytes())
    said = statements(RecordedFact(sequence=1, recorded_at=0, fact=fact))
    found = {"subject": fact.subject, "statements": json.loads(msgspec.json.encode(said))}
    assert found == json.loads((FOLDER / "expected" / sample.name).read_text())
