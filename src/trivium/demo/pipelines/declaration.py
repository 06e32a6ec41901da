"""Writes what no event says of a product, for `trivium declare`: experiment, versions, endpoint, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from trivium.demo.pipelines.training import Search, Version, predictions
from trivium.facts.instants import Instant, format_instant
from trivium.facts.period import Period


@dataclass(frozen=True)
class Naming:
    """What a product's model, experiment and endpoint are called, who owns them, and what the endpoint runs on."""

    product: str
    title: str
    team: str
    machine: str
    a_day: int


def declaration(naming: Naming, search: Search, months: Sequence[Period], through: Instant) -> str:
    """Write the declaration of a product as it stands at the end of the last of `months`."""
    name, owners = _text(naming.product), _text([naming.team])
    about = f"owners = {owners}\nproduct = {name}"
    parts = [f"name = {name}"]
    if search.trials:
        parts.append(f"[[experiment]]\nname = {name}\n{about}\nruns = {_text(search.trials)}")
    if search.versions:
        parts.append(f"[[model]]\nname = {name}\ntitle = {_text(naming.title + ' model')}\n{about}")
        parts.extend(_version(naming, version) for version in search.versions)
    serves = ", ".join(_served(naming, search.versions))
    endpoint = (
        f"[[endpoint]]\nname = {name}\ntitle = {_text(naming.title)}\n{about}\nresource = {_text(naming.machine)}"
    )
    parts.append(f"{endpoint}\nserves = [{serves}]")
    for number, counts in predictions(search.versions, months, through, naming.a_day).items():
        told = ", ".join(f"{_text(month)} = {count}" for month, count in counts.items())
        version = _text(f"{naming.product}/{number}")
        parts.append(
            f"[[predictions]]\nversion = {version}\nby = {_text('endpoint:' + naming.product)}\nmonths = {{ {told} }}"
        )
    return "\n\n".join(parts) + "\n"


def _version(naming: Naming, version: Version) -> str:
    return (
        f'[[model.version]]\nversion = {version.number}\nruns = ["{version.run}"]\nexperiment = "{naming.product}"\n'
        f"happened_at = {format_instant(version.at)}"
    )


def _served(naming: Naming, versions: Sequence[Version]) -> list[str]:
    told = []
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        until = f", until = {format_instant(following.at)}" if following else ""
        told.append(f'{{ version = "{naming.product}/{version.number}", since = {format_instant(version.at)}{until} }}')
    return told


def _text(value: object) -> str:
    """Write a text or a list of texts; JSON's form is TOML's as well."""
    return msgspec.json.encode(value).decode()
