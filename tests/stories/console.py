"""What does a document tell its reader to type, and what happens when it is typed?

A fenced block ```` ```console run ```` is typed into one shell for the whole document, in order: lines that begin with
`$ ` are commands, `> ` goes on with the one before, all else is what the terminal answers. Words after `console`:

- `run`: type it; every command must end with exit code 0;
- `exact`: what the terminal answers must be just what is printed; `…` stands for any text within a line;
- `exit=N`: the last command of the block must end with exit code N;
- `story=tests/…`: it is not typed here, for a test of that path runs the same command.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(r"run|exact|exit=\d+|story=tests/\S+")
SHELL_LIMIT_S = 240

_FENCE = re.compile(
    r"^(?P<fence>`{3,})console(?P<words>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
_MARK = "\x1etrivium-document "


@dataclass(frozen=True)
class Command:
    """What is typed, and what the document shows as the answer."""

    line: int
    typed: str
    answer: str


@dataclass(frozen=True)
class Block:
    """One fenced block: its place, its words and its commands."""

    line: int
    words: tuple[str, ...]
    commands: tuple[Command, ...]

    @property
    def runs(self) -> bool:
        """Say whether the block is typed here."""
        return "run" in self.words

    @property
    def story(self) -> str:
        """Give the path of the test that runs it instead, or nothing."""
        return next((word.removeprefix("story=") for word in self.words if word.startswith("story=")), "")

    @property
    def exit_code(self) -> int:
        """Give the exit code that the last command must end with."""
        return next((int(word.removeprefix("exit=")) for word in self.words if word.startswith("exit=")), 0)


def blocks_of(text: str) -> list[Block]:
    """Read the console blocks of a Markdown text."""
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = tuple(match["words"].split())
        unknown = [word for word in words if not WORDS.fullmatch(word)]
        assert not unknown, f"line {line}: unknown words {unknown}"
        found.append(Block(line, words, tuple(_commands(match["text"], line + 1))))
    return found


def play(text: str, folder: Path) -> list[str]:
    """Type what a document says into one shell whose HOME is in `folder`; give one line for each difference."""
    blocks = [block for block in blocks_of(text) if block.runs]
    commands = [command for block in blocks for command in block.commands]
    if not commands:
        return []
    answers = _type(commands, folder)
    faults = []
    for block in blocks:
        for command in block.commands:
            expected = block.exit_code if command is block.commands[-1] else 0
            code, answer = answers.get(command.line, (None, ""))
            said = f"line {command.line}: `{command.typed}`"
            if code is None:
                faults.append(f"{said} was not reached or did not end in {SHELL_LIMIT_S} s")
            elif code != expected:
                faults.append(f"{said} ended with {code}, not {expected}: {answer.strip()[-2000:]}")
            elif "exact" in block.words and not _same(command.answer, answer):
                faults.append(f"{said} answered\n{answer.strip()}\nnot\n{command.answer.strip()}")
    return faults


def _commands(text: str, first_line: int) -> Iterator[Command]:
    typed: list[str] = []
    answer: list[str] = []
    start = first_line
    for number, line in enumerate(text.splitlines(), first_line):
        if line.startswith("$ "):
            if typed:
                yield Command(start, "\n".join(typed), "\n".join(answer))
            typed, answer, start = [line[2:]], [], number
        elif typed and not answer and (line.startswith("> ") or line == ">"):
            typed.append(line[2:])
        elif typed:
            answer.append(line)
    if typed:
        yield Command(start, "\n".join(typed), "\n".join(answer))


def _type(commands: Sequence[Command], folder: Path) -> dict[int, tuple[int, str]]:
    """Run commands in one bash; give exit code and answer of each by its line. Ends all that it started."""
    home, work = folder / "home", folder / "work"
    home.mkdir(parents=True)
    work.mkdir()
    if (ROOT / "examples").exists():
        (work / "examples").symlink_to(ROOT / "examples")
    script = "".join(f"{command.typed}\nprintf '\\n{_MARK}{command.line} %s\\n' $?\n" for command in commands)
    transcript = folder / "transcript"
    with transcript.open("wb") as said:
        shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-c", script],
            cwd=work,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            shell.wait(timeout=SHELL_LIMIT_S)
        except subprocess.TimeoutExpired:
            said.write(f"\nended after {SHELL_LIMIT_S} s\n".encode())
        finally:
            _end(shell.pid)
            shell.wait()
    return _answers(transcript.read_text(encoding="utf-8", errors="replace"))


def environment(home: Path) -> dict[str, str]:
    """Give the variables of a person who has just set Trivium up and has no settings of their own."""
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")])
    return kept | {"PATH": path, "HOME": str(home), "TERM": "dumb", "COLUMNS": "120", "NO_COLOR": "1"}


def _end(group: int) -> None:
    """End what a shell left running in its own process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _answers(said: str) -> dict[int, tuple[int, str]]:
    answers = {}
    for part in re.finditer(rf"(.*?)\n{_MARK}(\d+) (\d+)\n", said, re.DOTALL):
        answers[int(part[2])] = (int(part[3]), part[1])
    return answers


def _same(shown: str, said: str) -> bool:
    pattern = re.escape(shown.strip()).replace("…", "[^\n]*")
    lines = "\n".join(line.rstrip() for line in said.strip().splitlines())
    return re.fullmatch(pattern, lines) is not None
