from __future__ import annotations

from trivium.graph.beside import Beside


class Owner:
    """Something large."""


def test_values_are_made_once_for_each_object_and_key() -> None:
    beside: Beside[list[int]] = Beside()
    one, other = Owner(), Owner()
    made = beside.of(one, "a", lambda: [1])
    assert beside.of(one, "a", lambda: [2]) is made
    assert beside.of(one, "b", lambda: [3]) == [3]
    assert beside.of(other, "a", lambda: [4]) == [4]


def test_an_object_at_the_place_of_one_that_is_gone_gets_its_own() -> None:
    beside: Beside[int] = Beside()
    for number in range(1000):
        assert beside.of(Owner(), "a", lambda number=number: number) == number
