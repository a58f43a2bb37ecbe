"""The DJL system: its three features and heads, what learns, and what is exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from support.exported_net import ExportedNet, people_to_see
from torch import nn

from training.batch import Inputs
from training.nets.backbones.config import AlexNetConfig, BackboneConfig, DgdInceptionConfig, ResNetConfig
from training.nets.djl.config import DjlConfig, PartModule
from training.nets.djl.local_branch import PARTS
from training.nets.systems.djl import Djl
from training.optimisers import freeze

CLASSES = 7
SIZE_HW = (144, 56)
NARROW = DgdInceptionConfig(width=0.125)


def narrow_djl(**changed: object) -> Djl:
    torch.manual_seed(0)
    return Djl(DjlConfig.model_validate({"backbone": NARROW, "descriptor": 16, **changed}), classes=CLASSES)


def inputs(count: int = 3) -> Inputs:
    images, keypoints = people_to_see(count, SIZE_HW)
    return Inputs(images, keypoints)


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_three_heads_learn_from_three_features() -> None:
    outputs = narrow_djl()(inputs())
    assert {name: tuple(value.shape) for name, value in outputs.features.items()} == {
        "global": (3, 32),
        "local": (3, 48),
        "hybrid": (3, 80),
    }
    assert {name: tuple(value.shape) for name, value in outputs.logits.items()} == dict.fromkeys(
        ("global", "local", "hybrid"), (3, CLASSES)
    )
    hybrid = torch.cat([outputs.features["local"], outputs.features["global"]], dim=1)
    assert torch.equal(outputs.features["hybrid"], hybrid)


@pytest.mark.parametrize(("feature", "width"), [("local", 48), ("global", 32), ("hybrid", 80)])
def test_any_of_the_features_is_matched(feature: str, width: int) -> None:
    system = narrow_djl(feature=feature).eval()
    assert system.embedding_dim == width
    assert system.embedding_needs == (frozenset() if feature == "global" else {"keypoints"})
    people = inputs()
    torch.testing.assert_close(system.describe(people), system(people).features[feature])
    torch.testing.assert_close(system.embed(people).norm(dim=1), torch.ones(3))


def test_the_global_feature_is_blind_to_the_key_points() -> None:
    system = narrow_djl().eval()
    people = inputs()
    elsewhere = Inputs(people.images, people.keypoints.flip(0))
    assert torch.equal(system(people).features["global"], system(elsewhere).features["global"])
    assert not torch.equal(system(people).features["local"], system(elsewhere).features["local"])


def test_every_parameter_learns() -> None:
    system = narrow_djl()
    sum(logits.square().sum() + logits.sum() for logits in system(inputs(4)).logits.values()).backward()
    without = [name for name, p in system.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_while_the_local_branch_is_frozen_there_is_the_base_alone() -> None:
    system = narrow_djl()
    freeze(system, ("descriptor.local", "classifiers.local", "classifiers.hybrid"))
    outputs = system(inputs())
    assert set(outputs.logits) == set(outputs.features) == {"global"}
    assert set(system.eval()(inputs()).logits) == {"global", "local", "hybrid"}


def test_the_base_alone_needs_no_key_points() -> None:
    system = narrow_djl(modules=(), feature="global")
    outputs = system(Inputs(inputs().images))
    assert set(outputs.logits) == {"global"}
    assert system.training_needs == frozenset()
    assert system.part_weights() == {}


def test_missing_key_points_are_refused() -> None:
    with pytest.raises(ValueError, match="needs key points"):
        narrow_djl()(Inputs(inputs().images))


def test_part_weights_are_told_by_layer_and_part() -> None:
    weights = narrow_djl().part_weights()
    assert list(weights) == ["inception_3a", "inception_2a", "inception_1a"]
    assert all(layer == dict.fromkeys(PARTS, 10.0) for layer in weights.values())
    assert narrow_djl(reweighting=False).part_weights() == {}


def test_a_feature_without_modules_and_a_layer_pooled_twice_are_refused() -> None:
    with pytest.raises(ValidationError, match="feature=global"):
        DjlConfig(modules=())
    with pytest.raises(ValidationError, match="different layers"):
        DjlConfig(modules=(PartModule(layer="inception_3a"), PartModule(layer="inception_3a", grid_hw=(3, 3))))


def test_an_empty_batch_keeps_its_rank() -> None:
    system = narrow_djl().eval()
    assert system.embed(inputs(0)).shape == (0, 80)


@pytest.mark.parametrize(
    ("backbone", "layer", "size_hw", "global_width"),
    [
        (AlexNetConfig(width=0.125), "conv4", (227, 227), 512),
        (ResNetConfig(width=0.125), "res4a", (224, 224), 256),
    ],
)
def test_djl_s_on_the_other_base_networks(
    backbone: BackboneConfig, layer: str, size_hw: tuple[int, int], global_width: int
) -> None:
    window = {"window_wh": (32, 32), "window_of_wh": (size_hw[1], size_hw[0])}
    system = narrow_djl(backbone=backbone, modules=(PartModule(layer=layer),), **window).eval()
    images, keypoints = people_to_see(2, size_hw)
    assert system.embed(Inputs(images, keypoints)).shape == (2, 16 + global_width)


def test_the_papers_own_net_is_as_large_as_its_layers_say() -> None:
    """Section 3.3: ten parts of 1024, 512 and 256 channels to 256 each; FC7 of 256; heads of 256, 768 and 1024."""
    base = parameters(Djl(DjlConfig(modules=(), feature="global"), classes=751))
    djl_hfa = parameters(Djl(DjlConfig(), classes=751))
    local = 10 * (1024 + 512 + 256) * 256 + 3 * (2 * 256) + 3 * 10
    heads = (768 + 1) * 751 + (1024 + 1) * 751
    assert djl_hfa - base == local + heads


@pytest.mark.parametrize("feature", ["hybrid", "global"])
def test_the_exported_net_is_the_same_net(feature: str) -> None:
    system = narrow_djl(feature=feature).eval()
    example = people_to_see(2, SIZE_HW)
    taken = 2 if system.embedding_needs else 1
    exported = ExportedNet(system.inference_net(), *example[:taken])
    for count in (1, 3):
        images, keypoints = people_to_see(count, SIZE_HW, seed=count)
        with torch.no_grad():
            expected = system.embed(Inputs(images, keypoints))
        np.testing.assert_allclose(exported(images, keypoints) if taken == 2 else exported(images), expected, atol=1e-4)
