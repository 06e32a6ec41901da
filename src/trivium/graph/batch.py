"""A batch of facts as rows to be united with the tables: what the statements say, by key, before names are numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of
from trivium.facts.statements import (
    Asked,
    CheckSeen,
    DatasetSeen,
    DatasetUse,
    Declared,
    EndpointSeen,
    JobSeen,
    Observed,
    QualityMeasured,
    RunSeen,
    TrialSeen,
    Withdrawn,
    encode_statement,
    identity_of,
)
from trivium.graph.rows import Description, RunRow, later, row_of, united
from trivium.graph.spelling import spell, why
from trivium.graph.words import keys_in

Use = tuple[str, int, str]
"""Run, 1 for a write, dataset."""


class NameRow(msgspec.Struct):
    """A name as this batch knows it."""

    named: bool
    first_at: Instant | None
    last_at: Instant | None
    sequence: int


class DeclaredRow(msgspec.Struct, frozen=True):
    """A declared statement as JSON, none when it is withdrawn, and the fact that says so."""

    source: str
    identity: str
    statement: str | None
    recorded_at: Instant
    sequence: int


class Batch:
    """Collects statements in order of sequence; `take` one statement after the other, then read the rows."""

    def __init__(self) -> None:
        self.names: dict[str, NameRow] = {}
        self.runs: dict[str, RunRow] = {}
        self.starts: dict[tuple[str, Instant], int] = {}
        """Starts that were known until an earlier event came, with the sequence that stated them."""
        self.ends: dict[tuple[str, Instant, bool], int] = {}
        """All terminal events."""
        self.trials: dict[str, tuple[str, int]] = {}
        """Experiments of runs, with the sequence that stated them."""
        self.uses: dict[Use, tuple[int, int, int]] = {}
        self.links: dict[Use, tuple[Instant, int]] = {}
        self.descriptions: dict[tuple[str, str], Description] = {}
        self.resources: dict[tuple[str, str], int] = {}
        self.merges: dict[tuple[str, str, str], int] = {}
        self.declared: list[DeclaredRow] = []
        self.asked: dict[tuple[str, str, Instant, bool], tuple[int, int, int]] = {}
        """Requests, errors and first fact by endpoint, version (or nothing), day, and whether predictions tell."""
        self.mentions: dict[tuple[str, int], None] = {}
        self._sequence = 0
        self._recorded_at = 0
        self._source = ""
        self._takers: dict[type, Callable[[Any], None]] = {
            RunSeen: self._run,
            TrialSeen: self._trial,
            JobSeen: self._job,
            DatasetSeen: self._dataset,
            CheckSeen: self._check,
            QualityMeasured: self._measure,
            EndpointSeen: self._endpoint,
            Asked: self._asked,
        }

    def begin(self, recorded: RecordedFact) -> None:
        """Say which fact the next statements come from."""
        self._sequence, self._recorded_at = recorded.sequence, recorded.recorded_at
        self._source = recorded.fact.source

    def take(self, statement: Observed | Declared) -> None:
        """Add one statement of the fact; what is no observation is declared."""
        take = self._takers.get(type(statement))
        if take is not None:
            take(statement)
            return
        assert not isinstance(statement, Observed), f"{type(statement).__name__} has no reader here"
        for key in keys_in(statement):
            self._name(key, None, named=False)
        text = None if isinstance(statement, Withdrawn) else encode_statement(statement).decode()
        self.declared.append(DeclaredRow(self._source, identity_of(statement), text, self._recorded_at, self._sequence))

    def _run(self, seen: RunSeen) -> None:
        run = self._name(seen.run, seen.at)
        job = self._name(seen.job, seen.at) if seen.job else ""
        parent = self._name(seen.parent, None) if seen.parent else ""
        root = self._name(seen.root, None) if seen.root else ""
        self._unite(run, row_of(msgspec.structs.replace(seen, job=job, parent=parent, root=root), self._sequence))
        if parent:
            self._unite(parent, RunRow(root=root if root != parent else "", sequence=self._sequence))
        if root:
            self._unite(root, RunRow(sequence=self._sequence))
        if job:
            self._describe(job, seen.at, job_type=seen.job_type)
        for other in seen.same_as:
            self._merge(run, self._name(other, None), "same run")
        for written, uses in ((0, seen.reads), (1, seen.writes)):
            for use in uses:
                self._use(run, job, written, use, seen.at)
        for resource in seen.resources + seen.queries:
            self.resources.setdefault((run, resource), self._sequence)

    def _trial(self, seen: TrialSeen) -> None:
        run, experiment = self._name(seen.run, seen.at), self._name(seen.experiment, seen.at)
        self.trials.setdefault(run, (experiment, self._sequence))

    def _job(self, seen: JobSeen) -> None:
        job = self._name(seen.job, seen.at)
        self._describe(job, seen.at, job_type=seen.job_type, documentation=seen.documentation, owners=seen.owners)
        self._tag(job, seen.at, seen.tags)

    def _dataset(self, seen: DatasetSeen) -> None:
        dataset = self._name(seen.dataset, seen.at, named=not seen.run)
        for link in seen.symlinks:
            self._merge(dataset, self._name(link, None, named=False), "symlink")
        self._describe(dataset, seen.at, documentation=seen.documentation, version=seen.version, owners=seen.owners)
        self._tag(dataset, seen.at, seen.tags)

    def _check(self, seen: CheckSeen) -> None:
        self._checked(seen.dataset, seen.run, seen.at)

    def _measure(self, seen: QualityMeasured) -> None:
        self._checked(seen.dataset, seen.run, seen.at)

    def _endpoint(self, seen: EndpointSeen) -> None:
        endpoint = self._name(seen.endpoint, seen.at)
        for resource in seen.resources:
            self.resources.setdefault((endpoint, resource), self._sequence)

    def _asked(self, seen: Asked) -> None:
        endpoint = self._name(seen.endpoint, seen.day)
        version = self._name(seen.version, seen.day) if seen.version else ""
        key = (endpoint, version, seen.day, seen.logged)
        requests, errors, sequence = self.asked.get(key, (0, 0, self._sequence))
        self.asked[key] = (requests + seen.requests, errors + seen.errors, sequence)

    def _checked(self, dataset: str, run: str, at: Instant) -> None:
        self._name(dataset, at, named=not run)
        if run:
            self._unite(self._name(run, at), RunRow(checked=True, sequence=self._sequence))

    def _name(self, key: str, at: Instant | None, *, named: bool = True) -> str:
        """Note that the fact names an asset, and give the one spelling of its key."""
        spelled = spell(key)
        if spelled != key:
            self.merges.setdefault((key, spelled, why(key)), self._sequence)
        known = self.names.get(spelled)
        if known is None:
            self.names[spelled] = NameRow(named, at, at, self._sequence)
        else:
            known.named = known.named or named
            if at is not None:
                known.first_at = at if known.first_at is None else min(known.first_at, at)
                known.last_at = at if known.last_at is None else max(known.last_at, at)
        self.mentions[spelled, self._sequence] = None
        return spelled

    def _unite(self, run: str, row: RunRow) -> None:
        known = self.runs.get(run)
        if row.end_at is not None:
            self.ends.setdefault((run, row.end_at, row.success), row.end_sequence)
        if known and known.start_at is not None and row.start_at is not None and row.start_at < known.start_at:
            self.starts[run, known.start_at] = known.start_sequence
        self.runs[run] = united(known, row) if known else row

    def _use(self, run: str, job: str, written: int, use: DatasetUse, at: Instant) -> None:
        dataset = self._name(use.dataset, at, named=not written)
        size = -1 if use.bytes is None else use.bytes
        rows = -1 if use.rows is None else use.rows
        key = (run, written, dataset)
        known = self.uses.get(key, (-1, -1, self._sequence))
        self.uses[key] = (max(known[0], size), max(known[1], rows), known[2])
        link = (job or run, written, dataset)
        first_at, sequence = self.links.get(link, (at, self._sequence))
        self.links[link] = (min(first_at, at), sequence)

    def _describe(self, asset: str, at: Instant, **fields: str | tuple[str, ...]) -> None:
        for field, value in fields.items():
            if value:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                self._put(asset, field, Description(text, at, self._sequence))

    def _tag(self, asset: str, at: Instant, tags: dict[str, str]) -> None:
        for tag, value in tags.items():
            self._put(asset, f"tag:{tag}", Description(value, at, self._sequence))

    def _put(self, asset: str, field: str, description: Description) -> None:
        known = self.descriptions.get((asset, field))
        self.descriptions[asset, field] = later(known, description) if known else description

    def _merge(self, name: str, other: str, reason: str) -> None:
        if name != other and kind_of(name) == kind_of(other):
            pair = (name, other, reason) if name < other else (other, name, reason)
            self.merges.setdefault(pair, self._sequence)
