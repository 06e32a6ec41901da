"""Computes the months once for all questions that are asked of the same state."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import thread_time
from typing import Final, TypeVar, cast

from sqlalchemy import Connection

from trivium.dataops.fold import DataopsFold
from trivium.dataops.healths import Health, healths
from trivium.dataops.watch import Watch
from trivium.entrypoints.answers.names import Names
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import DAY, FIRST, SECOND, Instant, format_instant, now
from trivium.facts.keys import parse
from trivium.facts.kinds import Kind
from trivium.facts.period import Period, month_of, parse_period
from trivium.facts.problem import refuse, shown
from trivium.facts.protocols import Fold
from trivium.facts.spans import STRETCH, Priced, Tokens
from trivium.facts.statements import Reader, Statement, Titled, encode_statement
from trivium.finops.books import Books, MonthBook, Question, keep_books
from trivium.finops.charges import Charge, Ends, currencies, ends_between, latest_start, read_charges
from trivium.finops.closing import COUNTED, read_closings, read_frozen
from trivium.finops.closings import Closings
from trivium.finops.estimates import Estimate, Estimates, sharers
from trivium.finops.inflows import Inflows
from trivium.graph.alike import suggestions
from trivium.graph.assets import Asset, directory, job_of
from trivium.graph.assets import asset as find_asset
from trivium.graph.declarations import declared_now
from trivium.graph.declared import DeclaredFold
from trivium.graph.flows import Flows
from trivium.graph.flows_reader import read_flows
from trivium.graph.identity import canonical_key, names_now, names_of
from trivium.graph.known import as_known
from trivium.graph.traversal import Lineage, lineage_at
from trivium.lake.blobs import Blobs
from trivium.lake.lake import Lake
from trivium.lake.manifest import newest_delivery
from trivium.ledger.book import Ledger
from trivium.mlops.endpoints.fold import EndpointsFold
from trivium.mlops.fold import ModelsFold
from trivium.mlops.traces.fold import TracesFold
from trivium.mlops.traces.prices import price
from trivium.mlops.traces.reading import used_between, used_up_to
from trivium.mlops.tracking.lookup import logged_among

Made = TypeVar("Made")
KEPT: Final = 240
"""Of what is small, how many values are kept in all."""
KEPT_LARGE: Final = 2
"""Of each kind of what is large, how many values are kept: of the present and of one state beside it."""
_LARGE: Final = frozenset({"flows", "books", "inflows", "charges", "frozen", "lineage", "healths", "assets", "names"})
"""What holds a whole graph, all months or all assets: with 250,000 runs up to hundreds of megabytes each."""
_FEW: Final = 1_000
_COUNTED: Final = COUNTED | {Kind.MONTH_CLOSED}
"""Kinds of facts without which a state is another."""
_MINUTE: Final = 60 * SECOND
_QUARTER: Final = 15 * _MINUTE
"""How often the present moves on while nothing is recorded."""
_PAGE: Final = 5_000


@dataclass(frozen=True)
class State:
    """One state of the ledger: `sequence` is the last fact that counts, the head or an earlier one (`known`).

    What comes while a question is answered is so in none of its money.
    `until` is the instant up to which observations count: `as_of`, or for the present the end of its minute, so that
    what was acknowledged before the question is in the answer. The present is the minute of the newest fact, or the
    last quarter of an hour where nothing was recorded since.
    """

    sequence: int
    known: int | None
    as_of: Instant
    until: Instant


class Bookkeeping:
    """Keeps the last few computed states; a question about a kept state costs nothing."""

    def __init__(self, ledger: Ledger, lake: Lake, blobs: Blobs, reader: Reader) -> None:
        self._ledger, self._lake, self._blobs, self._reader = ledger, lake, blobs, reader
        self._shelves: defaultdict[str, OrderedDict[tuple[object, ...], _Place]] = defaultdict(OrderedDict)
        self._lock = threading.Lock()
        self._watch = Watch(ledger.reading, self._facts_between)
        self.books_took_s = 0.0
        """CPU seconds that the books took when they were computed last; 0 before."""

    def state(self, as_of: Instant | None = None, known: int | None = None) -> State:
        """Fix the state a question is about, and bring the projections up to it; `as_of` counts in whole minutes."""
        newest = self._ledger.head()
        head = newest.sequence
        if known is not None and not 0 <= known <= head:
            title = f"There is no fact {known}; the newest is {head}."
            raise refuse("no_such_fact", title, where="known", fix="Name a sequence that the ledger has.")
        self._ledger.catch_up()
        last = self._ledger.newest(_COUNTED) if known is None else known
        if as_of is not None:
            return State(last, known, as_of, as_of)
        quarter = now() // _QUARTER * _QUARTER
        at = max(quarter, newest.recorded_at // _MINUTE * _MINUTE)
        return State(last, known, at, at + _MINUTE)

    def currency(self, asked: str, state: State) -> str:
        """Give the currency that a question is about; refuses to choose between two."""
        found = self.currencies(state)
        if asked:
            if found and asked not in found:
                title = f"No charge is in {shown(asked)}."
                raise refuse("no_such_currency", title, where="currency", fix=f"There are {', '.join(found)}.")
            return asked
        if len(found) > 1:
            title = f"The charges are in {len(found)} currencies: {', '.join(found)}."
            raise refuse("two_currencies", title, where="currency", fix="Ask for one with --currency.")
        return found[0] if found else ""

    def currencies(self, state: State) -> list[str]:
        """List the currencies of the charges, those with most rows first."""
        key = ("currencies", self._deliveries(state), state.known)
        found = self._keep(key, lambda: currencies(self._lake, state.sequence))
        assert isinstance(found, list)
        return found

    def flows(self, state: State) -> Flows:
        """Give the graph's flows in a state."""
        flows = self._keep(("flows", state.sequence, state.known), lambda: self._read_flows(state))
        assert isinstance(flows, Flows)
        return flows

    def books(self, currency: str, state: State) -> Books:
        """Give the books of one currency in a state, through the month of its instant."""
        key = ("books", state.sequence, state.known, currency, state.as_of)
        books = self._keep(key, lambda: self._keep_books(currency, state))
        assert isinstance(books, Books)
        return books

    def inflows(self, currency: str, state: State) -> Inflows:
        """Give what poured into every asset, over the books of one currency in a state."""
        key = ("inflows", state.sequence, state.known, currency, state.as_of)
        inflows = self._keep(key, lambda: Inflows(self.books(currency, state)))
        assert isinstance(inflows, Inflows)
        return inflows

    def lineage(self, state: State) -> Lineage:
        """Give the graph of assets as it was at the state's instant."""
        lineage = self._keep(("lineage", state.sequence, state.known, state.until), lambda: self._lineage(state))
        assert isinstance(lineage, Lineage)
        return lineage

    def healths(self, state: State) -> dict[str, Health]:
        """Give the health of every dataset at the state's instant."""
        found = self._keep(("healths", state.sequence, state.known, state.until), lambda: self._healths(state))
        assert isinstance(found, dict)
        return found

    def month(self, asked: str, currency: str, state: State) -> Period:
        """Give the month that a question is about: the one asked for, else the newest with charges, else this one."""
        if asked:
            period = parse_period(asked)
            if period != month_of(period.start):
                title = f"{shown(asked)} is no calendar month."
                raise refuse("bad_period", title, where="period", fix="Money is kept by month: write 2026-10.")
            return period
        newest = self._ends(currency, state, 0, state.as_of + 1).start
        return month_of(state.as_of if newest is None else newest)

    def filled_through(self, month: Period, currency: str, state: State) -> Instant | None:
        """Give the end of the last charge of a month that lasts at most a day, else of any; None without charges.

        Only charges that have begun by the state's instant count, and none fills further than to it.
        """
        found = self._ends(currency, state, month.start, min(month.end, state.as_of + 1))
        end = found.daily if found.daily is not None else found.end
        return None if end is None else min(end, month.end, state.as_of)

    def name(self, key: str, state: State) -> str:
        """Give the name that an asset goes by in a state; refuses text that is no key."""
        parse(key)
        return self._named(key, state) if state.known is None else self._names_then(key, state)

    def assets(self, state: State) -> list[Asset]:
        """List the directory of assets, without runs and without when each was heard of."""
        return self.kept("assets", state, lambda: self._assets(state))

    def names(self, state: State) -> Names:
        """Give what assets are called."""
        return self.kept("names", state, lambda: self._made_names(state))

    def kept(self, name: str, state: State, make: Callable[[], Made], *more: object) -> Made:
        """Give what was made under a name for a state, or make it; it must depend on nothing but state and `more`."""
        made = self._keep((name, state, *more), make)
        return cast("Made", made)

    def check_known(self, asset: str, state: State) -> None:
        """Refuse (404) an asset that nobody has mentioned, with names that may be meant."""
        with self.graph(state) as connection:
            if find_asset(connection, asset) is not None:
                return
        near = suggestions(asset, [one.key for one in self.assets(state)])
        fix = f"Did you mean {' or '.join(near)}?" if near else "`trivium search WORD` finds what is known."
        raise refuse("no_such_asset", f"Nothing is known of {shown(asset)}.", status=404, where="key", fix=fix)

    @contextmanager
    def graph(self, state: State) -> Iterator[Connection]:
        """Open the projections in a state: those of the ledger, or for an earlier sequence a replay in memory."""
        if state.known is None:
            with self._ledger.reading() as connection:
                yield connection
            return
        connection = as_known(_facts(self._ledger, state.known), self._reader)
        try:
            self._fold_content(connection, state.known)
            yield connection
        finally:
            connection.close()

    def _lineage(self, state: State) -> Lineage:
        with self.graph(state) as connection:
            return lineage_at(connection, state.until)

    def _healths(self, state: State) -> dict[str, Health]:
        if state.known is None and state.as_of != state.until:
            return self._watch.at(state.sequence, state.until)
        with self.graph(state) as connection:
            return healths(connection, state.until)

    def _assets(self, state: State) -> list[Asset]:
        with self.graph(state) as connection:
            return list(directory(connection).assets)

    def _titles(self, state: State) -> dict[str, str]:
        with self.graph(state) as connection:
            return {statement.asset: statement.title for statement, _ in declared_now(connection, Titled)}

    def _named(self, key: str, state: State) -> str:
        with self.graph(state) as connection:
            return canonical_key(connection, key)

    def _names_then(self, key: str, state: State) -> str:
        """Name an asset as it was known: the flows of an earlier sequence are kept, its graph is not."""
        return self.flows(state).names.get(key) or self._named(key, state)

    def _made_names(self, state: State) -> Names:
        """Give names without reading the flows; of an earlier sequence with them, for its graph is not kept."""
        if state.known is not None:
            return Names.of_flows(self._titles(state), self.flows(state))
        with self._ledger.reading() as connection:
            names = names_now(connection)
        return Names(self._titles(state), names, self._run, self._logged)

    def _run(self, key: str) -> tuple[str, str]:
        """Give the name that a run goes by, and its job."""
        with self._ledger.reading() as connection:
            return canonical_key(connection, key), job_of(connection, key)

    def _logged(self, key: str) -> str:
        """Give the name that a client gave a run; empty where no client logged it."""
        with self._ledger.reading() as connection:
            row = logged_among(connection, names_of(connection, key))
        return row.name if row else ""

    def _ends(self, currency: str, state: State, start: Instant, end: Instant) -> Ends:
        key = ("ends", self._deliveries(state), state.known, currency, start, end)
        return cast("Ends", self._keep(key, partial(ends_between, self._lake, currency, start, end, state.sequence)))

    def _keep_books(self, currency: str, state: State) -> Books:
        begun = thread_time()
        self._check_instant(currency, state)
        flows = self.flows(state)
        charges = [one for one in self._charges(currency, state) if one.start <= state.as_of]
        with self._ledger.reading() as connection:
            closings = read_closings(connection, state.sequence)
        frozen = self._frozen(currency, state, closings)
        estimates = self._estimates(state, flows, charges)
        question = Question(currency, flows, charges, state.as_of, closings, frozen, estimates)
        books = keep_books(question, month_of(state.as_of))
        self.books_took_s = thread_time() - begun
        return books

    def _estimates(self, state: State, flows: Flows, charges: Sequence[Charge]) -> Estimates:
        """Estimate what endpoints used of models by the price lists, where a charge for tokens may be split by it."""
        shared = sharers(flows.resources)
        if not shared or not any(charge.in_tokens for charge in charges):
            return Estimates()
        with self.graph(state) as connection:
            rows = used_between(connection, FIRST, state.as_of) if state.known is not None else used_up_to(
                connection, state.sequence, state.as_of
            )  # fmt: skip
        return _estimated(rows, flows, shared)

    def _check_instant(self, currency: str, state: State) -> None:
        """Refuse an instant beyond tomorrow that is more than a year after the last charge: nothing can stand there."""
        limit = max(now() + DAY, self._latest(currency, state) + 366 * DAY)
        if state.as_of > limit:
            title = f"{format_instant(state.as_of)} is to come, and no charge is known within a year before it."
            fix = f"Ask for an instant up to {format_instant(limit)}."
            raise refuse("bad_instant", title, status=422, where="as_of", fix=fix)

    def _latest(self, currency: str, state: State) -> Instant:
        """Give the last instant at which a charge in a currency begins, 0 when there is none."""
        key = ("latest", self._deliveries(state), state.known, currency)
        return cast("int", self._keep(key, partial(latest_start, self._lake, currency, state.sequence)))

    def _charges(self, currency: str, state: State) -> list[Charge]:
        """Read the charges in one currency that have begun; kept until a bill, rule or user of a resource comes."""
        flows, bill = self.flows(state), (self._deliveries(state), state.known, currency)
        before = min(state.as_of, self._latest(currency, state)) + 1
        used = frozenset(use.resource for use in flows.resources)
        key = ("charges", *bill, before, tuple(map(encode_statement, flows.rules)), used)
        read = partial(
            read_charges, self._lake, currency, flows.rules, before=before, as_of=state.sequence, flows=flows
        )
        return cast("list[Charge]", self._keep(key, read))

    def _frozen(self, currency: str, state: State, closings: Closings) -> tuple[MonthBook, ...]:
        """Read the books of the closed months; kept until another month is closed."""

        def read() -> tuple[MonthBook, ...]:
            with self._ledger.reading() as connection:
                return read_frozen(connection, currency, self._blobs.get, state.sequence)

        return cast("tuple[MonthBook, ...]", self._keep(("frozen", closings.until, state.known, currency), read))

    def _deliveries(self, state: State) -> int:
        """Give the number of the newest bill that counts in a state."""

        def newest() -> int:
            with self._lake.reading() as connection:
                return newest_delivery(connection, state.sequence)

        return cast("int", self._keep(("deliveries", state.sequence), newest))

    def _read_flows(self, state: State) -> Flows:
        with self.graph(state) as connection:
            return read_flows(connection, state.sequence)

    def _fold_content(self, connection: Connection, known: int) -> None:
        """Fold the content of datasets, what is declared where, traffic and traces, beside a graph in memory."""
        folds: tuple[Fold, ...] = (
            DataopsFold(self._reader), DeclaredFold(), EndpointsFold(), TracesFold(), ModelsFold(),
        )  # fmt: skip
        for fold in folds:
            fold.create(connection)
            wanted = (fact for fact in _facts(self._ledger, known) if fact.fact.kind in fold.kinds)
            while batch := list(islice(wanted, _PAGE)):
                fold.apply(connection, batch)

    def _facts_between(self, after: int, to: int) -> Sequence[Statement] | None:
        """Say what the facts above one sequence and up to another mean; None where they are too many to look at."""
        if to - after > _FEW:
            return None
        facts = [one for one in self._ledger.read(after, _FEW + 1) if one.sequence <= to]
        return [statement for one in facts for statement in self._reader(one)]

    def _keep(self, key: tuple[object, ...], make: Callable[[], object]) -> object:
        """Give what is kept under a key, or make it; two who ask the same at once compute it once."""
        large = str(key[0]) if key[0] in _LARGE else ""
        with self._lock:
            shelf = self._shelves[large]
            place = shelf.setdefault(key, _Place())
            shelf.move_to_end(key)
            while len(shelf) > (KEPT_LARGE if large else KEPT):
                shelf.popitem(last=False)
        with place.lock:
            if not place.made:
                place.value = make()
                place.made = True
            return place.value


def _estimated(rows: Sequence[tuple[Priced, Tokens]], flows: Flows, shared: frozenset[str]) -> Estimates:
    """Price what the endpoints that share resources used of models."""
    named = ((flows.names.get(at.endpoint, at.endpoint), at, tokens) for at, tokens in rows)
    return Estimates(
        Estimate(endpoint, at.since, at.since + STRETCH, price(at, tokens), tokens.input_tokens + tokens.output_tokens)
        for endpoint, at, tokens in named
        if endpoint in shared
    )


def _facts(ledger: Ledger, known: int) -> Iterator[RecordedFact]:
    """Read the facts up to a sequence, in its order."""
    after = 0
    while after < known:
        page = ledger.read(after, _PAGE)
        if not page:
            return
        for recorded in page:
            if recorded.sequence > known:
                return
            yield recorded
        after = page[-1].sequence


class _Place:
    """Where one value is kept, or is being made."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.made = False
        self.value: object = None
