"""How long facts have waited is known to a quarter of a second, and never less than it is."""

from __future__ import annotations

import random

from trivium.ledger.arrivals import GRAIN_S, MARKS_MAX, Arrivals


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


def test_marks_stay_few_and_an_age_is_never_too_small() -> None:
    arrivals = Arrivals()
    for number in range(1, 3 * MARKS_MAX):
        arrivals.note(number, float(number))
        assert len(arrivals._marks) <= MARKS_MAX
    now_s = float(3 * MARKS_MAX)
    for cursor in range(0, 3 * MARKS_MAX - 1, 97):
        true = now_s - (cursor + 1)
        assert true <= arrivals.age_s(cursor, now_s) <= true + 64.0


def test_what_every_fold_has_seen_is_forgotten() -> None:
    arrivals = Arrivals()
    for number in range(1, 101):
        arrivals.note(number, float(number))
    arrivals.forget(99)
    assert len(arrivals._marks) == 1
    assert arrivals.age_s(99, 110.0) == 10.0
