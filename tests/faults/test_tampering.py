"""The verifier finds every change of the facts: 2,000 random mutations, and each kind by name."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.facts_made import fact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.ledger.book import Ledger
from trivium.ledger.checkpoint import write_checkpoint
from trivium.ledger.verify import Verification, verify

COUNT = 60
TEXTS = ("kind", "subject", "actor", "source", "key")
NUMBERS = ("sequence", "recorded_at", "happened_at")
BYTES = ("body", "leaf")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with facts of several groups, and a checkpoint at its end."""
    folder = tmp_path_factory.mktemp("tampering")
    with Ledger.open(folder / "home") as ledger:
        for number in range(COUNT):
            kind = Kind.ASSET_OWNED if number % 4 == 0 else Kind.LINEAGE_EVENT
            ledger.append([fact(number, kind=kind, body=bytes(random.Random(number).randbytes(number * 3)))])
    write_checkpoint(folder / "home", folder / "checkpoint.json")
    return folder


@pytest.fixture
def forger(home: Path, tmp_path: Path) -> Iterator[Forger]:
    with closing(Forger(home, tmp_path / "forged")) as made:
        yield made


class Forger:
    """A copy of the home that can be changed behind the ledger's back, verified, and put back."""

    def __init__(self, home: Path, folder: Path) -> None:
        folder.mkdir()
        self.home, self.folder = home, folder
        shutil.copyfile(home / "home" / "ledger.db", folder / "ledger.db")
        self.connection = sqlite3.connect(folder / "ledger.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.whole = (folder / "ledger.db").read_bytes()

    def close(self) -> None:
        self.connection.close()

    def verify_after(self, change: Callable[[sqlite3.Connection], object], *, checkpoint: bool = False) -> Verification:
        """Verify a forged copy; the next call starts from the honest one."""
        self.connection.execute("BEGIN")
        change(self.connection)
        self.connection.execute("COMMIT")
        try:
            return verify(self.folder, self.home / "checkpoint.json" if checkpoint else None)
        finally:
            self.connection.close()
            (self.folder / "ledger.db").write_bytes(self.whole)
            self.connection = sqlite3.connect(self.folder / "ledger.db", isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = OFF")
            self.connection.execute("PRAGMA synchronous = OFF")


def test_an_honest_home_verifies_and_says_what_is_not_excluded(home: Path) -> None:
    without = verify(home / "home")
    assert (without.ok, without.sequence, without.problems) == (True, COUNT, ())
    assert any("cut off at the end" in sentence for sentence in without.not_excluded)
    against = verify(home / "home", home / "checkpoint.json")
    assert against.ok
    assert not any("cut off" in sentence for sentence in against.not_excluded)


def random_change(chance: random.Random) -> tuple[str, Callable[[sqlite3.Connection], object]]:
    """Draw a change of the facts that leaves none of them as it was."""
    one, other = chance.sample(range(1, COUNT + 1), 2)
    column = chance.choice([*TEXTS, *NUMBERS, *BYTES])
    kind = chance.choice(["flip", "flip", "flip", "swap", "drop", "repeat", "insert"])
    if kind == "flip":
        return f"flip {column} of {one}", lambda connection: flip(connection, column, one, chance)
    if kind == "swap":
        return f"swap {one} and {other}", lambda connection: swap(connection, one, other)
    if kind == "drop":
        return f"drop {one}", lambda c: c.execute("DELETE FROM facts WHERE sequence = ?", (one,))
    columns = "recorded_at, happened_at, kind, subject, actor, source, key || '+', leaf, body"
    place = COUNT + 1 if kind == "repeat" else -one
    statement = f"INSERT INTO facts SELECT {place}, {columns} FROM facts WHERE sequence = ?"
    return f"{kind} {one}", lambda c: c.execute(statement, (one,))


def flip(connection: sqlite3.Connection, column: str, sequence: int, chance: random.Random) -> None:
    """Change one bit of one value (of an empty value: make it one byte)."""
    (value,) = connection.execute(f"SELECT {column} FROM facts WHERE sequence = ?", (sequence,)).fetchone()
    if isinstance(value, int):
        changed: Any = value ^ (1 << chance.randrange(40))
        while column == "sequence" and 0 < changed <= COUNT:
            changed = value ^ (1 << chance.randrange(40))
    else:
        raw = bytearray(value.encode() if isinstance(value, str) else value) or bytearray(1)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(7)
        changed = bytes(raw).decode("latin-1") if isinstance(value, str) else bytes(raw)
    try:
        connection.execute(f"UPDATE facts SET {column} = ? WHERE sequence = ?", (changed, sequence))
    except sqlite3.IntegrityError:  # another fact's key: flip another bit
        flip(connection, column, sequence, chance)


def swap(connection: sqlite3.Connection, one: int, other: int) -> None:
    for old, new in [(one, -1), (other, one), (-1, other)]:
        connection.execute("UPDATE facts SET sequence = ? WHERE sequence = ?", (new, old))


def test_two_thousand_random_mutations_are_all_found(forger: Forger) -> None:
    """0 missed in 2,000 bounds the rate of misses at about 3/2,000."""
    chance = random.Random(2)
    missed, unplaced = [], []
    for number in range(2_000):
        name, change = random_change(chance)
        found = forger.verify_after(change)
        if found.ok:
            missed.append((number, name))
        if name.startswith("flip") and "sequence" not in name:
            sequence = name.rsplit(" ", 1)[1]
            unplaced += [] if any(f"Fact {sequence} " in one for one in found.problems) else [name]
    assert missed == []
    assert unplaced == []


def test_a_flipped_byte_anywhere_in_the_file_is_found_or_changes_no_fact(home: Path, tmp_path: Path) -> None:
    whole = (home / "home" / "ledger.db").read_bytes()
    honest = verify(home / "home")
    chance = random.Random(5)
    found = 0
    for _ in range(300):
        place = chance.randrange(100, len(whole))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        (tmp_path / "ledger.db").write_bytes(damaged)
        answer = verify(tmp_path)
        found += not answer.ok
        assert not answer.ok or answer.root == honest.root
    assert found > 30


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE head SET sequence = sequence - 1",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE head SET frontier = zeroblob(128)",
        "UPDATE head SET recorded_at = recorded_at + 1",
        "DELETE FROM head",
        "INSERT INTO head SELECT 2, home_id, sequence, recorded_at, root, frontier FROM head",
        "DELETE FROM facts",
        "DELETE FROM facts WHERE sequence > 50",
        "DROP TABLE facts",
    ],
)
def test_a_false_head_or_end_is_found(forger: Forger, statement: str) -> None:
    assert not forger.verify_after(lambda connection: connection.execute(statement)).ok


def forge_consistently(connection: sqlite3.Connection, upto: int, *, change: bool) -> None:
    """Cut the ledger after `upto` facts, perhaps change the first one, and compute leaves and head anew."""
    from hashlib import sha256

    from trivium.ledger.merkle import Frontier
    from trivium.ledger.verify import leaf_of

    connection.execute("DELETE FROM facts WHERE sequence > ?", (upto,))
    if change:
        connection.execute("UPDATE facts SET body = CAST('forged' AS BLOB) WHERE sequence = 1")
    columns = "sequence, recorded_at, happened_at, kind, subject, actor, source, key, leaf, body"
    rows = connection.execute(f"SELECT {columns} FROM facts ORDER BY sequence").fetchall()
    leaves = [leaf_of(row) for row in rows]
    assert all(len(leaf) == sha256().digest_size for leaf in leaves)
    for row, leaf in zip(rows, leaves, strict=True):
        connection.execute("UPDATE facts SET leaf = ? WHERE sequence = ?", (leaf, row[0]))
    frontier = Frontier()
    frontier.extend(leaves)
    values = (upto, rows[-1][1], frontier.root(), frontier.peaks())
    connection.execute("UPDATE head SET sequence = ?, recorded_at = ?, root = ?, frontier = ?", values)


@pytest.mark.parametrize(("upto", "change"), [(COUNT - 1, False), (1, False), (COUNT, True), (40, True)])
def test_only_a_checkpoint_shows_a_forgery_that_is_consistent_in_itself(
    forger: Forger, upto: int, change: bool
) -> None:
    forged = lambda connection: forge_consistently(connection, upto, change=change)  # noqa: E731
    without = forger.verify_after(forged)
    assert without.ok
    assert any("cut off at the end" in sentence for sentence in without.not_excluded)
    against = forger.verify_after(forged, checkpoint=True)
    assert not against.ok
    word = "cut off" if upto < COUNT else "not the one that the checkpoint was made of"
    assert any(word in problem for problem in against.problems)


def test_an_older_copy_of_the_home_is_found_against_a_checkpoint(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        ledger.append([fact(number) for number in range(10)])
    shutil.copytree(tmp_path / "home", tmp_path / "old")
    with Ledger.open(tmp_path / "home") as ledger:
        ledger.append([fact(11)])
    write_checkpoint(tmp_path / "home", tmp_path / "checkpoint.json")
    assert verify(tmp_path / "old").ok
    found = verify(tmp_path / "old", tmp_path / "checkpoint.json")
    assert found.problems == ("Facts 11 to 11 are cut off: the checkpoint has 11 facts.",)


def test_another_home_is_not_the_checkpoints(tmp_path: Path, home: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([fact(number) for number in range(COUNT)])
    assert any("is of home" in one for one in verify(tmp_path, home / "checkpoint.json").problems)


def test_no_checkpoint_is_made_of_a_damaged_ledger_nor_inside_its_home(forger: Forger, home: Path) -> None:
    with pytest.raises(ProblemError, match="home that it is to witness"):
        write_checkpoint(home / "home", home / "home" / "checkpoint.json")
    forger.connection.execute("UPDATE facts SET body = zeroblob(3) WHERE sequence = 5")
    with pytest.raises(ProblemError, match="Fact 5 is not what was recorded"):
        write_checkpoint(forger.folder, home / "bad.json")
    assert not (home / "bad.json").exists()


def test_what_is_no_checkpoint_or_no_home_is_said(home: Path, tmp_path: Path) -> None:
    for text in (
        "",
        "[]",
        '{"home_id": "x", "sequence": true, "root": ""}',
        "\ud800".encode("utf-8", "replace").decode(),
    ):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(ValueError, match="is no checkpoint"):
            verify(home / "home", tmp_path / "bad.json")
    with pytest.raises(FileNotFoundError):
        verify(tmp_path)


def test_a_running_home_and_a_copy_with_its_log_verify(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        ledger.append([fact(number) for number in range(30)])
        assert verify(tmp_path / "home").sequence == 30
        shutil.copytree(tmp_path / "home", tmp_path / "copy")
        assert (tmp_path / "copy" / "ledger.db-wal").stat().st_size > 0
        ledger.append([fact(31)])
    before = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    found = verify(tmp_path / "copy")
    assert (found.ok, found.sequence) == (True, 30)
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == before


def test_a_home_that_cannot_be_written_verifies(tmp_path: Path) -> None:
    """As root, permissions mean nothing: the verifier then runs as another user, in a folder that all may enter."""
    with Ledger.open(tmp_path / "home") as ledger, tempfile.TemporaryDirectory() as public:
        ledger.append([fact(number) for number in range(30)])
        copy = Path(public) / "copy"
        shutil.copytree(tmp_path / "home", copy)
        for path in [*copy.iterdir(), copy, Path(public)]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        ran = verify_as_nobody(copy)
        Path(public).chmod(0o755)
        copy.chmod(0o755)
    assert ran.stdout == "True 30\n", ran.stderr


def verify_as_nobody(home: Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier's file alone, without root's rights."""
    code = (
        "import os, sys, importlib.util, pathlib\n"
        "spec = importlib.util.spec_from_file_location('verify', sys.argv[1])\n"
        "verify = importlib.util.module_from_spec(spec)\n"
        "sys.modules['verify'] = verify\n"
        "spec.loader.exec_module(verify)\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "found = verify.verify(pathlib.Path(sys.argv[2]))\n"
        "print(found.ok, found.sequence)\n"
    )
    source = Path(__file__).parents[2] / "src" / "trivium" / "ledger" / "verify.py"
    command = [sys.executable, "-I", "-c", code, str(source), str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_verifier_and_the_checks_of_proofs_use_the_standard_library_alone() -> None:
    folder = Path(__file__).parents[2] / "src" / "trivium" / "ledger"
    for name in ("verify.py", "proof.py"):
        code = (
            "import sys\n"
            "before = set(sys.modules)\n"
            f"exec(compile(open({str(folder / name)!r}).read(), 'x', 'exec'), {{'__name__': '__main__'}})\n"
            "strange = [m for m in set(sys.modules) - before if m.partition('.')[0] not in sys.stdlib_module_names]\n"
            "assert not strange, strange\n"
        )
        ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
