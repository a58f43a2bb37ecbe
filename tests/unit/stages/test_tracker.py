"""The tracker: ids that stay, ids that a restart does not change, and memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.settings import TrackerSettings
from sightline.stages.colours import COLOURS
from sightline.stages.tracker import Tracker, Tracks
from sightline.types import CameraState, Detections, track_id
from sightline.wire import Record, camera_state_from_record, camera_state_to_message

STEP_US = 100_000
TRACKER = Tracker(TrackerSettings())


def people(*rows: tuple[float, float, float]) -> Detections:
    """Detections 40x100 px at (x, y) with a score each."""
    boxes = np.array([[x, y, x + 40, y + 100] for x, y, _ in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for *_, score in rows], np.float32))


def follow(frames: list[Detections], tracks: Tracks | None = None, *, first: int = 0) -> tuple[list[list[str | None]], Tracks]:
    """Ids of each frame's detections, and the state after the last."""
    tracks, ids = tracks or Tracks.empty(), []
    for number, detections in enumerate(frames, first):
        worn = np.repeat(detections.scores[:, None], COLOURS, axis=1)
        update = TRACKER.update(tracks, detections, worn, camera="c", frame_id=f"f{number}", at_us=number * STEP_US)
        tracks = update.tracks
        ids.append([tracks.id_of("c", row) if row >= 0 else None for row in update.rows])
    return ids, tracks


def test_no_detections_keep_no_tracks() -> None:
    ids, tracks = follow([Detections.empty(), Detections.empty()])
    assert ids == [[], []]
    assert len(tracks) == 0


def test_a_track_is_named_by_its_first_detection() -> None:
    ids, _ = follow([people((10, 10, 0.9), (300, 10, 0.9))])
    assert ids == [[track_id("c", "f0", 0), track_id("c", "f0", 1)]]


def test_two_people_who_cross_keep_their_ids() -> None:
    frames = [people((10 + 12 * t, 10, 0.9), (300 - 12 * t, 60, 0.9)) for t in range(24)]
    ids, _ = follow(frames)
    assert {tuple(row) for row in ids} == {(track_id("c", "f0", 0), track_id("c", "f0", 1))}


def test_a_faint_detection_keeps_a_track_but_begins_none() -> None:
    ids, _ = follow([people((10, 10, 0.9)), people((12, 10, 0.2)), people((14, 10, 0.9)), people((400, 10, 0.2))])
    assert ids == [[track_id("c", "f0", 0)]] * 3 + [[None]]


def test_a_person_hidden_for_a_second_keeps_the_id_and_for_long_gets_a_new_one() -> None:
    walk = [people((10 + 5 * t, 10, 0.9)) for t in range(60)]
    hidden = walk[:10] + [Detections.empty()] * 10 + walk[20:25]
    ids, _ = follow(hidden)
    assert ids[-1] == ids[0]
    long_gone = walk[:10] + [Detections.empty()] * 40 + walk[50:55]
    ids, _ = follow(long_gone)
    assert ids[-1] != ids[0]


def test_whoever_steps_out_of_his_box_between_two_frames_keeps_the_id() -> None:
    """Two frames a second, 60 px a step in a box of 40."""
    tracks, ids = Tracks.empty(), []
    for number in range(6):
        walker = people((10 + 60 * number, 10, 0.9))
        update = TRACKER.update(tracks, walker, camera="c", frame_id=str(number), at_us=number * 500_000)
        tracks = update.tracks
        ids.append(tracks.id_of("c", int(update.rows[0])))
    assert set(ids) == {track_id("c", "0", 0)}


def test_nobody_is_taken_for_somebody_across_the_picture() -> None:
    ids, _ = follow([people((10, 10, 0.9)), people((400, 10, 0.9))])
    assert ids[1] == [track_id("c", "f1", 0)]


def test_colours_tell_two_people_apart_who_changed_places() -> None:
    worn = np.zeros((2, COLOURS), np.float32)
    worn[1] = 0.5
    before, after = people((10, 10, 0.9), (60, 10, 0.9)), people((55, 10, 0.9), (15, 10, 0.9))
    for colours, rows in ((worn, [0, 1]), (None, [1, 0])):
        update = TRACKER.update(Tracks.empty(), before, colours, camera="c", frame_id="a", at_us=0)
        update = TRACKER.update(update.tracks, after, colours, camera="c", frame_id="b", at_us=500_000)
        assert update.rows.tolist() == rows


def test_a_state_from_before_colours_is_read() -> None:
    _, tracks = follow([people((10, 10, 0.9))])
    arrays = tracks.to_arrays()
    del arrays["track.colours"]
    restored = Tracks.from_arrays(arrays)
    assert np.isnan(restored.colours).all()
    ids, _ = follow([people((12, 10, 0.9))], restored, first=1)
    assert ids == [[track_id("c", "f0", 0)]]


def test_time_that_runs_backwards_is_survived() -> None:
    update = TRACKER.update(Tracks.empty(), people((10, 10, 0.9)), camera="c", frame_id="a", at_us=5_000_000)
    update = TRACKER.update(update.tracks, people((11, 10, 0.9)), camera="c", frame_id="b", at_us=1_000_000)
    assert update.tracks.at_us == 5_000_000
    assert update.rows.tolist() == [0]


def test_memory_is_bounded() -> None:
    tracker = Tracker(TrackerSettings(max_tracks=5))
    tracks = Tracks.empty()
    for number in range(20):
        crowd = people(*((60.0 * i, 200.0 * number, 0.9) for i in range(3)))
        tracks = tracker.update(tracks, crowd, camera="c", frame_id=str(number), at_us=number * 1000).tracks
        assert len(tracks) <= 5 + 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_restart_anywhere_changes_no_id(data: st.DataObject) -> None:
    """The state through the wire and back, at any frame, gives the ids of the undisturbed run."""
    person = st.tuples(st.floats(0, 600), st.floats(0, 400), st.sampled_from([0.2, 0.6, 0.9]))
    frames = [people(*row) for row in data.draw(st.lists(st.lists(person, max_size=4), min_size=2, max_size=8))]
    cut = data.draw(st.integers(1, len(frames) - 1))
    whole, _ = follow(frames)
    before, tracks = follow(frames[:cut])
    message = camera_state_to_message(CameraState("c", arrays=tracks.to_arrays()), "camera-state", 0)
    restored = camera_state_from_record(Record("camera-state", 0, 0, 0, message.key, message.value, message.headers))
    after, _ = follow(frames[cut:], Tracks.from_arrays(restored.arrays), first=cut)
    assert before + after == whole


@pytest.mark.parametrize("seconds", [0.0, 0.04, 3.0])
def test_the_filter_agrees_with_the_matrix_form(seconds: float) -> None:
    """Prediction and correction recomputed with 2x2 matrices for each coordinate."""
    from sightline.stages.kalman import Motion

    rng = np.random.default_rng(4)
    corner = rng.uniform(0, 100, (3, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(20, 90, (3, 2))], axis=1).astype(np.float32)
    begun = Motion.begin(boxes).correct(boxes + np.float32(2)).predict(np.full(3, seconds)).correct(boxes + np.float32(5))
    for n in range(3):
        height = float(boxes[n, 3] - boxes[n, 1])
        for axis in range(4):
            first, second, third = (_centre(boxes[n] + shift)[axis] for shift in (0.0, 2.0, 5.0))
            state, cov = np.array([first, 0.0]), np.diag([(0.05 * height) ** 2, (0.6 * height) ** 2])
            state, cov = _correct(state, cov, second, (0.05 * height) ** 2)
            move = np.array([[1, seconds], [0, 1]])
            now = _heights(boxes[n], state, axis, height)
            noise = (0.5 * now) ** 2 * np.array([[seconds**4 / 4, seconds**3 / 2], [seconds**3 / 2, seconds**2]])
            state, cov = move @ state, move @ cov @ move.T + noise
            state, cov = _correct(state, cov, third, (0.05 * height) ** 2)
            np.testing.assert_allclose([begun.position[n, axis], begun.velocity[n, axis]], state, rtol=1e-5, atol=1e-4)
            np.testing.assert_allclose(begun.covariance[n, axis], cov[[0, 0, 1], [0, 1, 1]], rtol=1e-4, atol=1e-6)


def _heights(box: np.ndarray, state: np.ndarray, axis: int, height: float) -> float:
    return float(state[0]) if axis == 3 else height


def _centre(box: np.ndarray) -> np.ndarray:
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1]], float)


def _correct(state: np.ndarray, cov: np.ndarray, measured: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
    observe = np.array([[1.0, 0.0]])
    gain = cov @ observe.T / (observe @ cov @ observe.T + variance)
    return state + (gain * (measured - state[0])).ravel(), (np.eye(2) - gain @ observe) @ cov
