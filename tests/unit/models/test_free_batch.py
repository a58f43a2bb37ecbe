from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sightline.models.importer.free_batch import free_the_batch
from sightline.models.session import OnnxSession


def reshaping_net(nets, batch: int | str):
    """Reshapes the picture with a batch of 1 written down, and a weight whose first dimension really is 1."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Reshape", ["pooled", "row"], ["flat"]),
        helper.make_node("Reshape", ["weight", "row"], ["weight_row"]),
        helper.make_node("Add", ["flat", "weight_row"], ["out"]),
    ]
    weights = [
        numpy_helper.from_array(np.array([1, 3], np.int64), "row"),
        numpy_helper.from_array(np.array([10, 20, 30], np.float32), "weight"),
    ]
    return onnx.load(str(nets.write("reshape.onnx", nodes, weights, [batch, 3, 4, 4], {"out": [batch, 3]})))


def test_only_what_comes_from_the_picture_is_rewritten(nets):
    model = reshaping_net(nets, 1)
    free_the_batch(model, "input")
    pictures = np.stack([np.full((3, 4, 4), value, np.float32) for value in (1, 2, 3)])
    out = OnnxSession.open(model.SerializeToString(), name="freed").run({"input": pictures})["out"]
    np.testing.assert_allclose(out, [[11, 21, 31], [12, 22, 32], [13, 23, 33]])


def test_a_batch_that_is_free_already_is_left_alone(nets):
    model = reshaping_net(nets, "batch")
    before = model.SerializeToString()
    free_the_batch(model, "input")
    assert model.SerializeToString() == before
