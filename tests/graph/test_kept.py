"""What is kept of the graph is as good as read again: it goes as soon as what it stands on changes, and not before."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from tests.graph.graph_made import graph_of, ran, read_any, recorded
from trivium.facts.instants import parse_instant
from trivium.facts.statements import Alias, Belongs, Owned, Titled, VersionUsed, Withdrawn, identity_of
from trivium.graph.assets import all_assets, asset, directory
from trivium.graph.fold import GraphFold
from trivium.graph.identity import names_now
from trivium.graph.traversal import Lineage, lineage_at
from trivium.graph.unmatched import unmatched

LAKE = "dataset:s3://lake/"
TITLE = Titled(LAKE + "x", "Orders")


def known() -> Connection:
    return graph_of(
        ran("a", "2026-10-01", "2026-10-02", job="load", writes=["x"]),
        ran("b", "2026-10-03", "2026-10-04", job="clean", reads=["x"], writes=["y"]),
        TITLE,
    )


def add(connection: Connection, *said, after: int = 100) -> None:
    flat = [one for part in said for one in (part if isinstance(part, list) else [part])]
    GraphFold(read_any).apply(connection, recorded(flat, after))


def test_another_run_of_a_known_job_changes_nothing_that_is_kept() -> None:
    connection = known()
    before = (directory(connection), lineage_at(connection), names_now(connection))
    add(connection, ran("c", "2026-10-05", "2026-10-06", job="clean", reads=["x"], writes=["y"]))
    after = (directory(connection), lineage_at(connection), names_now(connection))
    assert all(one is other for one, other in zip(before, after, strict=True))
    found = asset(connection, LAKE + "y")
    assert found is not None
    assert found.last_at == parse_instant("2026-10-06")


@pytest.mark.parametrize(
    "said",
    [
        Owned(LAKE + "x", "team:a"),
        Titled(LAKE + "x", "Invoices"),
        Withdrawn("asset.titled", identity_of(TITLE)),
        Alias(LAKE + "x", LAKE + "z"),
        Belongs("endpoint:new", "product:p"),
        ran("c", "2026-10-05", "2026-10-06", job="report", reads=["y"]),
        ran("c", "2026-10-05", "2026-10-06", job="clean", reads=["w"], writes=["v"]),
        ran("c", "2026-10-05", "2026-10-06", job="clean", reads=["x"], writes=["y"], job_type="TEST"),
    ],
)
def test_what_is_kept_is_what_a_new_reader_finds(said) -> None:
    connection, fresh = known(), known()
    ask(connection)
    add(connection, said)
    add(fresh, said)
    assert ask(connection) == ask(fresh)
    assert [one.key for one in all_assets(connection)] == [one.key for one in directory(connection).assets]


def ask(connection: Connection):
    lineage = lineage_at(connection)
    return (
        directory(connection),
        names_now(connection),
        [(one.key, lineage.upstream(one.key), lineage.downstream(one.key)) for one in directory(connection).assets],
        unmatched(connection),
    )


def test_a_graph_of_one_instant_holds_until_a_way_begins_or_ends() -> None:
    connection = known()
    add(connection, VersionUsed("model:m/1", "endpoint:e", parse_instant("2026-10-10"), parse_instant("2026-10-20")))
    instants = [parse_instant(f"2026-10-{day:02}") for day in range(1, 28)]
    asked = [lineage_at(connection, instant) for instant in instants]
    assert len({id(one) for one in asked}) == 4
    for instant, one in zip(instants, asked, strict=True):
        anew = Lineage(connection, instant)
        for key in (LAKE + "x", "model:m/1"):
            assert one.downstream(key) == anew.downstream(key)


def test_a_run_that_declarations_name_is_heard_of_later() -> None:
    connection = graph_of(Owned("run:later", "team:a"))
    assert [one.name for one in unmatched(connection)] == ["run:later"]
    add(connection, ran("later", "2026-10-01", "2026-10-02", job="load", writes=["x"]))
    assert unmatched(connection) == []


def test_marks_of_many_ways_fit_64_bits() -> None:
    connection = known()
    insert = text("INSERT INTO graph_links (job, written, dataset, first_at, sequence) VALUES (:job, 1, 1, :at, 1)")
    connection.execute(insert, [{"job": 1000 + job, "at": parse_instant("2026-10-01")} for job in range(6000)])
    assert lineage_at(connection).downstream("job:n/load") != []
