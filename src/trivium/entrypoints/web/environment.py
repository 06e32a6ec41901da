"""The Jinja2 environment of all pages: escaping on, unknown names refused, figures and times in one form."""

from __future__ import annotations

from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from trivium.entrypoints.web import addresses, drawings, figures, times
from trivium.entrypoints.web.bundle import Bundle, read_bundle
from trivium.facts.keys import kind_of

DISCIPLINES = {
    "dataset": "data", "job": "data", "run": "models", "experiment": "models", "model": "models",
    "model version": "models", "endpoint": "models", "product": "money", "resource": "money", "charge": "money",
}  # fmt: skip
"""Which of the three colours a kind of asset has; teams and accounts have none."""


def templates(bundle: Bundle | None = None) -> Environment:
    """Make the environment; raises BundleMissingError when no bundle is given and none was built."""
    environment = Environment(
        loader=PackageLoader("trivium.entrypoints.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.policies["json.dumps_function"] = json_text
    environment.filters.update(
        money=figures.money, brief=figures.brief, share=figures.share, grouped=figures.grouped,
        exact=figures.exact_text, ago=times.ago, instant=times.exact_instant, day=times.day_text,
        month=times.month_text, asset_address=addresses.asset_address, local=addresses.local_address,
        titled=figures.whole_title, said=figures.said, kind_of=kind_of, nonzero=figures.nonzero,
        measure=figures.measure, lasted=figures.lasted, octets=figures.octets,
    )  # fmt: skip
    environment.globals.update(
        spark=drawings.spark, bar=drawings.bar, split=drawings.split, largest=drawings.largest,
        thread_rows=drawings.thread_rows, tail_class=figures.tail_class, changed=figures.changed,
        brief_text=figures.brief_text, file=(bundle or read_bundle()).address, discipline_of=discipline_of,
    )  # fmt: skip
    return environment


def discipline_of(kind: str) -> str:
    """Name the discipline whose colour a kind of asset has; `plain` for those that belong to none."""
    return DISCIPLINES.get(kind, "plain")


def json_text(value: object, **_: Any) -> str:
    """Write JSON for a drawing: records and Decimals as they are in the API; the caller escapes it for HTML."""
    return msgspec.json.encode(value).decode()
