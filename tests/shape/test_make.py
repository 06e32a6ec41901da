"""Does the Makefile do what README and CONTRIBUTING tell people to type?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TYPED = sorted(
    {
        target
        for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")
        for target in re.findall(r"(?:^\$ |`)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
)


def make(*arguments: str) -> str:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_help_gives_each_target_one_line() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    lines = make("help").splitlines()
    assert {line.split()[0] for line in lines} == targets
    assert all(len(line.split()) > 2 and len(line) <= 120 for line in lines)


@pytest.mark.parametrize("target", TYPED)
def test_what_people_are_told_to_type_is_a_target(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "commands"),
    [
        (["demo", "ARGS=--exit"], [".venv/bin/trivium demo --exit"]),
        (["test"], ["bash tools/test_needs.sh", '.venv/bin/python -m pytest -m "not full"']),
        (["test-full"], ["bash tools/test_needs.sh", ".venv/bin/python -m pytest"]),
        (["check"], ["ruff format --check", "ruff check", "mypy", "lint-imports", "tools/tidy.py"]),
        (["docs"], ["tools/reference.py"]),
        (["bench"], ["-m bench"]),
    ],
)
def test_a_target_runs_what_it_says(arguments: list[str], commands: list[str]) -> None:
    planned = make("--dry-run", *arguments)
    assert all(command in planned for command in commands), planned


@pytest.mark.parametrize("target", ["demo", "test", "test-full", "check", "bench", "docs"])
def test_a_target_sets_up_what_it_needs(target: str) -> None:
    assert re.search(rf"^{target}: setup\b", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("target", ["test", "test-full", "bench"])
def test_a_target_makes_the_clients_that_it_needs(target: str) -> None:
    assert re.search(rf"^{target}: setup clients\b", MAKEFILE, re.MULTILINE)


def test_what_is_made_here_is_cleaned_and_kept_out_of_git() -> None:
    [cleaned] = re.findall(r"^\trm -rf (\.venv .*)$", MAKEFILE, re.MULTILINE)
    kept_out = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for folder in (".venv", ".clients", ".tool"):
        assert folder in cleaned.split()
        assert f"{folder}/" in kept_out


CHECKS = ("ruff format", "ruff check", "mypy", "lint-imports", "python tools/tidy.py")


@pytest.mark.parametrize("failing", [None, *CHECKS])
def test_every_check_runs_and_one_that_fails_fails_all(tmp_path: Path, failing: str | None) -> None:
    for name in {check.split()[0] for check in CHECKS}:
        program = tmp_path / name
        said = f'case "{name} $*" in "{failing}"*) exit 1;; esac'
        program.write_text(f'#!/bin/sh\necho "ran {name} $*"\n{said}\n', encoding="utf-8")
        program.chmod(0o755)
    command = ["make", "--no-print-directory", "--assume-old=.venv/.ready", "check", f"BIN={tmp_path}"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert all(f"ran {check}" in answer.stdout for check in CHECKS), answer.stdout
    assert (answer.returncode != 0) == (failing is not None)


def test_a_check_that_fails_is_not_hidden_by_a_pipe() -> None:
    commands = [line for line in MAKEFILE.splitlines() if line.startswith("\t") and "$(BIN)" in line]
    assert commands
    assert [line for line in commands if re.search(r"(?<!\|)\|(?!\|)", line)] == []
