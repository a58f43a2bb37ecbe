"""The number of replicas follows the calls: neither nervously nor late, and never past its bounds."""

from __future__ import annotations

import pytest

from actors.scaling import ReplicaRule
from sightline.settings import ScalingSettings

OPTIONS = ScalingSettings(calls_per_replica=4, up_after_s=2, down_after_s=10)


def follow(rule: ReplicaRule, calls: list[int], *, replicas: int = 1, every_s: float = 1.0) -> list[int]:
    """How many there are after each look, where what is wanted comes at once."""
    counts = []
    for index, count in enumerate(calls):
        replicas = rule.wanted(index * every_s, calls=count, replicas=replicas)
        counts.append(replicas)
    return counts


def test_more_calls_make_more_replicas_once_they_last() -> None:
    assert follow(ReplicaRule(OPTIONS, least=1, most=8), [12] * 5) == [1, 1, 3, 3, 3]


def test_a_burst_makes_none() -> None:
    assert set(follow(ReplicaRule(OPTIONS, least=1, most=8), [0, 0, 20, 0, 0, 20, 0, 0])) == {1}


def test_fewer_calls_let_replicas_go_much_later() -> None:
    counts = follow(ReplicaRule(OPTIONS, least=1, most=8), [12] * 4 + [0] * 12)
    assert counts[:13] == [1, 1] + [3] * 11
    assert counts[-1] == 1


def test_a_pause_between_busy_times_lets_none_go() -> None:
    counts = follow(ReplicaRule(OPTIONS, least=1, most=8), [12] * 4 + [0] * 6 + [12] * 4 + [0] * 6)
    assert counts[3:] == [3] * 17


def test_one_look_after_a_long_silence_is_no_reason_to_let_any_go() -> None:
    """As where the looks were held up: what the last one saw before is all that is known of the time between."""
    rule = ReplicaRule(OPTIONS, least=1, most=8)
    assert follow(rule, [12] * 4)[-1] == 3
    assert rule.wanted(40.0, calls=0, replicas=3) == 3
    assert rule.wanted(49.0, calls=0, replicas=3) == 3
    assert rule.wanted(51.0, calls=0, replicas=3) == 1


@pytest.mark.parametrize(("calls", "expected"), [(1000, 3), (0, 2)])
def test_the_bounds_hold_whatever_is_asked(calls: int, expected: int) -> None:
    assert follow(ReplicaRule(OPTIONS, least=2, most=3), [calls] * 20, replicas=2)[-1] == expected


def test_replicas_outside_the_bounds_are_brought_back_at_once() -> None:
    rule = ReplicaRule(OPTIONS, least=2, most=3)
    assert rule.wanted(0.0, calls=0, replicas=1) == 2
    assert rule.wanted(0.5, calls=0, replicas=9) == 3
