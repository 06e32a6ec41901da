"""Do the documents know the rooms, and do their links lead somewhere?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
ROOMS = sorted(
    path.stem
    for path in (ROOT / "src" / "trivium").iterdir()
    if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
)
AT_THE_ROOT = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile", "pyproject.toml",
    "requirements.lock", ".ci/run", "docs/architecture.md", "docs/glossary.md", "docs/decisions", "docs/tutorial",
    "docs/how-to", "docs/reference", "bench", "examples",
)  # fmt: skip


def links_of(text: str) -> list[str]:
    """Give what a Markdown text links to within the repository, pictures too, comments not."""
    shown = re.sub(r"<!--.*?-->|```.*?```", "", text, flags=re.DOTALL)
    return re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", shown)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in links_of(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{target} is not there"


def test_a_link_is_seen() -> None:
    assert links_of("[a](b.md) ![c](d.png) [e](f.md#g) <!-- [h](i.md) --> [j](https://k) [l](#m)") == [
        "b.md", "d.png", "f.md",
    ]  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md"])
def test_each_room_stands_on_a_floor_of_the_documents(document: str, room: str) -> None:
    floors = [line for line in (ROOT / document).read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert any(re.search(rf"`{room}(?:/|\.py)?`", line) for line in floors)


def test_each_decision_is_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("0*.md"))
    listed = links_of((folder / "README.md").read_text(encoding="utf-8"))
    assert listed == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))


@pytest.mark.parametrize("name", AT_THE_ROOT)
def test_what_belongs_at_the_root_is_there(name: str) -> None:
    path = ROOT / name
    assert path.exists()
    assert any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert len(text) > 11_000
