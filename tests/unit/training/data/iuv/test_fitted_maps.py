"""Labels by the body model: a band of which nothing is known lies around the body, and nowhere else."""

from __future__ import annotations

import numpy as np

from training.augment.view import UNKNOWN_PART, View
from training.data.iuv.fitted import BAND, with_unknown_band


def body() -> np.ndarray:
    """A map of 100 x 60 with a block of part 2, 50 high and 20 wide."""
    iuv = np.zeros((100, 60, 3), np.uint8)
    iuv[25:75, 20:40] = (2, 100, 50)
    return iuv


def test_the_band_reaches_so_far_and_no_farther() -> None:
    iuv = with_unknown_band(body())
    reach = round(BAND * 50)
    assert iuv[50, 20 - reach, 0] == UNKNOWN_PART
    assert iuv[50, 19 - reach, 0] == 0
    assert iuv[75 + reach - 1, 30, 0] == UNKNOWN_PART
    assert iuv[75 + reach, 30, 0] == 0
    assert (iuv[25:75, 20:40] == (2, 100, 50)).all()


def test_a_gap_within_the_body_is_not_known_either() -> None:
    iuv = body()
    iuv[40:60, 29:31] = 0
    assert (with_unknown_band(iuv)[40:60, 29:31, 0] == UNKNOWN_PART).all()


def test_nobody_has_no_band() -> None:
    nobody = np.zeros((10, 6, 3), np.uint8)
    assert not with_unknown_band(nobody).any()


def test_what_is_unknown_stays_so_in_the_mirror_and_at_another_size() -> None:
    iuv = with_unknown_band(body())
    view = View(np.zeros((100, 60, 3), np.uint8), iuv=iuv)
    mirrored = view.mirrored().iuv
    assert mirrored is not None
    assert (mirrored[..., 0] == iuv[:, ::-1, 0]).all()  # part 2, the torso, has no other side
    resized = view.resized((150, 80)).iuv
    assert resized is not None
    assert set(np.unique(resized[..., 0])) == {0, 2, UNKNOWN_PART}
    assert not resized[resized[..., 0] == UNKNOWN_PART][:, 1:].any()
