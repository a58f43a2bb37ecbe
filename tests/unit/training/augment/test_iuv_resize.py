"""Dense coordinates at another size: whole parts, smooth u and v within each."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.body_model.fit import fit_dense_coordinates
from sightline.skeleton import JOINTS
from sightline.types import UInt8Array
from training.augment.iuv_resize import resized_iuv
from training.data.part_images import part_images
from training.data.samples import dense_coordinates, iuv_bytes


def ramp(height: int, width: int) -> UInt8Array:
    """Two parts side by side; u grows downwards, v to the right, each part's from its own left edge."""
    iuv = np.zeros((height, width, 3), np.uint8)
    half = width // 2
    iuv[:, :half, 0], iuv[:, half:, 0] = 7, 9
    iuv[..., 1] = (np.arange(height) * 255 / (height - 1)).round()[:, None]
    iuv[:, :half, 2] = np.arange(half) * 4
    iuv[:, half:, 2] = 200
    return iuv


def test_u_and_v_run_on_between_the_pixels_of_a_part() -> None:
    large = resized_iuv(ramp(32, 16), (64, 32))
    assert len(set(large[:, 0, 1].tolist())) > 60  # 32 values before
    assert (np.diff(large[:, 0, 1].astype(int)) >= 0).all()
    centres = (np.arange(2, 62) + 0.5) / 2 - 0.5
    assert np.abs(large[2:62, 4, 1] - centres * 255 / 31).max() <= 1.0


def test_parts_do_not_mix() -> None:
    large = resized_iuv(ramp(32, 16), (77, 45))
    assert set(large[..., 0].ravel().tolist()) == {7, 9}
    assert set(large[large[..., 0] == 9][:, 2].tolist()) == {200}
    assert large[large[..., 0] == 7][:, 2].max() <= 28


def test_where_nothing_is_known_nothing_is_made_up() -> None:
    iuv = np.zeros((8, 8, 3), np.uint8)
    iuv[2:5, 2:5] = (3, 100, 50)
    large = resized_iuv(iuv, (21, 19))
    assert set(map(tuple, large.reshape(-1, 3).tolist())) == {(0, 0, 0), (3, 100, 50)}


@pytest.mark.parametrize("size_hw", [(31, 17), (20, 8), (1, 1)])
def test_what_does_not_grow_takes_the_nearest_pixel(size_hw: tuple[int, int]) -> None:
    rows = ((np.arange(size_hw[0]) + 0.5) * 31 / size_hw[0]).astype(int)
    columns = ((np.arange(size_hw[1]) + 0.5) * 17 / size_hw[1]).astype(int)
    np.testing.assert_array_equal(resized_iuv(ramp(31, 17), size_hw), ramp(31, 17)[np.ix_(rows, columns)])


def test_enlarged_coordinates_fill_part_images_as_those_of_a_large_picture_do() -> None:
    keypoints = np.zeros((1, len(JOINTS), 3), np.float32)
    standing = {
        "nose": (0.5, 0.08), "neck": (0.5, 0.18), "head_top": (0.5, 0.02),
        "right_shoulder": (0.32, 0.2), "left_shoulder": (0.68, 0.2),
        "right_elbow": (0.27, 0.36), "left_elbow": (0.73, 0.36), "right_wrist": (0.25, 0.5), "left_wrist": (0.75, 0.5),
        "right_hip": (0.4, 0.52), "left_hip": (0.6, 0.52), "right_knee": (0.4, 0.74), "left_knee": (0.6, 0.74),
        "right_ankle": (0.4, 0.95), "left_ankle": (0.6, 0.95),
    }  # fmt: skip
    for joint, (x, y) in standing.items():
        if joint in JOINTS:
            keypoints[0, JOINTS.index(joint)] = (x, y, 1)
    image = np.full((1, 256, 128, 3), 255, np.uint8)

    def filled(iuv: UInt8Array) -> int:
        return int((part_images(image, dense_coordinates(iuv)) == 255).sum())

    small = iuv_bytes(fit_dense_coordinates(keypoints, (128, 64)))
    large = iuv_bytes(fit_dense_coordinates(keypoints, (256, 128)))
    repeated = small.repeat(2, axis=1).repeat(2, axis=2)
    enlarged = resized_iuv(small[0], (256, 128))[None]
    assert filled(enlarged) > 1.5 * filled(repeated)
    assert filled(enlarged) > 0.8 * filled(large)
