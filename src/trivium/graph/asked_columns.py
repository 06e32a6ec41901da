"""How often endpoints were asked, as predictions of versions: what was observed counts before what was declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, text

from trivium.facts.instants import Instant
from trivium.facts.period import month_of
from trivium.graph.naming import Naming
from trivium.graph.version_columns import VersionBook

_ASKED = text("SELECT consumer, version, day, logged, requests, errors, sequence FROM graph_asked")
_USES = text(
    "SELECT v.key, c.key, min(a.day) FROM graph_asked a JOIN graph_names v ON v.id = a.version"
    " JOIN graph_names c ON c.id = a.consumer GROUP BY v.key, c.key ORDER BY v.key, c.key"
)
Month = tuple[str, str, Instant]
"""Version (empty where nobody said which), consumer, and the start of a month."""


def observed_uses(connection: Connection) -> Iterator[tuple[str, str, Instant]]:
    """Give the versions that were seen to answer for an endpoint, by key as told, and since which day."""
    for row in connection.execute(_USES):
        yield row[0], row[1], row[2]


def enter_asked(book: VersionBook, connection: Connection, naming: Naming) -> None:
    """Enter observed predictions by month: who used which version, and how often.

    A prediction is a request without an error. Where predictions of an endpoint's day were received, they count; else
    the spans of that day do. What was observed of a month counts before what was declared of it. Where all of an
    endpoint's predictions of a month name their version, a version that it serves and that has none had none.
    """
    days = _days(connection, naming)
    logged = {(consumer, day) for consumer, _, day, told in days if told}
    months: dict[Month, tuple[int, Instant, int]] = {}
    for (consumer, version, day, told), (answered, sequence) in days.items():
        if told or (consumer, day) not in logged:
            month = month_of(day).start
            count, first, earliest = months.get((version, consumer, month), (0, day, sequence))
            months[version, consumer, month] = (count + answered, min(first, day), min(earliest, sequence))
    served = _served(book)
    _enter_unasked(book, months, served)
    for (version, consumer, month), (count, first, sequence) in sorted(months.items()):
        if version:
            end = month_of(month).end
            book.predicted[version, consumer, month] = (count, sequence)
            if not any(key == version and since < end and until > month for key, since, until in served[consumer]):
                book.use(version, consumer, first, end, sequence)


def _days(connection: Connection, naming: Naming) -> dict[tuple[str, str, Instant, int], tuple[int, int]]:
    """Read requests without an error and the first fact, by consumer, version, day and source, under their names."""
    found: dict[tuple[str, str, Instant, int], tuple[int, int]] = {}
    for consumer, version, day, logged, requests, errors, sequence in connection.execute(_ASKED):
        named = naming.keys[naming.asset[consumer]], naming.keys[naming.asset[version]] if version else ""
        answered, first = found.get((*named, day, logged), (0, sequence))
        found[(*named, day, logged)] = (answered + requests - errors, min(first, sequence))
    return found


def _served(book: VersionBook) -> dict[str, set[tuple[str, Instant, Instant]]]:
    """Give what each consumer is declared to use: version, since, until."""
    served: dict[str, set[tuple[str, Instant, Instant]]] = defaultdict(set)
    for key, by, since, until in book.used:
        served[by].add((key, since, until))
    return served


def _enter_unasked(
    book: VersionBook,
    months: dict[Month, tuple[int, Instant, int]],
    served: dict[str, set[tuple[str, Instant, Instant]]],
) -> None:
    """Enter that a version had no prediction in a month in which every prediction of its endpoint names another."""
    named: dict[tuple[str, Instant], int] = {}
    nameless: set[tuple[str, Instant]] = set()
    for (version, consumer, month), (count, _, sequence) in months.items():
        if not version and count:
            nameless.add((consumer, month))
        named[consumer, month] = min(sequence, named.get((consumer, month), sequence))
    for (consumer, month), sequence in sorted(named.items()):
        if (consumer, month) in nameless:
            continue
        for key, since, until in sorted(served[consumer]):
            if since < month_of(month).end and until > month:
                book.predicted.setdefault((key, consumer, month), (0, sequence))
