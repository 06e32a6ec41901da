from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from trivium.entrypoints.web.bundle import FOLDER, PREFIX, BundleMissingError, read_bundle
from trivium.entrypoints.web.headers import POLICY, download_headers, page_headers

ROOT = Path(__file__).parents[3]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[Mount(PREFIX, read_bundle())])) as client:
        yield client


def test_files_are_kept_for_good_and_carry_the_policy(client: TestClient) -> None:
    answer = client.get(read_bundle().address("pages.js"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.get(read_bundle().address("pages.js"), headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["manifest.json", "sources.sha256", "../bundle.py", "..%2f..%2fbundle.py", "", "x.js", "%00"]
)
def test_only_files_of_the_bundle_are_sent(client: TestClient, path: str) -> None:
    assert client.get(f"{PREFIX}/{path}").status_code == 404


def test_files_cannot_be_written(client: TestClient) -> None:
    assert client.post(read_bundle().address("pages.js")).status_code == 405


def test_every_file_that_a_style_or_script_names_is_in_the_bundle() -> None:
    bundle = read_bundle()
    style = (FOLDER / bundle.names["style.css"]).read_text()
    named = re.findall(r'url\("?\./([^")]+)"?\)', style)
    assert len(named) == 4
    assert set(named) <= bundle.files
    script = (FOLDER / bundle.names["pages.js"]).read_text()
    assert set(re.findall(r'"\./([\w-]+\.js)"', script)) <= bundle.files


def test_the_types_of_the_elements_hold() -> None:
    compilers = sorted((ROOT / "ui/node_modules/@typescript").glob("typescript-*/lib/tsc"))
    assert compilers, "ui/node_modules has no TypeScript: run `make ui`"
    done = subprocess.run([compilers[0], "--noEmit", "-p", ROOT / "ui/tsconfig.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_bundle_names_no_other_host_to_load_from() -> None:
    style = (FOLDER / read_bundle().names["style.css"]).read_text()
    assert "http" not in style
    assert "http" not in re.sub(r'"(?:funding|url)": .*', "", (ROOT / "ui/package-lock.json").read_text())


def test_a_bundle_that_was_not_built_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleMissingError, match="Run `make setup`"):
        read_bundle(tmp_path)


def test_headers_of_pages_and_downloads() -> None:
    assert "unsafe" not in POLICY
    assert page_headers()["cache-control"] == "private, no-cache"
    assert download_headers("statement-2026-10.csv")["content-disposition"].startswith("attachment;")
    with pytest.raises(AssertionError):
        download_headers('x"; filename="y')


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give hatch_build.py, whose hatchling is there only while a build runs."""
    interface: Any = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = object
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    found = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_fingerprint_changes_with_any_source_and_not_with_what_npm_installs(
    hook: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.ts").write_text("1")
    first = hook.fingerprint(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/b.js").write_text("2")
    assert hook.fingerprint(tmp_path) == first
    (tmp_path / "src/a.ts").write_text("2")
    changed = hook.fingerprint(tmp_path)
    assert changed != first
    (tmp_path / "src/a.ts").rename(tmp_path / "src/b.ts")
    assert hook.fingerprint(tmp_path) not in {first, changed}


def test_an_unchanged_bundle_is_not_built_again(hook: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui/a.ts").write_text("1")
    (tmp_path / hook.BUNDLE).mkdir(parents=True)
    (tmp_path / hook.BUNDLE / hook.STAMP).write_text(hook.fingerprint(tmp_path / "ui"))
    builder = hook.BundleHook()
    builder.root = str(tmp_path)
    data: dict[str, Any] = {}
    builder.initialize("standard", data)
    assert data["artifacts"] == [f"{hook.BUNDLE}/**"]


def test_a_failed_step_ends_with_a_sentence(hook: ModuleType, tmp_path: Path) -> None:
    class Failed:
        returncode, stdout, stderr = 7, "", "ENOTFOUND"

    with pytest.raises(SystemExit, match=r"`npm ci` in .* ended with 7\. Check the network\."):
        hook.run("npm ci", lambda *_, **__: Failed(), [], tmp_path, "Check the network.")
