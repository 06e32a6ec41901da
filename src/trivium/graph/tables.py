"""The tables of the graph. Names are integers inside; `sequence` columns say which fact stated a row first."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()

names = Table(
    "graph_names",
    metadata,
    Column("id", Integer, primary_key=True, comment="counts names in the order in which facts first name them"),
    Column("key", Text, nullable=False, unique=True, comment="asset key in its one spelling"),
    Column("kind", Text, nullable=False),
    Column(
        "named", Integer, nullable=False, comment="1 when more than a writing run's output or a declaration names it"
    ),
    Column("first_at", BigInteger, comment="earliest event that names it; none when only declared"),
    Column("last_at", BigInteger),
    Column("sequence", BigInteger, nullable=False),
    Index("graph_names_kind", "kind"),
)

runs = Table(
    "graph_runs",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("start_at", BigInteger, comment="earliest event; none while only a child names the run"),
    Column("end_at", BigInteger, comment="latest terminal event"),
    Column("success", Integer, nullable=False, comment="whether the latest terminal event is COMPLETE"),
    Column("end_sequence", BigInteger, nullable=False),
    Column("job", Integer),
    Column("job_at", BigInteger),
    Column("parent", Integer),
    Column("parent_at", BigInteger),
    Column("root", Integer, comment="an ancestor named by a child, used where no parent is known"),
    Column("job_type", Text, nullable=False),
    Column("job_type_at", BigInteger),
    Column("checked", Integer, nullable=False, comment="1 when it reported check results or profiles"),
    Column("sequence", BigInteger, nullable=False),
    Column("start_sequence", BigInteger, nullable=False, comment="of the fact that stated start_at first"),
)

starts = Table(
    "graph_starts",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column(
        "at", BigInteger, primary_key=True, autoincrement=False, comment="start until an earlier event was recorded"
    ),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

ends = Table(
    "graph_ends",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False, comment="only runs with several terminal events"),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("success", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

trials = Table(
    "graph_trials",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("experiment", Integer, nullable=False, comment="of two, the one that was told first"),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

uses = Table(
    "graph_uses",
    metadata,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("written", Integer, primary_key=True, autoincrement=False),
    Column("dataset", Integer, primary_key=True, autoincrement=False),
    Column("bytes", BigInteger, nullable=False, comment="largest reported; -1 when none was"),
    Column("rows", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("graph_uses_dataset", "dataset", "written", "run"),
    sqlite_with_rowid=False,
)

links = Table(
    "graph_links",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("written", Integer, primary_key=True, autoincrement=False),
    Column("dataset", Integer, primary_key=True, autoincrement=False),
    Column("first_at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("graph_links_dataset", "dataset", "written", "job"),
    sqlite_with_rowid=False,
)

descriptions = Table(
    "graph_descriptions",
    metadata,
    Column("asset", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True, comment="job_type, owners, documentation, version, tag:KEY"),
    Column("value", Text, nullable=False, comment="of the latest event that says it"),
    Column("at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

resources = Table(
    "graph_resources",
    metadata,
    Column("asset", Integer, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True, comment="a billed resource's id or a warehouse query's id"),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

merges = Table(
    "graph_merges",
    metadata,
    Column("name", Text, primary_key=True),
    Column("means", Text, primary_key=True),
    Column("reason", Text, primary_key=True, comment="spelling, partition, model uri, symlink, same run"),
    Column("sequence", BigInteger, nullable=False),
    Index("graph_merges_means", "means"),
    sqlite_with_rowid=False,
)

declared = Table(
    "graph_declared",
    metadata,
    Column("source", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("statement", Text, comment="JSON; none when withdrawn"),
    Column("recorded_at", BigInteger, nullable=False, comment="when that fact was recorded"),
    Column("sequence", BigInteger, nullable=False, comment="the fact that states it as it stands"),
    sqlite_with_rowid=False,
)

asked = Table(
    "graph_asked",
    metadata,
    Column("consumer", Integer, primary_key=True, autoincrement=False, comment="the endpoint"),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="0 where nobody said which answered"),
    Column("day", BigInteger, primary_key=True, autoincrement=False, comment="first instant of the UTC day"),
    Column("logged", Integer, primary_key=True, autoincrement=False, comment="1 where predictions were received"),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False, comment="part of the requests"),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

mentions = Table(
    "graph_mentions",
    metadata,
    Column("asset", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

head = Table(
    "graph_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
)
