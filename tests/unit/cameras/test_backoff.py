"""How long between attempts."""

from __future__ import annotations

from random import Random

from sightline.cameras.backoff import Backoff


def test_delays_double_up_to_the_longest_with_jitter_and_begin_again() -> None:
    backoff = Backoff(first_s=0.5, longest_s=30.0, random=Random(4))
    for whole_s in (0.5, 1, 2, 4, 8, 16, 30, 30, 30):
        assert whole_s / 2 <= backoff.next_s() <= whole_s
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_many_cameras_do_not_come_back_at_once() -> None:
    delays = {Backoff(first_s=1.0, longest_s=1.0, random=Random(seed)).next_s() for seed in range(50)}
    assert len(delays) == 50
