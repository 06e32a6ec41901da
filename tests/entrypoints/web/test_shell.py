from __future__ import annotations

from trivium.entrypoints.web.shell import navigation


def test_navigation_groups_the_places_and_marks_the_current_one() -> None:
    groups = navigation("ledger")
    places = {group.title: [link.text for link in group.links] for group in groups}
    assert list(places) == ["", "Money", "Data", "Models", "Trust"]
    assert set(places.pop("Models")) >= {"Traces", "Usage"}
    assert places == {
        "": ["Overview", "Assets"], "Money": ["Statement"], "Data": ["Data quality"],
        "Trust": ["Ledger", "Unmatched", "Declared", "Setup"],
    }  # fmt: skip
    assert [link.text for group in groups for link in group.links if link.current] == ["Ledger"]
