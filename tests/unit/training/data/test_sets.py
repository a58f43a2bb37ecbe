"""Training and evaluation sets: what a batch holds, and that nothing but seed, epoch and index decides it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.attributes import MISSING
from sightline.body_model.fit import fit_dense_coordinates
from sightline.geometry import crop
from sightline.skeleton import JOINTS
from sightline.spec import CropRule
from training.augment.pipeline import training_pipeline
from training.augment.view import MEAN_COLOUR, View
from training.batch import Batch, Inputs, nobodys
from training.config import AugmentConfig
from training.data.batching import as_inputs, pinned
from training.data.evaluation_set import EvaluationPart
from training.data.part_images import part_images
from training.data.reading import StoredPicture
from training.data.records import Picture
from training.data.samples import Samples, dense_coordinates, fitted_iuv, iuv_bytes
from training.data.training_set import TrainingSet

SIZE = (48, 24)
AUGMENT = AugmentConfig(
    scale=(0.5, 1.0), pad=2, flip=0.5, colour_jitter=0.2, channel_gain=0.2, erase=0.5, erase_with="noise", part_disturbance=0.05
)
STANDING = {
    "head_top": (0.5, 0.05), "neck": (0.5, 0.18), "right_shoulder": (0.3, 0.22), "left_shoulder": (0.7, 0.22),
    "right_elbow": (0.25, 0.38), "left_elbow": (0.75, 0.38), "right_wrist": (0.22, 0.5), "left_wrist": (0.78, 0.5),
    "right_hip": (0.38, 0.52), "left_hip": (0.62, 0.52), "right_knee": (0.38, 0.75), "left_knee": (0.62, 0.75),
    "right_ankle": (0.38, 0.95), "left_ankle": (0.62, 0.95),
}  # fmt: skip


def samples(count: int = 12, *, keypoints: bool = True) -> Samples:
    """Four people, three pictures each, of noise."""
    rng = np.random.default_rng(0)
    pictures = [
        StoredPicture(
            Picture(f"{index}.jpg", 10 * (index // 3) + 5, index % 3 + 1),
            b"",
            (32, 64),
            kept=rng.integers(0, 256, (64, 32, 3), np.uint8),
        )
        for index in range(count)
    ]
    joints = np.zeros((count, len(JOINTS), 3), np.float32)
    for name, (x, y) in STANDING.items():
        joints[:, JOINTS.index(name)] = (x, y, 1)
    return Samples(pictures, joints if keypoints else None)


def training_set(augment: AugmentConfig = AUGMENT, **more) -> TrainingSet:
    of = more.pop("samples", None) or samples()
    return TrainingSet(of, training_pipeline(augment, SIZE), fingerprint="f", **more)


def same(first: Batch, second: Batch) -> bool:
    pairs = [
        (first.inputs.images, second.inputs.images),
        (first.inputs.keypoints, second.inputs.keypoints),
        (first.targets.classes, second.targets.classes),
        (first.indices, second.indices),
    ]
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_batch_is_what_nets_and_losses_take():
    labels = np.array([[index % 2, MISSING] for index in range(12)])
    values = {"hat": ("no", "yes"), "age": ("young", "old", "older")}
    data = training_set(attributes=labels, attribute_values=values)
    batch = data.batch(np.array([3, 0, 11]), seed=1, epoch=2)
    assert batch.inputs.images.shape == (3, 3, *SIZE)
    assert batch.inputs.images.dtype == torch.uint8
    assert batch.inputs.images.is_contiguous()
    assert batch.inputs.keypoints.shape == (3, 19, 3)
    assert batch.inputs.keypoints.dtype == torch.float32
    assert batch.inputs.keypoints[..., :2].min() >= 0
    assert batch.inputs.keypoints[..., :2].max() <= 1
    assert batch.inputs.part_images is None
    assert batch.targets.keypoints is batch.inputs.keypoints
    assert batch.targets.classes.tolist() == [1, 0, 3]
    assert batch.targets.camids.tolist() == [1, 1, 3]
    assert batch.targets.attributes.tolist() == [[1, -1], [0, -1], [1, -1]]
    assert batch.indices.tolist() == [3, 0, 11]
    for tensor in (batch.targets.classes, batch.targets.camids, batch.targets.attributes, batch.indices):
        assert tensor.dtype == torch.int64
    assert data.facts.classes == 4
    assert data.facts.attributes == {"hat": 2, "age": 3}
    assert (data.facts.keypoints, data.facts.part_images) == (True, False)
    assert data.classes.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_set_without_annotations():
    data = training_set(samples=samples(keypoints=False))
    batch = data.batch(np.array([1]), seed=0, epoch=0)
    assert batch.inputs.keypoints is None
    assert batch.targets.attributes.shape == (1, 0)
    assert data.facts.attributes == {}
    assert not data.facts.keypoints


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(12)), cut=st.integers(1, 11), threads=st.integers(1, 4))
def test_a_sample_looks_the_same_in_whatever_batch_and_thread(order, cut, threads):
    data = training_set(threads=threads)
    alone = {index: data.batch(np.array([index]), seed=4, epoch=7).inputs.images[0] for index in range(12)}
    chunks = [np.array(order[:cut]), np.array(order[cut:])]
    for batch in data.batches(iter(chunks), seed=4, epoch=7):
        for index, image in zip(batch.indices.tolist(), batch.inputs.images, strict=True):
            assert torch.equal(image, alone[index])


def test_pictures_grow_with_the_epochs():
    larger = (2 * SIZE[0], 2 * SIZE[1])
    data = training_set(later=[(2, training_pipeline(AUGMENT, larger))])
    sizes = [data.batch(np.array([0]), seed=0, epoch=epoch).inputs.images.shape[2:] for epoch in range(4)]
    assert sizes == [SIZE, SIZE, larger, larger]


def test_seed_epoch_and_appearance_change_what_a_sample_looks_like():
    data = training_set()
    base = data.batch(np.array([5]), seed=0, epoch=0)
    assert same(data.batch(np.array([5]), seed=0, epoch=0), base)
    assert not same(data.batch(np.array([5]), seed=1, epoch=0), base)
    assert not same(data.batch(np.array([5]), seed=0, epoch=1), base)
    twice = data.batch(np.array([5, 5]), seed=0, epoch=0).inputs.images
    assert torch.equal(twice[0], base.inputs.images[0])
    assert not torch.equal(twice[0], twice[1]), "a picture that a small identity repeats is augmented anew"


def test_batches_come_in_the_samplers_order_and_stop_when_closed():
    data = training_set()
    wanted = [np.array([index, (index + 1) % 12]) for index in range(12)]
    batches = data.batches(iter(wanted), seed=0, epoch=0)
    assert [batch.indices.tolist() for batch in batches] == [list(each) for each in wanted]
    endless = data.batches(itertools.cycle(wanted), seed=0, epoch=0)
    next(endless)
    endless.close()


def test_kept_pictures_are_never_written_to():
    of = samples()
    before = [stored.kept.copy() for stored in of.pictures]
    data = training_set(samples=of)
    for epoch in range(5):
        data.batch(np.arange(12), seed=0, epoch=epoch)
    for stored, image in zip(of.pictures, before, strict=True):
        np.testing.assert_array_equal(stored.kept, image)


def with_coordinates() -> tuple[Samples, int]:
    of = samples()
    of.keypoints[-1] = 0
    maps, nobody = fitted_iuv(of.pictures, of.keypoints, fit_dense_coordinates)
    return Samples(of.pictures, of.keypoints, maps), nobody


def test_part_images_are_made_of_what_the_net_sees():
    of, nobody = with_coordinates()
    assert nobody == 1
    data = training_set(AugmentConfig(flip=0.0), samples=of, part_images=part_images)
    assert data.facts.part_images
    batch = data.batch(np.array([0, 11]), seed=0, epoch=0)
    view = of.view(0).resized(SIZE)
    expected = part_images(view.image[None], dense_coordinates(view.iuv[None]))
    np.testing.assert_array_equal(batch.inputs.part_images[:1].numpy(), expected)
    fill = torch.tensor(MEAN_COLOUR, dtype=torch.uint8).view(1, 3, 1, 1)
    assert (batch.inputs.part_images[1] == fill).all(), "nobody is found: all mean"
    assert not (batch.inputs.part_images[0] == fill).all()


def test_part_images_of_pictures_without_coordinates_are_refused():
    view = View(np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(ValueError, match="without dense coordinates"):
        as_inputs([view], part_images)


def test_bytes_of_coordinates_are_coordinates_to_a_255th():
    of = samples(1)
    coordinates = fit_dense_coordinates(of.keypoints, (64, 32))
    again = dense_coordinates(iuv_bytes(coordinates))
    np.testing.assert_array_equal(again.part, coordinates.part)
    np.testing.assert_allclose(again.u, coordinates.u, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(again.v, coordinates.v, atol=0.5 / 255 + 1e-6)


def test_everything_that_is_sent_to_a_device_is_pinned():
    of, _ = with_coordinates()
    batch = training_set(samples=of, part_images=part_images).batch(np.array([0, 1]), seed=0, epoch=0)
    seen = []
    copy = pinned(batch, lambda tensor: seen.append(tensor) or tensor.clone())
    assert len(seen) == 6
    assert same(copy, batch)
    assert copy.targets.keypoints is copy.inputs.keypoints
    assert copy.inputs.images is not batch.inputs.images


def test_what_perception_nets_learn_is_pinned_too():
    known = {name: torch.zeros(2) for name in ("keypoints", "boxes", "iuv", "annotated")}
    batch = Batch(Inputs(torch.zeros(2), known["keypoints"]), nobodys(2, **known), torch.arange(2))
    copy = pinned(batch, torch.clone).targets
    for name, tensor in known.items():
        assert torch.equal(getattr(copy, name), tensor)
        assert getattr(copy, name) is not tensor


def test_images_of_whatever_memory_layout_become_planes():
    whole = np.random.default_rng(0).integers(0, 256, (50, 30, 3), np.uint8)
    pictures = [whole[1:49, 2:26], whole[:48, :24].copy(), whole[1:49, 25:1:-1], whole[48:0:-1, 2:26]]
    images = as_inputs([View(picture) for picture in pictures]).images
    np.testing.assert_array_equal(images.numpy(), np.stack(pictures).transpose(0, 3, 1, 2))


def part(of: Samples, **more) -> EvaluationPart:
    values = {"augment": AugmentConfig(), "size_hw": SIZE, "batch_size": 5} | more
    return EvaluationPart(of, **values)


def test_at_test_pictures_are_cut_as_the_stream_cuts():
    of = samples()
    images = torch.cat([inputs.images for inputs in part(of).batches()])
    rule = CropRule(size_hw=SIZE)
    whole = np.array([0, 0, 32, 64], np.float32)
    expected = np.stack([crop(stored.kept, whole, rule) for stored in of.pictures])
    np.testing.assert_array_equal(images.numpy(), expected.transpose(0, 3, 1, 2))


def test_every_picture_comes_once_in_order_with_who_it_is():
    evaluated = part(samples())
    sizes = [len(inputs) for inputs in evaluated.batches()]
    assert sizes == [5, 5, 2]
    assert evaluated.pids.tolist() == [5, 5, 5, 15, 15, 15, 25, 25, 25, 35, 35, 35]
    assert evaluated.camids.tolist() == [1, 2, 3] * 4
    assert list(part(Samples([])).batches()) == []


def test_the_test_takes_the_middle_of_a_larger_picture():
    of = samples(1)
    images = next(part(of, augment=AugmentConfig(resize_hw=(60, 30), erase=1.0)).batches()).images
    expected = of.view(0).resized((60, 30)).image[6:54, 3:27]
    np.testing.assert_array_equal(images[0].numpy(), expected.transpose(2, 0, 1))


def test_parts_disturbed_at_test_are_so_the_same_way_each_time():
    of = samples()
    plain, first, second = (
        torch.cat([inputs.keypoints for inputs in part(of, part_disturbance=shift).batches()]) for shift in (0.0, 0.06, 0.06)
    )
    assert torch.equal(first, second)
    moved = (first - plain)[..., :2].abs()
    assert 0.05 < moved.max() <= 0.06 + 1e-6
    assert len({tuple(row) for row in (first - plain)[:, 0, :2].tolist()}) == 12, "each picture its own way"
