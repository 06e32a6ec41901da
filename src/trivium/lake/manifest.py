"""Which files and batches of the lake hold at which sequence of the ledger: two tables in the ledger's database.

The tables are a projection of the facts that bring rows: a fold makes them again from the facts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from trivium.facts.deliveries import Batch, Delivery, Filed, Source, decode_delivery, decode_filed
from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse

METADATA = MetaData()
FILES = Table(
    "lake_files",
    METADATA,
    Column("path", Text, primary_key=True),
    Column("table", Text, nullable=False),
    Column("delivery", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("since_sequence", BigInteger, nullable=False),
    Column("until_sequence", BigInteger),
    Index("lake_files_delivery", "delivery"),
    Index("lake_files_table", "table", "until_sequence"),
)
BATCHES = Table(
    "lake_batches",
    METADATA,
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("delivery", BigInteger, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("billed_cost", Text, nullable=False),
    Column("effective_cost", Text, nullable=False),
    Column("since_sequence", BigInteger, nullable=False),
    Column("until_sequence", BigInteger),
    Index("lake_batches_current", "issuer", "account", "period", "source"),
)
DELIVERIES = Table(
    "lake_deliveries",
    METADATA,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("resources", Integer, nullable=False),
)
"""Each import command by its idempotency key; `resources` is the size of the resource dictionary after it."""
SOURCES = Table(
    "lake_sources",
    METADATA,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Index("lake_sources_bytes", "bytes"),
)
"""The files of each import command. What has the size of none of them was never imported, and is not hashed first."""


FILED: Final = frozenset(
    {
        Kind.SPANS_RECEIVED, Kind.TRACES_TOLD, Kind.PREDICTIONS_RECEIVED, Kind.LABELS_RECEIVED, Kind.LAKE_COMPACTED,
    }
)  # fmt: skip
"""Kinds whose body says only which files hold from then on, and which no longer do (`Filed`)."""


class Counts(msgspec.Struct, frozen=True):
    """The numbers already given: the next delivery's batches and resources start after them."""

    batches: int
    resources: int


class State(msgspec.Struct, frozen=True):
    """The lake as of one sequence: files to read, and batches with `until_sequence` as it was known then."""

    files: tuple[RowMapping, ...]
    batches: tuple[RowMapping, ...]
    sequence: int | None


class Manifest:
    """The fold that keeps the lake's tables; also handed to `Ledger.append(…, within=manifest.apply)`.

    A delivery that is already there is left alone, so both ways may write it.
    """

    name: str = "lake"
    version: int = 4
    kinds: frozenset[Kind] = FILED | {Kind.CHARGES_IMPORTED}
    inside: bool = True

    def create(self, connection: Connection) -> None:
        """Make the lake's tables where they are missing."""
        METADATA.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the lake's tables; the files stay."""
        METADATA.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Enter deliveries and end what they replace, in the given transaction."""
        for recorded in facts:
            if recorded.fact.kind in FILED:
                _file(connection, recorded.sequence, decode_filed(recorded.fact.body))
            elif recorded.fact.kind == Kind.CHARGES_IMPORTED and not _known(connection, recorded.sequence):
                _enter(connection, recorded, decode_delivery(recorded.fact.body))


def counts(connection: Connection) -> Counts:
    """Say how many batches and resources are numbered."""
    batches = connection.execute(select(func.max(BATCHES.c.batch))).scalar()
    resources = connection.execute(select(func.max(DELIVERIES.c.resources))).scalar()
    return Counts(batches or 0, resources or 0)


def newest_delivery(connection: Connection, through: int) -> int:
    """Give the sequence of the newest delivery up to a sequence, 0 before the first."""
    newest = select(func.max(DELIVERIES.c.delivery)).where(DELIVERIES.c.delivery <= through)
    return connection.execute(newest).scalar() or 0


def delivery_of(connection: Connection, key: str) -> int | None:
    """Give the newest delivery with an idempotency key, or with one that `replaced_key` made of it."""
    same = or_(DELIVERIES.c.key == key, DELIVERIES.c.key.startswith(f"{key}{_AFTER}", autoescape=True))
    return connection.execute(select(func.max(DELIVERIES.c.delivery)).where(same)).scalar()


def replaced_key(connection: Connection, key: str, delivery: int) -> str:
    """Make the idempotency key under which the contents of a replaced delivery are entered anew.

    It names the last delivery that replaced a part of it, so that there is one such key each time.
    """
    ended = select(func.max(BATCHES.c.until_sequence)).where(BATCHES.c.delivery == delivery)
    return f"{key}{_AFTER}{connection.execute(ended).scalar_one()}"


def known_sizes(connection: Connection, sizes: Iterable[int]) -> set[int]:
    """Pick the sizes in bytes that some imported file has."""
    asked = select(SOURCES.c.bytes).where(SOURCES.c.bytes.in_(set(sizes))).distinct()
    return set(connection.execute(asked).scalars())


def replaced_by(connection: Connection, batches: Sequence[Batch]) -> list[RowMapping]:
    """List the current batches that a delivery of these batches would replace."""
    found: dict[int, RowMapping] = {}
    for batch in batches:
        query = select(BATCHES).where(*_same(batch), BATCHES.c.until_sequence.is_(None))
        for row in connection.execute(query).mappings():
            found[row["batch"]] = row
    return [found[number] for number in sorted(found)]


def state(connection: Connection, sequence: int | None = None, *, history: bool = False) -> State:
    """Read the lake's state as of a sequence (None: now); with `history`, ended batches as well."""
    return State(
        tuple(_held(connection, FILES, sequence, history)),
        tuple(_held(connection, BATCHES, sequence, history)),
        sequence,
    )


def current_part(connection: Connection, delivery: int) -> int:
    """Count the batches of a delivery that still hold."""
    held = BATCHES.c.until_sequence.is_(None)
    found = connection.execute(select(func.count()).select_from(BATCHES).where(BATCHES.c.delivery == delivery, held))
    return found.scalar_one()


def parts(connection: Connection, delivery: int) -> int:
    """Count the batches of a delivery, whether they hold or not."""
    found = connection.execute(select(func.count()).select_from(BATCHES).where(BATCHES.c.delivery == delivery))
    return found.scalar_one()


def paths_of(connection: Connection, table: str) -> list[str]:
    """List the paths of all files of a table, in the order of their deliveries."""
    query = select(FILES.c.path).where(FILES.c.table == table).order_by(FILES.c.delivery, FILES.c.path)
    return list(connection.execute(query).scalars())


def current_files(connection: Connection, table: str) -> list[RowMapping]:
    """List the files of a table that hold, in the order in which they came."""
    query = select(FILES).where(FILES.c.table == table, FILES.c.until_sequence.is_(None))
    return list(connection.execute(query.order_by(FILES.c.since_sequence, FILES.c.path)).mappings())


def all_files(connection: Connection) -> list[RowMapping]:
    """List every file that any delivery has brought, with size and SHA-256: earlier states need the older ones too."""
    return list(connection.execute(select(FILES).order_by(FILES.c.path)).mappings())


def known_paths(connection: Connection) -> set[str]:
    """List the paths of all files that any delivery has brought."""
    return set(connection.execute(select(FILES.c.path)).scalars())


_AFTER: Final = "@"
_SAME: Final = ("issuer", "account", "period", "source")


def _held(connection: Connection, table: Table, sequence: int | None, history: bool) -> list[RowMapping]:
    query = select(table).order_by(*table.primary_key.columns)
    if sequence is not None:
        query = query.where(table.c.since_sequence <= sequence)
    if not history:
        ended = table.c.until_sequence
        query = query.where(ended.is_(None) if sequence is None else or_(ended.is_(None), ended > sequence))
    return list(connection.execute(query).mappings())


def _known(connection: Connection, sequence: int) -> bool:
    found = connection.execute(select(DELIVERIES.c.delivery).where(DELIVERIES.c.delivery == sequence))
    return found.scalar() is not None


def _file(connection: Connection, sequence: int, filed: Filed) -> None:
    """Enter files, and end those that are over; files that stand already are left alone."""
    known = connection.execute(select(FILES.c.path).where(FILES.c.delivery == sequence)).first()
    if known is not None:
        return
    for path in filed.ended:
        ended = update(FILES).where(FILES.c.path == path, FILES.c.until_sequence.is_(None))
        if not connection.execute(ended.values(until_sequence=sequence)).rowcount:
            title = f"The file {path} no longer holds."
            raise refuse("compaction_overtaken", title, status=503, where="lake", fix="Look again.")
    numbers = {"delivery": sequence, "since_sequence": sequence, "until_sequence": None}
    if filed.files:
        connection.execute(insert(FILES), [msgspec.to_builtins(file) | numbers for file in filed.files])


def _enter(connection: Connection, recorded: RecordedFact, delivery: Delivery) -> None:
    sequence = recorded.sequence
    before = counts(connection)
    if any(batch.batch <= before.batches for batch in delivery.batches):
        title = "Another import came in between; its rows have taken the same numbers."
        raise refuse("import_overtaken", title, status=503, fix="Import again.")
    if not delivery.add:
        _end(connection, delivery.batches, sequence)
    numbers = {"delivery": sequence, "since_sequence": sequence, "until_sequence": None}
    head = {"delivery": sequence, "key": recorded.fact.key, "resources": delivery.resources}
    connection.execute(insert(DELIVERIES), head)
    if delivery.sources:
        connection.execute(insert(SOURCES), [_source(sequence, *pair) for pair in enumerate(delivery.sources)])
    if delivery.batches:
        connection.execute(insert(BATCHES), [msgspec.to_builtins(batch) | numbers for batch in delivery.batches])
    if delivery.files:
        connection.execute(insert(FILES), [msgspec.to_builtins(file) | numbers for file in delivery.files])


def _source(sequence: int, number: int, source: Source) -> dict[str, object]:
    return {"delivery": sequence, "number": number, "bytes": source.bytes, "sha256": source.sha256}


def _end(connection: Connection, batches: Sequence[Batch], sequence: int) -> None:
    """End the batches that the new ones replace, then the files in which no batch is left."""
    ended = [row["batch"] for row in replaced_by(connection, batches)]
    for number in ended:
        connection.execute(update(BATCHES).where(BATCHES.c.batch == number).values(until_sequence=sequence))
    if not ended:
        return
    alive = (
        select(BATCHES.c.batch)
        .where(BATCHES.c.delivery == FILES.c.delivery, BATCHES.c.until_sequence.is_(None))
        .exists()
    )
    over = and_(FILES.c.until_sequence.is_(None), FILES.c.table == "charges", ~alive)
    connection.execute(update(FILES).where(over).values(until_sequence=sequence))


def _same(batch: Batch) -> list[ColumnElement[bool]]:
    return [BATCHES.c[name] == getattr(batch, name) for name in _SAME]
