"""The joint-loss system: its branches, what learns, and what is exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.exported_net import ExportedNet, people_to_see
from torch import nn

from sightline.errors import ConfigurationError
from training.batch import Inputs
from training.nets.backbones.config import JointInceptionConfig, NarrowResidualConfig
from training.nets.joint_loss.config import JointLossConfig
from training.nets.systems.joint_loss import JointLossNet

CLASSES = 7
SIZE_HW = (128, 64)
SMALL_GRIDS = {
    "head": {"grid_hw": (7, 7), "channels": 640, "features": 64},
    "trunk": {"grid_hw": (8, 7), "features": 128},
    "lower_limb": {"grid_hw": (8, 7), "features": 128},
}


def narrow_net(**changed: object) -> JointLossNet:
    torch.manual_seed(0)
    config = {"backbone": JointInceptionConfig(width=0.125), **SMALL_GRIDS, **changed}
    return JointLossNet(JointLossConfig.model_validate(config), classes=CLASSES)


def inputs(count: int = 3) -> Inputs:
    images, keypoints = people_to_see(count, SIZE_HW)
    return Inputs(images, keypoints)


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.fixture(scope="module")
def whole() -> JointLossNet:
    """The paper's own net."""
    return JointLossNet(JointLossConfig(), classes=751).eval()


def test_the_papers_feature_is_256_64_128_128(whole: JointLossNet) -> None:
    descriptor = whole.descriptor
    assert whole.embedding_dim == 256 + 64 + 128 + 128
    images, keypoints = people_to_see(1, (219, 103))
    with torch.no_grad():
        assert whole.describe(Inputs(images, keypoints)).shape == (1, 576)
    assert list(descriptor.branches) == ["head", "trunk", "lower_limb"]


def test_branches_are_as_wide_as_table_ii_says(whole: JointLossNet) -> None:
    widths = {name: branch.trunk.channels["conv9_x"] for name, branch in whole.descriptor.branches.items()}
    assert widths == {"head": 640, "trunk": 1280, "lower_limb": 1280}
    assert whole.descriptor.backbone.channels["conv9_x"] == 1280
    shared = {"conv5_x", "conv6_x", "conv7_x", "conv8_x", "conv9_x"}
    assert all(set(branch.trunk.names) == shared for branch in whole.descriptor.branches.values())


def test_the_papers_net_is_as_large_as_its_parts(whole: JointLossNet) -> None:
    """No count is printed; a branch of full width is what the backbone has behind conv4_x, and a layer to 128."""
    descriptor = whole.descriptor
    behind = sum(parameters(descriptor.backbone.stages[name]) for name in descriptor.backbone.after("conv4_x"))
    assert parameters(descriptor.branches["trunk"]) == behind + 1280 * 128 + 2 * 128
    assert parameters(descriptor.branches["head"]) < behind / 2
    assert parameters(whole.classifier) == (576 + 1) * 751


def test_the_backbone_alone_needs_no_key_points() -> None:
    alone = narrow_net(regions="none")
    assert alone.embedding_dim == 256
    assert alone.training_needs == alone.embedding_needs == frozenset()
    assert alone(Inputs(inputs().images)).logits["identity"].shape == (3, CLASSES)


def test_the_local_features_follow_the_landmarks_and_stripes_do_not() -> None:
    people = inputs()
    elsewhere = Inputs(people.images, people.keypoints.flip(0))
    by_landmarks, by_stripes = narrow_net().eval(), narrow_net(regions="stripes").eval()
    ours, others = by_landmarks.describe(people), by_landmarks.describe(elsewhere)
    assert torch.equal(ours[:, :256], others[:, :256])
    assert not torch.equal(ours[:, 256:], others[:, 256:])
    assert torch.equal(by_stripes.describe(people), by_stripes.describe(Inputs(people.images)))


def test_every_parameter_learns() -> None:
    net = narrow_net()
    outputs = net(inputs(4))
    (outputs.logits["identity"].square().sum() + outputs.logits["identity"].sum()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_triplet_compares_what_is_matched() -> None:
    net = narrow_net().eval()
    people = inputs()
    torch.testing.assert_close(net(people).features["joined"], net.describe(people))


def test_any_backbone_can_be_branched() -> None:
    net = narrow_net(backbone=NarrowResidualConfig(width=0.25), tap="res3a")
    assert [branch.trunk.names for branch in net.descriptor.branches.values()] == [("res4a",)] * 3
    assert net.eval().embed(inputs()).shape == (3, 576)
    first, second = net.descriptor.branches["head"], net.descriptor.branches["trunk"]
    assert first.trunk is not second.trunk


@pytest.mark.parametrize(("tap", "hint"), [("conv44_x", "did you mean 'conv4_x'"), ("conv9_x", "did you mean 'conv")])
def test_a_tap_that_is_not_there_or_has_nothing_behind_it_is_refused(tap: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint):
        narrow_net(tap=tap)


def test_missing_key_points_are_refused() -> None:
    with pytest.raises(ValueError, match="need key points"):
        narrow_net()(Inputs(inputs().images))


@pytest.mark.parametrize("regions", ["landmarks", "stripes"])
def test_the_exported_net_is_the_same_net(regions: str) -> None:
    net = narrow_net(regions=regions).eval()
    taken = 2 if regions == "landmarks" else 1
    exported = ExportedNet(net.inference_net(), *people_to_see(2, SIZE_HW)[:taken])
    for count in (1, 3):
        seen = people_to_see(count, SIZE_HW, seed=count)
        with torch.no_grad():
            expected = net.embed(Inputs(*seen))
        np.testing.assert_allclose(exported(*seen[:taken]), expected, atol=1e-4)
