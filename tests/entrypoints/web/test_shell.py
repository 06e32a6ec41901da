from __future__ import annotations

from trivium.entrypoints.web.shell import navigation


def test_navigation_shows_only_what_exists() -> None:
    groups = navigation("ledger", {"overview", "ledger", "setup"}, {"setup": 2})
    assert [(group.title, [link.text for link in group.links]) for group in groups] == [
        ("", ["Overview"]), ("Trust", ["Ledger", "Setup"]),
    ]  # fmt: skip
    links = [link for group in groups for link in group.links]
    assert [link.text for link in links if link.current] == ["Ledger"]
    assert [link.badge for link in links] == [0, 0, 2]
