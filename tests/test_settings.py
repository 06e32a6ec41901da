"""Settings are refused with a sentence that names the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trivium.facts.problem import ProblemError
from trivium.settings import read_settings


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert (read_settings(tmp_path).port, read_settings(tmp_path).upload_mb) == (8080, 20_480)


@pytest.mark.parametrize("line", ["upload_mb = -1", "upload_mb = 0", "port = 70000", "upload_gb = 1"])
def test_what_cannot_hold_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "trivium.toml").write_text(f"{line}\n")
    with pytest.raises(ProblemError) as fault:
        read_settings(tmp_path)
    assert fault.value.problem.code == "bad_settings"
    assert "trivium.toml" in fault.value.problem.where
