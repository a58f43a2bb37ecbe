"""Scores of a live run, each recomputed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sightline.cameras.synthetic.truth_record import truth_record
from sightline.cameras.synthetic.world import World
from sightline.errors import InputError
from sightline.evaluation.cross_camera import average_precision, cross_camera_queries, score_cross_camera
from sightline.evaluation.frame_truth import TrueFrame, read_truth, whose
from sightline.evaluation.stream_sightings import Seen, named
from sightline.evaluation.tracking import detection_recall, identity_score

LEFT, MIDDLE, RIGHT = (0.0, 0.0, 10.0, 20.0), (20.0, 0.0, 10.0, 20.0), (40.0, 0.0, 10.0, 20.0)


def frame(name: str, people: dict[int, tuple[float, ...]], *, camera: str = "hall", visible: float = 1.0) -> TrueFrame:
    people_of = [{"pid": pid, "box": box, "visible": visible} for pid, box in people.items()]
    return TrueFrame.from_record({"camera": camera, "frame_id": name, "captured_at_us": int(name), "people": people_of})


def seen(name: str, track: str, box: tuple[float, ...], *, camera: str = "hall", quality: float = 1.0) -> Seen:
    return Seen(f"{camera}/{name}/{track}", camera, name, int(name), track, box, quality)


def test_boxes_are_given_to_people_one_to_one_so_that_overlaps_are_largest() -> None:
    # Box 0 overlaps both people (8/12 and 9/11), box 1 the second alone (8/12): the first person must do for box 0.
    truth = frame("1", {7: (0, 0, 10, 20), 8: (3, 0, 10, 20)})
    boxes = np.array([(2, 0, 12, 20), (5, 0, 15, 20), (90, 0, 99, 20)], np.float32)
    assert whose(boxes, truth).tolist() == [0, 1, -1]
    assert whose(np.zeros((0, 4), np.float32), truth).tolist() == []
    assert whose(boxes, frame("1", {})).tolist() == [-1, -1, -1]


def test_recall_asks_only_for_people_who_can_be_seen() -> None:
    truth = [frame("1", {1: LEFT, 2: MIDDLE}), frame("2", {1: LEFT}), frame("3", {1: LEFT}, visible=0.3)]
    recall = detection_recall(truth, [seen("1", "a", LEFT), seen("1", "b", RIGHT), seen("3", "a", LEFT)])
    assert (recall.part, recall.whole) == (1, 3)
    assert np.isnan(detection_recall([], []).value)


def test_idf1_of_a_track_that_swaps_its_person() -> None:
    # Track a follows person 1 for three frames, then person 2 for one; b follows 2 for three, and c is nobody's.
    truth = [frame(str(number), {1: LEFT, 2: RIGHT}) for number in range(1, 5)]
    found = [seen(str(number), "a", LEFT) for number in (1, 2, 3)] + [seen("4", "a", RIGHT)]
    found += [seen(str(number), "b", RIGHT) for number in (1, 2, 3)] + [seen("4", "c", MIDDLE)]
    score = identity_score(truth, found)
    assert (score.true_positives, score.found, score.true) == (3 + 3, 8, 8)
    assert score.idf1 == pytest.approx(2 * 6 / (8 + 8))


def test_idf1_gives_each_person_one_track_even_where_another_pair_alone_would_be_better() -> None:
    # 1 with a: 3 frames, 1 with b: 2, 2 with a: 2. Greedily 3; with 1-b and 2-a 4.
    truth = [frame(str(number), {1: LEFT}) for number in range(1, 6)]
    truth += [frame(str(number), {2: RIGHT}) for number in (6, 7)]
    found = [seen(str(number), "a", LEFT) for number in (1, 2, 3)] + [seen(str(number), "b", LEFT) for number in (4, 5)]
    found += [seen(str(number), "a", RIGHT) for number in (6, 7)]
    assert identity_score(truth, found).true_positives == 4
    assert np.isnan(identity_score([], []).idf1)


def test_sightings_are_named_by_the_truth_of_their_frame() -> None:
    truth = {("hall", "1"): frame("1", {1: LEFT, 2: RIGHT})}
    sightings = [seen("1", "a", LEFT), seen("1", "b", MIDDLE), seen("2", "a", LEFT)]
    assert named(sightings, truth) == {"hall/1/a": 1}


def test_queries_are_the_best_of_each_person_whom_another_camera_saw() -> None:
    good, later = seen("1", "a", LEFT, quality=0.9), seen("2", "a", LEFT, quality=0.4)
    other = seen("3", "c", LEFT, camera="door", quality=0.1)
    pids = {one.sighting_id: 1 for one in (good, later, other)}
    assert cross_camera_queries([good, later, other], pids, most=9) == [other, good]


def test_of_equally_good_queries_it_is_the_newest() -> None:
    sightings = [seen("1", "a", LEFT), seen("2", "a", LEFT), seen("1", "b", RIGHT), seen("3", "c", LEFT, camera="door")]
    pids = {"hall/1/a": 1, "hall/2/a": 1, "hall/1/b": 2, "door/3/c": 1}
    assert [one.sighting_id for one in cross_camera_queries(sightings, pids, most=9)] == ["door/3/c", "hall/2/a"]
    assert [one.sighting_id for one in cross_camera_queries(sightings, pids, most=1)] == ["door/3/c"]


def test_rank_1_and_map_by_hand() -> None:
    sightings = [
        seen("1", "a", LEFT),
        *(seen(str(number), "x", LEFT, camera="door") for number in (2, 3, 4, 5)),
    ]
    pids = {"hall/1/a": 1, "door/2/x": 1, "door/3/x": 2, "door/4/x": 1}  # the fifth is nobody
    answers = {"hall/1/a": ["door/5/x", "door/2/x", "door/3/x", "door/4/x"], "door/4/x": ["hall/1/a"]}
    queries = cross_camera_queries(sightings, pids, most=9)
    score = score_cross_camera(queries, sightings, pids, lambda query: answers[query.sighting_id])
    assert [one.sighting_id for one in queries] == ["door/4/x", "hall/1/a"]
    assert score.rank1 == pytest.approx(1 / 2)
    assert score.mean_ap == pytest.approx((1 + (1 / 2 + 2 / 4) / 2) / 2)
    assert np.isnan(score_cross_camera([], sightings, pids, lambda _: []).rank1)


def test_what_an_answer_leaves_out_was_not_found() -> None:
    assert average_precision(np.array([True, False, True]), 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(np.array([False, False]), 4) == 0.0
    assert average_precision(np.array([], np.bool_), 4) == 0.0


def test_a_ground_truth_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    truth = World(3, cameras=1, size_wh=(160, 128)).views[0].frame(5_000_000).truth
    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps(truth_record(truth, "3-5000000")) + "\n")
    [read] = read_truth(path)
    assert (read.camera, read.frame_id, read.captured_at_us) == (truth.camera, "3-5000000", 5_000_000)
    assert read.pids.tolist() == truth.pids.tolist()
    corners = np.concatenate([truth.boxes_xywh[:, :2], truth.boxes_xywh[:, :2] + truth.boxes_xywh[:, 2:]], axis=1)
    np.testing.assert_allclose(read.boxes_xyxy, corners)
    np.testing.assert_allclose(read.visible, truth.visible_fraction, atol=1e-3)
    path.write_text('{"camera": "hall"}\n')
    with pytest.raises(InputError, match="line 1"):
        list(read_truth(path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_truth(tmp_path / "none"))
