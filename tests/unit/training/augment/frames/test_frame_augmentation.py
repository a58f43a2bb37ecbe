"""Frames and their boxes are moved alike: a painted person is found where its box says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.errors import ConfigurationError
from sightline.geometry import LETTERBOX_FILL, letterbox
from sightline.types import Float32Array, UInt8Array
from training.augment.frames.augmentation import FrameAugmentation
from training.augment.frames.config import FrameAugmentConfig
from training.augment.frames.view import FrameView, Placement, drawn_placement, place

PLAIN = FrameAugmentConfig(mosaic=0, colour_jitter=0, channel_gain=0, grey=0, least_seen=0, least_side_px=0)
PERSON = (250, 10, 10)


def painted(size_hw: tuple[int, int] = (60, 90), box: tuple[int, int, int, int] = (20, 10, 44, 50)) -> FrameView:
    image = np.full((*size_hw, 3), 30, np.uint8)
    left, top, right, bottom = box
    image[top:bottom, left:right] = PERSON
    return FrameView(image, np.array([box], np.float32))


def empty() -> FrameView:
    return FrameView(np.full((50, 50, 3), 200, np.uint8), np.zeros((0, 4), np.float32))


def seen(image: UInt8Array) -> Float32Array:
    """The box round everything painted as a person."""
    rows, columns = np.nonzero((image[..., 0] > 140) & (image[..., 1] < 60))
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)


def test_frames_without_people_stay_so() -> None:
    view = FrameAugmentation(FrameAugmentConfig(mosaic=1))(empty(), empty, (64, 64), np.random.default_rng(0))
    assert view.boxes.shape == (0, 4)
    assert view.boxes.dtype == np.float32
    assert view.size_hw == (64, 64)


def test_at_scale_1_it_is_the_streams_letterbox() -> None:
    frame = FrameView(np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8), np.zeros((0, 4), np.float32))
    canvas = np.empty((64, 64, 3), np.uint8)
    place(frame, Placement(64 / 96, 0, 0), canvas, (0, 0, 64, 64), least_seen=0)
    expected, _ = letterbox(frame.image, (64, 64))
    inner = np.s_[1:31, 1:63]  # at the edges the one mixes in the fill, the other repeats the last pixel
    assert np.abs(canvas[inner].astype(int) - expected[inner]).max() <= 2
    assert (canvas[40:] == LETTERBOX_FILL).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), flip=st.booleans())
def test_a_box_goes_where_its_person_goes(seed: int, flip: bool) -> None:
    augmentation = FrameAugmentation(PLAIN.model_copy(update={"flip": float(flip), "scale": (0.5, 1.0)}))
    view = augmentation(painted(), empty, (128, 96), np.random.default_rng(seed))
    np.testing.assert_allclose(view.boxes[0], seen(view.image), atol=1.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_in_a_mosaic_too(seed: int) -> None:
    augmentation = FrameAugmentation(PLAIN.model_copy(update={"mosaic": 1.0, "mosaic_scale": (0.8, 1.0)}))
    view = augmentation(painted(), empty, (160, 160), np.random.default_rng(seed))
    assert view.boxes.shape == (1, 4)
    np.testing.assert_allclose(view.boxes[0], seen(view.image), atol=1.01)


def test_a_mirrored_box_changes_sides() -> None:
    canvas = np.empty((60, 90, 3), np.uint8)
    boxes = place(painted(), Placement(1.0, 0, 0, mirrored=True), canvas, (0, 0, 90, 60), least_seen=0)
    assert boxes.tolist() == [[46, 10, 70, 50]]
    np.testing.assert_array_equal(canvas, painted().image[:, ::-1])


def test_people_of_whom_little_is_left_have_no_box() -> None:
    def placed(left: float, least_seen: float) -> int:
        canvas = np.empty((60, 90, 3), np.uint8)
        return len(place(painted(), Placement(1.0, left, 0), canvas, (0, 0, 90, 60), least_seen=least_seen))

    assert placed(-32, 0.5) == 1  # half of the box from 20 to 44
    assert placed(-33, 0.5) == 0
    assert placed(-100, 0.0) == 0  # out of the canvas altogether
    tiny = FrameAugmentation(PLAIN.model_copy(update={"least_side_px": 200.0}))
    assert len(tiny(painted(), empty, (64, 64), np.random.default_rng(0)).boxes) == 0


def test_a_frame_lies_within_its_window_or_covers_it() -> None:
    rng = np.random.default_rng(0)
    small = [drawn_placement((60, 90), (96, 128), 0.5, False, rng) for _ in range(50)]
    assert all(0 <= each.left <= 128 - each.scale * 90 and 0 <= each.top <= 96 - each.scale * 60 for each in small)
    large = [drawn_placement((60, 90), (96, 128), 2.0, False, rng) for _ in range(50)]
    assert all(128 - each.scale * 90 <= each.left <= 0 and 96 - each.scale * 60 <= each.top <= 0 for each in large)


def test_the_same_generator_gives_the_same_view() -> None:
    augmentation = FrameAugmentation(FrameAugmentConfig())
    first, again, other = (augmentation(painted(), painted, (64, 64), np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.image, other.image)


def test_colours_change_and_places_do_not() -> None:
    plain, coloured = (
        FrameAugmentation(config)(painted(), empty, (64, 64), np.random.default_rng(1))
        for config in (PLAIN, PLAIN.model_copy(update={"grey": 1.0}))
    )
    np.testing.assert_array_equal(plain.boxes, coloured.boxes)
    assert (coloured.image.max(axis=2).astype(int) - coloured.image.min(axis=2)).max() <= 1
    assert np.abs(plain.image[..., 0].astype(int) - plain.image[..., 1]).max() > 100


@pytest.mark.parametrize("name", ["scale", "mosaic_scale"])
def test_a_range_of_scales_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"frames\.{name}: expected 0 < from <= to, got \(2\.0, 1\.0\)"):
        FrameAugmentation(FrameAugmentConfig(**{name: (2.0, 1.0)}))


def test_views_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match=r"image: expected uint8"):
        FrameView(np.zeros((4, 4, 3), np.float32), np.zeros((0, 4), np.float32))
    with pytest.raises(ValueError, match=r"boxes: expected float32 \(B, 4\)"):
        FrameView(np.zeros((4, 4, 3), np.uint8), np.zeros(4, np.float32))
