"""Where a home is and how a server runs.

The home: the option `--home`, else `$TRIVIUM_HOME`, else the default. The server: its options, else `trivium.toml` in
the home, else the defaults.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from trivium.facts.misfits import misfit
from trivium.facts.problem import ProblemError, refuse

FILE: Final = "trivium.toml"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file `trivium.toml` in a home may say.

    `port` is where `trivium up` listens when no option says otherwise; `hosts` are further names under which the
    server may be asked (the Host header), beside 127.0.0.1, localhost and [::1]; `upload_mb`, at least 1, bounds one
    uploaded bill or artifact, and what an uploaded archive unpacks to.
    """

    port: int = 8080
    hosts: tuple[str, ...] = ()
    upload_mb: int = 20_480


def default_home() -> Path:
    """Give the home folder used when no option names one: `$TRIVIUM_HOME`, else `$XDG_DATA_HOME/trivium`."""
    if named := os.environ.get("TRIVIUM_HOME"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "trivium"


def read_settings(home: Path) -> Settings:
    """Read the settings of a home; without a file they are the defaults. Refuses a file that says anything else."""
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except msgspec.ValidationError as fault:
        sentence, place = misfit(str(fault))
        raise _bad(sentence, f"{path}: {place}") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise _bad(f"{str(fault).rstrip('.')}.", str(path)) from fault
    if not 0 <= settings.port <= 65_535:
        raise refuse("bad_settings", f"{settings.port} is no port.", where=f"{path}: port", fix="Use 1 to 65535.")
    if settings.upload_mb < 1:
        title = f"{settings.upload_mb} MB is no bound for an uploaded bill."
        raise refuse("bad_settings", title, where=f"{path}: upload_mb", fix="Use 1 or more.")
    return settings


def _bad(sentence: str, where: str) -> ProblemError:
    title = f"The settings cannot be read. {sentence}"
    return refuse("bad_settings", title, where=where, fix="Known are port, hosts and upload_mb.")
