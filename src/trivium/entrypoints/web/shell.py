"""What stands around every page: navigation, period, currency, as-of; each a link or a form, its value in the URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from trivium.facts.instants import Instant


@dataclass(frozen=True)
class Link:
    """A line of the navigation, of the crumbs, or of what to do."""

    text: str
    href: str
    discipline: str = ""
    current: bool = False


@dataclass(frozen=True)
class Group:
    """Links under one heading; the first group has none."""

    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Choice:
    """One value that a pill can take, and the address of this page with it."""

    text: str
    href: str
    current: bool = False
    note: str = ""


@dataclass(frozen=True)
class Pill:
    """A value that holds for the whole page: `label` and `text` are shown, `choices` open below it."""

    label: str
    text: str
    choices: tuple[Choice, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class AsOf:
    """The instant that the page is asked for; `instant` is None for now. `keep` are the other query parameters."""

    instant: Instant | None = None
    path: str = ""
    keep: tuple[tuple[str, str], ...] = ()
    known: int | None = None


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the server, on every page until it is well: it cannot write, or answers may miss facts."""

    title: str
    text: str
    action: Link | None = None


@dataclass(frozen=True)
class Shell:
    """The frame of one page. Pills that say nothing here are None and absent."""

    groups: tuple[Group, ...]
    version: str = ""
    search: str = "/api/trivium/v1/search"
    query: str = ""
    period: Pill | None = None
    money: Pill | None = None
    as_of: AsOf | None = None
    crumbs: tuple[Link, ...] = field(default=())
    trouble: Trouble | None = None


PLACES: Final = (
    ("", "overview", "Overview", "/", ""),
    ("", "assets", "Assets", "/assets", ""),
    ("Money", "statement", "Statement", "/statement", "money"),
    ("Data", "data", "Data quality", "/data", "data"),
    ("Models", "experiments", "Experiments", "/experiments", "models"),
    ("Models", "models", "Models", "/models", "models"),
    ("Models", "endpoints", "Endpoints", "/endpoints", "models"),
    ("Models", "traces", "Traces", "/traces", "models"),
    ("Models", "usage", "Usage", "/usage", "models"),
    ("Trust", "ledger", "Ledger", "/ledger", ""),
    ("Trust", "unmatched", "Unmatched", "/unmatched", ""),
    ("Trust", "declared", "Declared", "/declared", ""),
    ("Trust", "setup", "Setup", "/setup", ""),
)
"""Every place that a navigation can show: heading, name, text, address, discipline."""


def navigation(current: str) -> tuple[Group, ...]:
    """Lay out the navigation over all places, in the order of PLACES; `current` is the active one."""
    groups: dict[str, list[Link]] = {}
    for title, name, text, href, discipline in PLACES:
        groups.setdefault(title, []).append(Link(text, href, discipline, current=name == current))
    return tuple(Group(title, tuple(links)) for title, links in groups.items())
