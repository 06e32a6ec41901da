"""Builds every object once, and is the only file that knows every room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trivium.settings import default_home, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from trivium.entrypoints.answers.rooms import Rooms
    from trivium.facts.fact import RecordedFact
    from trivium.facts.statements import Statement


def open_rooms(home: Path) -> Rooms:
    """Open a home, make it when it is absent, and build everything that answers from it.

    Refuses (423) a home that another process holds. The result is a context manager; closing it frees the home.
    """
    from trivium.dataops.fold import DataopsFold
    from trivium.entrypoints.answers.bookkeeping import Bookkeeping
    from trivium.entrypoints.answers.rooms import Rooms, sweep_uploads
    from trivium.finops.closing import MonthsFold
    from trivium.graph.declared import DeclaredFold
    from trivium.graph.fold import GraphFold
    from trivium.graph.producers import ProducersFold
    from trivium.intake.openlineage.meaning import producer
    from trivium.lake.blobs import Blobs
    from trivium.lake.lake import Lake
    from trivium.lake.manifest import Manifest
    from trivium.ledger.book import Ledger
    from trivium.mlops.artifacts.reading import blobs_named
    from trivium.mlops.endpoints.fold import EndpointsFold
    from trivium.mlops.fold import ModelsFold
    from trivium.mlops.trace_infos.fold import TraceInfosFold
    from trivium.mlops.trace_infos.telling import Teller
    from trivium.mlops.traces.committer import Committer
    from trivium.mlops.traces.fold import TracesFold
    from trivium.mlops.traces.standing import StandingFold

    settings = read_settings(home)
    ledger = Ledger.open(
        home,
        folds=[
            Manifest(),
            MonthsFold(),
            DeclaredFold(),
            GraphFold(meaning),
            DataopsFold(meaning),
            ProducersFold(producer),
            StandingFold(),
            TracesFold(),
            ModelsFold(),
            TraceInfosFold(),
            EndpointsFold(),
        ],
    )
    try:
        lake = Lake(home / "lake", ledger.reading)
        lake.sweep()
        sweep_uploads(home)
        blobs = Blobs(home / "blobs")
        blobs.sweep(lambda names: blobs_named(ledger.read, names))
        return Rooms(
            home=home.resolve(),
            ledger=ledger,
            lake=lake,
            blobs=blobs,
            reader=meaning,
            bookkeeping=Bookkeeping(ledger, lake, blobs, meaning),
            spans=Committer(ledger, lake),
            teller=Teller(ledger, lake),
            hosts=settings.hosts,
            upload_bytes=settings.upload_mb << 20,
        )
    except BaseException:
        ledger.close()
        raise


def meaning(recorded: RecordedFact) -> Sequence[Statement]:
    """Say what a fact of any kind means, in statements; deliveries and closed months mean nothing to the graph."""
    from trivium.facts.kinds import DECLARED, TRACED, Kind
    from trivium.facts.predictions import decode_predictions
    from trivium.facts.spans import decode_spans
    from trivium.facts.statements import decode_statement
    from trivium.facts.traffic import asked
    from trivium.intake.mlflow.meaning import changed
    from trivium.intake.openlineage.reader import statements
    from trivium.intake.otlp.meaning import endpoints_seen

    kind = recorded.fact.kind
    if kind == Kind.LINEAGE_EVENT:
        return statements(recorded)
    if kind == Kind.SPANS_RECEIVED:
        return (*endpoints_seen(recorded), *asked(decode_spans(recorded.fact.body).traffic, logged=False))
    if kind == Kind.PREDICTIONS_RECEIVED:
        return tuple(asked(decode_predictions(recorded.fact.body).traffic, logged=True))
    if kind in DECLARED:
        return (decode_statement(recorded.fact.body),)
    return changed(recorded) if kind in TRACED else ()


def tour(
    serve: Callable[[Path, Callable[[str], None]], int], screen: Console, notes: Console, home: Path | None, leave: bool
) -> int:
    """Run the demo: `serve` serves a home and calls back with its address; gives the exit code."""
    from trivium.demo.tour import Tour

    return Tour(serve, screen, notes, leave).run(home)


def main() -> int:
    """Run the command line."""
    from trivium.entrypoints.cli.launch import Launcher, run

    return run(sys.argv[1:], Launcher(open_rooms, default_home, lambda home: read_settings(home).port, tour))
