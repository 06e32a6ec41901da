"""How long facts have waited is known to a quarter of a second, and never less than it is."""

from __future__ import annotations

import random

from trivium.ledger.arrivals import GRAIN_S, Arrivals


def test_nothing_waits_before_anything_arrives_and_after_all_was_seen() -> None:
    arrivals = Arrivals()
    assert arrivals.age_s(0, 10.0) == 0.0
    arrivals.note(5, 10.0)
    assert arrivals.age_s(5, 20.0) == 0.0


def test_the_age_is_that_of_the_oldest_unseen_fact() -> None:
    random.seed(1)
    arrivals = Arrivals()
    times: list[float] = []
    now_s = 100.0
    cursor = 0
    for _ in range(2_000):
        now_s += random.random() * 0.1
        times.append(now_s)
        arrivals.note(len(times), now_s)
        if random.random() < 0.3:
            cursor = random.randint(cursor, len(times))
        true = now_s - times[cursor] if cursor < len(times) else 0.0
        assert true <= arrivals.age_s(cursor, now_s) <= true + GRAIN_S
