"""Does every command of README and docs do what the document says?"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.stories.console import ROOT, Block, Command, blocks_of, play

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_a_document_run(name: str, tmp_path: Path) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = missing_commands(text)
    if missing:
        pytest.skip(f"{name} tells people to type commands that are not written yet: {', '.join(missing)}")
    assert play(text, tmp_path) == []


def missing_commands(text: str) -> list[str]:
    """Name the trivium commands of a document that the installed command line does not know."""
    typed = "\n".join(command.typed for block in blocks_of(text) if block.runs for command in block.commands)
    words = re.findall(r"\btrivium(?: [a-z]+(?:-[a-z]+)*\b(?![./=-]))+", typed)
    found = {" ".join(match.split()[:3]) for match in words}
    return sorted(name for name in found if not known(name))


@cache
def known(command: str) -> bool:
    program = Path(sys.executable).parent / "trivium"
    words = command.split()[1:]
    answer = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and "Usage" in answer.stdout


@pytest.mark.parametrize("name", NAMES)
def test_each_block_runs_here_or_names_the_test_that_runs_it(name: str) -> None:
    for block in blocks_of((ROOT / name).read_text(encoding="utf-8")):
        assert block.runs != bool(block.story), f"{name}:{block.line}: mark the block `run` or `story=tests/…`"
        assert not block.story or (ROOT / block.story).exists(), f"{name}:{block.line}: {block.story} does not exist"


def test_some_document_has_a_command() -> None:
    assert any(blocks_of(path.read_text(encoding="utf-8")) for path in DOCUMENTS)


def document(words: str, *lines: str) -> str:
    return "\n".join(["text", f"```console {words}".rstrip(), *lines, "```", "more"]) + "\n"


def test_a_block_is_read() -> None:
    text = document("run exact", "$ echo a \\", "> b", "a b", "$ true") + "```bash\n$ no\n```\n"
    assert blocks_of(text) == [
        Block(2, ("run", "exact"), (Command(3, "echo a \\\nb", "a b"), Command(6, "true", ""))),
    ]


def test_a_misspelt_word_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"line 2: unknown words \['runs'\]"):
        blocks_of(document("runs", "$ true"))


def test_what_is_not_marked_is_not_typed(tmp_path: Path) -> None:
    assert play(document("", "$ false") + document("story=tests/stories", "$ false"), tmp_path) == []


def test_a_failing_command_is_seen_with_what_it_said(tmp_path: Path) -> None:
    [fault] = play(document("run", "$ ls /nowhere-at-all", "fine"), tmp_path)
    assert fault.startswith("line 3: `ls /nowhere-at-all` ended with 2, not 0: ")
    assert "No such file" in fault


def test_an_expected_exit_code_must_come(tmp_path: Path) -> None:
    assert play(document("run exit=3", "$ (exit 3)"), tmp_path / "a") == []
    [fault] = play(document("run exit=3", "$ true"), tmp_path / "b")
    assert "ended with 0, not 3" in fault


def test_an_exact_answer_is_compared_line_by_line(tmp_path: Path) -> None:
    assert play(document("run exact", "$ printf 'took 12 ms\\nend\\n'", "took … ms", "end"), tmp_path / "a") == []
    [fault] = play(document("run exact", "$ printf 'one\\ntwo\\n'", "one"), tmp_path / "b")
    assert "answered\none\ntwo\nnot\none" in fault
    assert play(document("run", "$ echo two", "one"), tmp_path / "c") == []


def test_a_document_is_one_shell_with_a_home_of_its_own(tmp_path: Path) -> None:
    text = document("run", "$ cd ~ && word=kept") + document(
        "run exact", '$ echo "$word $PWD"', f"kept {tmp_path}/home"
    )
    assert play(text, tmp_path) == []


def test_what_a_document_leaves_running_is_ended(tmp_path: Path) -> None:
    assert play(document("run", "$ sleep 600 &", "$ echo $! > ~/pid"), tmp_path) == []
    pid = int((tmp_path / "home" / "pid").read_text(encoding="utf-8"))
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([process], [], [], 10)
        assert ended == [process]
    finally:
        os.close(process)


def test_a_shell_that_ends_early_is_seen(tmp_path: Path) -> None:
    faults = play(document("run", "$ exit 0", "$ true"), tmp_path)
    assert ["was not reached" in fault for fault in faults] == [True, True]
