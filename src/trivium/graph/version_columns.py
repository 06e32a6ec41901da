"""Model versions as columns: who made them, who uses them, how often they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of
from trivium.facts.period import parse_period
from trivium.facts.statements import Declared, Predicted, VersionDated, VersionRegistered, VersionUsed
from trivium.graph.flows import FOREVER, Consumptions, Int32, Predictions, VersionRuns, Versions
from trivium.graph.naming import Naming, Placed


@dataclass(frozen=True)
class VersionRow:
    """One version as it is known: `at` is its registration, or the first use of one that nobody registered."""

    at: Instant
    sequence: int
    runs: tuple[str, ...] = ()
    experiment: str = ""
    copy_of: str = ""
    registered: bool = False


@dataclass
class VersionBook:
    """What is known of all versions, by canonical key."""

    rows: dict[str, VersionRow] = field(default_factory=dict)
    made: dict[str, set[str]] = field(default_factory=dict)
    used: dict[tuple[str, str, Instant, Instant], int] = field(default_factory=dict)
    """Uses by version, user, since and until: their sequence."""
    predicted: dict[tuple[str, str, Instant], tuple[int, int]] = field(default_factory=dict)
    prompts: set[str] = field(default_factory=set)

    def register(self, key: str, row: VersionRow) -> None:
        """Enter what a person or a registry says of a version."""
        self.rows[key] = row
        self.made.setdefault(key, set()).update(row.runs)

    def date(self, key: str, at: Instant) -> None:
        """Enter when a version was really registered; of one that nobody registered it says nothing."""
        row = self.rows.get(key)
        if row is not None and row.registered:
            self.rows[key] = replace(row, at=at)

    def make(self, key: str, run: str, at: Instant, sequence: int) -> None:
        """Enter a run that wrote a version; of one that nobody registered the earliest such end is its registration."""
        self.made.setdefault(key, set()).add(run)
        self._notice(key, at, sequence)

    def notice_used(self) -> None:
        """Enter the versions that are used though nobody registered or wrote them: their origin is unknown."""
        known = set(self.rows)
        for (key, _, since, _), sequence in self.used.items():
            if key not in known:
                self._notice(key, since, sequence)
        for (key, _, month), (_, sequence) in self.predicted.items():
            if key not in known:
                self._notice(key, month, sequence)

    def use(self, key: str, by: str, since: Instant, until: Instant, sequence: int) -> None:
        """Enter a use for one stretch of time; a user may have several."""
        self.used[key, by, since, until] = min(sequence, self.used.get((key, by, since, until), sequence))

    def _notice(self, key: str, at: Instant, sequence: int) -> None:
        known = self.rows.get(key, VersionRow(at, sequence))
        if not known.registered:
            self.rows[key] = VersionRow(min(at, known.at), min(sequence, known.sequence))


def book_of(declared: list[tuple[Declared, int]], naming: Naming) -> VersionBook:
    """Enter what is declared of versions; prompts are no versions."""
    book = VersionBook()
    for statement, sequence in declared:
        if isinstance(statement, VersionRegistered):
            _register(book, statement, sequence, naming)
    for statement, sequence in declared:
        if isinstance(statement, VersionDated):
            book.date(naming.name(statement.version), statement.at)
        elif isinstance(statement, VersionUsed):
            until = statement.until or FOREVER
            book.use(naming.name(statement.version), naming.name(statement.by), statement.since, until, sequence)
        elif isinstance(statement, Predicted):
            month = parse_period(statement.month).start
            key, by = naming.name(statement.version), naming.name(statement.by)
            book.predicted[key, by, month] = (statement.count, sequence)
    return book


def _register(book: VersionBook, statement: VersionRegistered, sequence: int, naming: Naming) -> None:
    key = naming.name(statement.version)
    if statement.prompt:
        book.prompts.add(key)
        return
    row = VersionRow(
        at=statement.at,
        sequence=sequence,
        runs=tuple(sorted({naming.name(run) for run in statement.runs})),
        experiment=naming.name(statement.experiment) if statement.experiment else "",
        copy_of=naming.name(statement.copy_of) if statement.copy_of else "",
        registered=True,
    )
    book.register(key, row)


def version_keys(book: VersionBook) -> list[str]:
    """List the versions that can carry cost, sorted: no prompts, and no model without a version."""
    return sorted(key for key in book.rows if key not in book.prompts and kind_of(key) == "model")


def versions_of(book: VersionBook, keys: list[str], experiments: dict[str, int]) -> Versions:
    """Make the columns of versions; a copy of a copy points to the first."""
    place = {key: index for index, key in enumerate(keys)}
    rows = [book.rows[key] for key in keys]
    return Versions(
        keys=keys,
        at=np.array([row.at for row in rows], np.int64),
        experiment=np.array([experiments.get(row.experiment, -1) for row in rows], np.int32),
        copy_of=np.array([_copied(book, place, key) for key in keys], np.int32),
        sequence=np.array([row.sequence for row in rows], np.int64),
    )


def version_runs_of(book: VersionBook, keys: list[str], run_place: Placed) -> VersionRuns:
    """Make the pairs of versions and the known runs that made them, sorted."""
    found = [(index, run_place.get(run)) for index, key in enumerate(keys) for run in sorted(book.made.get(key, ()))]
    pairs = [(index, place) for index, place in found if place is not None]
    return VersionRuns(
        version=np.array([version for version, _ in pairs], np.int32),
        run=np.array([run for _, run in pairs], np.int32),
    )


def consumptions_of(book: VersionBook, keys: list[str], consumers: dict[str, int]) -> Consumptions:
    """Make the columns of uses, sorted by version and consumer."""
    place = {key: index for index, key in enumerate(keys)}
    rows = sorted(
        (place[key], consumers[by], since, until, sequence)
        for (key, by, since, until), sequence in book.used.items()
        if key in place
    )
    return Consumptions(
        version=_column(rows, 0),
        consumer=_column(rows, 1),
        since=np.array([row[2] for row in rows], np.int64),
        until=np.array([row[3] for row in rows], np.int64),
        sequence=np.array([row[4] for row in rows], np.int64),
    )


def predictions_of(book: VersionBook, keys: list[str], consumers: dict[str, int]) -> Predictions:
    """Make the columns of predictions, sorted by version, consumer and month."""
    place = {key: index for index, key in enumerate(keys)}
    rows = sorted(
        (place[key], consumers[by], month, *counted)
        for (key, by, month), counted in book.predicted.items()
        if key in place
    )
    return Predictions(
        version=_column(rows, 0),
        consumer=_column(rows, 1),
        month=np.array([row[2] for row in rows], np.int64),
        count=np.array([row[3] for row in rows], np.int64),
        sequence=np.array([row[4] for row in rows], np.int64),
    )


def _copied(book: VersionBook, place: dict[str, int], key: str) -> int:
    """Give the place of what a version was copied from; a copy of something unknown stands for itself."""
    return place.get(_origin(book, key), place[key]) if book.rows[key].copy_of else -1


def _origin(book: VersionBook, key: str) -> str:
    """Follow copies to the first; a circle of copies has none."""
    seen = {key}
    origin = book.rows[key].copy_of
    while origin in book.rows and book.rows[origin].copy_of and origin not in seen:
        seen.add(origin)
        origin = book.rows[origin].copy_of
    return "" if origin in seen else origin


def _column(rows: Sequence[tuple[int, ...]], index: int) -> Int32:
    return np.array([row[index] for row in rows], np.int32)
