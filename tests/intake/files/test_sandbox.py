"""What the child may take, and what is said when it fails: in words, never in Python's own."""

from __future__ import annotations

import sys

import pytest

from tests.intake.focus.bills import csv_of, row
from trivium.facts.problem import ProblemError
from trivium.intake.files import sandbox
from trivium.intake.files.limits import Limits
from trivium.intake.focus.reader import Job, open_rows
from trivium.intake.focus.report import FileReport

CHILD = "trivium.intake.focus.child"


@pytest.mark.parametrize("name", ["memory_mb", "wall_seconds", "cpu_seconds", "max_rows", "output_mb"])
@pytest.mark.parametrize("size", [-1, 0, 2**70])
def test_a_limit_that_is_no_size_is_refused(name, size):
    with pytest.raises(ProblemError) as fault:
        Limits(**{name: size})
    assert (fault.value.problem.code, fault.value.problem.where) == ("bad_limit", name)


def job(folder):
    path = folder / "bill.csv"
    path.write_bytes(csv_of([row()]))
    return Job(path=str(path), charges=str(folder / "charges"), resources=str(folder / "resources"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise KeyError('BilledCost')", "'BilledCost'"),
        ("raise __import__('pyarrow').ArrowInvalid('odd page')", "odd page"),
        ("raise AssertionError", "it said nothing"),
        ("raise SystemExit(3)", "it said nothing"),
    ],
)
def test_a_reader_that_fails_is_said_without_names_of_classes(tmp_path, monkeypatch, code, said):
    monkeypatch.setattr(sandbox, "_PYTHON", (sys.executable, "-c", code))
    with pytest.raises(ProblemError) as fault:
        sandbox.read_apart(CHILD, job(tmp_path), FileReport)
    problem = fault.value.problem
    assert (problem.code, problem.fix) == ("reader_failed", "Report this with the file.")
    assert problem.title == f"The reader failed and ended with {3 if 'Exit' in code else 1}: {said}."


def test_a_child_that_never_ends_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_PYTHON", (sys.executable, "-c", "while True: pass"))
    with pytest.raises(ProblemError) as fault:
        sandbox.read_apart(CHILD, job(tmp_path), FileReport, Limits(wall_seconds=0.3))
    assert fault.value.problem.code == "too_much_time"


@pytest.mark.parametrize("start", [b"[{", b"%PDF-1.7", b"PK\x03\x04", b"a\0b,c"])
def test_how_a_file_begins_is_shown_as_text(tmp_path, start):
    path = tmp_path / "thing"
    path.write_bytes(start)
    with pytest.raises(ProblemError) as fault:
        open_rows(path)
    assert "begins with '" in fault.value.problem.title


def test_a_folder_is_said_to_be_unreadable_in_words(tmp_path):
    given = job(tmp_path)
    wrong = Job(path=str(tmp_path), charges=given.charges, resources=given.resources)
    with pytest.raises(ProblemError) as fault:
        sandbox.read_apart(CHILD, wrong, FileReport)
    assert fault.value.problem.title == "The file cannot be read: Is a directory."
