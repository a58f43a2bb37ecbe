"""What people wear, coarsely."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.stages.colours import BANDS, COLOURS, band_colours, blended, colour_distances
from sightline.types import UInt8Array

RED, BLUE, GREY = (200, 20, 20), (20, 20, 200), (120, 120, 120)


@pytest.fixture
def street() -> UInt8Array:
    """A person in a red shirt and blue trousers from 40 to 60, against grey."""
    image = np.full((120, 100, 3), GREY, np.uint8)
    image[10:60, 40:60], image[60:110, 40:60] = RED, BLUE
    return image


def test_bands_have_the_colours_from_head_to_feet(street: UInt8Array) -> None:
    [colours] = band_colours(street, np.array([[38, 10, 62, 110]], np.float32)).reshape(1, BANDS, 4) * 255
    for band, worn in ((0, RED), (BANDS - 1, BLUE)):
        brightness = np.mean(worn)
        np.testing.assert_allclose(colours[band], [brightness, *(2 * (np.array(worn) - brightness))], atol=1)


def test_what_stands_beside_does_not_count(street: UInt8Array) -> None:
    narrow, wide = band_colours(street, np.array([[40, 10, 60, 110], [36, 10, 64, 110]], np.float32))
    np.testing.assert_allclose(narrow, wide, atol=0.02)


def test_no_boxes_have_no_colours(street: UInt8Array) -> None:
    assert band_colours(street, np.zeros((0, 4), np.float32)).shape == (0, COLOURS)


def test_a_box_outside_the_picture_is_not_known_and_differs_from_nobody(street: UInt8Array) -> None:
    colours = band_colours(street, np.array([[40, 10, 60, 110], [300, 10, 320, 110], [0, 0, 30, 110]], np.float32))
    assert np.isnan(colours[1]).all()
    distances = colour_distances(colours, colours)
    assert distances[1].tolist() == [0, 0, 0]
    assert distances[0, 2] == distances[2, 0] > 0.2
    assert distances[0, 0] == 0


def test_what_is_remembered_is_the_mean_of_what_is_known(street: UInt8Array) -> None:
    known = np.full((1, COLOURS), 0.5, np.float32)
    unknown = np.full((1, COLOURS), np.nan, np.float32)
    assert (blended(known, known * 3) == 1).all()
    assert (blended(known, unknown) == known).all()
    assert (blended(unknown, known) == known).all()
    assert np.isnan(blended(unknown, unknown)).all()
