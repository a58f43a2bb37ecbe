"""Whatever happens to a picture, its key points and dense coordinates stay on the pixels that they were on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.body_model.mirror import mirrored as mirrored_coordinates
from sightline.body_model.parts import FLIP as PART_FLIP
from sightline.body_model.parts import PARTS
from sightline.skeleton import FLIP, JOINTS
from sightline.types import UInt8Array
from training.augment.affine_move import AffineMove
from training.augment.area_crop import AreaCrop
from training.augment.cut_off import CutOff
from training.augment.flip import Flip
from training.augment.pad_and_cut import PadAndCut, centre_cut
from training.augment.pipeline import Pipeline, at_test, training_pipeline
from training.augment.resize import Resize
from training.augment.view import View
from training.config import AugmentConfig
from training.data.samples import dense_coordinates, iuv_bytes

MARK = 3
"""Half the side of the mark in the picture, pixels."""


@dataclass(frozen=True)
class Marked:
    """A picture with a green mark round one joint, which is also one body part; red rises from left to right."""

    size_hw: tuple[int, int]
    at: tuple[float, float]
    joint: int
    part: int

    @property
    def view(self) -> View:
        height, width = self.size_hw
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 0] = np.linspace(0, 120, width).astype(np.uint8)
        iuv = np.zeros_like(image)
        x, y = self.at
        window = np.s_[max(0, int(y) - MARK) : int(y) + MARK + 1, max(0, int(x) - MARK) : int(x) + MARK + 1]
        image[(*window, 1)] = 255
        iuv[window] = (self.part, 80, 60)
        keypoints = np.zeros((len(JOINTS), 3), np.float32)
        keypoints[self.joint] = (x, y, 0.75)
        return View(image, keypoints, iuv)


@st.composite
def marked(draw: st.DrawFn) -> Marked:
    height, width = draw(st.integers(60, 140)), draw(st.integers(40, 90))
    x, y = draw(st.integers(MARK, width - MARK - 1)), draw(st.integers(MARK, height - MARK - 1))
    joint = draw(st.integers(0, len(JOINTS) - 1))
    return Marked((height, width), (x + 0.5, y + 0.5), joint, draw(st.integers(1, len(PARTS) - 1)))


SIZE = (96, 48)
GEOMETRY = (
    Resize(SIZE),
    Resize((150, 90)),
    Flip(0.5),
    CutOff(1.0),
    AffineMove(rotate=20, zoom=(0.8, 1.3), stretch=0.15, shift=0.1, size_hw=SIZE),
    AreaCrop((0.3, 1.0), None, SIZE),
    AreaCrop((0.64, 1.0), (1.0, 3.0), SIZE),
    PadAndCut((60, 40), pad=12),
    lambda view, rng: centre_cut(view, (50, 30)),
    lambda view, rng: at_test(view, AugmentConfig(resize_hw=(110, 60)), SIZE),
    training_pipeline(AugmentConfig(scale=(0.4, 1.0), pad=7, resize_hw=(110, 60), flip=0.5), SIZE),
    training_pipeline(AugmentConfig(scale=(0.4, 1.0), flip=0.5, erase=0.8), SIZE),
    training_pipeline(AugmentConfig(cut_off=0.5, rotate=15, zoom=(0.9, 1.2), shift=0.05), SIZE),
)


def centre(where: np.ndarray) -> tuple[float, float]:
    """Of the pixels that are set: (x, y), continuous."""
    rows, columns = np.nonzero(where)
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def is_mirrored(image: UInt8Array) -> bool:
    """By the red slope, where nothing is filled in: blue is only in what is."""
    rows, columns = np.nonzero((image[..., 2] < 20) & (image[..., 1] < 20))
    return bool(np.polyfit(columns, image[rows, columns, 0].astype(float), 1)[0] < 0)


@settings(max_examples=200, deadline=None)
@given(sample=marked(), step=st.sampled_from(GEOMETRY), seed=st.integers(0, 10_000))
def test_a_mark_its_key_point_and_its_body_part_stay_together(sample, step, seed):
    before = sample.view
    after = step(before, np.random.default_rng(seed))
    visible = np.flatnonzero(after.keypoints[:, 2] > 0)
    seen, green = after.iuv[..., 0] > 0, after.image[..., 1] > 127
    magnified = max(after.size_hw[0] / 30, after.size_hw[1] / 20)  # at most, by any of the steps
    edge = 4 * (2 * MARK + 1) * magnified
    assert (seen != green).sum() <= edge, "coordinates and pixels differ at the mark's edge at most"
    if len(visible) == 0:
        assert (after.keypoints == 0).all(), "what is not visible is nowhere"
        return
    mirrored = is_mirrored(after.image)
    joint = FLIP[sample.joint] if mirrored else sample.joint
    assert visible.tolist() == [joint]
    assert after.keypoints[joint, 2] == 0.75
    x, y, _ = after.keypoints[joint]
    part = after.iuv[min(int(y), after.size_hw[0] - 1), min(int(x), after.size_hw[1] - 1)]
    assert part[0] == (PART_FLIP[sample.part] if mirrored else sample.part)
    rows, columns = np.nonzero(seen)
    assert rows.min() <= y <= rows.max() + 1
    assert columns.min() <= x <= columns.max() + 1
    cut = seen[0].any() or seen[-1].any() or seen[:, 0].any() or seen[:, -1].any()
    if not (cut or isinstance(step, Pipeline)):  # nor partly erased
        assert np.hypot(*np.subtract(centre(seen), (x, y))) < magnified / 2


def test_the_property_would_notice():
    """A flip that forgets the names, or the places, breaks what is checked above."""
    sample = Marked((100, 60), (10.5, 50.5), JOINTS.index("right_wrist"), PARTS.index("right_hand"))
    view = sample.view
    flipped = view.mirrored()
    assert is_mirrored(flipped.image)
    assert not is_mirrored(view.image)
    assert np.flatnonzero(flipped.keypoints[:, 2]).tolist() == [JOINTS.index("left_wrist")]
    np.testing.assert_allclose(flipped.keypoints[JOINTS.index("left_wrist")], (60 - 10.5, 50.5, 0.75))
    assert centre(flipped.image[..., 1] > 0) == (60 - 10.5, 50.5)


def test_a_cut_moves_points_and_hides_those_outside():
    view = Marked((100, 60), (30.5, 50.5), 4, 1).view
    inside = view.cut(20, 40, (30, 20))
    np.testing.assert_allclose(inside.keypoints[4], (10.5, 10.5, 0.75))
    assert centre(inside.image[..., 1] > 0) == (10.5, 10.5)
    outside = view.cut(0, 0, (30, 20))
    assert (outside.keypoints == 0).all()


def test_a_resize_scales_each_axis_by_its_own():
    resized = Marked((100, 60), (30.5, 50.5), 4, 1).view.resized((200, 30))
    np.testing.assert_allclose(resized.keypoints[4], (15.25, 101.0, 0.75))


def test_two_flips_are_none():
    view = Marked((100, 60), (30.5, 50.5), 4, 1).view
    again = view.mirrored().mirrored()
    for before, after in zip((view.image, view.keypoints, view.iuv), (again.image, again.keypoints, again.iuv), strict=True):
        np.testing.assert_array_equal(before, after)


def test_dense_coordinates_mirror_as_the_body_model_says():
    rng = np.random.default_rng(0)
    iuv = rng.integers(0, 256, (1, 20, 12, 3), np.uint8)
    iuv[..., 0] %= 25
    view = View(np.zeros((20, 12, 3), np.uint8), iuv=iuv[0])
    expected = iuv_bytes(mirrored_coordinates(dense_coordinates(iuv)))[0]
    np.testing.assert_array_equal(view.mirrored().iuv, expected)


def test_dense_coordinates_keep_their_parts_when_resized():
    iuv = np.zeros((64, 32, 3), np.uint8)
    iuv[:, :16], iuv[:, 16:] = (4, 10, 20), (22, 200, 100)
    resized = View(np.zeros((64, 32, 3), np.uint8), iuv=iuv).resized((131, 57)).iuv
    assert {tuple(pixel) for pixel in resized.reshape(-1, 3).tolist()} == {(4, 10, 20), (22, 200, 100)}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"image": np.zeros((4, 4), np.uint8)}, "image: expected uint8"),
        ({"image": np.zeros((4, 4, 3), np.float32)}, "image: expected uint8"),
        ({"image": np.zeros((4, 4, 3), np.uint8), "keypoints": np.zeros((14, 3), np.float32)}, "keypoints"),
        ({"image": np.zeros((4, 4, 3), np.uint8), "iuv": np.zeros((8, 4, 3), np.uint8)}, "iuv"),
    ],
)
def test_a_view_of_another_shape_is_refused(fields, says):
    with pytest.raises(ValueError, match=says):
        View(**fields)
