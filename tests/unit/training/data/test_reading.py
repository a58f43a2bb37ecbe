"""Pictures from their files: read once, kept as far as there is room, broken ones named."""

from __future__ import annotations

import logging

import cv2
import numpy as np
import pytest
from PIL import Image

from sightline.decoding import ImageLimits, decode_image
from sightline.errors import InputError
from sightline.geometry import crop
from sightline.spec import CropRule
from training.data.fingerprint import fingerprint
from training.data.reading import Memory, read_all
from training.data.records import Picture

LIMITS = ImageLimits(10**7, 10**7, 10**4)


@pytest.fixture
def pictures(tmp_path, draw):
    return [Picture(draw(tmp_path / f"{index}.jpg", colour=index * 20), index + 1, 1) for index in range(6)]


def test_pixels_are_those_of_the_streams_decoder(pictures):
    for stored in read_all(pictures, memory=Memory(10**7)):
        np.testing.assert_array_equal(stored.pixels(), decode_image(stored.picture.path.read_bytes(), limits=LIMITS))
        assert stored.size_wh == (64, 128)


def test_what_fits_is_kept_the_rest_is_read_again(pictures):
    memory = Memory(2 * 64 * 128 * 3 + 5)
    stored = read_all(pictures, memory=memory, threads=1)
    assert [each.kept is not None for each in stored] == [True, True, False, False, False, False]
    assert memory.used_bytes == 2 * 64 * 128 * 3
    for each in stored:
        each.picture.path.unlink()
    assert stored[0].pixels().shape == (128, 64, 3)
    with pytest.raises(InputError, match=r"5\.jpg \(No such file"):
        stored[5].pixels()


def test_many_threads_keep_no_more_than_fits(tmp_path, draw):
    many = [Picture(draw(tmp_path / f"{index}.jpg", size_wh=(8, 16)), 1, 1) for index in range(300)]
    memory = Memory(100 * 8 * 16 * 3)
    told = []
    stored = read_all(many, memory=memory, threads=8, on_progress=lambda done, total: told.append((done, total)))
    assert sum(each.kept is not None for each in stored) == 100
    assert [each.picture for each in stored] == many
    assert told == [(256, 300), (300, 300)]


def test_broken_pictures_are_counted_and_named(pictures):
    pictures[1].path.write_bytes(pictures[1].path.read_bytes()[:500])
    pictures[4].path.write_bytes(b"not a picture")
    pictures[5].path.unlink()
    with pytest.raises(InputError, match=r"3 of 6 pictures cannot be read: .*1\.jpg \(truncated.*4\.jpg .*5\.jpg .*skip"):
        read_all(pictures, memory=Memory(10**7))


def test_broken_pictures_are_skipped_if_asked(pictures, caplog):
    pictures[2].path.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        stored = read_all(pictures, memory=Memory(10**7), skip_broken=True)
    assert [each.picture.pid for each in stored] == [1, 2, 4, 5, 6]
    assert "1 of 6 pictures cannot be read" in caplog.text
    assert "2.jpg" in caplog.text


def test_a_person_is_cut_out_of_a_stored_crop_as_the_stream_cuts(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (90, 40, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "a.png")
    box = (4.3, 9.8, 30.1, 70.5)
    (stored,) = read_all([Picture(tmp_path / "a.png", 1, 1, box_xywh=box)], memory=Memory(10**7))
    x, y, w, h = box
    as_the_stream = crop(image, np.array([x, y, x + w, y + h], np.float32), CropRule(size_hw=(128, 64)))
    resized = cv2.resize(stored.pixels(), (64, 128), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(resized, as_the_stream)
    assert stored.size_wh == (31, 72)


def test_poor_pictures_are_made_of_good_ones(pictures):
    (kept, *_), (read, *_) = (read_all(pictures, memory=Memory(size), resolution=0.5) for size in (10**7, 0))
    assert kept.pixels().shape == (64, 32, 3)
    np.testing.assert_array_equal(kept.pixels(), read.pixels())
    assert kept.size_wh == (64, 128), "what key points are in pixels of"


def test_a_fingerprint_is_of_what_is_learnt_and_not_of_where_it_lies(pictures, tmp_path, draw):
    def of(*some, annotations=(None,), **more):
        return fingerprint(read_all(some, memory=Memory(0), **more), *annotations)

    base = of(*pictures)
    assert of(*pictures) == base
    copies = [Picture(draw(tmp_path / "copy" / f"{index}.jpg", colour=index * 20), index + 1, 1) for index in range(6)]
    assert of(*copies) == base
    assert of(*pictures[:5]) != base
    assert of(*pictures[::-1]) != base
    assert of(*pictures, resolution=0.5) != base
    assert of(*pictures, annotations=(np.zeros((6, 2)),)) != base
    other = Picture(pictures[0].path, 99, 1)
    assert of(other, *pictures[1:]) != base
    assert of(Picture(pictures[0].path, 1, 2), *pictures[1:]) != base
    draw(pictures[0].path, colour=199)
    assert of(*pictures) != base
