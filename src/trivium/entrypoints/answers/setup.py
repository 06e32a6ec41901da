"""What fills Trivium, and when was each client last heard from?"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import words
from trivium.facts.instants import format_instant
from trivium.graph.producers import ProducerHeard, producers_heard
from trivium.ledger.reads import SourceHeard

_STEPS: Final = (
    ("openlineage", ("openlineage",), None, "Lineage, from anything that speaks OpenLineage",
     "who reads and writes what",
     "Spark, Airflow, Flink and every OpenLineage client send here once these variables are set.",
     "export OPENLINEAGE_URL={url} OPENLINEAGE_ENDPOINT=api/v1/lineage"),
    ("dbt", (), re.compile(r"/dbt(?:/|$)"), "Lineage and tests of dbt", "models, tests, and the tables they check",
     "Run `dbt-ol` in place of `dbt`; with structured logs it also names the tables that the models read.",
     "OPENLINEAGE_URL={url} dbt-ol build"),
    ("focus", ("focus",), None, "Bills, as FOCUS exports", "what everything cost",
     "Any FOCUS 1.0 to 1.4 export: CSV, gzipped CSV, Parquet or JSON lines. The same file again adds nothing.",
     "trivium import focus FILE --url {url}"),
    ("mlflow", ("mlflow",), None, "Experiments, runs and models, from MLflow's own client",
     "what was tried, what it measured, versions",
     "MLflow 3.17 and 2.22 log, search and register here once this variable is set; no line of the training changes.",
     "export MLFLOW_TRACKING_URI={url}"),
    ("otlp", ("otlp",), None, "Traces of requests, over OTLP", "endpoints, tokens, what models cost by list price",
     "Every OpenTelemetry SDK sends here once these variables are set; GenAI calls carry their tokens.",
     "export OTEL_EXPORTER_OTLP_ENDPOINT={url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
    ("declare", ("declare:",), None, "What no client can know", "products, owners, resources, versions",
     "A TOML file; the difference is shown before it applies.",
     "trivium declare FILE.toml --url {url}"),
)  # fmt: skip
"""Client, sources of its facts, producer, title, what it fills, text, line to copy.

The third column is what the client's producer looks like where its facts come through the same door as all lineage.
"""


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    address: Annotated[str, Meta(description="The address of the server, as the lines are to say it.")] = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One client."""

    client: Annotated[str, Meta(description="A short name.")]
    title: Annotated[str, Meta(description="What it brings.")]
    fills: Annotated[str, Meta(description="What it fills.")]
    text: Annotated[str, Meta(description="How it is used.")]
    line: Annotated[str, Meta(description="The line to copy.")]
    last_heard: Annotated[
        str | None, Meta(description="When it was last heard from; null when never.", extra=words(absent="never"))
    ]
    count: Annotated[int, Meta(description="How many facts it has sent.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The clients that fill Trivium."""

    steps: Annotated[tuple[Step, ...], Meta(description="The clients, in the order of a first day.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List the clients and when each was last heard from."""
    url = params.address or "http://127.0.0.1:8080"
    rooms.ledger.catch_up(["producers"])
    with rooms.ledger.reading() as connection:
        made = producers_heard(connection)
    heard = rooms.ledger.sources_heard()
    steps = []
    for client, sources, producer, title, fills, text, line in _STEPS:
        mine: list[SourceHeard | ProducerHeard] = [one for one in heard if sources and one.source.startswith(sources)]
        if producer is not None:
            mine += [one for one in made if producer.search(one.producer)]
        last = max((one.recorded_at for one in mine), default=None)
        steps.append(
            Step(
                client=client,
                title=title,
                fills=fills,
                text=text,
                line=line.format(url=url),
                last_heard=None if last is None else format_instant(last),
                count=sum(one.facts for one in mine),
            )
        )
    return Answer(steps=tuple(steps))
