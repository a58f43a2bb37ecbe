"""Which partitions came and went between two looks, however many rebalances there were."""

from __future__ import annotations

import pytest
from kafka import TopicPartition

from sightline.adapters.kafka.consumer import _Listener


def noted(steps: str) -> tuple[list[int], list[int]]:
    """``+12 -2``: partitions 1 and 2 came, then 2 went."""
    listener = _Listener()
    for step in steps.split():
        wheres = [TopicPartition("camera-frames", int(number)) for number in step[1:]]
        (listener.on_partitions_assigned if step[0] == "+" else listener.on_partitions_revoked)(wheres)
    return listener.take()


@pytest.mark.parametrize(
    ("steps", "came", "went"),
    [
        ("", [], []),
        ("+12", [1, 2], []),
        ("-12", [], [1, 2]),
        ("+1234 -34", [1, 2], []),
        ("-12 +2", [2], [1, 2]),
        ("-1 +1 -1", [], [1]),
        ("+1 -1 +1", [1], []),
    ],
)
def test_what_came_and_went_again_did_neither(steps: str, came: list[int], went: list[int]) -> None:
    assert noted(steps) == (came, went)


def test_each_change_is_told_once() -> None:
    listener = _Listener()
    listener.on_partitions_assigned([TopicPartition("camera-frames", 1)])
    assert listener.take() == ([1], [])
    assert listener.take() == ([], [])
