"""Pose nets and DensePose, each as a small graph of the family's signature whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from sightline.errors import ModelError
from sightline.models.importer import import_model
from sightline.models.importer.joints import COCO
from sightline.models.importer.options import RecipeOptions, make_recipe
from sightline.models.importer.recipe import DENSEPOSE, HRNET, MOVENET, RTMPOSE, Recipe
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.session import OnnxSession
from sightline.skeleton import JOINTS
from sightline.spec import ModelSpec

OURS = tuple(joint for joint in JOINTS if joint in COCO)
SIZE_HW = (32, 24)

Pictures = Callable[[int], list[np.ndarray]]


def constant(name: str, values: Any) -> Any:
    return numpy_helper.from_array(np.asarray(values), name)


def shone_upon(values: np.ndarray, output: str) -> tuple[list[Any], list[Any]]:
    """Nodes that give ``values`` (1, …) times a number near 1 that the picture decides: for one picture or many."""
    ones = [1] * (values.ndim - 1)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], [f"{output}_mean"]),
        helper.make_node("Reshape", [f"{output}_mean", f"{output}_three"], [f"{output}_row"]),
        helper.make_node("MatMul", [f"{output}_row", f"{output}_weights"], [f"{output}_light"]),
        helper.make_node("Add", [f"{output}_light", f"{output}_one"], [f"{output}_factor"]),
        helper.make_node("Reshape", [f"{output}_factor", f"{output}_shape"], [f"{output}_scale"]),
        helper.make_node("Mul", [f"{output}_scale", f"{output}_values"], [output]),
    ]
    weights = [
        constant(f"{output}_three", np.array([0, 3], np.int64)),
        constant(f"{output}_weights", np.full((3, 1), 1e-4, np.float32)),
        constant(f"{output}_one", np.float32(1)),
        constant(f"{output}_shape", np.array([0, *ones], np.int64)),
        constant(f"{output}_values", values.astype(np.float32)),
    ]
    return nodes, weights


def written(nets: Any, name: str, outputs: dict[str, np.ndarray], *, batch: int | str = "N") -> Path:
    nodes, weights = [], []
    for output, values in outputs.items():
        more_nodes, more_weights = shone_upon(values, output)
        nodes += more_nodes
        weights += more_weights
    shapes = {output: [batch, *values.shape[1:]] for output, values in outputs.items()}
    return nets.write(name, nodes, weights, [batch, 3, *SIZE_HW], shapes)


def places(count: int = len(COCO)) -> np.ndarray:
    """Another place for each joint, none of them at the border: x, y in whole pixels."""
    return np.array([(3 + joint % 9 * 2, 4 + joint // 9 * 8 + joint % 4) for joint in range(count)])


def simcc(count: int = len(COCO), bins: int = 2) -> dict[str, np.ndarray]:
    x = np.zeros((1, count, SIZE_HW[1] * bins))
    y = np.zeros((1, count, SIZE_HW[0] * bins))
    for joint, (across, down) in enumerate(places(count)):
        x[0, joint, across * bins], y[0, joint, down * bins] = 0.9, 0.5 + joint / 100
    return {"simcc_x": x, "simcc_y": y}


def heatmaps(count: int = len(COCO)) -> dict[str, np.ndarray]:
    """A quarter of the input; each place's right and upper neighbours are the greater ones."""
    maps = np.zeros((1, count, SIZE_HW[0] // 4, SIZE_HW[1] // 4))
    for joint in range(count):
        y, x = cell_of(joint)
        maps[0, joint, y, x] = 0.8
        maps[0, joint, y, x + 1] = maps[0, joint, y - 1, x] = 0.4
    return {"heatmaps": maps}


def cell_of(joint: int) -> tuple[int, int]:
    return 1 + joint % 6, 1 + joint % 4


def run(path: Path, recipe: Recipe, pictures: Pictures) -> tuple[ModelSpec, dict[str, np.ndarray]]:
    """The spec, and what two black crops give."""
    imported = import_model(read_source(path), recipe, pictures=pictures(3))
    net = OnnxSession.open(imported.onnx, name="wrapped")
    height, width = imported.spec.input("crop").shape[1:3]
    return imported.spec, net.run({"crop": np.zeros((2, height, width, 3), np.uint8)})


def test_rtmpose(nets, pictures: Pictures) -> None:
    path = written(nets, "rtmpose.onnx", simcc())
    assert recognise(read_source(path)) == "rtmpose"
    spec, out = run(path, RTMPOSE, pictures)
    assert (spec.kind, spec.name, spec.joints, spec.absent_joints) == ("keypoints", "keypoints", OURS, ("head_top", "neck"))
    assert spec.crop is not None
    assert (spec.crop.expand, spec.crop.fit) == (0.25, "letterbox")
    rows = [COCO.index(joint) for joint in OURS]
    np.testing.assert_allclose(out["xy"][1], places()[rows] + 0.5, atol=1e-4)
    # A black picture, normalised, darkens the maxima a little; the smaller of the two counts, and it is y's.
    light = 1 - 1e-4 * sum(mean / std for mean, std in zip(RTMPOSE.pixels.mean, RTMPOSE.pixels.std, strict=True))
    np.testing.assert_allclose(out["confidence"][0], (0.5 + np.array(rows) / 100) * light, atol=1e-5)


def test_rtmpose_with_one_bin_a_pixel_and_joints_of_its_own(nets, pictures: Pictures) -> None:
    path = written(nets, "rtmpose.onnx", simcc(4, bins=1))
    recipe = make_recipe(path, "rtmpose", None, RecipeOptions(joints="left_big_toe,head_top,nose,right_hip", crop_expand=0.1))
    spec, out = run(path, recipe, pictures)
    assert spec.joints == ("head_top", "right_hip", "nose")
    assert "left_knee" in spec.absent_joints
    assert spec.crop is not None
    assert (spec.crop.expand, spec.crop.fit) == (0.1, "letterbox")
    np.testing.assert_allclose(out["xy"][0], places(4)[[1, 3, 2]] + 0.5, atol=1e-4)


def test_bins_that_are_not_as_dense_across_as_down_are_refused(nets, pictures: Pictures) -> None:
    outputs = simcc()
    path = written(nets, "odd.onnx", outputs | {"simcc_x": outputs["simcc_x"][..., :40]})
    with pytest.raises(ModelError, match="as many bins a pixel in x as in y for a 32x24 input"):
        run(path, RTMPOSE, pictures)


def test_as_many_joints_as_names(nets, pictures: Pictures) -> None:
    path = written(nets, "rtmpose.onnx", simcc(26))
    with pytest.raises(ModelError, match=r"the 17 joints of COCO \(name them: --joints .*\), not 26"):
        run(path, RTMPOSE, pictures)
    recipe = make_recipe(path, "rtmpose", None, RecipeOptions(joints="nose,neck"))
    with pytest.raises(ModelError, match="the 2 joints that --joints names, not 26"):
        run(path, recipe, pictures)
    named = ",".join(f"bone_{number}" for number in range(26))
    with pytest.raises(ModelError, match="some of them among head_top"):
        run(path, make_recipe(path, "rtmpose", None, RecipeOptions(joints=named)), pictures)


def test_heat_maps(nets, pictures: Pictures) -> None:
    path = written(nets, "hrnet.onnx", heatmaps())
    assert recognise(read_source(path)) == "hrnet"
    spec, out = run(path, HRNET, pictures)
    assert (spec.kind, spec.joints, spec.absent_joints) == ("keypoints", OURS, ("head_top", "neck"))
    for row, joint in enumerate(OURS):
        y, x = cell_of(COCO.index(joint))
        last_y, last_x = SIZE_HW[0] // 4 - 1, SIZE_HW[1] // 4 - 1
        wanted = (x + 0.25 * (x < last_x)) * 4 + 0.5, (y - 0.25 * (y < last_y)) * 4 + 0.5
        np.testing.assert_allclose(out["xy"][0, row], wanted, atol=1e-4)
    assert out["confidence"] == pytest.approx(np.full((2, 17), 0.8), abs=1e-3)


def test_the_greatest_cell_of_a_heat_map_may_be_in_a_corner(nets, pictures: Pictures) -> None:
    maps = np.zeros((1, 17, 8, 6))
    maps[0, :, 0, 0], maps[0, :, 0, 1], maps[0, :, 1, 0] = 0.7, 0.6, 0.6
    maps[0, 5:] = maps[0, 5:, ::-1, ::-1]
    _, out = run(written(nets, "corner.onnx", {"heatmaps": maps}), HRNET, pictures)
    found = {tuple(each) for each in out["xy"][0].tolist()}
    assert found == {(0.5, 0.5), (5 * 4 + 0.5, 7 * 4 + 0.5)}


def test_heat_maps_of_another_proportion_are_refused(nets, pictures: Pictures) -> None:
    path = written(nets, "square.onnx", {"heatmaps": np.zeros((1, 17, 8, 8))})
    with pytest.raises(ModelError, match="in the proportion of the 32x24 input"):
        run(path, HRNET, pictures)


def movenet(nets: Any, element: int, *, joints: int = 17) -> Path:
    """One picture, whole numbers in: y and x of each joint, its score as bright as the picture."""
    rows = np.zeros((1, 1, joints, 3), np.float32)
    rows[0, 0, :, 0] = np.linspace(0.1, 0.9, joints)
    rows[0, 0, :, 1] = np.linspace(0.8, 0.2, joints)
    bright = np.zeros((1, 1, joints, 3), np.float32)
    bright[..., 2] = 1 / 255
    nodes = [
        helper.make_node("Cast", ["input"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "bright"], ["scores"]),
        helper.make_node("Add", ["scores", "rows"], ["output_0"]),
    ]
    weights = [constant("rows", rows), constant("bright", bright)]
    shapes = {"output_0": [1, 1, joints, 3]}
    types = {"element": element, "output_element": TensorProto.FLOAT}
    return nets.write("movenet.onnx", nodes, weights, [1, 48, 48, 3], shapes, **types)


@pytest.mark.parametrize("element", [TensorProto.INT32, TensorProto.UINT8, TensorProto.FLOAT])
def test_movenet(nets, pictures: Pictures, element: int) -> None:
    path = movenet(nets, element)
    assert recognise(read_source(path)) == "movenet"
    imported = import_model(read_source(path), MOVENET, pictures=pictures(3))
    net = OnnxSession.open(imported.onnx, name="wrapped")
    crops = np.stack([np.full((48, 48, 3), value, np.uint8) for value in (51, 204)])
    out = net.run({"crop": crops})
    assert imported.spec.joints == OURS
    rows = [COCO.index(joint) for joint in OURS]
    wanted = np.stack([np.linspace(0.8, 0.2, 17), np.linspace(0.1, 0.9, 17)], axis=1)[rows] * 48
    np.testing.assert_allclose(out["xy"][1], wanted, atol=1e-4)
    np.testing.assert_allclose(out["confidence"], [[0.2] * 17, [0.8] * 17], atol=1e-5)


def test_whole_pixels_are_not_normalised(nets, pictures: Pictures) -> None:
    recipe = make_recipe(movenet(nets, TensorProto.INT32), "movenet", None, RecipeOptions(scale=0.5))
    with pytest.raises(ModelError, match="no scale, mean or std for a net that takes int32 pixels"):
        run(movenet(nets, TensorProto.INT32), recipe, pictures)


def chart(coarse_classes: int = 2) -> dict[str, np.ndarray]:
    """Cells of 4 x 3: (0, 0) shows part 7, (1, 1) part 24 with u and v beyond [0, 1], (2, 2) a part but coarsely no body."""
    coarse, fine = np.zeros((1, coarse_classes, 4, 3)), np.zeros((1, 25, 4, 3))
    u, v = np.full((1, 25, 4, 3), 0.9), np.full((1, 25, 4, 3), 0.8)
    coarse[0, 0], fine[0, 0] = 0.5, 0.1
    coarse[0, -1, 0, 0] = coarse[0, -1, 1, 1] = coarse[0, -1, 3, 0] = 1.0
    fine[0, 7, 0, 0], fine[0, 24, 1, 1], fine[0, 9, 2, 2] = 2.0, 2.0, 2.0
    u[0, 7, 0, 0], v[0, 7, 0, 0] = 0.25, 0.5
    u[0, 24, 1, 1], v[0, 24, 1, 1] = 1.5, -0.5
    return {"coarse_segm": coarse, "fine_segm": fine, "u": u, "v": v}


@pytest.mark.parametrize("coarse_classes", [2, 15])
def test_densepose(nets, pictures: Pictures, coarse_classes: int) -> None:
    path = written(nets, "densepose.onnx", chart(coarse_classes))
    assert recognise(read_source(path)) == "densepose"
    spec, out = run(path, DENSEPOSE, pictures)
    assert (spec.kind, spec.name) == ("densepose", "densepose")
    assert [(each.name, each.dtype, each.shape) for each in spec.outputs] == [
        ("part", "uint8", (-1, 4, 3)),
        ("u", "float32", (-1, 4, 3)),
        ("v", "float32", (-1, 4, 3)),
    ]
    part = np.zeros((4, 3), np.uint8)
    part[0, 0], part[1, 1] = 7, 24
    for crop in range(2):
        assert (out["part"][crop] == part).all()
        np.testing.assert_allclose(out["u"][crop, [0, 1], [0, 1]], [0.25, 1.0], atol=0.02)
        np.testing.assert_allclose(out["v"][crop, [0, 1], [0, 1]], [0.5, 0.0], atol=0.02)
        assert not out["u"][crop][part == 0].any()
        assert not out["v"][crop][part == 0].any()


def test_densepose_of_another_layout_is_refused(nets, pictures: Pictures) -> None:
    outputs = chart()
    small = outputs | {"coarse_segm": outputs["coarse_segm"][:, :, :2]}
    with pytest.raises(ModelError, match=r"coarse_segm \[N, 2 or 15, h, w\]"):
        run(written(nets, "small.onnx", small), DENSEPOSE, pictures)
    with pytest.raises(ModelError, match=r"coarse_segm \[N, 2 or 15, h, w\]"):
        run(written(nets, "three.onnx", chart(3)), DENSEPOSE, pictures)
    lacking = {name: values for name, values in outputs.items() if name != "v"}
    with pytest.raises(ModelError, match=r"an output 'v' of shape \[N, 25, any, any\]"):
        run(written(nets, "lacking.onnx", lacking), DENSEPOSE, pictures)


def test_a_slip_in_a_head_is_caught_by_the_reference(nets, pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.models.importer.simcc.MIDDLE", 0.0)
    with pytest.raises(ModelError, match=r"BAD xy, original and wrapped: 0\.5"):
        run(written(nets, "rtmpose.onnx", simcc()), RTMPOSE, pictures)


def test_torchscript_is_told_how_to_become_onnx(tmp_path: Path) -> None:
    path = tmp_path / "densepose.pt"
    path.write_bytes(b"PK\x03\x04" + bytes(40))
    with pytest.raises(ModelError, match=r"archive, as PyTorch writes TorchScript.*torch\.onnx\.export"):
        read_source(path)
