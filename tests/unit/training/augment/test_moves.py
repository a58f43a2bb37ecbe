"""The moved, the cut and the covered picture, recomputed from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from training.augment.affine_move import AffineMove
from training.augment.cover import Cover
from training.augment.cut_off import CutOff, rest_of
from training.augment.pipeline import training_pipeline
from training.augment.view import MEAN_COLOUR, View
from training.config import AugmentConfig


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def view(height: int = 40, width: int = 20) -> View:
    keypoints = np.zeros((len(JOINTS), 3), np.float32)
    keypoints[0], keypoints[1], keypoints[2] = (5, 10, 1), (15, 30, 0.5), (1, 1, 1)
    iuv = np.full((height, width, 3), 7, np.uint8)
    return View(rng(1).integers(0, 256, (height, width, 3), np.uint8), keypoints, iuv)


def move(**values: object) -> AffineMove:
    still = {"rotate": 0.0, "zoom": (1.0, 1.0), "stretch": 0.0, "shift": 0.0, "size_hw": (40, 20)}
    return AffineMove(**(still | values))  # type: ignore[arg-type]


def test_no_move_leaves_every_pixel() -> None:
    moved = move()(view(), rng())
    assert (moved.image == view().image).all()
    assert (moved.iuv == view().iuv).all()
    np.testing.assert_allclose(moved.keypoints, view().keypoints)


def test_no_move_to_another_size_is_the_stretch() -> None:
    moved, stretched = move(size_hw=(80, 60))(view(), rng()), view().resized((80, 60))
    np.testing.assert_allclose(moved.keypoints, stretched.keypoints, atol=1e-4)
    inner = np.s_[2:-2, 2:-2]  # beyond the last pixels' middles it mixes in the mean colour, the resize repeats them
    assert np.abs(moved.image[inner].astype(int) - stretched.image[inner]).max() <= 2


def test_a_turn_is_about_the_middle_and_bends_nobody() -> None:
    """A quarter turn of a picture 40 x 20 about (10, 20): what was 10 above the middle is 10 beside it."""
    quarter = View(view().image, view().keypoints).warped(np.array([[0.0, -1.0, 30.0], [1.0, 0.0, 10.0]]), (40, 20))
    # (5, 10) is (-5, -10) from the middle; turned by 90 degrees (10, -5).
    np.testing.assert_allclose(quarter.keypoints[0], (20, 15, 1))
    np.testing.assert_allclose(quarter.keypoints[1], (0, 25, 0.5))
    assert (quarter.keypoints[2] == 0).all(), "(1, 1) is turned to (29, 11): outside"

    for seed in range(20):
        turned = move(rotate=20.0)(view(), rng(seed)).keypoints
        distance = math.dist(turned[0, :2], turned[1, :2])
        assert turned[0, 2] == 1
        assert distance == pytest.approx(math.dist((5, 10), (15, 30)), rel=1e-4)
        np.testing.assert_allclose((turned[0, :2] + turned[1, :2]) / 2, (10, 20), atol=1e-3)


def test_zoom_stretch_and_shift_stay_within_their_ranges() -> None:
    sizes, moves = [], []
    for seed in range(200):
        points = move(zoom=(0.5, 0.8), stretch=0.1, shift=0.05)(view(), rng(seed)).keypoints
        sizes.append((points[1, :2] - points[0, :2]) / (10, 20))
        moves.append((points[0, :2] + points[1, :2]) / 2 - (10, 20))
    sizes, moves = np.array(sizes), np.array(moves)
    assert 0.45 <= sizes.min() < 0.5
    assert 0.8 < sizes.max() <= 0.88
    assert 0.9 / 1.1 < (sizes[:, 0] / sizes[:, 1]).min() < 0.87
    assert (np.abs(moves) <= (1.001, 2.001)).all()
    assert np.abs(moves).max() > 1.8


def test_what_comes_in_is_of_the_mean_colour_and_of_no_part() -> None:
    small = move(zoom=(0.5, 0.5))(view(), rng())
    assert (small.image[0, 0] == MEAN_COLOUR).all()
    assert (small.iuv[0, 0] == 0).all()
    assert (small.iuv[20, 10] == 7).all()


def test_a_joint_that_leaves_the_picture_is_invisible() -> None:
    large = move(zoom=(2.0, 2.0))(view(), rng())
    assert (large.keypoints[2] == 0).all(), "(1, 1) is far outside"
    np.testing.assert_allclose(large.keypoints[0], (0, 0, 1), atol=1e-5)


@pytest.mark.parametrize(
    ("side", "rest"),
    [("bottom", (0, 0, 20, 30)), ("top", (0, 10, 20, 40)), ("left", (5, 0, 20, 40)), ("right", (0, 0, 15, 40))],
)
def test_what_is_left_of_a_picture(side: str, rest: tuple[int, int, int, int]) -> None:
    assert rest_of((40, 20), side, 0.25) == rest  # type: ignore[arg-type]


def test_at_most_half_is_cut_off_and_mostly_below() -> None:
    assert CutOff(0.0)(view(), rng()).size_hw == (40, 20)
    cut = [CutOff(1.0)(view(), rng(seed)) for seed in range(300)]
    assert all(each.size_hw[0] >= 20 and each.size_hw[1] >= 10 for each in cut)
    assert all((each.size_hw[0] < 40) != (each.size_hw[1] < 20) for each in cut)
    below = sum(each.size_hw[0] < 40 and bool((each.image[0] == view().image[0]).all()) for each in cut)
    assert 0.4 < below / 300 < 0.6


def test_a_cover_hides_joints_and_parts_of_one_side() -> None:
    untouched = view()
    assert Cover(0.0)(untouched, rng()) is untouched
    for seed in range(50):
        covered = Cover(1.0)(view(), rng(seed))
        kept = covered.iuv[..., 0] == 7
        assert 0.45 < kept.mean() < 0.95
        assert (covered.image[kept] == view().image[kept]).all()
        assert (covered.image[~kept] != view().image[~kept]).mean() > 0.9
        for joint in range(3):
            x, y = view().keypoints[joint, :2].astype(int)
            assert (covered.keypoints[joint, 2] > 0) == kept[y, x]


def test_the_pipeline_moves_where_it_is_asked_to() -> None:
    steps = training_pipeline(AugmentConfig(rotate=5, cover=0.1, cut_off=0.1), (64, 32)).steps
    assert [type(step).__name__ for step in steps] == ["CutOff", "AffineMove", "Flip", "Cover"]
    with pytest.raises(ConfigurationError, match="zoom"):
        training_pipeline(AugmentConfig(zoom=(0.0, 1.0)), (64, 32))
