"""What a process did to a ledger's files, in order, as strace saw it, and what it acknowledged in between."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("ledger.db", "ledger.db-wal")
_CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink"
_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>)?(.*)", re.DOTALL)
_HANDLE = re.compile(r"\((\d+)<([^>]*)>(?:, (.*))?", re.DOTALL)
_RESULT = re.compile(r"= (-?\d+)")


@dataclass(frozen=True)
class Step:
    """One thing that happened: a write, a sync that ended, a truncation, a removal, or an acknowledgement."""

    what: Literal["write", "sync", "cut", "remove", "ack"]
    file: str = ""
    offset: int = 0
    data: bytes = b""
    number: int = -1


def need_strace() -> str:
    """Find strace; where it is absent tools/test_needs.sh (run by `make test`) installs it for root."""
    found = shutil.which("strace")
    if not found:
        pytest.skip("strace is absent: run `bash tools/test_needs.sh` as root, or install it")
    return found


def run_traced(home: Path, count: int, *options: str) -> list[Step]:
    """Run the writer on a home under strace and read what it did."""
    trace = home.with_name(f"{home.name}.trace")
    command = [need_strace(), "-f", "-y", "-xx", "-s", "70000", "-e", f"trace={_CALLS}", "-o", str(trace)]
    command += [sys.executable, "-m", "tests.faults.writer", str(home), "0", str(count), *options]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if "Operation not permitted" in ran.stderr and "ptrace" in ran.stderr:
        pytest.skip(f"strace may not trace here: {ran.stderr.strip()[:200]}")
    assert ran.stdout.endswith("end ok\n"), ran.stderr
    return read_trace(trace)


def read_trace(trace: Path) -> list[Step]:
    """Read strace's lines; a call counts where it begins, a sync only where it has ended well."""
    steps: list[Step] = []
    begun: dict[str, str] = {}
    with trace.open() as lines:
        for line in lines:
            found = _LINE.match(line)
            if not found:
                continue
            thread, call, rest = found.groups()
            if call in ("fsync", "fdatasync"):
                if rest.rstrip().endswith("<unfinished ...>"):
                    begun[thread] = rest
                    continue
                result = _RESULT.search(rest)
                rest = begun.pop(thread, rest)
                if result and result[1] == "0":
                    steps += _step("sync", rest)
            elif "resumed>" not in line:
                steps += _step(call, rest)
    return steps


def _step(call: str, rest: str) -> list[Step]:
    if call == "unlink":
        name = _text(rest.partition('"')[2].partition('"')[0]).rpartition("/")[2]
        return [Step("remove", name)] if name in FILES else []
    found = _HANDLE.match(rest)
    if not found:
        return []
    name = _text(found[2]).rpartition("/")[2]
    arguments = found[3] or ""
    if call == "write" and found[1] == "1":
        words = _text(arguments.partition('"')[2].partition('"')[0]).split()
        return [Step("ack", number=int(words[1]))] if words[:1] == ["ack"] else []
    if name not in FILES:
        return []
    if call == "sync":
        return [Step("sync", name)]
    if call == "ftruncate":
        return [Step("cut", name, offset=int(arguments.partition(")")[0]))]
    if call == "pwrite64":
        data, _, tail = arguments.removeprefix('"').partition('"')
        return [Step("write", name, int(tail.split(",")[2].partition(")")[0].split()[0]), _bytes(data))]
    return []


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return _bytes(text).decode() if text.startswith("\\x") else text
