"""The bands of a Sankey drawing, made from an explained amount: from charges on the left to the asset on the right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trivium.entrypoints.web.addresses import asset_address
from trivium.entrypoints.web.drawings import field_of
from trivium.facts.money import add, plain


def bands(explained: Any) -> dict[str, Any]:
    """Give {currency, nodes, links} for <trivium-sankey>.

    One asset at two depths is two nodes, so that the drawing has no circle; charges of one title into one asset are
    one band. `explained` is an Explained: a record or a mapping with `asset`, `total`, `parts`, `charges`.
    """
    nodes: dict[str, dict[str, Any]] = {}
    amounts: dict[tuple[str, str], Decimal] = {}

    def note(key: str, label: str, discipline: str, asset: str | None) -> str:
        nodes.setdefault(
            key, {"key": key, "label": label, "discipline": discipline, "href": asset and asset_address(asset)}
        )
        return key

    def carry(source: str, target: str, amount: Any) -> None:
        amounts[source, target] = add(amounts.get((source, target), Decimal(0)), Decimal(amount))

    def walk(part: Any, depth: int, discipline: str) -> str:
        asset = str(field_of(part, "asset"))
        linked = asset if ":" in asset else None
        here = note(f"{depth} {asset}", str(field_of(part, "title") or asset), discipline, linked)
        for inner in field_of(part, "parts") or ():
            source = walk(inner, depth + 1, str(field_of(inner, "discipline") or "plain"))
            carry(source, here, field_of(inner, "amount"))
        for charge in field_of(part, "charges") or ():
            title = str(field_of(charge, "title"))
            carry(note(f"{depth} charge {title}", title, "money", None), here, field_of(charge, "amount"))
        return here

    walk(explained, 0, str(field_of(explained, "discipline") or "models"))
    links = [{"from": source, "to": target, "amount": plain(amount)} for (source, target), amount in amounts.items()]
    return {"currency": field_of(explained, "currency") or "", "nodes": list(nodes.values()), "links": links}
