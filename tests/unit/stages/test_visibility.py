"""How much of a person is seen, read from part maps."""

from __future__ import annotations

import numpy as np
import pytest
from support.people import standing

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.parts import PARTS
from sightline.geometry import crop_view
from sightline.spec import CropRule
from sightline.stages.visibility import REGIONS, WHOLE, part_shares, seen_fraction, surfaces_seen

TORSO = PARTS.index("torso_front")


def shares_of(box: tuple[float, ...], rule: CropRule, part: np.ndarray, picture_wh: tuple[int, int] = (400, 400)) -> np.ndarray:
    x, y, width, height = box
    view = crop_view(np.array([x, y, x + width, y + height], np.float32), rule, picture_wh)
    return part_shares(part, np.array(box, np.float32), view)


def test_shares_are_of_the_box_whatever_the_crop_shows_round_it() -> None:
    """The crop is twice as wide and high as the box; the map says torso everywhere."""
    part = np.full((64, 32), TORSO, np.uint8)
    shares = shares_of((100, 100, 40, 80), CropRule(size_hw=(128, 64), expand=1.0), part)
    assert shares[TORSO - 1] == 1
    assert shares.sum() == 1

    part[:, :] = 0
    part[16:32, 8:24] = TORSO  # the upper half of the box
    shares = shares_of((100, 100, 40, 80), CropRule(size_hw=(128, 64), expand=1.0), part)
    assert shares[TORSO - 1] == pytest.approx(0.5, abs=0.02)


def test_a_letterboxed_crop_shows_the_box_in_its_corner() -> None:
    """A box of 20x80 in a square crop: it fills the left quarter."""
    part = np.zeros((64, 64), np.uint8)
    part[:, :16] = TORSO
    rule = CropRule(size_hw=(64, 64), fit="letterbox")
    assert shares_of((100, 100, 20, 80), rule, part)[TORSO - 1] == 1
    assert shares_of((100, 100, 20, 80), rule, np.where(part, 0, TORSO).astype(np.uint8)).sum() == 0


def test_a_box_at_the_border_of_the_picture() -> None:
    part = np.full((64, 32), TORSO, np.uint8)
    assert shares_of((380, 350, 20, 50), CropRule(size_hw=(128, 64), expand=0.4), part)[TORSO - 1] == 1


def visibility_of(keypoints: np.ndarray) -> np.ndarray:
    part = fit_dense_coordinates(keypoints[None], (128, 64)).part[0]
    whole = np.array([0, 0, 64, 128], np.float32)
    return part_shares(part, whole, whole)


def test_somebody_whole_is_seen_and_somebody_behind_a_counter_half() -> None:
    whole = standing()
    behind = whole.copy()
    behind[[9, 10, 12, 13], 2] = 0  # knees and ankles
    both = np.stack([visibility_of(whole), visibility_of(behind)])
    seen = seen_fraction(both)
    assert seen[0] > 0.85
    assert 0.4 < seen[1] < 0.65

    surfaces = surfaces_seen(both[0])
    assert tuple(surfaces) == REGIONS
    assert surfaces["torso_front"] > 0.9
    assert surfaces["torso_back"] < 0.1
    assert surfaces_seen(both[1])["lower_leg_front"] == 0


def test_nobody_is_legal() -> None:
    assert seen_fraction(np.zeros((0, 24), np.float32)).shape == (0,)
    assert seen_fraction(np.zeros((2, 24), np.float32)).tolist() == [0, 0]


def test_parts_of_a_whole_are_of_one_box() -> None:
    assert 0 < sum(WHOLE.values()) < 1
