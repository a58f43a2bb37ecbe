"""The graph's suppression and order of boxes, against a reference written here from the contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from sightline.models.importer.detections import ROWS, Suppression, write_best_boxes
from sightline.models.importer.graph import GraphWriter, tensor_info
from sightline.models.importer.reference import best_boxes
from sightline.models.session import OnnxSession


def make_net(suppression: Suppression | None) -> OnnxSession:
    writer = GraphWriter("test")
    boxes, scores = write_best_boxes(writer, "in_boxes", "in_scores", suppression=suppression)
    writer.name_output(boxes, "boxes")
    writer.name_output(scores, "scores")
    graph = helper.make_graph(
        writer.nodes,
        "test",
        [tensor_info("in_boxes", "float32", ["N", "A", 4]), tensor_info("in_scores", "float32", ["N", "A"])],
        [tensor_info("boxes", "float32", ["N", ROWS, 4]), tensor_info("scores", "float32", ["N", ROWS])],
        writer.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 7
    return OnnxSession.open(model.SerializeToString(), name="test")


@pytest.fixture(scope="module")
def suppressing() -> OnnxSession:
    return make_net(Suppression(iou=0.5, min_score=0.1))


@pytest.fixture(scope="module")
def keeping() -> OnnxSession:
    return make_net(None)


def run(net: OnnxSession, boxes, scores):
    out = net.run({"in_boxes": np.array(boxes, np.float32), "in_scores": np.array(scores, np.float32)})
    return out["boxes"], out["scores"]


def test_no_candidate_is_good_enough(suppressing):
    boxes, scores = run(suppressing, np.ones((2, 7, 4)), np.full((2, 7), 0.05))
    assert boxes.shape == (2, ROWS, 4)
    assert not boxes.any()
    assert not scores.any()


def test_the_weaker_of_two_overlapping_boxes_goes(suppressing):
    overlapping = [[[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]]]
    boxes, scores = run(suppressing, overlapping, [[0.8, 0.9, 0.3]])
    np.testing.assert_allclose(scores[0, :3], [0.9, 0.3, 0.0])
    np.testing.assert_array_equal(boxes[0, :2], [[1, 0, 11, 10], [50, 50, 60, 60]])


def test_pictures_of_a_batch_do_not_suppress_one_another(suppressing):
    same = np.tile(np.array([0, 0, 10, 10], np.float32), (3, 1, 1))
    _, scores = run(suppressing, same, [[0.5], [0.05], [0.7]])
    np.testing.assert_allclose(scores[:, 0], [0.5, 0.0, 0.7])


def test_equal_scores_are_ordered_by_x_then_y(keeping):
    corners = [(30, 1), (10, 9), (20, 5), (10, 2), (20, 4)]
    boxes, _ = run(keeping, [[[x, y, x + 5, y + 5] for x, y in corners]], [[0.5] * 5])
    assert [(int(x), int(y)) for x, y in boxes[0, :5, :2]] == [(10, 2), (10, 9), (20, 4), (20, 5), (30, 1)]


def test_only_the_best_hundred_stay(keeping):
    random = np.random.default_rng(0)
    scores = random.permutation(np.linspace(0.01, 1, 250, dtype=np.float32))[None]
    _, kept = run(keeping, random.uniform(0, 9, (1, 250, 4)), scores)
    np.testing.assert_array_equal(kept[0], np.sort(scores[0])[::-1][:ROWS])


def test_a_box_of_infinite_size_leaves_no_trace_in_the_padding(keeping):
    boxes, _ = run(keeping, [[[0, 0, np.inf, np.inf]]], [[0.0]])
    assert np.isfinite(boxes).all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    pictures=st.integers(1, 3),
    candidates=st.sampled_from([1, 5, 99, 100, 101, 300]),
    coarse=st.booleans(),
)
def test_the_graph_agrees_with_the_reference(suppressing, keeping, *, seed, pictures, candidates, coarse):
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 60, (pictures, candidates, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + random.uniform(1, 40, corner.shape)], axis=2).astype(np.float32)
    scores = random.uniform(0, 1, (pictures, candidates)).astype(np.float32)
    if coarse:  # many ties in score, some in x
        boxes, scores = np.floor(boxes / 8) * 8 + np.float32([0, 0, 8, 8]), np.ceil(scores * 4).astype(np.float32) / 4
    for net, suppression in ((suppressing, Suppression(iou=0.5, min_score=0.1)), (keeping, None)):
        got_boxes, got_scores = run(net, boxes, scores)
        for picture in range(pictures):
            wanted = best_boxes(boxes[picture], scores[picture], suppression)
            np.testing.assert_array_equal(got_scores[picture], wanted["scores"])
            np.testing.assert_array_equal(got_boxes[picture], wanted["boxes"])
