"""A backup is one consistent, verified file made under load; a restore gives that home or nothing."""

from __future__ import annotations

import threading
import zipfile
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.ledger.facts_made import fact
from trivium.facts.problem import ProblemError
from trivium.ledger.backup import backup
from trivium.ledger.book import Ledger
from trivium.ledger.restore import restore
from trivium.ledger.verify import verify


def filled(home: Path, count: int = 200) -> Path:
    """Make a home with facts and a few files."""
    with Ledger.open(home) as ledger:
        ledger.append([fact(number) for number in range(count)])
    (home / "lake" / "charges").mkdir(parents=True)
    (home / "lake" / "charges" / "a.parquet").write_bytes(b"PAR1 rows")
    (home / "lake" / "staging" / "x").mkdir(parents=True)
    (home / "lake" / "staging" / "x" / "half").write_bytes(b"half")
    (home / "blobs" / "sha256").mkdir(parents=True)
    (home / "blobs" / "sha256" / "ab").write_bytes(b"blob")
    (home / "trivium.toml").write_text("port = 1\n")
    return home


def test_what_is_restored_is_what_was_backed_up(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    made = backup(home, tmp_path / "b.zip")
    restored = restore(tmp_path / "b.zip", tmp_path / "new")
    assert (restored.sequence, restored.root, restored.home_id) == (200, made.root, made.home_id)
    assert verify(tmp_path / "new", Path(made.checkpoint_file)).ok
    names = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert names == {"ledger.db", "lake/charges/a.parquet", "blobs/sha256/ab", "trivium.toml"}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    with Ledger.open(tmp_path / "new") as ledger:
        assert ledger.append([fact(0), fact(999)])[1].sequence == 201
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "b.zip.checkpoint.json", "home", "new"]


def test_a_backup_under_write_load_is_one_moment_of_the_ledger(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        ledger.append([fact(number) for number in range(100)])
        stop = threading.Event()

        def write() -> None:
            number = 1_000
            while not stop.is_set():
                ledger.append([fact(number), fact(number + 1)])
                number += 2

        writer = threading.Thread(target=write)
        writer.start()
        made = [backup(tmp_path / "home", tmp_path / f"{number}.zip") for number in range(3)]
        stop.set()
        writer.join()
    assert made[0].sequence < made[1].sequence < made[2].sequence
    for number, one in enumerate(made):
        restored = restore(tmp_path / f"{number}.zip", tmp_path / f"r{number}")
        assert restored.sequence == one.sequence
        assert restored.sequence % 2 == 0
        assert verify(tmp_path / "home", Path(one.checkpoint_file)).ok


def test_a_backup_refuses_what_it_cannot_vouch_for(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    for file, code in [(home / "b.zip", "bad_place"), (tmp_path / "absent" / "b.zip", "no_folder")]:
        with pytest.raises(ProblemError) as refused:
            backup(home, file)
        assert refused.value.problem.code == code
    backup(home, tmp_path / "b.zip")
    with pytest.raises(ProblemError, match="there already"):
        backup(home, tmp_path / "b.zip")
    with pytest.raises(ProblemError, match="no ledger"):
        backup(tmp_path / "nowhere", tmp_path / "c.zip")
    with Ledger.open(home) as ledger:
        ledger.append(
            [fact(5_000)],
            within=lambda connection, _: connection.exec_driver_sql("DELETE FROM facts WHERE sequence = 3"),
        )
    with pytest.raises(ProblemError, match="does not verify"):
        backup(home, tmp_path / "d.zip")
    assert not (tmp_path / "d.zip").exists()


def test_a_file_that_the_lake_names_must_be_there(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    right = sha256(b"PAR1 rows").hexdigest()
    with Ledger.open(home) as ledger:
        statements = [
            "CREATE TABLE lake_files (path TEXT, sha256 TEXT)",
            f"INSERT INTO lake_files VALUES ('charges/a.parquet', '{right}')",
        ]
        ledger.append([fact(7_000)], within=lambda c, _: [c.exec_driver_sql(one) for one in statements] and None)
    backup(home, tmp_path / "good.zip")
    (home / "lake" / "charges" / "a.parquet").write_bytes(b"PAR1 rowz")
    with pytest.raises(ProblemError, match=r"charges/a\.parquet"):
        backup(home, tmp_path / "bad.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.zip", "good.zip.checkpoint.json", "home"]


def test_an_artifact_that_the_ledger_names_must_be_there(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    name = sha256(b"model").hexdigest()
    place = home / "blobs" / "sha256" / name[:2]
    with Ledger.open(home) as ledger:
        statements = [
            "CREATE TABLE tracking_artifacts (path TEXT, blob TEXT)",
            f"INSERT INTO tracking_artifacts VALUES ('a', '{name}'), ('b', '{name}')",
        ]
        ledger.append([fact(7_000)], within=lambda c, _: [c.exec_driver_sql(one) for one in statements] and None)
    with pytest.raises(ProblemError, match=f"An artifact's content .*{name[2:]}"):
        backup(home, tmp_path / "bad.zip")
    place.mkdir()
    (place / name[2:]).write_bytes(b"model")
    backup(home, tmp_path / "good.zip")


def test_a_restore_never_overwrites(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    backup(home, tmp_path / "b.zip")
    with pytest.raises(ProblemError, match="not empty"):
        restore(tmp_path / "b.zip", home)
    (tmp_path / "empty").mkdir()
    assert restore(tmp_path / "b.zip", tmp_path / "empty").sequence == 200


def rewritten(source: Path, target: Path, changes: dict[str, bytes | None], *, honest: bool = False) -> None:
    """Copy an archive with members changed (None: dropped); `honest` corrects the list to match."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        members = {name: old.read(name) for name in old.namelist()}
        manifest = msgspec.json.decode(members["MANIFEST.json"])
        for name, content in changes.items():
            if content is None:
                members.pop(name)
            else:
                members[name] = content
        if honest:
            manifest["files"] = [
                {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}
                for name, content in members.items()
                if name != "MANIFEST.json"
            ]
            members["MANIFEST.json"] = msgspec.json.encode(manifest)
        for name, content in members.items():
            new.writestr(name, content)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "lake/../../evil", "lake//evil", "lake/./evil", "lake\\..\\evil", "other/file", "lake"],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    backup(filled(tmp_path / "home"), tmp_path / "b.zip")
    rewritten(tmp_path / "b.zip", tmp_path / "evil.zip", {name: b"evil"}, honest=True)
    with pytest.raises(ProblemError, match="no place in a home"):
        restore(tmp_path / "evil.zip", tmp_path / "deep" / "new")
    assert list((tmp_path / "deep").iterdir()) == []
    assert not list(tmp_path.rglob("*evil"))


def test_damaged_archives_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    home = filled(tmp_path / "home")
    backup(home, tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    other = filled(tmp_path / "other", 150)
    changes: list[tuple[dict[str, bytes | None], bool]] = [
        ({"blobs/sha256/ab": b"blub"}, False),
        ({"blobs/sha256/ab": None}, False),
        ({"lake/more": b"x"}, False),
        ({"MANIFEST.json": b"{}"}, False),
        ({"MANIFEST.json": None}, False),
        ({"ledger.db": (other / "ledger.db").read_bytes()}, True),
        ({"ledger.db": b"no database"}, True),
        ({"ledger.db": None}, True),
    ]
    for number, (change, honest) in enumerate(changes):
        rewritten(tmp_path / "b.zip", tmp_path / f"bad{number}.zip", change, honest=honest)
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "flip.zip").write_bytes(whole[:5_000] + bytes([whole[5_000] ^ 1]) + whole[5_001:])
    for file in [*tmp_path.glob("bad*.zip"), tmp_path / "cut.zip", tmp_path / "flip.zip", tmp_path / "absent.zip"]:
        with pytest.raises(ProblemError):
            restore(file, tmp_path / "new")
        assert not (tmp_path / "new").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_backup_is_restored_into_the_folder_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup(filled(tmp_path / "home"), tmp_path / "b.zip")
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    assert restore(tmp_path / "b.zip", Path()).sequence == 200
    assert verify(tmp_path / "new").ok


def test_a_mounted_disk_is_no_place_for_a_restored_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup(filled(tmp_path / "home"), tmp_path / "b.zip")
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path.name == "disk")
    with pytest.raises(ProblemError) as fault:
        restore(tmp_path / "b.zip", tmp_path / "disk")
    assert fault.value.problem.code == "bad_place"
    assert list((tmp_path / "disk").iterdir()) == []
