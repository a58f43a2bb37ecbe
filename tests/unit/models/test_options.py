from __future__ import annotations

from pathlib import Path

import pytest

from sightline.errors import ConfigurationError
from sightline.models.importer.options import RecipeOptions, make_recipe
from sightline.models.importer.recipe import OSNET, YOLOX

FILE = Path("unused.onnx")


def test_nothing_said_is_the_family_as_it_is_trained():
    assert make_recipe(FILE, "yolox", None, RecipeOptions()) == YOLOX
    assert make_recipe(FILE, "osnet", None, RecipeOptions()) == OSNET


def test_what_is_said_goes_over_it():
    options = RecipeOptions(
        colour="rgb",
        scale=0.5,
        mean="1,2,3",
        std="2",
        input_size="64x32",
        nms_iou=0.5,
        min_score=0.2,
        person_class=4,
        terms="MIT",
    )
    recipe = make_recipe(FILE, "yolox", None, options)
    assert (recipe.pixels.colour, recipe.pixels.scale) == ("rgb", 0.5)
    assert (recipe.pixels.mean, recipe.pixels.std) == ((1.0, 2.0, 3.0), (2.0, 2.0, 2.0))
    assert recipe.pixels.size_hw == (64, 32)
    assert (recipe.yolox.suppression.iou, recipe.yolox.suppression.min_score, recipe.yolox.person_class) == (0.5, 0.2, 4)


def test_other_nets_get_their_head_from_the_role():
    options = RecipeOptions(outputs=("xy=points",), joints="nose, neck", crop_fit="letterbox", crop_expand=0.1)
    recipe = make_recipe(FILE, None, "keypoints", options)
    assert (recipe.head, recipe.outputs, recipe.joints) == ("keypoints", {"xy": "points"}, ("nose", "neck"))
    assert recipe.crop.rule((8, 4)).fit == "letterbox"
    assert make_recipe(FILE, "onnx", "detector", RecipeOptions()).suppression is None
    assert make_recipe(FILE, "onnx", "detector", RecipeOptions(nms_iou=0.6)).suppression.iou == 0.6


def test_the_kind_is_recognised_where_it_is_not_said(nets):
    assert make_recipe(nets.yolox(), None, None, RecipeOptions()) == YOLOX


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RecipeOptions(mean="1,2"), "--mean"),
        (RecipeOptions(mean="a"), "--mean"),
        (RecipeOptions(std="1,0,1"), "--std"),
        (RecipeOptions(input_size="64"), "HEIGHTxWIDTH"),
        (RecipeOptions(input_size="0x4"), "HEIGHTxWIDTH"),
        (RecipeOptions(outputs=("embedding",)), "CONTRACT=NAME"),
        (RecipeOptions(nms_iou=1.5), "--nms-iou"),
        (RecipeOptions(crop_expand=-1), "--crop-expand"),
    ],
)
def test_wrong_options_name_themselves(options, words):
    with pytest.raises(ConfigurationError, match=words):
        make_recipe(FILE, "yolox", None, options)
