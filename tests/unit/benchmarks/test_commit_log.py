"""Frames a second and gaps, from the times of commits."""

from __future__ import annotations

import pytest

from benchmarks.commit_log import Commit, fps_of_each_second, longest_gap_s, middle_fps

STEADY = [Commit(number % 2, 100 + number / 5, 4) for number in range(50)]
"""Twenty frames a second in two partitions, in turn."""


def test_the_middle_of_a_steady_run_has_its_pace() -> None:
    assert middle_fps(STEADY) == pytest.approx(20)


def test_a_slow_beginning_and_a_slow_end_do_not_count() -> None:
    slow = [Commit(0, 60.0, 4), *STEADY, Commit(0, 160.0, 4)]
    assert middle_fps(slow) == pytest.approx(20)


def test_a_slow_middle_does() -> None:
    halved = [Commit(one.partition, 100 + 2 * (one.at_s - 100), one.frames) for one in STEADY]
    assert middle_fps(halved) == pytest.approx(10)


def test_a_run_of_one_commit_has_no_pace() -> None:
    with pytest.raises(ValueError, match="over some time"):
        middle_fps(STEADY[:1])


def test_each_second_has_its_frames() -> None:
    assert fps_of_each_second(STEADY, since_s=99, seconds=4) == [0, 20, 20, 20]


def test_the_longest_gap_is_that_of_the_partition_and_touches_the_span() -> None:
    gap = [one for one in STEADY if one.partition == 1 or not 103 < one.at_s < 105]
    assert longest_gap_s(gap, 1, since_s=102, until_s=106) == pytest.approx(0.4)
    assert longest_gap_s(gap, 0, since_s=102, until_s=106) == pytest.approx(2.4)
    assert longest_gap_s(gap, 0, since_s=104, until_s=104.2) == pytest.approx(2.4), "it began before"
    assert longest_gap_s(gap, 0, since_s=106, until_s=108) == pytest.approx(0.4)


def test_a_gap_without_an_end_is_none() -> None:
    with pytest.raises(ValueError, match="before 102 and after 200"):
        longest_gap_s(STEADY, 0, since_s=102, until_s=200)
