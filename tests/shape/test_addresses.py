"""Is the repository free of addresses of package registries, so that any mirror can serve it?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "tests" / "clients").glob("*.lock"))]

HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("pypi", "python", "org"), ("npmjs", "org"), ("npmjs", "com"),
        ("yarnpkg", "com"), ("jsr", "io"), ("crates", "io"), ("anaconda", "org"), ("rubygems", "org"),
        ("maven", "org"), ("maven", "apache", "org"), ("proxy", "golang", "org"), ("unpkg", "com"),
        ("jsdelivr", "net"), ("cdnjs", "cloudflare", "com"), ("deb", "debian", "org"), ("docker", "io"),
    )
]  # fmt: skip
"""Written in parts, so that this file names none of them either."""


def written_files() -> list[Path]:
    """List what git keeps or would keep; without git, what stands outside of what set-up makes."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False)
    if answer.returncode == 0:
        paths = [ROOT / name for name in answer.stdout.decode("utf-8", "surrogateescape").split("\0") if name]
    else:
        made = {".venv", ".clients", ".tool", "node_modules", ".git"}
        paths = [path for path in ROOT.rglob("*") if not made & set(path.parts)]
    return [path for path in paths if path.is_file()]


def hosts_in(text: str) -> list[str]:
    return [host for host in HOSTS if re.search(rf"(?<![\w-]){re.escape(host)}(?![\w-])", text)]


def test_no_file_names_the_host_of_a_registry() -> None:
    files = written_files()
    assert len(files) > 50
    named = {
        path.relative_to(ROOT).as_posix(): hosts
        for path in files
        if (hosts := hosts_in(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert named == {}


@pytest.mark.parametrize("host", HOSTS)
def test_a_named_host_is_seen(host: str) -> None:
    assert hosts_in(f"index = https://files.{host}/simple") == [host]
    assert hosts_in(f'"resolved": "https://{host}/a"') == [host]
    assert hosts_in(f"my{host}") == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_the_lock_holds_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"https?:|git\+|file:|--(?:extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_the_lock_is_pinned_and_hashed(lock: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text.strip())
    blocks = [block for block in blocks if block.strip()]
    assert len(blocks) > 50
    for block in blocks:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", block.strip()), block
        assert "--hash=sha256:" in block, block


def test_the_lock_of_the_page_bundle_holds_no_address() -> None:
    lock = ROOT / "ui" / "package-lock.json"
    assert '"resolved"' not in lock.read_text(encoding="utf-8")
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "ui" / ".npmrc").read_text(encoding="utf-8")
