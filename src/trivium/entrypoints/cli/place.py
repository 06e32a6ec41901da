"""Whom a command asks: a server at an address, the server that holds a home, or the home itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from trivium.entrypoints.cli.launch import Launcher
from trivium.entrypoints.cli.remote import Remote
from trivium.facts.problem import ProblemError, refuse, shown

_CONFIRM_S: Final = 3.0


@dataclass(frozen=True)
class Place:
    """Where to ask: exactly one of a running server and a home that is free to be opened."""

    remote: Remote | None
    home: Path | None


def place_of(launcher: Launcher, url: str | None, home: Path | None) -> Place:
    """Choose whom to ask (design.md §9): `--url`, else `--home`, else $TRIVIUM_URL, else the default home.

    A server that holds the home is asked if it confirms the home's id, its real path and its process; an address in
    the home that nobody confirms is stale.
    """
    if url and home:
        raise refuse("bad_usage", "Both --url and --home are given.", where="--url", fix="Give one of them.")
    url = url or (None if home else os.environ.get("TRIVIUM_URL"))
    if url:
        return Place(Remote(url), None)
    chosen = checked_home(home or launcher.default_home())
    holding = server_of(chosen)
    return Place(holding, None) if holding else Place(None, chosen)


def checked_home(home: Path) -> Path:
    """Refuse a home that is there and is no folder."""
    if home.exists() and not home.is_dir():
        fix = "Name a folder; an absent one is made."
        raise refuse("bad_home", f"{shown(str(home))} is a file, not a home.", where="--home", fix=fix)
    return home


def server_of(home: Path) -> Remote | None:
    """Find the server that holds a home, if there is one and it says so itself."""
    from trivium.ledger.lock import holder

    held = holder(home)
    if held is None or not held.address:
        return None
    remote = Remote(held.address, timeout_s=_CONFIRM_S)
    try:
        said = msgspec.json.decode(remote.get("/server"), type=_Said)
    except (ProblemError, msgspec.MsgspecError):
        return None
    real = str(home.resolve())
    if (said.home_id, said.path, said.pid) != (held.home_id, real, held.pid):
        return None
    return Remote(held.address)


class _Said(msgspec.Struct):
    home_id: str
    path: str
    pid: int
