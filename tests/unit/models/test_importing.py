"""The importer on small nets: wrapped outputs against formulas written out here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sightline.errors import ConfigurationError, ModelError
from sightline.geometry import crop, letterbox
from sightline.models.importer import import_model
from sightline.models.importer.detections import Suppression
from sightline.models.importer.pixels import IMAGENET, Pixels
from sightline.models.importer.recipe import OSNET, YOLOX, Recipe, recipe_for
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.importer.yolox import YoloxHead
from sightline.models.session import OnnxSession

EMBEDDING = Recipe(head="embedding")


def wrapped(path: Path, recipe: Recipe, pictures):
    imported = import_model(read_source(path), recipe, pictures=pictures)
    return imported, OnnxSession.open(imported.onnx, name="wrapped")


def run_original(path: Path, **inputs):
    return OnnxSession.open(path, name="original").run(inputs)


def test_a_yolox_for_one_picture_becomes_one_for_many(nets, pictures):
    path = nets.yolox()
    imported, net = wrapped(path, YOLOX, pictures(4))
    canvases = np.stack([letterbox(picture, (64, 64))[0] for picture in pictures(5)])
    together = net.run({"image": canvases})
    for index, canvas in enumerate(canvases):
        alone = net.run({"image": canvas[None]})
        np.testing.assert_allclose(together["boxes"][index], alone["boxes"][0], atol=1e-3)
        np.testing.assert_allclose(together["scores"][index], alone["scores"][0], atol=1e-6)
    assert imported.spec.kind == "detector"
    assert imported.spec.canvas_hw == (64, 64)
    assert imported.spec.class_names == ("person",)
    assert imported.acceptance.compared > 0


def test_yolox_is_decoded_as_the_paper_says(nets, pictures):
    """The best box of a picture, computed by hand from the raw output of the cell that it came from."""
    path = nets.yolox()
    _, net = wrapped(path, replace(YOLOX, yolox=YoloxHead(person_class=2)), pictures(3))
    canvas = letterbox(pictures(1)[0], (64, 64))[0]
    bgr = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)
    raw = run_original(path, images=bgr)["output"][0]
    best = int(np.argmax(raw[:, 4] * raw[:, 7]))
    start, stride, columns = next(s for s in ((80, 32, 2), (64, 16, 4), (0, 8, 8)) if best >= s[0])
    x = (raw[best, 0] + (best - start) % columns) * stride
    y = (raw[best, 1] + (best - start) // columns) * stride
    w, h = np.exp(raw[best, 2:4]) * stride
    out = net.run({"image": canvas[None]})
    np.testing.assert_allclose(out["boxes"][0, 0], [x - w / 2, y - h / 2, x + w / 2, y + h / 2], rtol=1e-4)
    np.testing.assert_allclose(out["scores"][0, 0], raw[best, 4] * raw[best, 7], rtol=1e-5)


def test_a_decoded_yolox_is_left_as_it_is(nets, pictures):
    path = nets.yolox(decoded=True)
    _, net = wrapped(path, replace(YOLOX, yolox=YoloxHead(decoded=True)), pictures(3))
    canvas = letterbox(pictures(1)[0], (64, 64))[0]
    raw = run_original(path, images=canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32))["output"][0]
    x, y, w, h = raw[np.argmax(raw[:, 4] * raw[:, 5]), :4]
    box = net.run({"image": canvas[None]})["boxes"][0, 0]
    np.testing.assert_allclose(box, [x - w / 2, y - h / 2, x + w / 2, y + h / 2], rtol=1e-4, atol=1e-5)


def test_an_embedding_is_normalised_and_of_unit_length(nets, pictures):
    path = nets.embedder()
    imported, net = wrapped(path, replace(EMBEDDING, pixels=IMAGENET), pictures(3))
    image = pictures(1)[0]
    rule = imported.spec.crop
    cut = crop(image, np.array([0, 0, image.shape[1], image.shape[0]], np.float32), rule)
    normalised = (cut / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    raw = run_original(path, input=normalised.transpose(2, 0, 1)[None].astype(np.float32))["features"][0]
    got = net.run({"crop": cut[None]})["embedding"][0]
    np.testing.assert_allclose(got, raw / np.linalg.norm(raw), atol=1e-5)
    assert imported.spec.name == "reid_net"
    assert imported.spec.embedding_space.dimension == 6
    assert imported.spec.output("embedding").shape == (-1, 6)
    with pytest.raises(ModelError, match="no output 'attributes'"):
        imported.spec.output("attributes")


def test_an_embedding_of_zeros_stays_one(nets, pictures):
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]
    path = nets.write("zero.onnx", nodes, [], ["N", 3, 8, 8], {"features": ["N", 3]})
    _, net = wrapped(path, EMBEDDING, pictures(2))
    assert not net.run({"crop": np.zeros((1, 8, 8, 3), np.uint8)})["embedding"].any()


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
@pytest.mark.parametrize("element", ["float32", "float16", "uint8"])
def test_pixels_reach_the_net_in_its_own_order_and_type(nets, pictures, layout, colour, element):
    """A net that gives back its first pixel shows what came in."""
    shape = ["N", 3, 8, 8] if layout == "nchw" else ["N", 8, 8, 3]
    starts, ends, axes = ([0, 0], [1, 1], [2, 3]) if layout == "nchw" else ([0, 0], [1, 1], [1, 2])
    constants = {"starts": starts, "ends": ends, "axes": axes, "flat": [0, 3]}
    nodes = [
        helper.make_node("Slice", ["input", "starts", "ends", "axes"], ["pixel"]),
        helper.make_node("Reshape", ["pixel", "flat"], ["features"]),
    ]
    weights = [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items()]
    kind = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}[element]
    path = nets.write("pixel.onnx", nodes, weights, shape, {"features": ["N", 3]}, element=kind)
    recipe = replace(EMBEDDING, pixels=Pixels(colour=colour, layout=layout))
    _, net = wrapped(path, recipe, pictures(2))
    image = np.full((1, 8, 8, 3), 9, np.uint8)
    image[0, 0, 0] = (30, 40, 120)
    wanted = np.array([30, 40, 120] if colour == "rgb" else [120, 40, 30]) / 130
    np.testing.assert_allclose(net.run({"crop": image})["embedding"][0], wanted, atol=2e-3)


def test_a_net_that_mixes_its_pictures_is_refused_with_the_numbers(nets, pictures):
    """Subtracting the batch's mean: the batch is free, the pictures are not apart."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[0]),
        helper.make_node("Mul", ["mean", "half"], ["part"]),
        helper.make_node("Sub", ["flat", "part"], ["features"]),
    ]
    weights = [numpy_helper.from_array(np.float32(0.5), "half")]
    path = nets.write("mixes.onnx", nodes, weights, ["N", 3, 8, 8], {"features": ["N", 3]})
    with pytest.raises(ModelError, match=r"BAD embedding, single pictures and a batch: 0\.\d+ \(allowed 0\.0002\)"):
        wrapped(path, EMBEDDING, pictures(4))


def test_a_batch_that_cannot_be_freed_is_refused(nets, pictures):
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Gemm", ["flat", "m", "b"], ["features"]),
        helper.make_node("Add", ["features", "one"], ["out"]),
    ]
    weights = [
        numpy_helper.from_array(np.ones((192, 4), np.float32), "m"),
        numpy_helper.from_array(np.ones((1, 4), np.float32), "b"),
        numpy_helper.from_array(np.ones((3, 4), np.float32), "one"),
    ]
    path = nets.write("fixed.onnx", nodes, weights, [1, 3, 8, 8], {"out": [3, 4]})
    with pytest.raises(ModelError, match="dynamic batch"):
        wrapped(path, EMBEDDING, pictures(2))


def test_sameness_of_the_original_is_really_tested(nets, pictures, monkeypatch):
    """A slip in the surgery (here: the colours are not turned) is caught by the reference."""
    monkeypatch.setattr("sightline.models.importer.wrap.write_front", _forget_the_colours)
    with pytest.raises(ModelError, match="BAD embedding, original and wrapped"):
        wrapped(nets.embedder(), replace(EMBEDDING, pixels=Pixels(colour="bgr")), pictures(2))


def _forget_the_colours(writer, image, _pixels, _picture):
    return writer.cast(writer.add("Transpose", image, perm=[0, 3, 1, 2]), "float32")


def test_rows_that_fit_no_grid_are_refused(nets, pictures):
    with pytest.raises(ModelError, match="84 or 85 rows for a 64x64 input"):
        wrapped(_without_a_level(nets.yolox()), YOLOX, pictures(1))


def _without_a_level(path: Path) -> Path:
    model = onnx.load(str(path))
    concat = next(node for node in model.graph.node if node.op_type == "Concat" and node.output[0] == "all")
    concat.input.pop()
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 80
    onnx.save(model, str(path))
    return path


def test_a_person_class_beyond_the_columns_is_refused(nets, pictures):
    with pytest.raises(ModelError, match="person class 3"):
        wrapped(nets.yolox(), replace(YOLOX, yolox=YoloxHead(person_class=3)), pictures(1))


def test_pictures_without_a_box_prove_nothing(nets, pictures):
    recipe = replace(YOLOX, yolox=YoloxHead(suppression=Suppression(min_score=1.0)))
    with pytest.raises(ModelError, match="--images FOLDER"):
        wrapped(nets.yolox(), recipe, pictures(2))


def test_a_net_of_any_size_needs_one(nets, pictures):
    path = nets.embedder(hw=("H", "W"))
    with pytest.raises(ModelError, match="--input-size"):
        wrapped(path, EMBEDDING, pictures(1))
    imported, _ = wrapped(path, replace(EMBEDDING, pixels=Pixels(size_hw=(20, 10))), pictures(1))
    assert imported.spec.crop.size_hw == (20, 10)


def test_a_size_that_the_net_does_not_have_is_refused(nets, pictures):
    with pytest.raises(ModelError, match="32x16"):
        wrapped(nets.embedder(), replace(EMBEDDING, pixels=Pixels(size_hw=(32, 16))), pictures(1))


def test_key_points(nets, pictures):
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["p"]),
        helper.make_node("Reshape", ["p", "three"], ["conf"]),
        helper.make_node("Reshape", ["p", "column"], ["c"]),
        helper.make_node("Concat", ["c", "c"], ["points"], axis=2),
    ]
    weights = [
        numpy_helper.from_array(np.array([0, 3], np.int64), "three"),
        numpy_helper.from_array(np.array([0, 3, 1], np.int64), "column"),
    ]
    path = nets.write("pose.onnx", nodes, weights, ["N", 3, 256, 128], {"points": ["N", 3, 2], "conf": ["N", 3]})
    imported, net = wrapped(path, Recipe(head="keypoints", joints=("a", "b", "c")), pictures(2))
    assert imported.spec.name == "keypoints"
    assert imported.spec.joints == ("a", "b", "c")
    out = net.run({"crop": np.full((2, 256, 128, 3), (10, 20, 30), np.uint8)})
    np.testing.assert_allclose(out["confidence"][1], [10, 20, 30], rtol=1e-5)
    assert out["xy"].shape == (2, 3, 2)


def test_a_detector_of_another_family(nets, pictures):
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["p"]),
        helper.make_node("Reshape", ["p", "three"], ["raw"]),
        helper.make_node("Mul", ["raw", "small"], ["scores"]),
        helper.make_node("Reshape", ["raw", "column"], ["c"]),
        helper.make_node("Concat", ["c", "c", "c", "c"], ["boxes"], axis=2),
    ]
    weights = [
        numpy_helper.from_array(np.array([0, 3], np.int64), "three"),
        numpy_helper.from_array(np.array([0, 3, 1], np.int64), "column"),
        numpy_helper.from_array(np.float32(1 / 255), "small"),
    ]
    path = nets.write("boxes.onnx", nodes, weights, ["N", 3, 32, 32], {"boxes": ["N", 3, 4], "scores": ["N", 3]})
    imported, net = wrapped(path, Recipe(head="boxes"), pictures(2))
    out = net.run({"image": np.full((1, 32, 32, 3), (51, 153, 102), np.uint8)})
    np.testing.assert_allclose(out["scores"][0, :4], [0.6, 0.4, 0.2, 0], rtol=1e-5)
    np.testing.assert_allclose(out["boxes"][0, :4, 0], [153, 102, 51, 0], rtol=1e-5)
    assert imported.spec.name == "person_detector"


def test_outputs_can_be_named(nets, pictures):
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["p"]),
        helper.make_node("Flatten", ["p"], ["first"]),
        helper.make_node("Neg", ["first"], ["second"]),
    ]
    path = nets.write("two.onnx", nodes, [], ["N", 3, 8, 8], {"first": ["N", 3], "second": ["N", 3]})
    with pytest.raises(ModelError, match="--output embedding=NAME"):
        wrapped(path, EMBEDDING, pictures(1))
    _, net = wrapped(path, replace(EMBEDDING, outputs={"embedding": "second", "attributes": "first"}), pictures(1))
    out = net.run({"crop": np.full((1, 8, 8, 3), 5, np.uint8)})
    assert (out["embedding"] < 0).all()
    np.testing.assert_allclose(out["attributes"], 5)


def test_names_of_the_net_may_be_ours(nets, pictures):
    """An input called crop and an output called embedding do not clash with the contract's."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["crop"], ["sightline/tail/1"]),
        helper.make_node("Flatten", ["sightline/tail/1"], ["embedding"]),
    ]
    path = nets.write("ours.onnx", nodes, [], ["N", 3, 8, 8], {"embedding": ["N", 3]}, input_name="crop")
    imported, _ = wrapped(path, EMBEDDING, pictures(1))
    assert [tensor.name for tensor in imported.spec.inputs] == ["crop"]


def test_families_are_recognised_by_their_tensors(nets):
    assert recognise(read_source(nets.yolox())) == "yolox"
    assert recognise(read_source(nets.embedder(hw=(256, 128)))) == "osnet"
    with pytest.raises(ModelError, match="--kind onnx --role"):
        recognise(read_source(nets.embedder(hw=(100, 100))))


def test_kind_and_role_must_go_together():
    assert recipe_for("yolox") is YOLOX
    assert recipe_for("osnet", "embedder") is OSNET
    with pytest.raises(ConfigurationError, match="--role detector"):
        recipe_for("onnx")
    with pytest.raises(ConfigurationError, match="not keypoints"):
        recipe_for("yolox", "keypoints")
