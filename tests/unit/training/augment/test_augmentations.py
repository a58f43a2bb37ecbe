"""Each augmentation alone, recomputed from its definition; and the pipeline that a config names."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from training.augment.area_crop import AreaCrop
from training.augment.channel_gain import ChannelGain
from training.augment.colour_jitter import LUMA, ColourJitter, jittered
from training.augment.erasing import AREA, RandomErasing
from training.augment.flip import Flip
from training.augment.pad_and_cut import PadAndCut, centre_cut
from training.augment.part_disturbance import PartDisturbance
from training.augment.pipeline import at_test, training_pipeline
from training.augment.view import MEAN_COLOUR, View
from training.config import AugmentConfig


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(height: int = 64, width: int = 32) -> View:
    """A picture of noise, joints in a grid, all parts by row."""
    keypoints = np.ones((len(JOINTS), 3), np.float32)
    keypoints[:, 0] = (np.arange(len(JOINTS)) % 4 + 0.5) * width / 4
    keypoints[:, 1] = (np.arange(len(JOINTS)) // 4 + 0.5) * height / 5
    iuv = np.full((height, width, 3), 1, np.uint8)
    return View(rng(7).integers(0, 256, (height, width, 3), np.uint8), keypoints, iuv)


def test_an_area_crop_keeps_the_asked_part_and_shape():
    seen = set()
    crop = AreaCrop((0.36, 0.64), (1.5, 3.0), (400, 200))
    for seed in range(200):
        height, width = crop(noise(400, 200), rng(seed)).size_hw
        assert 0.35 < height * width / (400 * 200) < 0.65
        assert 1.45 < height / width < 3.1
        seen.add((height, width))
    assert len(seen) > 150


def test_an_area_crop_measures_shape_as_the_net_sees_it():
    """On a square picture for a net of 2:1, the net's own shape is the whole square's."""
    crop = AreaCrop((0.25, 0.25), (2.0, 2.0), (256, 128))
    assert crop(noise(100, 100), rng()).size_hw == (50, 50)
    assert AreaCrop((0.25, 0.25), None, (256, 128))(noise(100, 60), rng()).size_hw == (50, 30)


def test_an_area_crop_that_cannot_fit_leaves_the_picture():
    view = noise()
    assert AreaCrop((1.0, 1.0), (9.0, 9.0), (64, 32))(view, rng()) is view


def test_padding_is_of_the_mean_colour_and_the_cut_is_anywhere():
    corners = set()
    for seed in range(400):
        cut = PadAndCut((64, 32), pad=3)(noise(), rng(seed))
        assert cut.size_hw == (64, 32)
        inside = (cut.image != np.array(MEAN_COLOUR)).any(axis=2)
        rows, columns = np.nonzero(inside)
        corners.add((rows.min() if rows.min() else rows.max() - 63, columns.min() if columns.min() else columns.max() - 31))
        outside = cut.iuv[..., 0] == 0
        assert (cut.image[outside] == np.array(MEAN_COLOUR)).all()
    assert corners == {(down, right) for down in range(-3, 4) for right in range(-3, 4)}


def test_the_centre_cut_is_the_middle():
    view = noise(10, 8)
    np.testing.assert_array_equal(centre_cut(view, (6, 4)).image, view.image[2:8, 2:6])


@pytest.mark.parametrize("cut", [lambda view: PadAndCut((70, 32))(view, rng()), lambda view: centre_cut(view, (64, 40))])
def test_a_cut_larger_than_the_picture_is_refused(cut):
    with pytest.raises(ValueError, match="expected a picture of at least"):
        cut(noise())


def test_a_flip_has_its_probability():
    view = noise()
    flipped = sum(Flip(0.3)(view, rng(seed)) is not view for seed in range(1000))
    assert 250 < flipped < 350
    np.testing.assert_array_equal(Flip(1.0)(view, rng()).image, view.image[:, ::-1])


def test_colour_jitter_is_its_formula():
    image = noise().image
    luma = np.array(LUMA)
    bright = image.astype(float) * 1.2
    mean_grey = (bright @ luma).mean()
    contrasted = 0.7 * bright + 0.3 * mean_grey
    grey = (contrasted @ luma)[..., None]
    expected = np.clip(1.4 * contrasted - 0.4 * grey, 0, 255)
    np.testing.assert_allclose(jittered(image, 1.2, 0.7, 1.4), expected, atol=0.6)  # in fixed point
    np.testing.assert_array_equal(jittered(image, 1, 1, 1), image)


def test_no_saturation_is_grey():
    grey = jittered(noise().image, 1, 1, 0).astype(int)
    assert np.abs(grey - grey[..., :1]).max() <= 1


@pytest.mark.parametrize("step", [ColourJitter(0.4), ChannelGain(0.4)])
def test_colours_change_and_places_stay(step):
    view = noise()
    changed = [step(view, rng(seed)) for seed in range(20)]
    assert len({view.image.tobytes() for view in changed}) == 20
    assert all(each.keypoints is view.keypoints and each.iuv is view.iuv for each in changed)


def test_channel_gain_multiplies_each_channel_alone():
    image = np.full((4, 4, 3), 100, np.uint8)
    for seed in range(50):
        out = ChannelGain(0.2)(View(image), rng(seed)).image
        assert (out == out[0, 0]).all()
        assert ((out[0, 0] >= 80) & (out[0, 0] <= 120)).all()
    assert len({tuple(ChannelGain(0.2)(View(image), rng(seed)).image[0, 0]) for seed in range(50)}) > 40


@pytest.mark.parametrize("fill", ["mean", "noise"])
def test_erasing_fills_one_rectangle_and_hides_what_is_in_it(fill):
    view = noise(128, 64)
    for seed in range(100):
        erased = RandomErasing(1.0, fill)(view, rng(seed))
        gone = erased.iuv[..., 0] == 0
        rows, columns = np.nonzero(gone)
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert gone[box].all(), "a rectangle"
        assert AREA[0] * 0.8 < gone.mean() < AREA[1] * 1.1
        assert 0.28 < (rows.max() - rows.min() + 1) / (columns.max() - columns.min() + 1) < 3.6
        np.testing.assert_array_equal(erased.image[~gone], view.image[~gone])
        if fill == "mean":
            assert (erased.image[gone] == np.array(MEAN_COLOUR)).all()
        else:
            assert 60 < erased.image[gone].std() < 90
        x, y = view.keypoints[:, 0].astype(int), view.keypoints[:, 1].astype(int)
        np.testing.assert_array_equal(erased.keypoints[:, 2] == 0, gone[y, x])


def test_erasing_has_its_probability_and_changes_no_picture_in_place():
    view = noise()
    before = view.image.copy()
    times = sum(RandomErasing(0.5)(view, rng(seed)) is not view for seed in range(1000))
    assert 450 < times < 550
    np.testing.assert_array_equal(view.image, before)


def test_disturbed_parts_move_by_at_most_the_asked_part_and_stay_in_the_picture():
    view = noise(200, 100)
    moves = []
    for seed in range(100):
        moved = PartDisturbance(0.06)(view, rng(seed)).keypoints
        moves.append((moved - view.keypoints)[:, :2] / (100, 200))
        assert ((moved[:, :2] >= 0) & (moved[:, :2] <= (100, 200))).all()
    assert 0.055 < np.abs(moves).max() <= 0.06 + 1e-6
    assert abs(np.mean(moves)) < 0.005


def test_a_part_that_is_not_seen_is_not_moved():
    keypoints = np.zeros((len(JOINTS), 3), np.float32)
    disturbed = PartDisturbance(0.3)(View(noise().image, keypoints), rng())
    assert (disturbed.keypoints == 0).all()


def test_nothing_asked_for_is_a_stretch_alone():
    view = noise(70, 30)
    pipeline = training_pipeline(AugmentConfig(flip=0), (64, 32))
    assert len(pipeline.steps) == 1
    np.testing.assert_array_equal(pipeline(view, rng()).image, at_test(view, AugmentConfig(), (64, 32)).image)


def test_every_field_of_the_config_is_a_step():
    config = AugmentConfig(
        scale=(0.5, 1), pad=2, flip=0.5, colour_jitter=0.1, channel_gain=0.1, erase=0.5, part_disturbance=0.06
    )
    names = [type(step).__name__ for step in training_pipeline(config, (64, 32)).steps]
    assert names == [
        "AreaCrop", "Resize", "PadAndCut", "Flip", "ColourJitter", "ChannelGain", "RandomErasing", "PartDisturbance"
    ]  # fmt: skip


def test_a_larger_size_first_is_cut_at_random_in_training_and_in_the_middle_at_test():
    config, view = AugmentConfig(resize_hw=(80, 40), flip=0), noise()
    large = view.resized((80, 40))
    np.testing.assert_array_equal(at_test(view, config, (64, 32)).image, large.image[8:72, 4:36])
    pipeline = training_pipeline(config, (64, 32))
    cuts = {pipeline(view, rng(seed)).image.tobytes() for seed in range(50)}
    assert len(cuts) > 30


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (AugmentConfig(scale=(0.0, 1.0)), "augment.scale"),
        (AugmentConfig(scale=(0.9, 0.5)), "augment.scale"),
        (AugmentConfig(aspect=(3.0, 2.0)), "augment.aspect"),
        (AugmentConfig(resize_hw=(60, 40)), "augment.resize_hw"),
    ],
)
def test_impossible_ranges_are_refused(config, says):
    with pytest.raises(ConfigurationError, match=says):
        training_pipeline(config, (64, 32))


def test_the_generator_alone_decides():
    config = AugmentConfig(scale=(0.5, 1), pad=2, colour_jitter=0.1, erase=0.5, erase_with="noise", part_disturbance=0.06)
    pipeline = training_pipeline(config, (64, 32))
    first, second, other = (pipeline(noise(), rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.keypoints, second.keypoints)
    assert not math.isclose(float(np.abs(first.image.astype(int) - other.image).sum()), 0)
