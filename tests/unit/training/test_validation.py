"""Embeddings at test, and the figures of a validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from support.training_recipe import TinyNetConfig, TinySystem
from torch import Tensor
from torch.nn import functional

from sightline.skeleton import JOINTS
from sightline.types import Int64Array
from training.batch import Inputs
from training.config import Precision
from training.embedding import embed, embed_all, mirrored
from training.nets.system import EmbeddingSystem, Outputs
from training.ranking_validation import RankingValidation

CPU = torch.device("cpu")


class Looking(EmbeddingSystem):
    """Its feature is the mean of the left half, that of the right half, and the sums of the key points' x."""

    embedding_dim = 3

    def forward(self, inputs: Inputs) -> Outputs:
        return Outputs()

    def describe(self, inputs: Inputs) -> Tensor:
        half = inputs.images.shape[3] // 2
        pixels = inputs.images.float()
        assert inputs.keypoints is not None
        return torch.stack(
            [pixels[..., :half].mean((1, 2, 3)), pixels[..., half:].mean((1, 2, 3)), inputs.keypoints[..., 0].sum(1)], dim=1
        )


def people(count: int = 4) -> Inputs:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 8, 4), generator=generator, dtype=torch.uint8)
    keypoints = torch.rand((count, len(JOINTS), 3), generator=generator)
    keypoints[:, 3] = 0
    return Inputs(images, keypoints)


def test_a_mirror_image_changes_sides_and_names() -> None:
    inputs = people()
    flipped = mirrored(inputs)
    assert torch.equal(flipped.images[..., 0], inputs.images[..., -1])
    assert flipped.keypoints is not None
    assert inputs.keypoints is not None
    left, right = JOINTS.index("left_knee"), JOINTS.index("right_knee")
    assert torch.equal(flipped.keypoints[:, left, 0], 1 - inputs.keypoints[:, right, 0])
    assert torch.equal(flipped.keypoints[:, left, 1:], inputs.keypoints[:, right, 1:])
    hidden = JOINTS.index("left_elbow")  # the third joint, the right elbow, is not known
    assert not flipped.keypoints[:, hidden].any()
    again = mirrored(flipped)
    assert again.keypoints is not None
    assert torch.equal(again.images, inputs.images)
    torch.testing.assert_close(again.keypoints, inputs.keypoints)


def test_the_sum_with_the_mirror_image_is_at_length_one() -> None:
    inputs, system = people(), Looking()
    plain = embed(system, inputs, flip=False)
    torch.testing.assert_close(plain, functional.normalize(system.describe(inputs)))
    both = embed(system, inputs, flip=True)
    torch.testing.assert_close(both, functional.normalize(plain + system.embed(mirrored(inputs))))
    torch.testing.assert_close(both.norm(dim=1), torch.ones(4))
    assert not torch.allclose(both, plain)


@pytest.mark.parametrize("precision", [Precision(), Precision(bf16=True, channels_last=True)])
def test_batches_of_any_size_give_the_same_embeddings_in_order(precision: Precision) -> None:
    torch.manual_seed(0)
    system, inputs = TinySystem(TinyNetConfig(), classes=3), people(5)
    system(inputs)  # its running statistics are no longer those of the beginning
    one = embed_all(system, [inputs], flip=False, precision=precision, device=CPU)
    parts = [Inputs(inputs.images[:2]), Inputs(inputs.images[2:])]
    two = embed_all(system, parts, flip=False, precision=precision, device=CPU)
    assert one.dtype == np.float32
    np.testing.assert_allclose(one, two, atol=1e-2 if precision.bf16 else 1e-6)
    assert not system.training
    with pytest.raises(ValueError, match="at least one batch"):
        embed_all(system, [], flip=False, precision=precision, device=CPU)


@dataclass
class Crowd:
    """People whose picture is grey, as bright as they are told."""

    greys: list[int]
    pids: Int64Array
    camids: Int64Array

    def batches(self) -> Iterator[Inputs]:
        for grey in self.greys:
            images = torch.zeros((1, 3, 4, 4), dtype=torch.uint8)
            images[..., :2] = grey
            images[..., 2:] = 255 - grey
            yield Inputs(images, torch.zeros((1, len(JOINTS), 3)))


def test_the_figures_are_those_of_the_ranking() -> None:
    query = Crowd([10, 200], np.array([1, 2]), np.array([1, 1]))
    # For the first query: its own picture of the same camera is dropped, the right one is second; for the second it is first.
    gallery = Crowd([10, 20, 30, 190], np.array([1, 9, 1, 2]), np.array([1, 2, 2, 2]))
    validation = RankingValidation(query, gallery, flip=False, precision=Precision(), device=CPU)
    figures = validation.measure(Looking())
    assert (figures.main, figures.values, figures.samples) == ("mean_ap", {"rank1": 0.5, "mean_ap": 0.75}, 2)
