"""Writes what no client says of a product, for `trivium declare`: whose its parts are, and what its endpoint serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import msgspec

from trivium.facts.instants import Instant, format_instant


@dataclass(frozen=True)
class Naming:
    """What a product's model, experiment and endpoint are called, who owns them, and what the endpoint runs on.

    `machine` is empty where the bill itself names the endpoint.
    """

    product: str
    title: str
    team: str
    machine: str


class Standing(Protocol):
    """A version and when it was registered."""

    @property
    def number(self) -> int:
        """Give its number."""
        ...

    @property
    def at(self) -> Instant:
        """Give the instant from which it serves."""
        ...


def declaration(naming: Naming, versions: Sequence[Standing]) -> str:
    """Write the declaration of a product as it stands: each version serves until the next one is registered."""
    name, owners = _text(naming.product), _text([naming.team])
    about = f"owners = {owners}\nproduct = {name}"
    endpoint = f"[[endpoint]]\nname = {name}\ntitle = {_text(naming.title)}\n{about}"
    if naming.machine:
        endpoint += f"\nresource = {_text(naming.machine)}"
    parts = [
        f"name = {name}",
        f"[[experiment]]\nname = {name}\n{about}",
        f"[[model]]\nname = {name}\ntitle = {_text(naming.title + ' model')}\n{about}",
        f"{endpoint}\nserves = [{', '.join(_served(naming, versions))}]",
    ]
    return "\n\n".join(parts) + "\n"


def _served(naming: Naming, versions: Sequence[Standing]) -> Iterator[str]:
    for version, following in pairwise([*versions, None]):
        assert version is not None
        until = f", until = {format_instant(following.at)}" if following else ""
        yield f'{{ version = "{naming.product}/{version.number}", since = {format_instant(version.at)}{until} }}'


def _text(value: object) -> str:
    """Write a text or a list of texts; JSON's form is TOML's as well."""
    return msgspec.json.encode(value).decode()
