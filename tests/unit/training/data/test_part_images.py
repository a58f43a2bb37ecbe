"""Part images: the warp against a pixel at a time, flips, the coarse variant on hand-made boxes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.people import someone

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.mirror import mirrored
from sightline.types import DenseCoordinates
from training.data.part_images import FILL, mirrored_part_images, part_images, warped, warped_reference

SIZE_HW = (64, 32)


def people(seed: int, count: int = 2) -> tuple[np.ndarray, DenseCoordinates]:
    images = np.random.default_rng(seed).integers(0, 256, (count, *SIZE_HW, 3), np.uint8)
    keypoints = np.stack([someone(seed + n, hidden=0.2) for n in range(count)])
    return images, fit_dense_coordinates(keypoints, SIZE_HW)


def coordinates(part: list[list[int]], u: float = 0.0, v: float = 0.0) -> DenseCoordinates:
    ids = np.array([part], np.uint8)
    return DenseCoordinates(ids, np.full(ids.shape, u, np.float32), np.full(ids.shape, v, np.float32))


@pytest.mark.parametrize("alignment", ["dense", "coarse"])
def test_nobody(alignment: str) -> None:
    maps = fit_dense_coordinates(np.zeros((0, 19, 3), np.float32), SIZE_HW)
    assert part_images(np.zeros((0, *SIZE_HW, 3), np.uint8), maps, alignment=alignment).shape == (0, 24, 3, 32, 32)


@pytest.mark.parametrize("alignment", ["dense", "coarse"])
def test_without_a_body_everything_is_mean(alignment: str) -> None:
    maps = fit_dense_coordinates(np.zeros((1, 19, 3), np.float32), SIZE_HW)
    parts = part_images(np.zeros((1, *SIZE_HW, 3), np.uint8), maps, alignment=alignment)
    assert (parts == np.array(FILL, np.uint8)[:, None, None]).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([8, 32]))
def test_the_warp_is_its_plain_reference(seed: int, side: int) -> None:
    images, maps = people(seed)
    assert np.array_equal(warped(images, maps, side), warped_reference(images, maps, side))


def test_rows_are_u_columns_are_v_and_one_is_clamped() -> None:
    image = np.array([[[[10, 20, 30]]]], np.uint8)
    parts = part_images(image, coordinates([[7]], u=0.55, v=1.0))
    assert parts[0, 6, :, 17, 31].tolist() == [10, 20, 30]  # floor(0.55 * 32) = 17
    parts[0, 6, :, 17, 31] = FILL
    assert (parts == np.array(FILL, np.uint8)[:, None, None]).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_flipped_pictures_have_mirrored_part_images(seed: int) -> None:
    images, maps = people(seed)
    direct = part_images(images[:, :, ::-1], mirrored(maps), side=64)
    turned = mirrored_part_images(torch.from_numpy(part_images(images, maps, side=64))).numpy()
    differ = (direct != turned).any(axis=2)
    filled = (turned != np.array(FILL, np.uint8)[:, None, None]).any(axis=2)
    assert differ.sum() < 0.1 * filled.sum()  # where pixels share a cell, another one stays


def test_limbs_change_sides_and_the_torso_turns() -> None:
    parts = torch.zeros((1, 24, 3, 2, 2), dtype=torch.uint8)
    parts[0, 1, :, 0, 0] = 1  # the torso's front
    parts[0, 2, :, 0, 0] = 2  # the right hand
    flipped = mirrored_part_images(parts)
    assert flipped[0, 1, 0].tolist() == [[0, 1], [0, 0]]
    assert flipped[0, 3, 0].tolist() == [[2, 0], [0, 0]]
    assert not flipped[0, 2].any()
    assert torch.equal(mirrored_part_images(flipped), parts)


def test_coarse_parts_are_their_boxes_resized() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(1, 3, 4, 1).repeat(3, axis=3)
    maps = coordinates([[0, 0, 0, 0], [0, 9, 9, 0], [0, 9, 0, 0]], u=0.9, v=0.9)
    part = part_images(image, maps, alignment="coarse", side=4)[0, 8, 0]
    assert part.tolist() == [[5, 5, 6, 6], [5, 5, 6, 6], [9, 9, FILL[0], FILL[0]], [9, 9, FILL[0], FILL[0]]]


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="expected the same"):
        part_images(np.zeros((1, 8, 8, 3), np.uint8), coordinates([[0, 0]]))
