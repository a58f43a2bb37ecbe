"""The guiding stream: Table 1 layer by layer, and that parts meet only where they are merged."""

from __future__ import annotations

import torch
from torch import nn

from sightline.body_model.parts import PARTS
from training.nets.dsa.guide_stream import REGIONS, GuideConfig, GuideStream, PartBranches

SMALL = GuideConfig(channels=(2, 3, 3, 4), blocks=1)


def test_table_1() -> None:
    """Output sizes of conv1, conv2, conv3_x, first merging, conv4_x, second merging."""
    with torch.device("meta"):
        value, sizes = torch.zeros(1, 24 * 3, 32, 32), []
        for layer in PartBranches(GuideConfig()):
            value = layer(value)
            sizes.append(tuple(value.shape[1:]))
    assert sizes == [
        (24 * 32, 32, 32), (24 * 64, 32, 32), (24 * 64, 16, 16), (13 * 64, 16, 16), (13 * 128, 8, 8), (8 * 128, 8, 8),
    ]  # fmt: skip


def test_parameters_of_the_papers_size() -> None:
    def conv(inputs: int, outputs: int, kernel: int) -> int:
        return inputs * outputs * kernel**2 + 2 * outputs  # and its normalisation

    conv1_to_3 = conv(3, 32, 5) + conv(32, 64, 3) + 4 * conv(64, 64, 3) + conv(64, 64, 1)
    conv4 = conv(64, 128, 3) + 3 * conv(128, 128, 3) + conv(64, 128, 1)
    conv5_g = conv(1024, 2048, 3) + 3 * conv(2048, 2048, 3) + conv(1024, 2048, 1)
    conv5_l = conv(128, 256, 3) + 3 * conv(256, 256, 3) + conv(128, 256, 1)
    with torch.device("meta"):
        guide = GuideStream(GuideConfig(), ("global", "local"), global_features=2048, local_features=256)
    assert sum(weight.numel() for weight in guide.parameters()) == 24 * conv1_to_3 + 13 * conv4 + conv5_g + 8 * conv5_l


def test_a_part_reaches_its_own_region_and_no_other() -> None:
    torch.manual_seed(0)
    guide = GuideStream(SMALL, ("local",), global_features=8, local_features=5).eval()
    images = torch.randint(0, 256, (1, 24, 3, 32, 32), dtype=torch.uint8)
    before = guide(images)["local"].reshape(REGIONS, 5)
    for name, region in (("left_hand", 1), ("right_lower_leg_back", 4), ("torso_front", 0)):
        other = images.clone()
        other[:, PARTS.index(name) - 1] = 0
        moved = (guide(other)["local"].reshape(REGIONS, 5) - before).abs().amax(dim=1) > 0
        assert moved.nonzero().flatten().tolist() == [region]


def test_every_weight_learns_in_every_part() -> None:
    torch.manual_seed(0)
    guide = GuideStream(SMALL, ("global", "local"), global_features=8, local_features=5)
    out = guide(torch.randint(0, 256, (4, 24, 3, 32, 32), dtype=torch.uint8))
    (out["global"].square().sum() + out["local"].square().sum()).backward()
    first = guide.parts[0][0]
    assert isinstance(first, nn.Conv2d)
    assert (first.weight.grad.reshape(24, -1).abs().sum(dim=1) > 0).all()
    assert all(weight.grad is not None for weight in guide.parameters())
