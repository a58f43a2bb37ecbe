"""The sampler and the quality it goes by."""

from __future__ import annotations

import numpy as np

from sightline.settings import SamplerSettings, TrackerSettings
from sightline.stages.quality import crop_quality
from sightline.stages.sampler import Sampler, Samples
from sightline.stages.tracker import Tracker, Tracks
from sightline.types import Detections

ONE = Detections(np.array([[100, 100, 150, 240]], np.float32), np.array([0.9], np.float32))


def sampled_at(qualities: list[float], *, step_s: float, eligible: bool = True, **rule: float) -> list[int]:
    """Which frames of one person who stands still give a sighting."""
    tracker, sampler = Tracker(TrackerSettings()), Sampler(SamplerSettings(**rule))
    tracks, samples, taken = Tracks.empty(), Samples.empty(), []
    for number, quality in enumerate(qualities):
        update = tracker.update(tracks, ONE, camera="c", frame_id=str(number), at_us=int(number * step_s * 1e6))
        tracks = update.tracks
        samples = Samples.from_arrays(samples.to_arrays())
        good = np.array([quality], np.float32)
        samples, chosen = sampler.choose(samples, update, quality=good, eligible=np.array([eligible]))
        if chosen[0]:
            taken.append(number)
    return taken


def test_an_hour_of_standing_still_is_a_few_dozen_rows() -> None:
    assert len(sampled_at([0.8] * 7_200, step_s=0.5)) < 80


def test_intervals_grow() -> None:
    assert sampled_at([0.8] * 100, step_s=0.1, first_interval_s=1.0, interval_growth=2.0) == [0, 10, 30, 70]


def test_a_clearly_better_crop_is_taken_early_but_not_at_once() -> None:
    assert sampled_at([0.3, 0.8, 0.8, 0.8, 0.8, 0.8], step_s=0.1, min_gap_s=0.4) == [0, 4]


def test_poor_and_small_crops_are_never_taken() -> None:
    assert sampled_at([0.05] * 50, step_s=0.1) == []
    assert sampled_at([0.9] * 50, step_s=0.1, eligible=False) == []


def test_a_camera_at_one_frame_in_five_seconds_samples_every_person() -> None:
    """No track lives that long here, so every frame begins one and is a sighting."""
    assert sampled_at([0.8] * 6, step_s=5.0) == [0, 1, 2, 3, 4, 5]


def test_an_empty_frame_keeps_its_rank() -> None:
    update = Tracker(TrackerSettings()).update(Tracks.empty(), Detections.empty(), camera="c", frame_id="0", at_us=0)
    samples, chosen = Sampler(SamplerSettings()).choose(
        Samples.empty(), update, quality=np.zeros(0, np.float32), eligible=np.zeros(0, np.bool_)
    )
    assert chosen.shape == (0,)
    assert samples.best.shape == (0,)


def test_quality_prefers_tall_whole_unhidden_people() -> None:
    boxes = [[200, 100, 260, 260], [400, 100, 430, 160], [0, 100, 60, 260], [210, 120, 270, 290]]
    quality = crop_quality(Detections(np.array(boxes, np.float32), np.full(4, 0.9, np.float32)), (640, 480))
    hidden, small, cut_off, front = quality
    assert front > hidden
    assert front > small
    assert front > cut_off
    assert quality.dtype == np.float32
    assert crop_quality(Detections.empty(), (640, 480)).shape == (0,)


def proposed_at(seen: list[float], *, step_s: float = 0.1) -> tuple[list[int], list[int]]:
    """Which frames of one person, good but for what is seen of them, are looked at, and which give a sighting."""
    tracker, sampler = Tracker(TrackerSettings()), Sampler(SamplerSettings(min_gap_s=0.4))
    tracks, samples, looked, taken = Tracks.empty(), Samples.empty(), [], []
    good = np.array([0.8], np.float32)
    for number, part in enumerate(seen):
        update = tracker.update(tracks, ONE, camera="c", frame_id=str(number), at_us=int((1 + number * step_s) * 1e6))
        tracks = update.tracks
        samples = Samples.from_arrays(samples.to_arrays())
        samples, proposed = sampler.propose(samples, update, quality=good, eligible=np.array([True]))
        samples, chosen = sampler.take(samples, update, quality=good * np.float32(part), proposed=proposed)
        looked += [number] * int(proposed[0])
        taken += [number] * int(chosen[0])
    return looked, taken


def test_somebody_hidden_is_looked_at_now_and_then_and_taken_when_seen() -> None:
    looked, taken = proposed_at([0.1] * 10 + [1.0] * 5)
    assert looked == [0, 4, 8, 12]
    assert taken == [12]


def test_a_look_that_was_taken_changes_nothing_of_the_rule() -> None:
    looked, taken = proposed_at([1.0] * 40)
    assert looked == taken == [0, 10, 30]


def test_a_state_of_an_earlier_sightline_is_gone_on_with() -> None:
    arrays = {
        "sample.best": np.array([0.5], np.float32),
        "sample.count": np.array([2]),
        "sample.last_us": np.array([7_000_000]),
    }
    samples = Samples.from_arrays(arrays)
    assert samples.looked_us.tolist() == [7_000_000]
    assert samples.follow(np.array([0, -1])).looked_us.tolist() == [7_000_000, 0]
