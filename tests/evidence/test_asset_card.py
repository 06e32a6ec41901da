"""What is joined about one asset: its thread with money and health, what it took, month by month, and whose it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Connection

from tests.evidence.clinic import (
    AS_OF,
    CLEAN,
    CLEANSE,
    ENDPOINT,
    LOAD,
    MODEL,
    NOVEMBER,
    OCTOBER,
    PREPARE,
    PRODUCT,
    RAW,
    TEAM,
    TRAIN,
    X,
    at,
    inflows,
)
from tests.evidence.clinic import connection as clinic
from trivium.dataops.healths import healths
from trivium.evidence.asset_card import AssetCard, asset_card, lines_of, owned
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.facts.statements import Belongs, Owned
from trivium.finops.loaded import loaded
from trivium.finops.statement import asset_lines, statement
from trivium.graph.traversal import Lineage


@pytest.fixture(scope="module")
def connection() -> Connection:
    return clinic()


def card(connection: Connection, key: str, month: Period = OCTOBER) -> AssetCard:
    found, lineage = inflows(connection), Lineage(connection)
    return asset_card(connection, found, lineage, healths(connection, AS_OF), key, month, AS_OF)


def test_a_version_shows_what_it_took_by_origin_and_the_parts_are_the_whole(connection: Connection) -> None:
    found = card(connection, MODEL)
    assert found.total == loaded(inflows(connection).books, MODEL).total
    assert add(*(origin.amount for origin in found.origins)) == found.total
    names = {origin.name: origin.amount for origin in found.origins}
    assert (names["direct"], names["serving"], names["tokens"]) == (Decimal(40), Decimal(80), Decimal(10))
    assert sum(origin.share for origin in found.origins).quantize(Decimal("0.00001")) == 1
    assert add(*(month.build for month in found.trend), *(month.run for month in found.trend)) == found.total


def test_the_thread_has_money_on_every_node_and_on_the_edges_that_carry_it(connection: Connection) -> None:
    found = card(connection, X)
    nodes = {node.asset: node for node in found.nodes}
    assert {key: nodes[key].distance for key in (LOAD, RAW, PREPARE, X, TRAIN, MODEL, PRODUCT)} == {
        LOAD: -3, RAW: -2, PREPARE: -1, X: 0, TRAIN: 1, MODEL: 2, PRODUCT: 4,
    }  # fmt: skip
    assert nodes[RAW].cost == Decimal(10)
    assert nodes[X].cost == found.total == loaded(inflows(connection).books, X).total
    assert (nodes[X].state, nodes[RAW].state, nodes[TRAIN].state) == ("failing", "unknown", "")
    amounts = {(edge.source, edge.target): edge.amount for edge in found.edges}
    assert amounts[LOAD, RAW] == Decimal(10)
    assert amounts[PREPARE, X] == nodes[PREPARE].cost
    assert amounts[X, TRAIN] is not None
    assert amounts[ENDPOINT, PRODUCT] is None
    assert (found.upstream, found.downstream) == (3, 6)


def test_a_job_shows_what_its_runs_were_charged_and_drained(connection: Connection) -> None:
    found = card(connection, PREPARE)
    assert {origin.name: origin.amount for origin in found.origins} == {
        "direct": Decimal(50), "upstream": found.total - Decimal(50),
    }  # fmt: skip
    assert found.total > Decimal(50)


def test_a_product_shows_its_line_of_the_month_and_the_assets_behind_it(connection: Connection) -> None:
    found = card(connection, PRODUCT)
    drawn = statement(inflows(connection).books, OCTOBER, "product")
    line = next(line for line in drawn.lines if line.account == PRODUCT)
    assert found.total == line.amount == add(*(origin.amount for origin in found.origins))
    assert {origin.name for origin in found.origins} == {ENDPOINT}
    assert {month.month: month.build for month in found.trend}[OCTOBER] == line.amount
    assert found.owners == (TEAM,)
    assert card(connection, TEAM).total == line.amount


def test_co_owners_share_a_line(connection: Connection) -> None:
    both = clinic(Owned(ENDPOINT, "team:a"), Owned(ENDPOINT, "team:b"))
    found = inflows(both)
    whole = lines_of(inflows(connection), PRODUCT, NOVEMBER)[ENDPOINT]
    assert lines_of(found, "team:a", NOVEMBER)[ENDPOINT] == whole / 2 == lines_of(found, "team:b", NOVEMBER)[ENDPOINT]
    assert owned(found, "team:a", NOVEMBER) == whole / 2


def test_the_parts_of_co_owners_are_their_lines_to_the_last_unit() -> None:
    teams = [f"team:{name}" for name in "abcdefg"]
    found = inflows(clinic(*(Owned(asset, team) for asset in (ENDPOINT, MODEL, RAW, CLEAN, X) for team in teams)))
    for month in (OCTOBER, NOVEMBER):
        whole = asset_lines(books) if (books := found.books.of(month)) else []
        assert whole
        for team in teams:
            assert sum(lines_of(found, team, month).values()) == owned(found, team, month)


def test_a_version_without_a_known_run_says_that_nothing_is_known() -> None:
    from trivium.facts.statements import VersionUsed

    connection = clinic(VersionUsed("model:bought/1", "endpoint:other"))
    found = card(connection, "model:bought/1")
    assert (found.known, found.origins) == (False, ())
    assert next(node for node in found.nodes if node.distance == 0).cost is None


def test_a_dataset_shows_its_quality_and_nothing_else_does(connection: Connection) -> None:
    quality = card(connection, X).quality
    assert quality is not None
    assert (quality.state, quality.failed) == ("failing", 1)
    assert card(connection, CLEANSE).quality is None


def test_what_nobody_mentioned_has_an_empty_card(connection: Connection) -> None:
    found = card(connection, "dataset:nowhere/x")
    assert (found.total, found.origins, found.upstream, found.downstream) == (Decimal(0), (), 0, 0)
    assert [node.asset for node in found.nodes] == ["dataset:nowhere/x"]


def test_a_version_says_who_uses_it_and_what_it_stands_on(connection: Connection) -> None:
    found = card(connection, MODEL)
    assert found.serving is not None
    assert (found.serving.users, found.serving.runs) == ((ENDPOINT,), 1)
    assert found.serving.registered_at == at("2026-10-09")
    assert (found.ground.datasets, found.ground.checks, found.ground.kept, found.ground.bad) == (3, 1, 0, (X,))
    assert card(connection, X).serving is None


def test_edges_to_a_product_are_left_out_where_a_longer_way_leads_to_it() -> None:
    connection = clinic(Belongs(X, PRODUCT), Belongs(MODEL, PRODUCT), Belongs("dataset:s3://lake/other", PRODUCT))
    to_product = {edge.source for edge in card(connection, PRODUCT).edges if edge.target == PRODUCT}
    assert to_product == {ENDPOINT, "dataset:s3://lake/other"}
